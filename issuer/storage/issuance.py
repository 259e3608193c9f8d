"""Issuing's rows in SQL: prepared statements run by the driver, no ORM on the way of a credential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from core.audit import AuditEvent
from core.errors import Conflict, NotFound
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
from issuer.storage import issuance_statements as sql
from issuer.storage.audit import SqlAuditLog
from issuer.storage.driver import Cursor, Driver, Prepared, Row, Value
from issuer.storage.engine import begin


class SqlIssuanceStore:
    """The store over one engine, for one bureau."""

    def __init__(self, engine: Engine, bureau: str) -> None:
        self._engine = engine
        self._bureau = bureau

    @contextmanager
    def transaction(self) -> Iterator[SqlIssuanceTransaction]:
        with begin(self._engine) as connection:
            transaction = SqlIssuanceTransaction(connection, self._bureau)
            yield transaction
            transaction.write_audit()

    @contextmanager
    def reading(self) -> Iterator[SqlIssuanceTransaction]:
        with begin(self._engine, read_only=True) as connection:
            yield SqlIssuanceTransaction(connection, self._bureau)


class SqlIssuanceTransaction:
    """One open transaction on one connection."""

    def __init__(self, connection: Connection, bureau: str) -> None:
        self._driver = Driver(connection)
        self._bureau = bureau
        self._audit = SqlAuditLog(connection)

    def record(self, event: AuditEvent) -> None:
        self._audit.record(event)

    def write_audit(self) -> None:
        """Write what was recorded; the last thing before the commit."""
        self._audit.write()

    # --- the person

    def lock_person(self, record_id: str) -> None:
        if self._run(sql.LOCK_PERSON, id=record_id).fetchone() is None:
            raise NotFound(Reason.RECORD_UNKNOWN, "there is no such record in this bureau")

    def mark_issued(self, case_id: str, now: int) -> None:
        row = self._run(sql.MARK_ISSUED, id=case_id).fetchone()
        if row is not None:
            self.record(AuditEvent(self._bureau, now, "system", "case.issue", case_id, f"version {row[0]}"))

    # --- credentials

    def add_credential(self, credential: Credential) -> None:
        self._run(
            sql.ADD_CREDENTIAL,
            credential_id=credential.credential_id,
            record_id=credential.record_id,
            state=credential.state.value,
            frozen=credential.frozen,
            jkt=credential.jkt,
            created_at=credential.created_at,
            changed_at=credential.created_at,
        )

    def credential(self, credential_id: str) -> Credential | None:
        row = self._run(sql.CREDENTIAL_BY_ID, id=credential_id).fetchone()
        return None if row is None else _credential(row)

    def credentials_of(self, record_id: str) -> tuple[Credential, ...]:
        return tuple(map(_credential, sorted(self._run(sql.CREDENTIALS_OF, id=record_id).fetchall())))

    def bind_wallet(self, credential_id: str, jkt: str | None, now: int) -> None:
        self._run(sql.BIND_WALLET, id=credential_id, key=jkt, now=now)

    def set_state(self, credential_ids: Sequence[str], state: CredentialState, now: int) -> None:
        self._run(sql.SET_STATE, ids=list(credential_ids), to=state.value, now=now)

    def freeze(self, credential_id: str, now: int) -> None:
        self._run(sql.FREEZE, id=credential_id, now=now)

    # --- offers

    def add_offer(self, offer: Offer) -> None:
        self._run(
            sql.ADD_OFFER,
            offer_id=offer.offer_id,
            credential_id=offer.credential_id,
            record_id=offer.record_id,
            reference_hash=offer.reference_hash,
            code_hash=offer.code_hash,
            tx_code_hash=offer.tx_code_hash,
            tries_left=offer.tries_left,
            state=offer.state.value,
            created_at=offer.created_at,
            expires_at=offer.expires_at,
        )

    def offer_by_code(self, code_hash: bytes) -> Offer | None:
        return _offer(self._run(sql.OFFER_BY_CODE, h=code_hash).fetchone())

    def offer_by_reference(self, reference_hash: bytes) -> Offer | None:
        return _offer(self._run(sql.OFFER_BY_REFERENCE, h=reference_hash).fetchone())

    def offer(self, offer_id: str) -> Offer | None:
        return _offer(self._run(sql.OFFER_BY_ID, id=offer_id).fetchone())

    def take_try(self, offer_id: str) -> None:
        self._run(sql.TAKE_TRY, id=offer_id)

    def set_offer_state(self, offer_id: str, state: OfferState) -> None:
        self._run(sql.SET_OFFER, id=offer_id, to=state.value)

    def withdraw_offers(self, credential_ids: Sequence[str]) -> int:
        return self._run(sql.WITHDRAW_OFFERS, ids=list(credential_ids)).rowcount

    # --- tokens and what must be used once only

    def add_access_token(self, token: AccessToken) -> None:
        self._run(
            sql.ADD_ACCESS,
            token_hash=token.token_hash,
            credential_id=token.credential_id,
            jkt=token.jkt,
            refreshing=token.refreshing,
            refresh_hash=token.refresh_hash,
            void=token.void,
            expires_at=token.expires_at,
        )

    def access_token(self, token_hash: bytes) -> tuple[AccessToken, Credential] | None:
        row = self._run(sql.ACCESS_BY_HASH, h=token_hash).fetchone()
        if row is None:
            return None
        hashed, credential_id, jkt, refreshing, refresh_hash, void, expires_at, *credential = row
        token = AccessToken(hashed, credential_id, jkt, bool(refreshing), refresh_hash, bool(void), expires_at)
        return token, _credential(credential)

    def add_refresh_token(self, token: RefreshToken) -> None:
        self._run(
            sql.ADD_REFRESH,
            token_hash=token.token_hash,
            parent_hash=token.parent_hash,
            credential_id=token.credential_id,
            jkt=token.jkt,
            state=token.state.value,
            used=token.used,
            expires_at=token.expires_at,
        )

    def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        row = self._run(sql.REFRESH_BY_HASH, h=token_hash).fetchone()
        return None if row is None else _refresh_token(row)

    def successors(self, parent_hash: bytes) -> tuple[RefreshToken, ...]:
        return tuple(map(_refresh_token, self._run(sql.SUCCESSORS, h=parent_hash).fetchall()))

    def spend(self, token_hash: bytes) -> None:
        self._run(sql.SPEND, h=token_hash)

    def mark_used(self, refresh_hash: bytes) -> None:
        self._run(sql.MARK_USED, h=refresh_hash)

    def void(self, refresh_hash: bytes) -> None:
        self._run(sql.VOID_REFRESH, h=refresh_hash)
        self._run(sql.VOID_ACCESS, h=refresh_hash)

    def drop_tokens(self, credential_ids: Sequence[str]) -> None:
        for statement in sql.DROP_TOKENS:
            self._run(statement, ids=list(credential_ids))

    def first_use(self, kind: str, value_hash: bytes, until: int) -> bool:
        return self._run(sql.FIRST_USE, kind=kind, h=value_hash, until=until).rowcount == 1

    # --- copies

    def live_copies(self, record_id: str, form: Form, now: int, planned_since: int) -> int:
        return int(self._one(sql.LIVE_COPIES, id=record_id, f=form.value, now=now, since=planned_since))

    def any_key_seen(self, thumbprints: Sequence[bytes]) -> bool:
        return bool(self._one(sql.KEYS_SEEN, keys=list(thumbprints)))

    def taken(self, list_id: str, indexes: Sequence[int]) -> frozenset[int]:
        return frozenset(row[0] for row in self._run(sql.TAKEN, list=list_id, places=list(indexes)).fetchall())

    def reserve(self, list_id: str, copies: int, capacity: int) -> bool:
        return self._run(sql.RESERVE, list=list_id, n=copies, cap=capacity).rowcount == 1

    def add_copies(self, copies: Sequence[PlannedCopy], now: int) -> None:
        self._driver.run_for_each(
            sql.ADD_COPY,
            [
                {
                    "b": self._bureau,
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
        if self._run(sql.MARK_SIGNED, ids=list(copy_ids), now=now).rowcount != len(copy_ids):
            raise Conflict(Reason.DATA_MOVED, "the plan of these copies was given up meanwhile")

    def mark_status(self, credential_ids: Sequence[str], status: int, reason_class: int, now: int) -> tuple[str, ...]:
        touched = self._run(sql.TOUCHED_LISTS, ids=list(credential_ids), now=now).fetchall()
        lists = tuple(sorted({row[0] for row in touched}))
        self._run(sql.MARK_STATUS, ids=list(credential_ids), now=now, to=status, why=reason_class)
        # One by one in their order: two acts over the same lists wait for each other instead of locking each other out.
        for list_id in lists:
            self._run(sql.DIRTY, list=list_id)
        return lists

    # --- status lists

    def list_with_space(self, key_id: str, week: int, capacity: int, *, cards: bool = False) -> StatusListRow | None:
        row = self._run(sql.LIST_WITH_SPACE, key=key_id, w=week, cap=capacity, cards=cards).fetchone()
        return None if row is None else _list(row)

    def add_list(self, row: StatusListRow) -> None:
        self._run(
            sql.ADD_LIST,
            list_id=row.list_id,
            key_id=row.key_id,
            week=row.week,
            size=row.size,
            allotted=row.allotted,
            published_at=row.published_at,
            dirty=row.dirty,
            retired=False,
            cards=row.cards,
        )

    def lock_list(self, list_id: str) -> StatusListRow | None:
        row = self._run(sql.LOCK_LIST, list=list_id).fetchone()
        return None if row is None else _list(row)

    def lists(self, weeks_from: int) -> tuple[StatusListRow, ...]:
        return tuple(map(_list, self._run(sql.LISTS, w=weeks_from).fetchall()))

    def entries(self, list_id: str) -> tuple[StatusEntry, ...]:
        return tuple(StatusEntry(*row) for row in sorted(self._run(sql.ENTRIES, list=list_id).fetchall()))

    def mark_published(self, list_id: str, now: int) -> None:
        self._run(sql.PUBLISHED, list=list_id, now=now)

    def retired_lists(self, weeks_before: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self._run(sql.LISTS_GONE, w=weeks_before).fetchall())

    def mark_retired(self, list_id: str) -> None:
        self._run(sql.RETIRED, list=list_id)

    def next_snapshot_number(self) -> int:
        row = self._run(sql.NEXT_NUMBER).fetchone()
        if row is None:
            self._run(sql.ADD_COUNTER, number=1)
            return 1
        return int(row[0])

    # --- acts of two officers

    def add_act(self, act: StatusAct) -> None:
        self._run(
            sql.ADD_ACT,
            act_id=act.act_id,
            credential_id=act.credential_id,
            verb=act.verb,
            reason=act.reason,
            requested_by=act.requested_by,
            requested_at=act.requested_at,
            state=act.state.value,
            decided_by=act.decided_by,
            decided_at=act.decided_at,
        )

    def act(self, act_id: str) -> StatusAct | None:
        row = self._run(sql.ACT_BY_ID, id=act_id).fetchone()
        return None if row is None else _act(row)

    def pending_acts(self) -> tuple[StatusAct, ...]:
        return tuple(map(_act, sorted(self._run(sql.ACTS_PENDING).fetchall())))

    def decide_act(self, act_id: str, state: ActState, officer: str, now: int) -> bool:
        return self._run(sql.DECIDE_ACT, id=act_id, to=state.value, who=officer, now=now).rowcount == 1

    # --- housekeeping

    def forget(self, now: int, planned_before: int) -> None:
        for statement in sql.FORGET:
            self._run(statement, now=now)
        self._run(sql.GIVE_UP_PLANS, before=planned_before)

    # --- the two ways everything above reaches the database

    def _run(self, statement: Prepared, **values: Value) -> Cursor:
        values["b"] = self._bureau
        return self._driver.run(statement, values)

    def _one(self, statement: Prepared, **values: Value) -> Any:
        row = self._run(statement, **values).fetchone()
        if row is None:
            raise TypeError("this query always has a row")
        return row[0]


def _credential(columns: Sequence[Any]) -> Credential:
    credential_id, record_id, state, frozen, jkt, created_at = columns
    return Credential(credential_id, record_id, CredentialState(state), bool(frozen), jkt, created_at)


def _offer(row: Row | None) -> Offer | None:
    if row is None:
        return None
    offer_id, credential_id, record_id, reference, code, tx_code, tries_left, state, created_at, expires_at = row
    return Offer(
        offer_id=offer_id,
        credential_id=credential_id,
        record_id=record_id,
        reference_hash=reference,
        code_hash=code,
        tx_code_hash=tx_code,
        tries_left=tries_left,
        state=OfferState(state),
        created_at=created_at,
        expires_at=expires_at,
    )


def _refresh_token(row: Row) -> RefreshToken:
    token_hash, parent_hash, credential_id, jkt, state, used, expires_at = row
    return RefreshToken(token_hash, parent_hash, credential_id, jkt, TokenState(state), bool(used), expires_at)


def _list(row: Row) -> StatusListRow:
    list_id, key_id, week, size, allotted, published_at, dirty, cards = row
    return StatusListRow(list_id, key_id, week, size, allotted, published_at, bool(dirty), bool(cards))


def _act(row: Row) -> StatusAct:
    act_id, credential_id, verb, reason, requested_by, requested_at, state, decided_by, decided_at = row
    state = ActState(state)
    return StatusAct(act_id, credential_id, verb, reason, requested_by, requested_at, state, decided_by, decided_at)
