"""Checks of status: what the list says, and how old it is."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import EntryState
from verifier.checkpoint.verdict import Check
from verifier.checks.case import Case

_REFUSALS: Final = {
    EntryState.REVOKED: Reason.STATUS_REVOKED,
    EntryState.SUSPENDED: Reason.STATUS_SUSPENDED,
    EntryState.REPORTED_LOST: Reason.STATUS_REPORTED_LOST,
    EntryState.SUPERSEDED: Reason.STATUS_SUPERSEDED,
}
# What a source may find that is the credential's own fault; every other failure of it says nothing about the credential.
_FAULTS_OF_THE_CREDENTIAL: Final = frozenset({Reason.STATUS_INDEX_OUT_OF_RANGE, Reason.STATUS_WRONG_BUREAU})


def check_status(case: Case) -> None:
    """A status list of the issuing bureau says the credential is valid; asked only after everything it signs holds.

    Unreachable, not covered or expired is unknown, never valid. An expired list that says revoked still refuses.
    """
    reference = case.shown.credential.terms.status
    try:
        answer = case.statuses.look_up(case.issuer.bureau, reference.uri, reference.index)
    except EidError as err:
        if err.reason in _FAULTS_OF_THE_CREDENTIAL:
            case.refuse_because(Check.STATUS, err)
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, err.detail)
        return
    case.status = answer
    if answer is None:
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, "no list at hand covers this credential")
    elif answer.state is not EntryState.VALID:
        case.refuse(Check.STATUS, _REFUSALS[answer.state], "the list says it is not valid")
    elif case.clock.now > answer.expires_at + TOLERANCE_SECONDS:
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, "the list has expired")
    else:
        case.passed(Check.STATUS)


def check_status_age(case: Case) -> None:
    """The status list is younger than the site allows, counted from the list's own time."""
    if case.status is None:
        # Unknown, as the finding of check_status says; an age that is not there is not a passed one.
        return
    age = case.clock.now - case.status.as_of
    if age < -TOLERANCE_SECONDS:
        case.doubt(Check.STATUS_AGE, Reason.CLOCK_DOUBTFUL, "the status list is of this reader's future")
    elif age > case.policy.max_status_age_seconds:
        case.doubt(Check.STATUS_AGE, Reason.STATUS_STALE, f"{age} seconds old")
    else:
        case.passed(Check.STATUS_AGE)


def check_trust_age(case: Case) -> None:
    """The trust list is younger than the site allows and not past its successor; a bare root has no list to age."""
    store, now = case.store, case.clock.now
    if store.number is None:
        case.passed(Check.TRUST_AGE)
        return
    age = now - store.issued_at
    if age < -TOLERANCE_SECONDS:
        case.doubt(Check.TRUST_AGE, Reason.CLOCK_DOUBTFUL, "the trust list is of this reader's future")
    elif age > case.policy.max_trust_age_seconds or now > store.next_update + TOLERANCE_SECONDS:
        case.doubt(Check.TRUST_AGE, Reason.TRUST_LIST_STALE, f"{age} seconds old")
    else:
        case.passed(Check.TRUST_AGE)
