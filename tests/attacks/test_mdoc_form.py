"""Bytes that two strict readers would not read alike, or that are not one answer with one document."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Colour, Reason
from tests.builders.mdoc import EXPECTED, NAMESPACE, Answer, changing, judged, leaving_out, presented
from verifier.checkpoint.verdict import Check

# One in the layout of another issuer, and one as our own wallet writes it.
DATA = Answer().data
OURS = presented()
# Whichever is met first: a value out of place, or its spelling.
NOT_STRICT = {Reason.CBOR_MALFORMED, Reason.CLAIMS_MALFORMED}


def reason(answer: Answer | bytes) -> Reason:
    verdict = judged(answer)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    assert verdict.findings[-1].check is Check.STRUCTURE
    return verdict.deciding


def responding(**members: Any) -> Answer:
    return Answer(edit_response=changing(**members))


# --- CBOR ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xa0\xa0",
        DATA + b"\x00",
        DATA[:-1],
        b"\xbf" + DATA[1:] + b"\xff",  # an indefinite map
        DATA.replace(b"\x67version", b"\x78\x07version", 1),  # a longer head than needed
        DATA.replace(b"\x67version\x63", b"\x67version\x7f\x63", 1),
        b"\xa4" + cbor2.dumps("version") + cbor2.dumps("1.0") + DATA[1:],  # a key twice
        b"\x9b" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8 + b"a",
        b"\xbb" + b"\x7f" * 8,
        b"\x81" * 5000 + b"\x00",
        b"\xd8\x18" * 3000 + b"\x00",
        b"\xd9\xd9\xf7" + DATA,
        DATA.hex().encode(),
        b'{"version":"1.0"}',
    ],
)
def test_refuses_bytes_that_are_not_strict_cbor(data: bytes) -> None:
    assert reason(data) in NOT_STRICT


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        CBORTag(2, b"\x01"),
        CBORTag(1, 0),
        cbor2.undefined,
        cbor2.CBORSimpleValue(99),
    ],
)
def test_refuses_values_that_have_no_place_in_an_answer(value: object) -> None:
    assert reason(responding(extra=value)) in NOT_STRICT
    assert reason(Answer(edit_mso=changing(extra=value))) in NOT_STRICT


def test_refuses_a_member_that_is_not_known() -> None:
    assert reason(responding(extra=1)) is Reason.CLAIMS_MALFORMED
    assert reason(Answer(edit_document=changing(extra=1))) is Reason.CLAIMS_MALFORMED
    assert reason(responding(documentErrors=[])) is Reason.CLAIMS_MALFORMED


def test_refuses_a_key_that_stands_twice_inside_the_mso_or_an_item() -> None:
    def doubled(payload: bytes) -> bytes:
        mso = cbor2.loads(payload).value
        again = bytes([mso[0] + 1]) + cbor2.dumps("version") + cbor2.dumps("1.0") + mso[1:]
        return cbor2.dumps(CBORTag(24, again))

    assert reason(Answer(edit_payload=doubled)) is Reason.CBOR_MALFORMED

    def twice(shown: list[CBORTag]) -> list[CBORTag]:
        inner = shown[0].value
        again = bytes([inner[0] + 1]) + inner[1:] + cbor2.dumps("elementValue") + cbor2.dumps("别名")
        return [CBORTag(24, again), *shown[1:]]

    assert reason(Answer(edit_shown=twice)) is Reason.DISCLOSURE_MALFORMED


def test_refuses_more_than_an_answer_may_have() -> None:
    assert reason(DATA + bytes(70_000)) is Reason.TOO_LARGE


@pytest.mark.parametrize("value", [DATA, [], {}, "text", 7, None, True], ids=type)
def test_refuses_a_value_that_is_no_answer(value: object) -> None:
    assert reason(cbor2.dumps(value)) is Reason.CLAIMS_MALFORMED


# --- the answer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "2.0", "", 1, None])
def test_refuses_another_version(version: object) -> None:
    assert reason(responding(version=version)) is Reason.FORM_UNKNOWN


@pytest.mark.parametrize("status", [10, 11, 12, -1, "0", None, True, False])
def test_refuses_an_answer_whose_status_is_not_good(status: object) -> None:
    assert reason(responding(status=status)) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("member", ["version", "documents", "status"])
def test_refuses_an_answer_that_leaves_a_member_out(member: str) -> None:
    assert reason(Answer(edit_response=leaving_out(member))) is Reason.CLAIMS_MALFORMED


def test_refuses_no_document_and_two_documents() -> None:
    def documents(change: Any) -> Answer:
        return Answer(edit_response=lambda plain: {**plain, "documents": change(plain["documents"])})

    for answer in (documents(lambda found: []), documents(lambda found: found * 2), documents(lambda found: found[0])):
        assert reason(answer) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("member", ["docType", "issuerSigned"])
def test_refuses_a_document_that_leaves_a_member_out(member: str) -> None:
    assert reason(Answer(edit_document=leaving_out(member))) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("part", ["issuerSigned", "deviceSigned"])
@pytest.mark.parametrize("value", [None, [], "x", b"", {}])
def test_refuses_a_part_of_another_kind(part: str, value: object) -> None:
    assert reason(Answer(edit_document=changing(**{part: value}))) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize(
    ("namespaces", "expected"),
    [
        ([], Reason.CLAIMS_MALFORMED),
        (None, Reason.CLAIMS_MALFORMED),
        ({}, Reason.CLAIMS_MALFORMED),
        ({1: []}, Reason.CLAIMS_MALFORMED),
        ({"": []}, Reason.CLAIMS_MALFORMED),
        ({NAMESPACE: {}}, Reason.DISCLOSURE_MALFORMED),
        ({NAMESPACE: None}, Reason.DISCLOSURE_MALFORMED),
        ({NAMESPACE: []}, Reason.DISCLOSURE_MALFORMED),
    ],
)
def test_refuses_namespaces_of_another_kind(namespaces: object, expected: Reason) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "issuerSigned": {**document["issuerSigned"], "nameSpaces": namespaces}}

    assert reason(Answer(edit_document=edit)) is expected


def test_refuses_a_part_in_the_place_of_the_whole() -> None:
    document = cbor2.loads(DATA)["documents"][0]
    assert reason(cbor2.dumps(document)) is Reason.CLAIMS_MALFORMED
    # What the wallet keeps: nobody has shown it.
    assert reason(cbor2.dumps(document["issuerSigned"])) is Reason.HOLDER_PROOF_MISSING


# --- anything at all -------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_all_bytes_get_a_verdict_and_it_is_red(data: bytes) -> None:
    assert judged(data).colour is Colour.RED


@given(data=st.sampled_from([DATA, OURS]), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_is_never_accepted(data: bytes, place: float, bit: int) -> None:
    at = int(place * len(data))
    bent = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    assert judged(bent, expected=EXPECTED).colour is Colour.RED


def test_every_longer_spelling_of_our_own_answer_is_refused() -> None:
    """Each short head in the bytes, written one step longer than it need be."""
    assert judged(OURS).colour is Colour.GREEN
    longer = {
        "a map": (b"\xa3\x67version", b"\xb8\x03\x67version"),
        "a key": (b"\x67version", b"\x78\x07version"),
        "a text": (b"\x631.0", b"\x78\x031.0"),
        "a list": (b"\x81\xa3\x67docType", b"\x98\x01\xa3\x67docType"),
        "a number": (b"\x66status\x00", b"\x66status\x18\x00"),
        "a tag": (b"\xd8\x18\x41\xa0", b"\xd9\x00\x18\x41\xa0"),
        "a string": (b"\xd8\x18\x41\xa0", b"\xd8\x18\x58\x01\xa0"),
        "protected headers": (b"\x43\xa1\x01\x26", b"\x58\x03\xa1\x01\x26"),
        "a number inside them": (b"\x43\xa1\x01\x26", b"\x45\xa1\x18\x01\x38\x06"),
        "null": (b"\xf6\x58\x40", b"\xf8\x16\x58\x40"),
    }
    for what, (short, spelled) in longer.items():
        assert short in OURS, what
        for data in (OURS.replace(short, spelled, 1), spelled.join(OURS.rsplit(short, 1))):
            verdict = judged(data)
            assert verdict.colour is Colour.RED, what
            assert verdict.findings[-1].check is Check.STRUCTURE, what


@given(st.integers(0, len(DATA) - 1))
def test_an_answer_cut_short_is_never_accepted(size: int) -> None:
    assert judged(DATA[:size]).colour is Colour.RED
