"""Enrolment cases in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select, update

from core.errors import Conflict, NotFound
from core.reasons import Reason
from issuer.cases.model import CaseState, EnrolmentCase
from issuer.storage.bulk_insert import insert_rows
from issuer.storage.bureaus import SqlBureaus
from issuer.storage.driver import Driver, Prepared
from issuer.storage.tables import BureauTable

_CASE = BureauTable.metadata.tables["enrolment_case"]
_RECORD = BureauTable.metadata.tables["register_record"]
_COLUMNS: Final = (
    "bureau",
    "case_id",
    "record_id",
    "state",
    "version",
    "submitted_by",
    "submitted_at",
    "decided_by",
    "decided_at",
    "reason_sealed",
)
_CHUNK: Final = 2_000
"""Ids in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_SELECT: Final[Select[*tuple[Any, ...]]] = select(
    _CASE.c.bureau,
    _CASE.c.case_id,
    _CASE.c.record_id,
    _CASE.c.state,
    _CASE.c.version,
    _CASE.c.submitted_by,
    _CASE.c.submitted_at,
    _RECORD.c.warnings,
    _CASE.c.decided_by,
    _CASE.c.decided_at,
    _CASE.c.reason_sealed,
).select_from(_CASE.join(_RECORD, (_RECORD.c.bureau == _CASE.c.bureau) & (_RECORD.c.record_id == _CASE.c.record_id)))

# Read for every issue, so made once.
_OF_RECORD: Final = Prepared(
    _SELECT.where(_CASE.c.bureau == bindparam("bureau"), _CASE.c.record_id == bindparam("record_id"))
    .order_by(_CASE.c.case_id.desc())
    .limit(1)
)


class SqlCaseBook:
    """Cases of all bureaus, inside one transaction."""

    def __init__(self, connection: Connection, bureaus: SqlBureaus) -> None:
        self._connection = connection
        self._driver = Driver(connection)
        self._bureaus = bureaus

    def add(self, cases: Sequence[EnrolmentCase]) -> None:
        """Store new cases. Raises Conflict when a record already has an open one."""
        rows = [
            (
                case.bureau,
                case.case_id,
                case.record_id,
                case.state.value,
                case.version,
                case.submitted_by,
                case.submitted_at,
                case.decided_by,
                case.decided_at,
                self._seal_reason(case),
            )
            for case in cases
        ]
        insert_rows(self._connection, "enrolment_case", _COLUMNS, rows)

    def get(self, bureau: str, case_ids: Sequence[str]) -> tuple[EnrolmentCase, ...]:
        """Return the cases in the order asked for. Raises NotFound when one does not exist in this bureau."""
        found: dict[str, EnrolmentCase] = {}
        for start in range(0, len(case_ids), _CHUNK):
            query = _select(bureau).where(_CASE.c.case_id.in_(case_ids[start : start + _CHUNK]))
            found.update((row[1], self._case(row)) for row in self._connection.execute(query))
        if not found.keys() >= set(case_ids):
            raise NotFound(Reason.CASE_UNKNOWN, "there is no such case in this bureau")
        return tuple(found[case_id] for case_id in case_ids)

    def listing(
        self, bureau: str, *, state: CaseState | None, limit: int | None = None, after: str = ""
    ) -> tuple[EnrolmentCase, ...]:
        """Return cases in the order of their ids, which is the order of submission."""
        query = _select(bureau).where(_CASE.c.case_id > after).order_by(_CASE.c.case_id).limit(limit)
        if state is not None:
            query = query.where(_CASE.c.state == state)
        return tuple(map(self._case, self._connection.execute(query)))

    def of_record(self, bureau: str, record_id: str) -> EnrolmentCase | None:
        """Return the newest case of one record."""
        row = self._driver.run(_OF_RECORD, {"bureau": bureau, "record_id": record_id}).fetchone()
        return None if row is None else self._case(row)

    def count(self, bureau: str) -> dict[CaseState, int]:
        """Return how many cases stand where; states without any are left out."""
        query = select(_CASE.c.state, func.count()).where(_CASE.c.bureau == bureau).group_by(_CASE.c.state)
        return {CaseState(state): count for state, count in self._connection.execute(query)}

    def move(self, cases: Sequence[EnrolmentCase]) -> None:
        """Store changed cases, each over the version just before its own; Conflict when one has another by now."""
        if not cases:
            return
        statement = (
            update(_CASE)
            .where(
                _CASE.c.bureau == bindparam("of_bureau"),
                _CASE.c.case_id == bindparam("of_case"),
                _CASE.c.version == bindparam("from_version"),
            )
            .values(
                state=bindparam("to_state"),
                version=bindparam("from_version") + 1,
                decided_by=bindparam("by"),
                decided_at=bindparam("at"),
                reason_sealed=bindparam("why"),
            )
        )
        # In the order of ids, so that two bulk decisions over the same cases wait instead of locking each other out.
        moves = [
            {
                "of_bureau": case.bureau,
                "of_case": case.case_id,
                "from_version": case.version - 1,
                "to_state": case.state,
                "by": case.decided_by,
                "at": case.decided_at,
                "why": self._seal_reason(case),
            }
            for case in sorted(cases, key=lambda case: (case.bureau, case.case_id))
        ]
        if self._connection.execute(statement, moves).rowcount != len(moves):
            raise Conflict(Reason.CASE_MOVED, "another officer has changed one of the cases meanwhile")

    def _seal_reason(self, case: EnrolmentCase) -> bytes | None:
        # An officer's own words may name somebody.
        if not case.reason:
            return None
        return self._bureaus.cipher(case.bureau).seal("enrolment_case", case.case_id, "reason", case.reason.encode())

    def _case(self, row: Sequence[Any]) -> EnrolmentCase:
        bureau, case_id, record_id, state, version, submitted_by, submitted_at, warnings, by, at, sealed = row
        reason = ""
        if sealed is not None:
            reason = self._bureaus.cipher(bureau).open("enrolment_case", case_id, "reason", sealed).decode()
        return EnrolmentCase(
            bureau=bureau,
            case_id=case_id,
            record_id=record_id,
            state=CaseState(state),
            version=version,
            submitted_by=submitted_by,
            submitted_at=submitted_at,
            warnings=tuple(warnings.split(",")) if warnings else (),
            decided_by=by,
            decided_at=at,
            reason=reason,
        )


def _select(bureau: str) -> Select[*tuple[Any, ...]]:
    return _SELECT.where(_CASE.c.bureau == bureau)
