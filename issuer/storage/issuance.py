"""Issuing's rows in SQL: SQLAlchemy Core only, statements built once, no ORM on the way of a credential."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from core.audit import AuditEvent
from core.errors import Conflict
from core.reasons import Reason
from issuer.policy import Form
from issuer.ports import (
    AccessToken,
    ActState,
    Credential,
    CredentialState,
    Offer,
    OfferState,
    PlannedCopy,
    RefreshToken,
    StatusAct,
    StatusEntry,
    StatusListRow,
    TokenState,
)
from issuer.storage.audit import SqlAuditLog
from issuer.storage.engine import begin
from issuer.storage.issuance_tables import IssuanceTable

_TABLES: Final = IssuanceTable.metadata.tables
_CREDENTIAL: Final = _TABLES["credential"]
_OFFER: Final = _TABLES["credential_offer"]
_ACCESS: Final = _TABLES["access_token"]
_REFRESH: Final = _TABLES["refresh_token"]
_ONCE: Final = _TABLES["one_time_value"]
_COPY: Final = _TABLES["credential_copy"]
_LIST: Final = _TABLES["status_list"]
_COUNTER: Final = _TABLES["snapshot_counter"]
_ACT: Final = _TABLES["status_act"]


def _mine(table: Table) -> Any:
    return table.c.bureau == bindparam("b")


# --- statements, built once; SQLAlchemy compiles each of them once per dialect
_CREDENTIAL_COLUMNS: Final = select(
    _CREDENTIAL.c.credential_id,
    _CREDENTIAL.c.record_id,
    _CREDENTIAL.c.state,
    _CREDENTIAL.c.frozen,
    _CREDENTIAL.c.jkt,
    _CREDENTIAL.c.created_at,
)
_CREDENTIAL_BY_ID: Final = _CREDENTIAL_COLUMNS.where(
    _mine(_CREDENTIAL), _CREDENTIAL.c.credential_id == bindparam("id")
).with_for_update()
_CREDENTIALS_OF: Final = (
    _CREDENTIAL_COLUMNS.where(_mine(_CREDENTIAL), _CREDENTIAL.c.record_id == bindparam("id"))
    .order_by(_CREDENTIAL.c.credential_id)
    .with_for_update()
)
_BIND_WALLET: Final = (
    update(_CREDENTIAL)
    .where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id == bindparam("id"))
    .values(state=CredentialState.ACTIVE.value, jkt=bindparam("key"), changed_at=bindparam("now"))
)
_FREEZE: Final = (
    update(_CREDENTIAL)
    .where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id == bindparam("id"))
    .values(frozen=True, changed_at=bindparam("now"))
)
_SET_STATE: Final = (
    update(_CREDENTIAL)
    .where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("to"), changed_at=bindparam("now"))
)
_OFFER_COLUMNS: Final = select(*[column for column in _OFFER.c if column.name != "bureau"])
_OFFER_BY_CODE: Final = _OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.code_hash == bindparam("h"))
_OFFER_BY_REFERENCE: Final = _OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.reference_hash == bindparam("h"))
_OFFER_BY_ID: Final = _OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.offer_id == bindparam("id")).with_for_update()
_TAKE_TRY: Final = (
    update(_OFFER)
    .where(
        _mine(_OFFER),
        _OFFER.c.code_hash == bindparam("h"),
        _OFFER.c.state == OfferState.OPEN.value,
        _OFFER.c.tries_left > 0,
        _OFFER.c.expires_at > bindparam("now"),
    )
    .values(tries_left=_OFFER.c.tries_left - 1)
)
_SET_OFFER: Final = (
    update(_OFFER).where(_mine(_OFFER), _OFFER.c.offer_id == bindparam("id")).values(state=bindparam("to"))
)
_WITHDRAW_OFFERS: Final = (
    update(_OFFER)
    .where(
        _mine(_OFFER),
        _OFFER.c.credential_id.in_(bindparam("ids", expanding=True)),
        _OFFER.c.state == OfferState.OPEN.value,
    )
    .values(state=OfferState.WITHDRAWN.value)
)
_ACCESS_COLUMNS: Final = (
    _ACCESS.c.token_hash,
    _ACCESS.c.credential_id,
    _ACCESS.c.jkt,
    _ACCESS.c.refreshing,
    _ACCESS.c.refresh_hash,
    _ACCESS.c.void,
    _ACCESS.c.expires_at,
)
_ACCESS_BY_HASH: Final = (
    select(
        *_ACCESS_COLUMNS,
        _CREDENTIAL.c.credential_id,
        _CREDENTIAL.c.record_id,
        _CREDENTIAL.c.state,
        _CREDENTIAL.c.frozen,
        _CREDENTIAL.c.jkt,
        _CREDENTIAL.c.created_at,
    )
    .join_from(
        _ACCESS,
        _CREDENTIAL,
        and_(_ACCESS.c.bureau == _CREDENTIAL.c.bureau, _ACCESS.c.credential_id == _CREDENTIAL.c.credential_id),
    )
    .where(_mine(_ACCESS), _ACCESS.c.token_hash == bindparam("h"))
    .with_for_update(of=_CREDENTIAL)
)
_REFRESH_COLUMNS: Final = select(
    _REFRESH.c.token_hash,
    _REFRESH.c.parent_hash,
    _REFRESH.c.credential_id,
    _REFRESH.c.jkt,
    _REFRESH.c.state,
    _REFRESH.c.used,
    _REFRESH.c.expires_at,
)
_REFRESH_BY_HASH: Final = _REFRESH_COLUMNS.where(
    _mine(_REFRESH), _REFRESH.c.token_hash == bindparam("h")
).with_for_update()
_SUCCESSORS: Final = _REFRESH_COLUMNS.where(_mine(_REFRESH), _REFRESH.c.parent_hash == bindparam("h")).with_for_update()
_THIS_REFRESH: Final = update(_REFRESH).where(_mine(_REFRESH), _REFRESH.c.token_hash == bindparam("h"))
_SPEND: Final = _THIS_REFRESH.values(state=TokenState.SPENT.value, used=True)
_MARK_USED: Final = _THIS_REFRESH.values(used=True)
_VOID_REFRESH: Final = _THIS_REFRESH.values(state=TokenState.VOID.value)
_VOID_ACCESS: Final = update(_ACCESS).where(_mine(_ACCESS), _ACCESS.c.refresh_hash == bindparam("h")).values(void=True)
_LIVE_COPIES: Final = (
    select(func.count())
    .select_from(_COPY)
    .where(
        _mine(_COPY),
        _COPY.c.record_id == bindparam("id"),
        _COPY.c.form == bindparam("f"),
        _COPY.c.expires_at > bindparam("now"),
        or_(_COPY.c.state == "signed", and_(_COPY.c.state == "planned", _COPY.c.planned_at >= bindparam("since"))),
    )
)
_KEYS_SEEN: Final = select(exists().where(_mine(_COPY), _COPY.c.key_thumbprint.in_(bindparam("keys", expanding=True))))
_TAKEN: Final = select(_COPY.c.list_index).where(
    _mine(_COPY), _COPY.c.list_id == bindparam("list"), _COPY.c.list_index.in_(bindparam("places", expanding=True))
)
_RESERVE: Final = (
    update(_LIST)
    .where(
        _mine(_LIST),
        _LIST.c.list_id == bindparam("list"),
        _LIST.c.retired.is_(False),
        _LIST.c.allotted + bindparam("n") <= bindparam("cap"),
    )
    .values(allotted=_LIST.c.allotted + bindparam("n"))
)
_ADD_COPY: Final = insert(_COPY)
_MARK_SIGNED: Final = (
    update(_COPY)
    .where(_mine(_COPY), _COPY.c.copy_id.in_(bindparam("ids", expanding=True)), _COPY.c.state == "planned")
    .values(state="signed", signed_at=bindparam("now"))
)
_UNEXPIRED: Final = and_(
    _mine(_COPY), _COPY.c.credential_id.in_(bindparam("ids", expanding=True)), _COPY.c.expires_at > bindparam("now")
)
_TOUCHED_LISTS: Final = select(_COPY.c.list_id).where(_UNEXPIRED).distinct().order_by(_COPY.c.list_id)
_MARK_STATUS: Final = update(_COPY).where(_UNEXPIRED).values(status=bindparam("to"), reason_class=bindparam("why"))
_DIRTY: Final = (
    update(_LIST).where(_mine(_LIST), _LIST.c.list_id.in_(bindparam("ids", expanding=True))).values(dirty=True)
)
_LIST_COLUMNS: Final = select(
    _LIST.c.list_id,
    _LIST.c.key_id,
    _LIST.c.week,
    _LIST.c.size,
    _LIST.c.allotted,
    _LIST.c.published_at,
    _LIST.c.dirty,
).where(_mine(_LIST), _LIST.c.retired.is_(False))
_LIST_WITH_SPACE: Final = (
    _LIST_COLUMNS.where(
        _LIST.c.key_id == bindparam("key"),
        _LIST.c.week == bindparam("w"),
        _LIST.c.allotted + bindparam("n") <= bindparam("cap"),
        _LIST.c.published_at.is_not(None),
    )
    .order_by(_LIST.c.list_id)
    .limit(1)
)
_ENTRIES: Final = (
    select(_COPY.c.list_index, _COPY.c.status, _COPY.c.reason_class)
    .where(_mine(_COPY), _COPY.c.list_id == bindparam("list"), _COPY.c.status != 0)
    .order_by(_COPY.c.list_index)
)
_ACT_COLUMNS: Final = select(*[column for column in _ACT.c if column.name != "bureau"]).where(_mine(_ACT))


class SqlIssuanceStore:
    """The store over one engine, for one bureau."""

    def __init__(self, engine: Engine, bureau: str) -> None:
        self._engine = engine
        self._bureau = bureau
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        # Without the option the count of an INSERT is not kept.
        self._first_use = dialect.insert(_ONCE).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    @contextmanager
    def transaction(self) -> Iterator[SqlIssuanceTransaction]:
        with begin(self._engine) as connection:
            transaction = SqlIssuanceTransaction(connection, self._bureau, self._first_use)
            yield transaction
            transaction.write_audit()

    @contextmanager
    def reading(self) -> Iterator[SqlIssuanceTransaction]:
        with begin(self._engine, read_only=True) as connection:
            yield SqlIssuanceTransaction(connection, self._bureau, self._first_use)


class SqlIssuanceTransaction:
    """One open transaction on one connection."""

    def __init__(self, connection: Connection, bureau: str, first_use: Executable) -> None:
        self._connection = connection
        self._bureau = bureau
        self._first_use = first_use
        self._audit = SqlAuditLog(connection)

    def record(self, event: AuditEvent) -> None:
        self._audit.record(event)

    def write_audit(self) -> None:
        """Write what was recorded; the last thing before the commit."""
        self._audit.write()

    # --- credentials

    def add_credential(self, credential: Credential) -> None:
        self._add(
            _CREDENTIAL,
            {
                "credential_id": credential.credential_id,
                "record_id": credential.record_id,
                "state": credential.state.value,
                "frozen": credential.frozen,
                "jkt": credential.jkt,
                "created_at": credential.created_at,
                "changed_at": credential.created_at,
            },
        )

    def credential(self, credential_id: str) -> Credential | None:
        row = self._run(_CREDENTIAL_BY_ID, id=credential_id).one_or_none()
        return None if row is None else _credential(_tuple(row))

    def credentials_of(self, record_id: str) -> tuple[Credential, ...]:
        return tuple(_credential(_tuple(row)) for row in self._run(_CREDENTIALS_OF, id=record_id))

    def bind_wallet(self, credential_id: str, jkt: str | None, now: int) -> None:
        self._run(_BIND_WALLET, id=credential_id, key=jkt, now=now)

    def set_state(self, credential_ids: Sequence[str], state: CredentialState, now: int) -> None:
        self._run(_SET_STATE, ids=list(credential_ids), to=state.value, now=now)

    def freeze(self, credential_id: str, now: int) -> None:
        self._run(_FREEZE, id=credential_id, now=now)

    # --- offers

    def add_offer(self, offer: Offer) -> None:
        self._add(
            _OFFER,
            {
                "offer_id": offer.offer_id,
                "credential_id": offer.credential_id,
                "record_id": offer.record_id,
                "reference_hash": offer.reference_hash,
                "code_hash": offer.code_hash,
                "tx_code_hash": offer.tx_code_hash,
                "tries_left": offer.tries_left,
                "state": offer.state.value,
                "created_at": offer.created_at,
                "expires_at": offer.expires_at,
            },
        )

    def take_try(self, code_hash: bytes, now: int) -> bool:
        return self._run(_TAKE_TRY, h=code_hash, now=now).rowcount == 1

    def offer_by_code(self, code_hash: bytes) -> Offer | None:
        return self._offer(_OFFER_BY_CODE, h=code_hash)

    def offer_by_reference(self, reference_hash: bytes) -> Offer | None:
        return self._offer(_OFFER_BY_REFERENCE, h=reference_hash)

    def offer(self, offer_id: str) -> Offer | None:
        return self._offer(_OFFER_BY_ID, id=offer_id)

    def set_offer_state(self, offer_id: str, state: OfferState) -> None:
        self._run(_SET_OFFER, id=offer_id, to=state.value)

    def withdraw_offers(self, credential_ids: Sequence[str]) -> int:
        return self._run(_WITHDRAW_OFFERS, ids=list(credential_ids)).rowcount

    # --- tokens and what must be used once only

    def add_access_token(self, token: AccessToken) -> None:
        self._add(
            _ACCESS,
            {
                "token_hash": token.token_hash,
                "credential_id": token.credential_id,
                "jkt": token.jkt,
                "refreshing": token.refreshing,
                "refresh_hash": token.refresh_hash,
                "void": token.void,
                "expires_at": token.expires_at,
            },
        )

    def access_token(self, token_hash: bytes) -> tuple[AccessToken, Credential] | None:
        row = self._run(_ACCESS_BY_HASH, h=token_hash).one_or_none()
        if row is None:
            return None
        columns, split = _tuple(row), len(_ACCESS_COLUMNS)
        return AccessToken(*columns[:split]), _credential(columns[split:])

    def add_refresh_token(self, token: RefreshToken) -> None:
        self._add(
            _REFRESH,
            {
                "token_hash": token.token_hash,
                "parent_hash": token.parent_hash,
                "credential_id": token.credential_id,
                "jkt": token.jkt,
                "state": token.state.value,
                "used": token.used,
                "expires_at": token.expires_at,
            },
        )

    def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        row = self._run(_REFRESH_BY_HASH, h=token_hash).one_or_none()
        return None if row is None else _refresh_token(row)

    def successors(self, token_hash: bytes) -> tuple[RefreshToken, ...]:
        return tuple(_refresh_token(row) for row in self._run(_SUCCESSORS, h=token_hash))

    def spend(self, token_hash: bytes) -> None:
        self._run(_SPEND, h=token_hash)

    def mark_used(self, refresh_hash: bytes) -> None:
        self._run(_MARK_USED, h=refresh_hash)

    def void(self, refresh_hash: bytes) -> None:
        self._run(_VOID_REFRESH, h=refresh_hash)
        self._run(_VOID_ACCESS, h=refresh_hash)

    def drop_tokens(self, credential_ids: Sequence[str]) -> None:
        for table in (_ACCESS, _REFRESH):
            self._run(
                delete(table).where(_mine(table), table.c.credential_id.in_(bindparam("ids", expanding=True))),
                ids=list(credential_ids),
            )

    def first_use(self, kind: str, value_hash: bytes, until: int) -> bool:
        row = {"bureau": self._bureau, "kind": kind, "value_hash": value_hash, "expires_at": until}
        return _rows(self._connection.execute(self._first_use, row)) == 1

    # --- copies

    def live_copies(self, record_id: str, form: Form, now: int, planned_since: int) -> int:
        counted: int = self._run(_LIVE_COPIES, id=record_id, f=form.value, now=now, since=planned_since).scalar_one()
        return counted

    def any_key_seen(self, thumbprints: Sequence[bytes]) -> bool:
        return bool(self._run(_KEYS_SEEN, keys=list(thumbprints)).scalar_one())

    def taken(self, list_id: str, indexes: Sequence[int]) -> frozenset[int]:
        return frozenset(self._run(_TAKEN, list=list_id, places=list(indexes)).scalars())

    def reserve(self, list_id: str, copies: int, capacity: int) -> bool:
        return self._run(_RESERVE, list=list_id, n=copies, cap=capacity).rowcount == 1

    def add_copies(self, copies: Sequence[PlannedCopy], now: int) -> None:
        self._connection.execute(
            _ADD_COPY,
            [
                {
                    "bureau": self._bureau,
                    "copy_id": copy.copy_id,
                    "credential_id": copy.credential_id,
                    "record_id": copy.record_id,
                    "form": copy.form.value,
                    "key_thumbprint": copy.key_thumbprint,
                    "list_id": copy.list_id,
                    "list_index": copy.index,
                    "payload_hash": copy.payload_hash,
                    "state": "planned",
                    "issued_at": copy.issued_at,
                    "expires_at": copy.expires_at,
                    "planned_at": now,
                    "signed_at": None,
                    "status": 0,
                    "reason_class": 0,
                }
                for copy in copies
            ],
        )

    def mark_signed(self, copy_ids: Sequence[str], now: int) -> None:
        if self._run(_MARK_SIGNED, ids=list(copy_ids), now=now).rowcount != len(copy_ids):
            raise Conflict(Reason.DATA_MOVED, "the plan of these copies was given up meanwhile")

    def mark_status(self, credential_ids: Sequence[str], status: int, reason_class: int, now: int) -> tuple[str, ...]:
        ids = list(credential_ids)
        lists = tuple(self._run(_TOUCHED_LISTS, ids=ids, now=now).scalars())
        self._run(_MARK_STATUS, ids=ids, now=now, to=status, why=reason_class)
        if lists:
            self._run(_DIRTY, ids=list(lists))
        return lists

    # --- status lists

    def list_with_space(self, key_id: str, week: int, capacity: int) -> StatusListRow | None:
        row = self._run(_LIST_WITH_SPACE, key=key_id, w=week, n=1, cap=capacity).one_or_none()
        return None if row is None else StatusListRow(*_tuple(row))

    def add_list(self, row: StatusListRow) -> None:
        self._add(
            _LIST,
            {
                "list_id": row.list_id,
                "key_id": row.key_id,
                "week": row.week,
                "size": row.size,
                "allotted": row.allotted,
                "published_at": row.published_at,
                "dirty": row.dirty,
                "retired": False,
            },
        )

    def lock_list(self, list_id: str) -> StatusListRow | None:
        statement = _LIST_COLUMNS.where(_LIST.c.list_id == bindparam("list")).with_for_update()
        row = self._run(statement, list=list_id).one_or_none()
        return None if row is None else StatusListRow(*_tuple(row))

    def lists(self, weeks_from: int) -> tuple[StatusListRow, ...]:
        statement = _LIST_COLUMNS.where(_LIST.c.week >= bindparam("w")).order_by(_LIST.c.list_id)
        return tuple(StatusListRow(*_tuple(row)) for row in self._run(statement, w=weeks_from))

    def entries(self, list_id: str) -> tuple[StatusEntry, ...]:
        return tuple(StatusEntry(*_tuple(row)) for row in self._run(_ENTRIES, list=list_id))

    def mark_published(self, list_id: str, now: int) -> None:
        statement = update(_LIST).where(_mine(_LIST), _LIST.c.list_id == bindparam("list"))
        self._run(statement.values(published_at=bindparam("now"), dirty=False), list=list_id, now=now)

    def retired_lists(self, weeks_before: int) -> tuple[str, ...]:
        statement = _LIST_COLUMNS.where(_LIST.c.week < bindparam("w")).order_by(_LIST.c.list_id)
        return tuple(row[0] for row in self._run(statement, w=weeks_before))

    def mark_retired(self, list_id: str) -> None:
        statement = update(_LIST).where(_mine(_LIST), _LIST.c.list_id == bindparam("list"))
        self._run(statement.values(retired=True), list=list_id)

    def next_snapshot_number(self) -> int:
        statement = update(_COUNTER).where(_mine(_COUNTER)).values(number=_COUNTER.c.number + 1)
        number: int | None = self._run(statement.returning(_COUNTER.c.number)).scalar_one_or_none()
        if number is None:
            self._add(_COUNTER, {"number": 1})
            return 1
        return number

    # --- acts of two officers

    def add_act(self, act: StatusAct) -> None:
        self._add(
            _ACT,
            {
                "act_id": act.act_id,
                "credential_id": act.credential_id,
                "verb": act.verb,
                "reason": act.reason,
                "requested_by": act.requested_by,
                "requested_at": act.requested_at,
                "state": act.state.value,
                "decided_by": act.decided_by,
                "decided_at": act.decided_at,
            },
        )

    def act(self, act_id: str) -> StatusAct | None:
        statement = _ACT_COLUMNS.where(_ACT.c.act_id == bindparam("id")).with_for_update()
        row = self._run(statement, id=act_id).one_or_none()
        return None if row is None else _act(row)

    def pending_acts(self) -> tuple[StatusAct, ...]:
        statement = _ACT_COLUMNS.where(_ACT.c.state == ActState.PENDING.value).order_by(_ACT.c.act_id)
        return tuple(_act(row) for row in self._run(statement))

    def decide_act(self, act_id: str, state: ActState, officer: str, now: int) -> bool:
        statement = (
            update(_ACT)
            .where(_mine(_ACT), _ACT.c.act_id == bindparam("id"), _ACT.c.state == ActState.PENDING.value)
            .values(state=bindparam("to"), decided_by=bindparam("who"), decided_at=bindparam("now"))
        )
        return self._run(statement, id=act_id, to=state.value, who=officer, now=now).rowcount == 1

    # --- housekeeping

    def forget(self, now: int, planned_before: int) -> None:
        for table in (_ONCE, _ACCESS, _REFRESH):
            self._run(delete(table).where(_mine(table), table.c.expires_at <= bindparam("now")), now=now)
        late = and_(_mine(_COPY), _COPY.c.state == "planned", _COPY.c.planned_at < bindparam("before"))
        self._run(update(_COPY).where(late).values(state="abandoned"), before=planned_before)

    # --- the two ways everything above reaches the database

    def _run(self, statement: Executable, **parameters: object) -> CursorResult[Any]:
        return self._connection.execute(statement, {"b": self._bureau, **parameters})

    def _add(self, table: Table, values: Mapping[str, object]) -> None:
        self._connection.execute(_INSERTS[table.name], {"bureau": self._bureau, **values})

    def _offer(self, statement: Executable, **parameters: object) -> Offer | None:
        row = self._run(statement, **parameters).one_or_none()
        if row is None:
            return None
        return Offer(
            offer_id=row.offer_id,
            credential_id=row.credential_id,
            record_id=row.record_id,
            reference_hash=row.reference_hash,
            code_hash=row.code_hash,
            tx_code_hash=row.tx_code_hash,
            tries_left=row.tries_left,
            state=OfferState(row.state),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


_INSERTS: Final = {
    table.name: insert(table) for table in (_CREDENTIAL, _OFFER, _ACCESS, _REFRESH, _LIST, _COUNTER, _ACT)
}


def _tuple(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(row)


def _rows(result: Any) -> int:
    counted: int = result.rowcount
    return counted


def _credential(columns: Sequence[Any]) -> Credential:
    credential_id, record_id, state, frozen, jkt, created_at = columns
    return Credential(credential_id, record_id, CredentialState(state), frozen, jkt, created_at)


def _refresh_token(row: Row[Any]) -> RefreshToken:
    token_hash, parent_hash, credential_id, jkt, state, used, expires_at = _tuple(row)
    return RefreshToken(token_hash, parent_hash, credential_id, jkt, TokenState(state), used, expires_at)


def _act(row: Row[Any]) -> StatusAct:
    return StatusAct(
        act_id=row.act_id,
        credential_id=row.credential_id,
        verb=row.verb,
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        state=ActState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
