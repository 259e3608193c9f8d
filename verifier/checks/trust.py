"""Checks of who issued: a certificate under the pinned root, in the trust list, allowed to, then and for this type."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.sd_jwt_vc import check_issuer as judge_issuer
from verifier.checkpoint.verdict import Check
from verifier.checks.case import OnlineCase, SdJwtCase

# The order in which TrustStore.authorise looks at them, and the reasons that tell them apart.
ISSUER: Final = (Check.ISSUER_KNOWN, Check.ISSUER_STATE, Check.ISSUER_ROLE, Check.ISSUER_PERIOD)
TOLD_BY: Final = {
    Reason.ISSUER_KEY_WITHDRAWN: Check.ISSUER_STATE,
    Reason.ISSUER_NOT_AUTHORISED: Check.ISSUER_ROLE,
    Reason.ISSUER_KEY_OUT_OF_PERIOD: Check.ISSUER_PERIOD,
}

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_SPECIMEN: Final = Check.SPECIMEN


def check_issuer(case: SdJwtCase) -> None:
    """``x5c`` leads to the pinned root, the trust list admits its key for this type and time, and ``iss`` is its name."""
    credential = case.shown.credential
    try:
        store = case.trust.store_for(credential.sd_jwt.jws.header.chain)
        case.issuer = judge_issuer(credential, store, now=case.clock.now)
    except EidError as err:
        case.refuse_because(case.passed_before(err, ISSUER, TOLD_BY), err)
    case.bureau = case.issuer.bureau
    case.all_passed(ISSUER)


def check_specimen(case: OnlineCase) -> None:
    """Root, trust list and credential are of one kind: all specimens or all real."""
    specimen, table = case.trust.specimen, case.trust.table
    reason = Reason.REAL_IN_SPECIMEN_MODE if specimen else Reason.SPECIMEN_IN_REAL_MODE
    if case.terms.specimen is not specimen:
        case.refuse(Check.SPECIMEN, reason, "the credential is of another kind than the pinned root")
    if table is not None and table.specimen is not specimen:
        case.refuse(Check.SPECIMEN, reason, "the trust list is of the other kind")
    case.passed(_SPECIMEN)
