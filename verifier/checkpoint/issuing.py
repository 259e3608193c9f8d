"""Checks of the two keys: who issued, who holds, and whether both signed."""

from __future__ import annotations

from typing import Final

from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, KeyState
from formats.cose import Checks, SignatureCheck
from keys.algorithms import ES256
from verifier.checkpoint.case import ListedCase, QrCase
from verifier.checkpoint.signatures import ask, is_compressed_point, uncompressed_point
from verifier.checkpoint.verdict import FORM, Check

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and this is asked for in every verdict.
_ACTIVE: Final = KeyState.ACTIVE


def check_issuer_known(case: ListedCase) -> None:
    """The ``kid`` names a key of the trust table; exactly that one is tried."""
    issuer = case.trust.keys.get(case.kid)
    if issuer is None:
        case.refuse(Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN, "no key of this id in the trust table")
    case.issuer, case.bureau = issuer, issuer.bureau
    case.passed(Check.ISSUER_KNOWN)


def check_issuer_role(case: QrCase) -> None:
    """The key may sign credentials, and of this form; keys for cards, policies and bundles may not."""
    issuer = case.issuer
    if issuer.role is not KeyRole.CREDENTIAL or FORM not in issuer.forms:
        case.refuse(Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED, "the key's role or forms do not cover this code")
    case.passed(Check.ISSUER_ROLE)


def check_issuer_state(case: ListedCase) -> None:
    """A compromised key takes all its credentials with it, whatever their dates."""
    if case.issuer.state is KeyState.COMPROMISED:
        case.refuse(Check.ISSUER_STATE, Reason.ISSUER_KEY_WITHDRAWN, "the key is compromised")
    case.passed(Check.ISSUER_STATE)


def check_issuer_period(case: ListedCase) -> None:
    """The credential was issued while the key was in use: valid_from <= iat <= retired_at.

    A key that signs no credentials now, and of which no list says until when it did, has no such time.
    """
    issuer, issued_at = case.issuer, case.terms.issued_at
    too_late = issuer.state is not _ACTIVE if issuer.retired_at is None else issued_at > issuer.retired_at
    if issued_at < issuer.valid_from or too_late:
        case.refuse(Check.ISSUER_PERIOD, Reason.ISSUER_KEY_OUT_OF_PERIOD, "issued outside the key's period")
    case.passed(Check.ISSUER_PERIOD)


def check_specimen(case: ListedCase) -> None:
    """The mode of the reader, of its trust table and of the code are one: all specimens or all real.

    Made before the key is looked for: the other mode's keys are never in this reader's table, and "a specimen" says
    more than "an unknown signer".
    """
    from_specimen = (case.trust.specimen, case.terms.specimen)
    if not case.training and any(from_specimen):
        case.refuse(Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE, "a specimen at a reader in real mode")
    if case.training and not all(from_specimen):
        case.refuse(Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE, "a real code at a reader in training mode")
    case.passed(Check.SPECIMEN)


def check_issuer_signature(case: ListedCase) -> Checks[None]:
    """The issuer's signature holds under the one key its ``kid`` names."""
    signed = case.signed
    held = yield from ask(SignatureCheck(case.issuer.point, ES256, signed.to_be_signed(), signed.signature))
    if not held:
        case.refuse(Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID, "the issuer's signature does not hold")
    case.signed_by = (case.issuer.bureau, case.issuer.name_zh, case.issuer.name_en)
    case.passed(Check.ISSUER_SIGNATURE)


def check_holder_key(case: QrCase) -> None:
    """The key in ``cnf`` has the form of a point; whether it lies on the curve shows at its signature."""
    if not is_compressed_point(case.kbt.sd_cwt.claims.holder_point33):
        case.refuse(Check.HOLDER_KEY, Reason.HOLDER_KEY_INVALID, "the holder key is no compressed point")
    case.passed(Check.HOLDER_KEY)


def check_holder_signature(case: QrCase) -> Checks[None]:
    """The holder of the key in ``cnf`` signed this showing."""
    signed, point = case.kbt.sign1, case.kbt.sd_cwt.claims.holder_point33
    held = yield from ask(SignatureCheck(point, ES256, signed.to_be_signed(), signed.signature))
    if not held:
        off_curve = uncompressed_point(point) is None
        reason = Reason.HOLDER_KEY_INVALID if off_curve else Reason.HOLDER_SIGNATURE_INVALID
        case.refuse(Check.HOLDER_SIGNATURE, reason, "the holder's signature does not hold")
    case.passed(Check.HOLDER_SIGNATURE)
