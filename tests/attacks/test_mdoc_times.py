"""An mdoc with times that are none, or that no honest issuer writes."""

from __future__ import annotations

import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from keys.certificates import Validity
from tests.builders.mdoc import Answer, Edit, in_validity, judged, leaving_out, tdate
from tests.builders.presentations import ROOT, a_trust, bare_trust, trust_table, trusted_key
from tests.builders.trust import DAY, NOW, document_signer
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")


def found(answer: Answer) -> tuple[Check, Reason]:
    verdict = judged(answer)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.findings[-1].check, verdict.deciding


def in_mso(edit: Edit) -> Answer:
    return Answer(edit_mso=edit)


@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
def test_refuses_an_mso_that_leaves_an_instant_out(name: str) -> None:
    assert found(in_mso(in_validity(**{name: None}))) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)
    assert found(in_mso(leaving_out("validityInfo"))) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize(
    "text",
    [
        "2099-02-30T00:00:00Z",
        "2099-13-01T00:00:00Z",
        "2099-01-01T25:00:00Z",
        "2099-01-01T00:00:60Z",
        "2099-01-01T00:00:00.000Z",
        "2099-01-01T00:00:00+08:00",
        "2099-01-01T00:00:00+00:00",
        "2099-01-01T00:00:00z",
        "2099-01-01t00:00:00Z",
        "2099-01-01 00:00:00Z",
        "2099-01-01T00:00:00",
        "2099-01-01T00:00Z",
        "2099-01-01",
        "20990101T000000Z",
        "2099-W01-1T00:00:00Z",
        "2099-001T00:00:00Z",
        " 2099-01-01T00:00:00Z",
        "2099-01-01T00:00:00Z\n",
        "२०९९-01-01T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "never",
        "",
    ],
)
@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
def test_refuses_a_time_that_is_not_rfc_3339_in_its_one_spelling(name: str, text: str) -> None:
    assert found(in_mso(in_validity(**{name: CBORTag(0, text)}))) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-01T00:00:00Z",
        NOW + DAY,
        (NOW + DAY) * 1000,
        CBORTag(0, NOW + DAY),
        CBORTag(0, b"2026-10-01T00:00:00Z"),
        True,
        [],
        {},
    ],
)
@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
def test_refuses_a_time_that_is_not_a_tdate(name: str, value: object) -> None:
    assert found(in_mso(in_validity(**{name: value}))) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize("value", [CBORTag(1, NOW + DAY), CBORTag(1, NOW + 0.5), CBORTag(1004, "2099-01-01"), 1e30])
def test_refuses_a_time_under_another_tag_or_with_a_point(value: object) -> None:
    check, reason = found(in_mso(in_validity(validUntil=value)))
    assert check is Check.STRUCTURE
    assert reason in {Reason.CBOR_MALFORMED, Reason.CLAIMS_MALFORMED}


def test_refuses_an_mso_that_is_valid_before_it_was_signed_or_ends_before_it_begins() -> None:
    early = in_validity(validFrom=tdate(NOW - DAY - 1))
    ends = in_validity(validUntil=tdate(NOW - DAY))
    for edit in (early, ends):
        assert found(in_mso(edit)) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(expires_at=NOW - 31), Reason.CREDENTIAL_EXPIRED),
        (Answer(valid_from=NOW + 31), Reason.CREDENTIAL_NOT_YET_VALID),
        (Answer(issued_at=NOW + 31), Reason.CREDENTIAL_NOT_YET_VALID),
    ],
)
def test_refuses_a_document_outside_its_validity(answer: Answer, reason: Reason) -> None:
    assert found(answer) == (Check.VALIDITY, reason)


@pytest.mark.parametrize("answer", [Answer(expires_at=NOW - 29), Answer(valid_from=NOW + 30)])
def test_the_tolerance_between_two_clocks_is_allowed_and_no_more(answer: Answer) -> None:
    assert judged(answer).colour is Colour.GREEN


@pytest.mark.parametrize("with_table", [True, False])
def test_refuses_what_was_signed_outside_the_certificate(with_table: bool) -> None:
    """The certificate counts today; the day that the MSO names lies before it, or after it."""
    signer = document_signer(ROOT, "short", validity=Validity(NOW - DAY, NOW + DAY))
    trust = a_trust(trust_table(trusted_key(signer))) if with_table else bare_trust()
    for issued_at in (NOW - DAY - 1, NOW + DAY + 1):
        verdict = judged(Answer(issuer=signer, issued_at=issued_at), trust=trust)
        assert verdict.colour is Colour.RED
        assert (verdict.findings[-1].check, verdict.deciding) == (Check.ISSUER_PERIOD, Reason.ISSUER_KEY_OUT_OF_PERIOD)
    assert judged(Answer(issuer=signer, issued_at=NOW - DAY), trust=trust).colour is Colour.GREEN


def test_refuses_a_year_of_the_far_future() -> None:
    """Whatever stands in such an MSO, it is not an instant that an honest issuer of ours could name."""
    answer = in_mso(in_validity(validUntil=CBORTag(0, "9999-12-31T23:59:59Z")))
    assert found(answer) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)
