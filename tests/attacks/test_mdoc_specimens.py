"""A specimen that wants to be real, or a mark that is put on or taken off by others than the issuer."""

from __future__ import annotations

from typing import Any

import pytest

from core.reasons import Colour, Reason
from tests.builders.mdoc import Answer, Edit, changing, item, judged
from tests.builders.presentations import (
    ISSUER,
    REAL_ISSUER,
    REAL_ROOT,
    ROOT,
    a_trust,
    trust_table,
    trusted_key,
)
from verifier.checkpoint.verdict import Check

REAL = a_trust(trust_table(trusted_key(REAL_ISSUER), specimen=False), root=REAL_ROOT.certificate)


def marked(value: Any) -> Edit:
    def edit(mso: dict[str, Any]) -> dict[str, Any]:
        about = mso["deviceKeyInfo"]
        return {**mso, "deviceKeyInfo": {**about, "keyInfo": {**about["keyInfo"], -3: value}}}

    return edit


def test_a_specimen_is_refused_in_real_mode_even_from_a_real_key() -> None:
    verdict = judged(Answer(issuer=REAL_ISSUER), trust=REAL)
    assert (verdict.findings[-1].check, verdict.deciding) == (Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE)


def test_a_document_without_the_mark_is_refused_in_training_even_from_a_specimen_key() -> None:
    verdict = judged(Answer(specimen=False))
    assert (verdict.findings[-1].check, verdict.deciding) == (Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE)


@pytest.mark.parametrize("value", [False, 1, 0, "true", "", None, [], b"\x01"])
def test_refuses_a_mark_that_is_neither_there_nor_not(value: object) -> None:
    for issuer, trust in ((ISSUER, a_trust()), (REAL_ISSUER, REAL)):
        verdict = judged(Answer(issuer=issuer, edit_mso=marked(value)), trust=trust)
        assert verdict.colour is Colour.RED
        assert (verdict.findings[-1].check, verdict.deciding) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_a_mark_elsewhere_is_no_mark() -> None:
    """As a member of the MSO, as an element, or as the device's own word."""
    with_element = Answer(
        specimen=False,
        edit_items=lambda items: [*items, item(77, "specimen", value=True)],
        shown=("full_name", "portrait", "specimen"),
    )
    for answer in (
        Answer(specimen=False, edit_mso=changing(specimen=True)),
        with_element,
        Answer(specimen=False, device_elements={"cn.eid.resident_id.1": {"specimen": True}}),
    ):
        assert judged(answer).deciding is Reason.REAL_IN_SPECIMEN_MODE


def test_the_holder_cannot_hide_the_mark() -> None:
    """It is in what the issuer signed: leaving every item away leaves it there."""
    verdict = judged(Answer(issuer=REAL_ISSUER, shown=("full_name", "portrait")), trust=REAL)
    assert verdict.deciding is Reason.SPECIMEN_IN_REAL_MODE


def test_specimen_and_real_roots_do_not_vouch_for_each_other() -> None:
    for answer, root in ((Answer(), REAL_ROOT), (Answer(issuer=REAL_ISSUER, specimen=False), ROOT)):
        issuer = ISSUER if root is REAL_ROOT else REAL_ISSUER
        trust = a_trust(trust_table(trusted_key(issuer), specimen=root is ROOT), root=root.certificate)
        assert judged(answer, trust=trust).deciding is Reason.ISSUER_UNKNOWN


def test_a_list_of_the_other_kind_under_the_pinned_root_is_refused() -> None:
    mixed = a_trust(trust_table(trusted_key(REAL_ISSUER)), root=REAL_ROOT.certificate)
    verdict = judged(Answer(issuer=REAL_ISSUER, specimen=False), trust=mixed)
    assert (verdict.findings[-1].check, verdict.deciding) == (Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE)
