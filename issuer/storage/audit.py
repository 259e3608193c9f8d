"""The audit log in the database: events of a transaction, numbered, chained and written just before it commits."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from core.audit import AuditEvent
from core.errors import NotFound
from core.reasons import Reason
from issuer.audit_chain import ChainEnd, extend
from issuer.storage.driver import Driver, Prepared
from issuer.storage.tables import BureauTable

_HEAD: Final = BureauTable.metadata.tables["audit_head"]
_EVENT: Final = BureauTable.metadata.tables["audit_event"]
_LOCK_HEAD: Final = Prepared(
    select(_HEAD.c.seq, _HEAD.c.hash).where(_HEAD.c.bureau == bindparam("b")).with_for_update()
)
_MOVE_HEAD: Final = Prepared(
    update(_HEAD).where(_HEAD.c.bureau == bindparam("b")).values(seq=bindparam("n"), hash=bindparam("h"))
)
_ADD_EVENT: Final = Prepared(insert(_EVENT))


class SqlAuditLog:
    """Collects the events of one transaction.

    They are written last, so that the row every act of a bureau must lock to get its number is held only briefly;
    the numbers follow one another without gaps, because a transaction that fails gives its numbers back. Each is hashed
    onto the one before under that lock, so two transactions never continue the same end.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        """Add one event to the open transaction."""
        self._events.append(event)

    def write(self) -> None:
        """Number, chain and insert what was recorded. Raises NotFound for a bureau that does not exist."""
        # In one order for all, or two transactions over the same bureaus could wait for each other.
        self._events.sort(key=lambda event: event.bureau)
        for bureau, events in groupby(self._events, key=lambda event: event.bureau):
            self._write_for(bureau, list(events))
        self._events.clear()

    def _write_for(self, bureau: str, events: list[AuditEvent]) -> None:
        driver = Driver(self._connection)
        head = driver.run(_LOCK_HEAD, {"b": bureau}).fetchone()
        if head is None:
            raise NotFound(Reason.BUREAU_UNKNOWN, f"there is no bureau {bureau} in this database")
        chained = extend(ChainEnd(head[0], head[1]), events)
        driver.run_for_each(
            _ADD_EVENT,
            [
                {
                    "bureau": bureau,
                    "seq": row.seq,
                    "at": row.event.at,
                    "actor": row.event.actor,
                    "action": row.event.action,
                    "subject": row.event.subject,
                    "note": row.event.note,
                    "hash": row.hash,
                }
                for row in chained
            ],
        )
        driver.run(_MOVE_HEAD, {"b": bureau, "n": chained[-1].seq, "h": chained[-1].hash})
