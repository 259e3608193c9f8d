"""The statements of issuing, each described once; ``b`` is the bureau in all of them.

SQLite plans without statistics: an ORDER BY or DISTINCT may win it over to an index that only has the bureau in common,
and a partial index is used only where its condition stands word for word. So few rows are sorted by whoever reads them.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql

from issuer.cases.model import CaseState
from issuer.ports import ActState, CredentialState, OfferState, TokenState
from issuer.storage.driver import Prepared
from issuer.storage.issuance_tables import NOT_VALID, PLANNED, IssuanceTable

_TABLES: Final = IssuanceTable.metadata.tables
_RECORD: Final = _TABLES["register_record"]
_CASE: Final = _TABLES["enrolment_case"]
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


def _insert(table: Table) -> Prepared:
    parameters: dict[str, Any] = {
        column.name: bindparam("b" if column.name == "bureau" else column.name) for column in table.c
    }
    return Prepared(insert(table).values(parameters))


def _columns(table: Table) -> list[Any]:
    return [column for column in table.c if column.name != "bureau"]


_IDS: Final[Any] = bindparam("ids", expanding=True)

# --- the person: one lock for offers, issuing and status acts

# The row itself does not change, and rows that refer to it may still be added.
LOCK_PERSON: Final = Prepared(
    select(_RECORD.c.record_id)
    .where(_mine(_RECORD), _RECORD.c.record_id == bindparam("id"))
    .with_for_update(key_share=True)
)
# Approved cases only: one that is issued already stays as it is.
MARK_ISSUED: Final = Prepared(
    update(_CASE)
    .where(_mine(_CASE), _CASE.c.case_id == bindparam("id"), _CASE.c.state == CaseState.APPROVED.value)
    .values(state=CaseState.ISSUED.value, version=_CASE.c.version + 1)
    .returning(_CASE.c.version)
)

# --- credentials

_CREDENTIAL_COLUMNS: Final = (
    _CREDENTIAL.c.credential_id,
    _CREDENTIAL.c.record_id,
    _CREDENTIAL.c.state,
    _CREDENTIAL.c.frozen,
    _CREDENTIAL.c.jkt,
    _CREDENTIAL.c.created_at,
)
ADD_CREDENTIAL: Final = _insert(_CREDENTIAL)
CREDENTIAL_BY_ID: Final = Prepared(
    select(*_CREDENTIAL_COLUMNS).where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id == bindparam("id"))
)
CREDENTIALS_OF: Final = Prepared(
    select(*_CREDENTIAL_COLUMNS).where(_mine(_CREDENTIAL), _CREDENTIAL.c.record_id == bindparam("id"))
)
_THIS_CREDENTIAL: Final = update(_CREDENTIAL).where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id == bindparam("id"))
BIND_WALLET: Final = Prepared(
    _THIS_CREDENTIAL.values(state=CredentialState.ACTIVE.value, jkt=bindparam("key"), changed_at=bindparam("now"))
)
FREEZE: Final = Prepared(_THIS_CREDENTIAL.values(frozen=True, changed_at=bindparam("now")))
SET_STATE: Final = Prepared(
    update(_CREDENTIAL)
    .where(_mine(_CREDENTIAL), _CREDENTIAL.c.credential_id.in_(_IDS))
    .values(state=bindparam("to"), changed_at=bindparam("now"))
)

# --- offers

ADD_OFFER: Final = _insert(_OFFER)
_OFFER_COLUMNS: Final = select(*_columns(_OFFER))
OFFER_BY_CODE: Final = Prepared(_OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.code_hash == bindparam("h")))
OFFER_BY_REFERENCE: Final = Prepared(_OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.reference_hash == bindparam("h")))
OFFER_BY_ID: Final = Prepared(_OFFER_COLUMNS.where(_mine(_OFFER), _OFFER.c.offer_id == bindparam("id")))
_THIS_OFFER: Final = update(_OFFER).where(_mine(_OFFER), _OFFER.c.offer_id == bindparam("id"))
SET_OFFER: Final = Prepared(_THIS_OFFER.values(state=bindparam("to")))
TAKE_TRY: Final = Prepared(_THIS_OFFER.values(tries_left=_OFFER.c.tries_left - 1))
WITHDRAW_OFFERS: Final = Prepared(
    update(_OFFER)
    .where(_mine(_OFFER), _OFFER.c.credential_id.in_(_IDS), _OFFER.c.state == OfferState.OPEN.value)
    .values(state=OfferState.WITHDRAWN.value)
)

# --- tokens and what must be used once only

ADD_ACCESS: Final = _insert(_ACCESS)
ACCESS_COLUMNS: Final = (
    _ACCESS.c.token_hash,
    _ACCESS.c.credential_id,
    _ACCESS.c.jkt,
    _ACCESS.c.refreshing,
    _ACCESS.c.refresh_hash,
    _ACCESS.c.void,
    _ACCESS.c.expires_at,
)
ACCESS_BY_HASH: Final = Prepared(
    select(*ACCESS_COLUMNS, *_CREDENTIAL_COLUMNS)
    .join_from(
        _ACCESS,
        _CREDENTIAL,
        and_(_ACCESS.c.bureau == _CREDENTIAL.c.bureau, _ACCESS.c.credential_id == _CREDENTIAL.c.credential_id),
    )
    .where(_mine(_ACCESS), _ACCESS.c.token_hash == bindparam("h"))
)
ADD_REFRESH: Final = _insert(_REFRESH)
_REFRESH_COLUMNS: Final = select(
    _REFRESH.c.token_hash,
    _REFRESH.c.parent_hash,
    _REFRESH.c.credential_id,
    _REFRESH.c.jkt,
    _REFRESH.c.state,
    _REFRESH.c.used,
    _REFRESH.c.expires_at,
)
REFRESH_BY_HASH: Final = Prepared(_REFRESH_COLUMNS.where(_mine(_REFRESH), _REFRESH.c.token_hash == bindparam("h")))
SUCCESSORS: Final = Prepared(_REFRESH_COLUMNS.where(_mine(_REFRESH), _REFRESH.c.parent_hash == bindparam("h")))
_THIS_REFRESH: Final = update(_REFRESH).where(_mine(_REFRESH), _REFRESH.c.token_hash == bindparam("h"))
SPEND: Final = Prepared(_THIS_REFRESH.values(state=TokenState.SPENT.value, used=True))
MARK_USED: Final = Prepared(_THIS_REFRESH.values(used=True))
VOID_REFRESH: Final = Prepared(_THIS_REFRESH.values(state=TokenState.VOID.value))
VOID_ACCESS: Final = Prepared(
    update(_ACCESS).where(_mine(_ACCESS), _ACCESS.c.refresh_hash == bindparam("h")).values(void=True)
)
DROP_TOKENS: Final = tuple(
    Prepared(delete(table).where(_mine(table), table.c.credential_id.in_(_IDS))) for table in (_ACCESS, _REFRESH)
)
# Without a target the clause is spelled alike on both databases.
FIRST_USE: Final = Prepared(
    postgresql.insert(_ONCE)
    .values(bureau=bindparam("b"), kind=bindparam("kind"), value_hash=bindparam("h"), expires_at=bindparam("until"))
    .on_conflict_do_nothing()
)

# --- copies

LIVE_COPIES: Final = Prepared(
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
KEYS_SEEN: Final = Prepared(
    select(exists().where(_mine(_COPY), _COPY.c.key_thumbprint.in_(bindparam("keys", expanding=True))))
)
TAKEN: Final = Prepared(
    select(_COPY.c.list_index).where(
        _mine(_COPY), _COPY.c.list_id == bindparam("list"), _COPY.c.list_index.in_(bindparam("places", expanding=True))
    )
)
RESERVE: Final = Prepared(
    update(_LIST)
    .where(
        _mine(_LIST),
        _LIST.c.list_id == bindparam("list"),
        _LIST.c.retired.is_(False),
        _LIST.c.allotted + bindparam("n") <= bindparam("cap"),
    )
    .values(allotted=_LIST.c.allotted + bindparam("n"))
)
ADD_COPY: Final = _insert(_COPY)
MARK_SIGNED: Final = Prepared(
    update(_COPY)
    .where(_mine(_COPY), _COPY.c.copy_id.in_(_IDS), _COPY.c.state == "planned")
    .values(state="signed", signed_at=bindparam("now"))
)
_UNEXPIRED: Final = and_(_mine(_COPY), _COPY.c.credential_id.in_(_IDS), _COPY.c.expires_at > bindparam("now"))
TOUCHED_LISTS: Final = Prepared(select(_COPY.c.list_id).where(_UNEXPIRED))
MARK_STATUS: Final = Prepared(
    update(_COPY).where(_UNEXPIRED).values(status=bindparam("to"), reason_class=bindparam("why"))
)

# --- status lists

_THIS_LIST: Final = update(_LIST).where(_mine(_LIST), _LIST.c.list_id == bindparam("list"))
_LIST_COLUMNS: Final = select(
    _LIST.c.list_id,
    _LIST.c.key_id,
    _LIST.c.week,
    _LIST.c.size,
    _LIST.c.allotted,
    _LIST.c.published_at,
    _LIST.c.dirty,
    _LIST.c.cards,
).where(_mine(_LIST), _LIST.c.retired.is_(False))
ADD_LIST: Final = _insert(_LIST)
LIST_WITH_SPACE: Final = Prepared(
    _LIST_COLUMNS.where(
        _LIST.c.key_id == bindparam("key"),
        _LIST.c.week == bindparam("w"),
        _LIST.c.cards == bindparam("cards"),
        _LIST.c.allotted + 1 <= bindparam("cap"),
        _LIST.c.published_at.is_not(None),
    )
    .order_by(_LIST.c.list_id)
    .limit(1)
)
LOCK_LIST: Final = Prepared(_LIST_COLUMNS.where(_LIST.c.list_id == bindparam("list")).with_for_update())
LISTS: Final = Prepared(_LIST_COLUMNS.where(_LIST.c.week >= bindparam("w")).order_by(_LIST.c.list_id))
LISTS_GONE: Final = Prepared(_LIST_COLUMNS.where(_LIST.c.week < bindparam("w")).order_by(_LIST.c.list_id))
DIRTY: Final = Prepared(_THIS_LIST.values(dirty=True))
PUBLISHED: Final = Prepared(_THIS_LIST.values(published_at=bindparam("now"), dirty=False))
RETIRED: Final = Prepared(_THIS_LIST.values(retired=True))
ENTRIES: Final = Prepared(
    select(_COPY.c.list_index, _COPY.c.status, _COPY.c.reason_class).where(
        _mine(_COPY), _COPY.c.list_id == bindparam("list"), text(NOT_VALID)
    )
)
ADD_COUNTER: Final = _insert(_COUNTER)
NEXT_NUMBER: Final = Prepared(
    update(_COUNTER).where(_mine(_COUNTER)).values(number=_COUNTER.c.number + 1).returning(_COUNTER.c.number)
)

# --- acts of two officers

ADD_ACT: Final = _insert(_ACT)
_ACT_COLUMNS: Final = select(*_columns(_ACT)).where(_mine(_ACT))
ACT_BY_ID: Final = Prepared(_ACT_COLUMNS.where(_ACT.c.act_id == bindparam("id")))
ACTS_PENDING: Final = Prepared(_ACT_COLUMNS.where(_ACT.c.state == ActState.PENDING.value))
DECIDE_ACT: Final = Prepared(
    update(_ACT)
    .where(_mine(_ACT), _ACT.c.act_id == bindparam("id"), _ACT.c.state == ActState.PENDING.value)
    .values(state=bindparam("to"), decided_by=bindparam("who"), decided_at=bindparam("now"))
)

# --- housekeeping

FORGET: Final = tuple(
    Prepared(delete(table).where(_mine(table), table.c.expires_at <= bindparam("now")))
    for table in (_ONCE, _ACCESS, _REFRESH)
)
GIVE_UP_PLANS: Final = Prepared(
    update(_COPY).where(_mine(_COPY), text(PLANNED), _COPY.c.planned_at < bindparam("before")).values(state="abandoned")
)
