"""The audit log in the database: events of a transaction, numbered and written just before it commits."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from core.audit import AuditEvent
from core.errors import NotFound
from core.reasons import Reason
from issuer.storage.driver import Driver, Prepared
from issuer.storage.tables import BureauTable

_HEAD: Final = BureauTable.metadata.tables["audit_head"]
_EVENT: Final = BureauTable.metadata.tables["audit_event"]
_TAKE_NUMBERS: Final = Prepared(
    update(_HEAD)
    .where(_HEAD.c.bureau == bindparam("b"))
    .values(seq=_HEAD.c.seq + bindparam("n"))
    .returning(_HEAD.c.seq)
)
_ADD_EVENT: Final = Prepared(insert(_EVENT))


class SqlAuditLog:
    """Collects the events of one transaction.

    They are written last, so that the row every act of a bureau must lock to get its number is held only briefly;
    the numbers follow one another without gaps, because a transaction that fails gives its numbers back.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        """Add one event to the open transaction."""
        self._events.append(event)

    def write(self) -> None:
        """Number and insert what was recorded. Raises NotFound for a bureau that does not exist."""
        # In one order for all, or two transactions over the same bureaus could wait for each other.
        self._events.sort(key=lambda event: event.bureau)
        for bureau, events in groupby(self._events, key=lambda event: event.bureau):
            self._write_for(bureau, list(events))
        self._events.clear()

    def _write_for(self, bureau: str, events: list[AuditEvent]) -> None:
        driver = Driver(self._connection)
        head = driver.run(_TAKE_NUMBERS, {"b": bureau, "n": len(events)}).fetchone()
        if head is None:
            raise NotFound(Reason.BUREAU_UNKNOWN, f"there is no bureau {bureau} in this database")
        first = head[0] - len(events) + 1
        driver.run_for_each(
            _ADD_EVENT,
            [
                {
                    "bureau": bureau,
                    "seq": seq,
                    "at": event.at,
                    "actor": event.actor,
                    "action": event.action,
                    "subject": event.subject,
                    "note": event.note,
                }
                for seq, event in enumerate(events, first)
            ],
        )
