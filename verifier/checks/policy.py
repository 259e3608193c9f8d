"""The one check of the site's policy that this form answers in its own way; ``verifier.checkpoint.policy`` has the rest."""

from __future__ import annotations

from typing import Final

from core.reasons import Reason
from formats.sd_jwt_vc import VCT
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase
from verifier.trust import SD_JWT_VC

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_FORM: Final = Check.FORM


def check_form(case: SdJwtCase) -> None:
    """The site accepts this form, and the credential is of the one type that is read here.

    A bare root has no limits of type: with it a credential of another type is genuine or not, and shows nothing.
    """
    if SD_JWT_VC not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list this form")
    if case.shown.credential.terms.vct != VCT and case.trust.table is not None:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "a credential of another type")
    case.passed(_FORM)
