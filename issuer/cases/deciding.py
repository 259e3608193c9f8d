"""The acts on enrolment cases: submit, approve, reject, expire; each in one transaction with its audit events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.audit import AuditEvent
from core.entropy import Entropy
from core.errors import Conflict, EidError, Refused
from core.reasons import Reason
from issuer.cases import model
from issuer.cases.model import CaseState, CaseVersion, EnrolmentCase
from issuer.identifiers import new_id
from issuer.officers import Officer, Role
from issuer.register.ports import ApprovedRecord, BureauStore, BureauTransaction

_EXPIRED_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class LeftCase:
    """A submitted case that was not approved with the others, and why."""

    case_id: str
    why: Reason


@dataclass(frozen=True, slots=True)
class BulkApproval:
    """What came of approving all that could be: the cases approved, and those left for a closer look."""

    approved: tuple[EnrolmentCase, ...]
    left: tuple[LeftCase, ...]


def submit_case(record_id: str, *, officer: Officer, store: BureauStore, entropy: Entropy, now: int) -> EnrolmentCase:
    """Open a new case for a record whose last one was rejected or has expired.

    Raises Refused when the officer is no registrar, NotFound for an unknown record, and Conflict while another case
    of the record is open.
    """
    with store.transaction() as books:
        warnings = books.register.warnings(officer.bureau, record_id)
        case_id = new_id(now=now, entropy=entropy)
        case = model.submit(case_id, record_id, officer=officer, now=now, warnings=warnings)
        earlier = books.cases.of_record(officer.bureau, record_id)
        if earlier is not None and model.is_stale(earlier, now):
            _expire([earlier], books, now)
        elif earlier is not None and earlier.state not in (CaseState.REJECTED, CaseState.EXPIRED):
            raise Conflict(Reason.CASE_MOVED, f"the record has a case already; it is {earlier.state}")
        books.cases.add([case])
        books.audit.record(submission_event(case))
    return case


def approve_cases(
    chosen: Sequence[CaseVersion], *, officer: Officer, store: BureauStore, now: int, reason: str = ""
) -> tuple[EnrolmentCase, ...]:
    """Approve one or many cases, all or none.

    chosen: the cases with the versions the officer saw.
    reason: needed where a record has warnings; noted on exactly those cases.
    Raises what the rule for one case raises, for the first that may not be approved; NotFound for an unknown one.
    """
    officer.require(Role.APPROVER)
    stated = model.check_reason(reason)
    with store.transaction() as books:
        cases = _get(chosen, officer, books)
        approved = tuple(
            _approve(case, choice.version, officer, now, stated) for case, choice in zip(cases, chosen, strict=True)
        )
        _move(approved, "case.approve", officer, books, now)
    return approved


def approve_all(*, officer: Officer, store: BureauStore, now: int, reason: str = "") -> BulkApproval:
    """Approve every submitted case of the bureau that this officer may approve, in one transaction.

    Left are the officer's own cases, those too old, and, without a reason, those whose record has warnings.
    Raises Refused (``same_officer``) when the officer submitted all there is.
    """
    officer.require(Role.APPROVER)
    stated = model.check_reason(reason)
    approved, left = [], []
    with store.transaction() as books:
        for case in books.cases.listing(officer.bureau, state=CaseState.SUBMITTED):
            try:
                approved.append(_approve(case, case.version, officer, now, stated))
            except EidError as err:
                left.append(LeftCase(case.case_id, err.reason))
        if left and all(case.why is Reason.SAME_OFFICER for case in left) and not approved:
            raise Refused(Reason.SAME_OFFICER, "this officer submitted all waiting cases; another one approves them")
        _move(approved, "case.approve", officer, books, now)
    return BulkApproval(tuple(approved), tuple(left))


def reject_cases(
    chosen: Sequence[CaseVersion], *, officer: Officer, store: BureauStore, now: int, reason: str
) -> tuple[EnrolmentCase, ...]:
    """Reject one or many cases, all or none, with the reason that goes back to who submitted them."""
    officer.require(Role.APPROVER)
    stated = model.check_reason(reason)
    with store.transaction() as books:
        cases = _get(chosen, officer, books)
        rejected = tuple(
            model.reject(case, version=choice.version, officer=officer, now=now, reason=stated)
            for case, choice in zip(cases, chosen, strict=True)
        )
        _move(rejected, "case.reject", officer, books, now)
    return rejected


def expire_cases(bureau: str, *, store: BureauStore, now: int) -> int:
    """Expire the submitted cases older than seven days; return how many."""
    expired = 0
    while stale := _oldest_stale(bureau, store, now):
        with store.transaction() as books:
            # Again, inside the transaction that moves them: an officer may have decided on one meanwhile.
            found = books.cases.get(bureau, [case.case_id for case in stale])
            expired += len(_expire([case for case in found if model.is_stale(case, now)], books, now))
    return expired


def _oldest_stale(bureau: str, store: BureauStore, now: int) -> list[EnrolmentCase]:
    # Cases come in the order they were submitted, so the stale ones come first.
    with store.reading() as books:
        oldest = books.cases.listing(bureau, state=CaseState.SUBMITTED, limit=_EXPIRED_AT_ONCE)
    return [case for case in oldest if model.is_stale(case, now)]


def list_cases(
    bureau: str, *, store: BureauStore, state: CaseState | None = None, limit: int | None = None, after: str = ""
) -> tuple[EnrolmentCase, ...]:
    """Return cases in the order they were submitted; the parameters are those of ``CaseBook.listing``."""
    with store.reading() as books:
        return books.cases.listing(bureau, state=state, limit=limit, after=after)


def approved_record(bureau: str, record_id: str, *, store: BureauStore) -> ApprovedRecord:
    """Return a record that may be issued for, with its pictures and its case.

    Raises NotFound for an unknown record and Refused (``not_approved``) unless its newest case is approved, or issued
    already: a second wallet and fresh copies need no second approval.
    """
    with store.reading() as books:
        record = books.register.record(bureau, record_id)
        case = books.cases.of_record(bureau, record_id)
        if case is None or case.state not in (CaseState.APPROVED, CaseState.ISSUED):
            raise Refused(Reason.NOT_APPROVED, "the record has no approved case")
        number = books.register.document_number(bureau, record_id)
        return ApprovedRecord(record, books.register.portraits(bureau, record_id), case, number)


def submission_event(case: EnrolmentCase) -> AuditEvent:
    """Return what the audit log says of a new case."""
    return AuditEvent(
        case.bureau, case.submitted_at, case.submitted_by, "case.submit", case.case_id, f"record {case.record_id}"
    )


def _get(chosen: Sequence[CaseVersion], officer: Officer, books: BureauTransaction) -> tuple[EnrolmentCase, ...]:
    # A case named twice moves once, and its second move is then refused.
    return books.cases.get(officer.bureau, [choice.case_id for choice in chosen])


def _approve(case: EnrolmentCase, version: int, officer: Officer, now: int, reason: str) -> EnrolmentCase:
    # A reason for a whole batch belongs to the cases that need one.
    return model.approve(case, version=version, officer=officer, now=now, reason=reason if case.warnings else "")


def _move(cases: Sequence[EnrolmentCase], action: str, officer: Officer, books: BureauTransaction, now: int) -> None:
    books.cases.move(cases)
    for case in cases:
        books.audit.record(_event(case, action, officer.officer_id, now))


def _expire(cases: Sequence[EnrolmentCase], books: BureauTransaction, now: int) -> list[EnrolmentCase]:
    expired = [model.expire(case, now=now) for case in cases]
    books.cases.move(expired)
    for case in expired:
        books.audit.record(_event(case, "case.expire", "system", now))
    return expired


def _event(case: EnrolmentCase, action: str, actor: str, now: int) -> AuditEvent:
    note = f"version {case.version}" + (", with a reason" if case.reason else "")
    return AuditEvent(case.bureau, now, actor, action, case.case_id, note)
