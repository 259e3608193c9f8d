"""The enrolment case: its states, and the rules for going from one to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.errors import Conflict, MalformedInput, Refused
from core.reasons import Reason
from issuer.officers import Officer, Role

SUBMISSION_SECONDS: Final = 7 * 86_400
"""A case nobody has decided on after seven days expires."""

_REASON_LENGTH_MAX = 200


class CaseState(StrEnum):
    """Where a case stands; rejected, expired and issued are final."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class EnrolmentCase:
    """The wish to issue for one record, and what officers made of it.

    version:    grows by one with each change; a decision names the version it was made on.
    warnings:   codes of the record's findings that an approval must answer with a reason.
    decided_by: the officer who approved or rejected; None before, and for a case that expired.
    reason:     why it was rejected, or approved in spite of warnings; never anything personal.
    """

    bureau: str
    case_id: str
    record_id: str
    state: CaseState
    version: int
    submitted_by: str
    submitted_at: int
    warnings: tuple[str, ...] = ()
    decided_by: str | None = None
    decided_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseVersion:
    """What an officer decides on: one case as it was when it was looked at."""

    case_id: str
    version: int


def submit(
    case_id: str, record_id: str, *, officer: Officer, now: int, warnings: tuple[str, ...] = ()
) -> EnrolmentCase:
    """Return a new case. Raises Refused when the officer is no registrar."""
    officer.require(Role.REGISTRAR)
    return EnrolmentCase(officer.bureau, case_id, record_id, CaseState.SUBMITTED, 1, officer.officer_id, now, warnings)


def is_stale(case: EnrolmentCase, now: int) -> bool:
    """True for a submitted case that is older than seven days."""
    return case.state is CaseState.SUBMITTED and now - case.submitted_at > SUBMISSION_SECONDS


def approve(case: EnrolmentCase, *, version: int, officer: Officer, now: int, reason: str = "") -> EnrolmentCase:
    """Return the case approved.

    Raises Conflict when it has moved, and Refused when the officer is no approver, has submitted it, when it is older
    than seven days, or when its record has warnings and no reason is given.
    """
    _check_decision(case, version=version, officer=officer, now=now)
    if case.warnings and not reason:
        raise Refused(Reason.REASON_NEEDED, "the record has warnings; approving it needs a reason")
    return _decided(case, CaseState.APPROVED, officer, now, reason)


def reject(case: EnrolmentCase, *, version: int, officer: Officer, now: int, reason: str) -> EnrolmentCase:
    """Return the case rejected, with the reason that goes back to who submitted it. Raises as ``approve`` does."""
    _check_decision(case, version=version, officer=officer, now=now)
    if not reason:
        raise Refused(Reason.REASON_NEEDED, "a rejection needs a reason")
    return _decided(case, CaseState.REJECTED, officer, now, reason)


def expire(case: EnrolmentCase, *, now: int) -> EnrolmentCase:
    """Return a stale case expired. Raises Conflict for any other."""
    if not is_stale(case, now):
        raise Conflict(Reason.CASE_MOVED, "only a submitted case older than seven days expires")
    return replace(case, state=CaseState.EXPIRED, version=case.version + 1, decided_at=now)


def check_reason(text: str) -> str:
    """Return an officer's reason without outer spaces. Raises MalformedInput when it is long or not plain text."""
    reason = text.strip()
    if len(reason) > _REASON_LENGTH_MAX or not reason.isprintable():
        raise MalformedInput(Reason.TEXT_NOT_ALLOWED, "a reason has at most 200 printable characters")
    return reason


def _check_decision(case: EnrolmentCase, *, version: int, officer: Officer, now: int) -> None:
    officer.require_of(case.bureau, Role.APPROVER)
    if case.state is not CaseState.SUBMITTED or case.version != version:
        raise Conflict(Reason.CASE_MOVED, f"the case is {case.state} at version {case.version}")
    if case.submitted_by == officer.officer_id:
        raise Refused(Reason.SAME_OFFICER, "the officer who submitted the case may not decide on it")
    if is_stale(case, now):
        raise Refused(Reason.CASE_EXPIRED, "the case was submitted more than seven days ago")


def _decided(case: EnrolmentCase, state: CaseState, officer: Officer, now: int, reason: str) -> EnrolmentCase:
    return replace(
        case,
        state=state,
        version=case.version + 1,
        decided_by=officer.officer_id,
        decided_at=now,
        reason=reason,
    )
