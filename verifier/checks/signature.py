"""Checks of form and of the two signatures: the issuer's and the holder's."""

from __future__ import annotations

from core.errors import EidError
from formats.sd_jwt.key_binding import check_holder_signature as holder_signed
from formats.sd_jwt_vc import check_issuer_signature as issuer_signed
from formats.sd_jwt_vc import read_presentation
from verifier.checkpoint.verdict import Check
from verifier.checks.case import Case


def check_structure(case: Case) -> None:
    """The text is a compact SD-JWT VC with key binding: strict at every level, the exact types, the clear claims."""
    try:
        case.shown = read_presentation(case.text)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    case.passed(Check.STRUCTURE)


def check_issuer_signature(case: Case) -> None:
    """The issuer's signature holds under the key of the certificate that was judged."""
    try:
        issuer_signed(case.shown.credential, case.issuer)
    except EidError as err:
        case.refuse_because(Check.ISSUER_SIGNATURE, err)
    case.signed = True
    case.passed(Check.ISSUER_SIGNATURE)


def check_holder_signature(case: Case) -> None:
    """The holder of the key in ``cnf`` signed exactly these disclosures."""
    credential = case.shown.credential
    try:
        holder_signed(credential.sd_jwt, case.shown.binding, credential.terms.holder_point)
    except EidError as err:
        case.refuse_because(Check.HOLDER_SIGNATURE, err)
    case.passed(Check.HOLDER_SIGNATURE)
