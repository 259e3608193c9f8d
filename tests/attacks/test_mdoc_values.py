"""Elements that an issuer signed and that must not reach a screen all the same."""

from __future__ import annotations

from typing import Any

import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from tests.builders.mdoc import Answer, item, judged
from tests.builders.people import a_person, tiny_portrait
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")


def found(element: str, value: Any) -> tuple[Check, Reason]:
    """The issuer signs this value, and the holder shows it."""

    def edit(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [entry for entry in items if entry["elementIdentifier"] != element]
        return [*kept, item(77, element, value)]

    verdict = judged(Answer(edit_items=edit, shown=(element,)))
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.findings[-1].check, verdict.deciding


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("full_name", "示\u202e例"),
        ("full_name", "示\u200b例"),
        ("full_name", "样\n例"),
        ("full_name", " 样例"),
        ("full_name", ""),
        ("full_name", "a" * 201),
        ("name_latin", "e" + "\u0301" * 5),
        ("resident_address", "\u3164"),
        ("issuing_authority", "局\ufdd0"),
    ],
)
def test_refuses_texts_that_do_not_show_as_themselves(element: str, value: str) -> None:
    assert found(element, value) == (Check.DISCLOSURES, Reason.TEXT_BAD)


@pytest.mark.parametrize("value", [7, True, b"text", ["text"], {"text": 1}, None], ids=type)
def test_refuses_a_text_of_another_type(value: object) -> None:
    assert found("full_name", value) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize("value", [CBORTag(24, b"\x61a"), CBORTag(1, 0), CBORTag(100, 7305), 1.5])
def test_refuses_values_that_no_element_has(value: object) -> None:
    assert found("full_name", value) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize("element", ["birth_date", "issue_date", "expiry_date"])
@pytest.mark.parametrize(
    "value",
    [
        "1990-01-01",
        19900101,
        CBORTag(0, "1990-01-01T00:00:00Z"),
        CBORTag(0, "1990-01-01"),
        CBORTag(1004, "1990-02-30"),
        CBORTag(1004, "19900101"),
        CBORTag(1004, "1990-W01-1"),
        CBORTag(1004, "1990-01-01T00:00:00Z"),
        CBORTag(1004, "1990-01-0١"),
        CBORTag(1004, 7305),
        CBORTag(1004, CBORTag(1004, "1990-01-01")),
        None,
    ],
)
def test_refuses_a_date_that_is_not_a_full_date(element: str, value: object) -> None:
    assert found(element, value) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize("element", ["full_name", "age_over_18", "sex", "portrait"])
def test_refuses_a_date_in_the_place_of_another_value(element: str) -> None:
    assert found(element, CBORTag(1004, "1990-01-01"))[0] is Check.DISCLOSURES


@pytest.mark.parametrize("value", [1, 0, "true", "yes", b"\x01", None, [True]])
def test_refuses_an_age_answer_that_is_neither_yes_nor_no(value: object) -> None:
    assert found("age_over_18", value) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize("value", [True, False, 3, -1, "1", None])
def test_refuses_a_sex_outside_the_code(value: object) -> None:
    assert found("sex", value) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


PORTRAIT = a_person().portrait or b""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def grown(picture: bytes, chunk: bytes) -> bytes:
    longer = picture + chunk
    return longer[:4] + (len(longer) - 8).to_bytes(4, "little") + longer[8:]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        SVG,
        b"<html><script>alert(1)</script></html>",
        b"GIF89a" + bytes(40),
        b"\xff\xd8\xff\xe0" + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        "data:image/webp;base64,AAAA",
        "https://attacker.example.test/face.webp",
        PORTRAIT[:-2],
        PORTRAIT + b"\0",
        PORTRAIT.replace(b"VP8 ", b"VP8X", 1),
        grown(PORTRAIT, b"EXIF" + (4).to_bytes(4, "little") + b"abcd"),
        grown(PORTRAIT, b"ANMF" + (4).to_bytes(4, "little") + b"abcd"),
        grown(PORTRAIT, SVG),
        7,
        None,
    ],
)
def test_refuses_a_portrait_that_is_not_one_plain_webp_picture(value: object) -> None:
    assert found("portrait", value) == (Check.DISCLOSURES, Reason.PORTRAIT_BAD)


def test_a_lossless_picture_is_a_plain_one_too() -> None:
    person = a_person(portrait=tiny_portrait(lossless=True, size=(240, 296)))
    assert judged(Answer(person=person)).colour is Colour.GREEN
