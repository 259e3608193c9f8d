"""The check of the bureau's powers: what a credential says of its issuer lies within what the trust list says."""

from __future__ import annotations

from typing import Final

from core.reasons import Reason
from formats.dataset import Group
from verifier.checkpoint.verdict import Check
from verifier.checks.case import OnlineCase

_AUTHORITY: Final = 5
_COUNTRY: Final = 6
_DIVISION: Final = 7

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_SCOPE: Final = Check.SCOPE
_DOCUMENT: Final = Group.DOCUMENT


def check_scope(case: OnlineCase) -> None:
    """The authority named in the credential is the bureau of its signer, and lies within the bureau's powers.

    With a bare root the certificate alone speaks: its country must be the credential's.
    """
    document, signer, leaf = case.person.groups.get(_DOCUMENT, {}), case.issuer.signer, case.issuer.leaf
    fits = document.get(_COUNTRY, leaf.country) == leaf.country
    if signer is not None:
        named, division = document.get(_AUTHORITY, signer.name_zh), document.get(_DIVISION)
        fits = fits and signer.country == leaf.country and named == signer.name_zh
        fits = fits and (division is None or (isinstance(division, str) and division.startswith(signer.scope)))
    if not fits:
        case.refuse(Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE, "the authority named is outside the signer's scope")
    case.passed(_SCOPE)
