"""Checks of form and of the two signatures: the issuer's and the holder's."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from formats.sd_jwt.key_binding import check_holder_signature as holder_signed
from formats.sd_jwt_vc import check_issuer_signature as issuer_signed
from formats.sd_jwt_vc import read_presentation
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_STRUCTURE: Final = Check.STRUCTURE
_ISSUER_SIGNATURE: Final = Check.ISSUER_SIGNATURE
_HOLDER_SIGNATURE: Final = Check.HOLDER_SIGNATURE


def check_structure(case: SdJwtCase) -> None:
    """The text is a compact SD-JWT VC with key binding: strict at every level, the exact types, the clear claims."""
    try:
        case.shown = read_presentation(case.text)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    case.terms = case.shown.credential.terms
    case.passed(_STRUCTURE)


def check_issuer_signature(case: SdJwtCase) -> None:
    """The issuer's signature holds under the key of the certificate that was judged."""
    try:
        issuer_signed(case.shown.credential, case.issuer)
    except EidError as err:
        case.refuse_because(Check.ISSUER_SIGNATURE, err)
    case.signed_by = case.issuer_names()
    case.passed(_ISSUER_SIGNATURE)


def check_holder_signature(case: SdJwtCase) -> None:
    """The holder of the key in ``cnf`` signed exactly these disclosures."""
    credential = case.shown.credential
    try:
        holder_signed(credential.sd_jwt, case.shown.binding, credential.terms.holder_point)
    except EidError as err:
        case.refuse_because(Check.HOLDER_SIGNATURE, err)
    case.passed(_HOLDER_SIGNATURE)
