"""A document of one type that wants to be read as another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.reasons import Colour, Reason
from formats.sd_jwt_vc import VCT
from keys.signing import KeyPurpose
from keys.trust import TrustAnchor
from tests.builders import presentations
from tests.builders.mdoc import DOCTYPE, Answer, changing, judged
from tests.builders.presentations import a_trust, bare_trust, trust_table, trusted_key
from verifier.checkpoint.verdict import Check
from verifier.trust import IssuerTrust

pytestmark = pytest.mark.usefixtures("each_suite")

MDL = "org.iso.18013.5.1.mDL"
NOT_ACCEPTED = (Colour.RED, Check.DOCTYPE, Reason.FORM_NOT_ACCEPTED)
BARE_REAL = IssuerTrust(TrustAnchor(KeyPurpose.NATIONAL_ROOT, presentations.REAL_ROOT.certificate), None)
UNLIKE = (Colour.RED, Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def said(answer: Answer) -> list[tuple[Colour, Check, Reason]]:
    """With a trust table, and with nothing but the root."""
    verdicts = [judged(answer), judged(answer, trust=bare_trust())]
    return [(verdict.colour, verdict.findings[-1].check, verdict.deciding) for verdict in verdicts]


@pytest.mark.parametrize("doctype", [MDL, "cn.eid.resident_id.2", "CN.EID.RESIDENT_ID.1", "cn.eid.resident_id.1 "])
def test_refuses_every_type_but_its_own_exactly(doctype: str) -> None:
    assert said(Answer(doctype=doctype))[0] == NOT_ACCEPTED


@pytest.mark.parametrize("doctype", [MDL, "cn.eid.resident_id.1 "])
def test_under_a_bare_root_another_type_may_be_genuine_and_shows_nothing(doctype: str) -> None:
    other = Answer(doctype=doctype, issuer=presentations.REAL_ISSUER)
    verdict = judged(other, trust=BARE_REAL)
    assert (verdict.colour, verdict.reasons) == (Colour.AMBER, (Reason.FIELD_MISSING,))
    assert verdict.person is not None
    assert verdict.person.groups == {}
    forged = judged(replace(other, shown_by=presentations.THIEF), trust=BARE_REAL)
    assert forged.deciding is Reason.HOLDER_SIGNATURE_INVALID


def test_refuses_a_document_that_calls_itself_ours_over_an_mso_of_another_type() -> None:
    assert said(Answer(mso_doctype=MDL)) == [UNLIKE] * 2


def test_refuses_our_mso_in_a_document_that_calls_itself_something_else() -> None:
    renamed = Answer(edit_document=changing(docType=MDL))
    assert said(renamed) == [UNLIKE] * 2
    # The device may even have signed for that type.
    assert said(replace(renamed, signs_doctype=MDL)) == [UNLIKE] * 2


def test_the_types_of_the_two_online_forms_do_not_stand_for_each_other() -> None:
    """A key that signs both forms is admitted for both names: each form still takes its own name alone."""
    assert said(Answer(doctype=VCT))[0] == NOT_ACCEPTED
    named = presentations.judged(presentations.Showing(vct=DOCTYPE))
    assert (named.colour, named.deciding) == (Colour.RED, Reason.FORM_NOT_ACCEPTED)
    mdoc_only = a_trust(trust_table(trusted_key(forms=frozenset({"mso_mdoc"}))))
    named = presentations.judged(presentations.Showing(vct=DOCTYPE), trust=mdoc_only)
    assert (named.colour, named.deciding) == (Colour.RED, Reason.FORM_NOT_ACCEPTED)


@pytest.mark.parametrize("doctype", [None, 1, b"cn.eid.resident_id.1", ["cn.eid.resident_id.1"], ""])
def test_refuses_a_type_that_is_no_text(doctype: object) -> None:
    for answer in (
        Answer(edit_document=changing(docType=doctype)),
        Answer(edit_mso=changing(docType=doctype)),
    ):
        assert said(answer) == [UNLIKE] * 2
