"""The audit log as it is read again: whole, in order, in one view of the database; and its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, and_, exists, func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from core.audit import AuditEvent
from core.errors import Conflict, NotFound
from core.reasons import Reason
from issuer.audit_chain import ChainedEvent, ChainEnd
from issuer.audit_checkpoints import StoredCheckpoint
from issuer.reconciliation import SIGNING, CopyCount, SigningRow
from issuer.storage.audit import SqlAuditLog
from issuer.storage.driver import Row
from issuer.storage.engine import begin
from issuer.storage.issuance_tables import CopyRow
from issuer.storage.tables import BureauTable

_TABLES: Final = BureauTable.metadata.tables
_HEAD: Final = _TABLES["audit_head"]
_EVENT: Final = _TABLES["audit_event"]
_CHECKPOINT: Final = _TABLES["audit_checkpoint"]
_CASE: Final = _TABLES["enrolment_case"]
_COPY: Final = _TABLES[str(CopyRow.__tablename__)]
_ROWS_AT_ONCE: Final = 2000


class SqlAuditTrail:
    """The audit log of one bureau, read; written are checkpoints, and acts that have no other transaction."""

    def __init__(self, engine: Engine, bureau: str) -> None:
        self._engine = engine
        self._bureau = bureau
        # Everything that is compared must be of one moment; SQLite's transactions are so by themselves.
        self._still = (
            engine.execution_options(isolation_level="REPEATABLE READ")
            if engine.dialect.name == "postgresql"
            else engine
        )

    @contextmanager
    def reading(self) -> Iterator[SqlAuditReading]:
        """Give the log and what it is compared with as they are at one moment."""
        with begin(self._still, read_only=True) as connection:
            yield SqlAuditReading(connection, self._bureau)

    def record(self, event: AuditEvent) -> None:
        """Write one event in a transaction of its own: for what happens outside of the database, before it happens."""
        with begin(self._engine) as connection:
            log = SqlAuditLog(connection)
            log.record(event)
            log.write()

    def end(self) -> ChainEnd:
        with self.reading() as log:
            return log.end()

    def newest(self) -> StoredCheckpoint | None:
        query = _checkpoints(self._bureau).order_by(_CHECKPOINT.c.seq.desc()).limit(1)
        with begin(self._engine, read_only=True) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else StoredCheckpoint(*row)

    def add(self, stored: StoredCheckpoint) -> None:
        row = {"bureau": self._bureau, "seq": stored.seq, "at": stored.at, "token": stored.token}
        try:
            with begin(self._engine) as connection:
                connection.execute(insert(_CHECKPOINT).values(row))
        except Conflict:
            # Another worker signed the same end: one checkpoint is enough.
            return


class SqlAuditReading:
    """One moment of a bureau's audit log."""

    def __init__(self, connection: Connection, bureau: str) -> None:
        self._connection = connection
        self._bureau = bureau

    def end(self) -> ChainEnd:
        """Return the kept end of the chain. Raises NotFound for a bureau that does not exist."""
        row = self._connection.execute(
            select(_HEAD.c.seq, _HEAD.c.hash).where(_HEAD.c.bureau == self._bureau)
        ).one_or_none()
        if row is None:
            raise NotFound(Reason.BUREAU_UNKNOWN, f"there is no bureau {self._bureau} in this database")
        return ChainEnd(*row)

    def place(self, seq: int) -> ChainEnd | None:
        """Return the event of this number as a place in the chain; None where there is none."""
        query = select(_EVENT.c.seq, _EVENT.c.hash).where(_EVENT.c.bureau == self._bureau, _EVENT.c.seq == seq)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ChainEnd(*row)

    def events(self, *, after: int = 0) -> Iterator[ChainedEvent]:
        """Return the events behind this number in their order; they are not kept in memory."""
        columns = (
            _EVENT.c.seq, _EVENT.c.hash, _EVENT.c.at, _EVENT.c.actor, _EVENT.c.action, _EVENT.c.subject, _EVENT.c.note
        )  # fmt: skip
        query = select(*columns).where(_EVENT.c.bureau == self._bureau, _EVENT.c.seq > after).order_by(_EVENT.c.seq)
        for seq, hashed, *rest in self._stream(query):
            yield ChainedEvent(seq, AuditEvent(self._bureau, *rest), hashed)

    def checkpoints(self, *, after: int = 0) -> tuple[StoredCheckpoint, ...]:
        """Return the checkpoints from this number on, by number."""
        query = _checkpoints(self._bureau).where(_CHECKPOINT.c.seq >= after).order_by(_CHECKPOINT.c.seq)
        return tuple(StoredCheckpoint(*row) for row in self._connection.execute(query))

    # --- what is reconciled

    def signing_rows(self) -> Iterator[SigningRow]:
        query = (
            select(_EVENT.c.subject, _EVENT.c.action, _EVENT.c.note)
            .where(_EVENT.c.bureau == self._bureau, _EVENT.c.action.in_(SIGNING))
            .order_by(self._by_bytes(_EVENT.c.subject))
        )
        for row in self._stream(query):
            yield SigningRow(*row)

    def copies(self) -> Iterator[CopyCount]:
        query = (
            select(_COPY.c.credential_id, _COPY.c.form, func.count())
            .where(_COPY.c.bureau == self._bureau)
            .group_by(_COPY.c.credential_id, _COPY.c.form)
            .order_by(self._by_bytes(_COPY.c.credential_id))
        )
        for row in self._stream(query):
            yield CopyCount(*row)

    def unapproved(self) -> Iterator[CopyCount]:
        recorded = exists().where(
            _EVENT.c.bureau == _CASE.c.bureau,
            _EVENT.c.subject == _CASE.c.case_id,
            _EVENT.c.action == "case.approve",
            _EVENT.c.actor == _CASE.c.decided_by,
        )
        approved = exists().where(
            _CASE.c.bureau == _COPY.c.bureau,
            _CASE.c.record_id == _COPY.c.record_id,
            _CASE.c.state != "rejected",
            _CASE.c.decided_by != _CASE.c.submitted_by,
            _CASE.c.decided_at <= _COPY.c.planned_at,
            recorded,
        )
        query = (
            select(_COPY.c.credential_id, _COPY.c.form, func.count())
            .where(and_(_COPY.c.bureau == self._bureau, _COPY.c.state == "signed", ~approved))
            .group_by(_COPY.c.credential_id, _COPY.c.form)
            .order_by(self._by_bytes(_COPY.c.credential_id))
        )
        for row in self._stream(query):
            yield CopyCount(*row)

    def keys_used_twice(self) -> Iterator[str]:
        query = (
            select(func.min(_COPY.c.credential_id))
            .where(_COPY.c.bureau == self._bureau)
            .group_by(_COPY.c.key_thumbprint)
            .having(func.count() > 1)
        )
        for row in self._stream(query):
            yield row[0]

    def _by_bytes(self, column: ColumnElement[str]) -> ColumnElement[str]:
        # SQLite compares bytes by itself; PostgreSQL as the database's language does.
        return column.collate("C") if self._connection.dialect.name == "postgresql" else column

    def _stream(self, query: Select[Any]) -> Iterator[Row]:
        found = self._connection.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE).execute(query)
        for row in found:
            yield tuple(row)


def bureaus_with_log(engine: Engine) -> tuple[str, ...]:
    """Return the bureaus of a database by their codes; reading them takes no key."""
    with begin(engine, read_only=True) as connection:
        return tuple(connection.execute(select(_HEAD.c.bureau).order_by(_HEAD.c.bureau)).scalars())


def _checkpoints(bureau: str) -> Select[Any]:
    return select(_CHECKPOINT.c.seq, _CHECKPOINT.c.at, _CHECKPOINT.c.token).where(_CHECKPOINT.c.bureau == bureau)
