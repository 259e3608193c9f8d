"""The one check of the site's policy that this form answers in its own way; ``verifier.checkpoint.policy`` has the rest."""

from __future__ import annotations

from core.reasons import Reason
from formats.sd_jwt_vc import VCT
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase
from verifier.trust import SD_JWT_VC


def check_form(case: SdJwtCase) -> None:
    """The site accepts this form, and the credential is of the one type that is read here."""
    if SD_JWT_VC not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list this form")
    if case.shown.credential.terms.vct != VCT:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "a credential of another type")
    case.passed(Check.FORM)
