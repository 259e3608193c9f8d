"""The one check of the site's policy that this form answers in its own way; ``verifier.checkpoint.policy`` has the rest."""

from __future__ import annotations

from typing import Final

from core.reasons import Reason
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import MdocCase
from verifier.trust import MDOC

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_FORM: Final = Check.FORM


def check_form(case: MdocCase) -> None:
    """The site accepts this form. (That the document is of the one type read here was asked first of all.)"""
    if MDOC not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list this form")
    case.passed(_FORM)
