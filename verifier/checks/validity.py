"""Checks of validity: of the credential now, and of the showing within the credential's life."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.sd_jwt_vc import check_shown_within_validity
from formats.sd_jwt_vc import check_validity as judge_validity
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_VALIDITY: Final = Check.VALIDITY
_PROOF_VALIDITY: Final = Check.PROOF_VALIDITY


def check_validity(case: SdJwtCase) -> None:
    """iat, nbf and exp include now; a clock in doubt is blamed first."""
    try:
        judge_validity(case.shown.credential, now=case.clock.now, tolerance_seconds=TOLERANCE_SECONDS)
    except EidError as err:
        if not case.clock.doubtful:
            case.refuse_because(Check.VALIDITY, err)
        case.doubt(Check.VALIDITY, Reason.CHECK_CLOCK_FIRST, "outside the validity by a clock in doubt")
        return
    case.passed(_VALIDITY)


def check_proof_validity(case: SdJwtCase) -> None:
    """The holder signed within the credential's life, by the instants that were signed."""
    try:
        check_shown_within_validity(case.shown, tolerance_seconds=TOLERANCE_SECONDS)
    except EidError as err:
        case.refuse_because(Check.PROOF_VALIDITY, err)
    case.passed(_PROOF_VALIDITY)
