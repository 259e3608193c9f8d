"""Checks of form and of the two signatures: the issuer's and the holder's."""

from __future__ import annotations

from core.errors import EidError
from formats.sd_jwt.key_binding import check_holder_signature as holder_signed
from formats.sd_jwt_vc import check_issuer_signature as issuer_signed
from formats.sd_jwt_vc import read_presentation
from keys.trust import AuthorisedIssuer
from verifier.checkpoint.case import BureauNames
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase


def check_structure(case: SdJwtCase) -> None:
    """The text is a compact SD-JWT VC with key binding: strict at every level, the exact types, the clear claims."""
    try:
        case.shown = read_presentation(case.text)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    case.terms = case.shown.credential.terms
    case.passed(Check.STRUCTURE)


def check_issuer_signature(case: SdJwtCase) -> None:
    """The issuer's signature holds under the key of the certificate that was judged."""
    try:
        issuer_signed(case.shown.credential, case.issuer)
    except EidError as err:
        case.refuse_because(Check.ISSUER_SIGNATURE, err)
    case.signed_by = _names(case.issuer)
    case.passed(Check.ISSUER_SIGNATURE)


def check_holder_signature(case: SdJwtCase) -> None:
    """The holder of the key in ``cnf`` signed exactly these disclosures."""
    credential = case.shown.credential
    try:
        holder_signed(credential.sd_jwt, case.shown.binding, credential.terms.holder_point)
    except EidError as err:
        case.refuse_because(Check.HOLDER_SIGNATURE, err)
    case.passed(Check.HOLDER_SIGNATURE)


def _names(issuer: AuthorisedIssuer) -> BureauNames:
    """Return the trust list's names for the key; with a bare root the certificate's own."""
    signer, organization = issuer.signer, issuer.leaf.organization
    if signer is None:
        return issuer.bureau, organization, organization
    return issuer.bureau, signer.name_zh, signer.name_en
