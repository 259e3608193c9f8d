"""The check of validity: of the MSO, now."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.mdoc.issuer_signed import check_validity as judge_validity
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import MdocCase

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_VALIDITY: Final = Check.VALIDITY


def check_validity(case: MdocCase) -> None:
    """ValidFrom and validUntil include now; a clock in doubt is blamed first, and gives no GREEN.

    The showing carries no time of its own: this is the only check that asks the clock about the document.
    """
    try:
        judge_validity(case.shown.issued, now=case.clock.now, tolerance_seconds=TOLERANCE_SECONDS)
    except EidError as err:
        if not case.clock.doubtful:
            case.refuse_because(Check.VALIDITY, err)
        case.doubt(Check.VALIDITY, Reason.CHECK_CLOCK_FIRST, "outside the validity by a clock in doubt")
        return
    if case.clock.doubtful:
        case.doubt(Check.VALIDITY, Reason.CLOCK_DOUBTFUL, "this reader's clock is in doubt")
        return
    case.passed(_VALIDITY)
