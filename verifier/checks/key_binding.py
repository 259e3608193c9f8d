"""Checks of freshness: the key binding answers this request, now."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.sd_jwt.key_binding import check_freshness as judge_freshness
from formats.site_policy import Mode
from verifier.checkpoint.case import Case
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.verdict import Check
from verifier.checks.case import SdJwtCase

MAX_AGE_SECONDS: Final = 300
"""How old a key binding may be: the time a holder has between opening a request and the verifier's judgement."""

_FRESH: Final = (Check.AUDIENCE, Check.NONCE, Check.TIME)
_TOLD_BY: Final = {
    Reason.NONCE_MISMATCH: Check.NONCE,
    Reason.CODE_FROM_FUTURE: Check.TIME,
    Reason.CODE_EXPIRED: Check.TIME,
}

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_MODE: Final = Check.MODE
_CHALLENGE: Final = Mode.CHALLENGE


def check_mode(case: Case) -> None:
    """The site takes answers to a request; what binds the holder to one is never anything else."""
    if _CHALLENGE not in case.policy.modes:
        case.refuse(Check.MODE, Reason.WRONG_MODE, "the site's policy does not allow this mode")
    case.passed(_MODE)


def check_freshness(case: SdJwtCase) -> None:
    """Audience and nonce are those of the request, and the key binding was made in the last five minutes.

    A clock in doubt gives no GREEN, and one that no server confirmed is blamed before the holder.
    """
    clock, expected = case.clock, case.expected
    try:
        judge_freshness(
            case.shown.binding,
            nonce=expected.nonce,
            audience=expected.audience,
            now=clock.now,
            max_age_seconds=MAX_AGE_SECONDS,
            tolerance_seconds=TOLERANCE_SECONDS,
        )
    except EidError as err:
        failed = case.passed_before(err, _FRESH, _TOLD_BY)
        if failed is not Check.TIME or (clock.confirmed and not clock.doubtful):
            case.refuse_because(failed, err)
        reason = Reason.CLOCK_DOUBTFUL if clock.doubtful else Reason.CHECK_CLOCK_FIRST
        case.doubt(Check.TIME, reason, f"{err.detail}; this reader's clock is not confirmed")
        return
    if clock.doubtful:
        case.all_passed((Check.AUDIENCE, Check.NONCE))
        case.doubt(Check.TIME, Reason.CLOCK_DOUBTFUL, "this reader's clock is in doubt")
        return
    case.all_passed(_FRESH)
