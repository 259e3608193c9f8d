from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.encoding import base45
from tests.builders.refusals import outcome, refused
from tests.support.vectors import load_json

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def test_agrees_with_the_examples_of_rfc_9285() -> None:
    good = bad = 0
    for row in load_json("base45", "rfc9285_examples.json", fields={"bytes_utf8", "base45", "invalid", "why"}):
        if "invalid" in row:
            with refused(Reason.BASE45_MALFORMED):
                base45.decode(row["invalid"])
            bad += 1
        else:
            assert base45.encode(row["bytes_utf8"].encode()) == row["base45"]
            assert base45.decode(row["base45"]) == row["bytes_utf8"].encode()
            good += 1
    assert (good, bad) == (4, 3)


@given(st.binary(max_size=300))
def test_what_is_encoded_decodes_to_the_same(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(alphabet=ALPHABET, max_size=40))
def test_agrees_with_the_definition_character_by_character(text: str) -> None:
    expected = plain_decode(text)
    assert outcome(lambda: base45.decode(text)) == (Reason.BASE45_MALFORMED if expected is None else expected)


@given(st.text(alphabet=ALPHABET, max_size=40))
def test_whatever_decodes_prints_back_the_same_text(text: str) -> None:
    data = outcome(lambda: base45.decode(text))
    assert data is Reason.BASE45_MALFORMED or (isinstance(data, bytes) and base45.encode(data) == text)


def test_reads_every_pair_of_bytes() -> None:
    everything = b"".join(number.to_bytes(2, "big") for number in range(1 << 16))
    assert base45.decode(base45.encode(everything)) == everything


@pytest.mark.parametrize(
    "text",
    ["bb8", "BB8\n", " BB8", "BB8A", "A", "::", "GGW", ":::", "BB8:::BB8", "BB\u0138", "BB\xff", "\ud800BB"],
)
def test_refuses_what_is_not_strict_base45(text: str) -> None:
    with refused(Reason.BASE45_MALFORMED):
        base45.decode(text)


def test_the_last_byte_may_be_the_largest_and_no_more() -> None:
    assert base45.decode("U5") == b"\xff"
    with refused(Reason.BASE45_MALFORMED):
        base45.decode("V5")


def plain_decode(text: str) -> bytes | None:
    """The definition of RFC 9285 section 4, one group after the other; None where it is not base45."""
    out = b""
    for start in range(0, len(text), 3):
        group = [ALPHABET.index(character) for character in text[start : start + 3]]
        number = sum(value * 45**place for place, value in enumerate(group))
        size = len(group) - 1
        if size == 0 or number >= 1 << 8 * size:
            return None
        out += number.to_bytes(size, "big")
    return out
