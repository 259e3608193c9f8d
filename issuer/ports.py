"""What issuing needs from outside: the person registry, the store, the place status lists are published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.audit import AuditEvent
from formats.dataset import CredentialDataset
from formats.sd_cwt.model import Assurance
from issuer.policy import Form


@dataclass(frozen=True, slots=True)
class BureauContext:
    """The bureau that issues here.

    bureau:   the 12-digit organ code.
    specimen: every credential says it is a specimen.
    """

    bureau: str
    name_zh: str
    name_en: str
    division: str
    country: str
    specimen: bool


@dataclass(frozen=True, slots=True)
class ApprovedPerson:
    """One approved record, ready to be signed.

    unissued_case: the approved case nothing was issued under yet; None when that was noted before.
    """

    record_id: str
    dataset: CredentialDataset
    assurance: Assurance
    unissued_case: str | None


class PersonRegistry(Protocol):
    """Where approved records are read."""

    def approved(self, record_id: str) -> ApprovedPerson:
        """Return the approved record; NotFound(RECORD_UNKNOWN), Refused(NOT_APPROVED)."""
        ...

    def expire_waiting(self) -> int:
        """Expire the enrolment cases nobody decided in time; return how many."""
        ...


class CredentialState(StrEnum):
    """The life of one issued set: offered, active, suspended and back, revoked."""

    OFFERED = "offered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class OfferState(StrEnum):
    """The life of an offer; only ``open`` ones can be redeemed."""

    OPEN = "open"
    REDEEMED = "redeemed"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class TokenState(StrEnum):
    """A refresh token: the newest one, a spent one, one that was replaced before it was ever used."""

    CURRENT = "current"
    SPENT = "spent"
    VOID = "void"


class ActState(StrEnum):
    """An act that waits for a second officer."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Credential:
    """One issued set for one person in one wallet.

    jkt:    thumbprint of the wallet's DPoP key once an offer was redeemed with one.
    frozen: an old refresh token was used again: nothing more is issued to this wallet.
    """

    credential_id: str
    record_id: str
    state: CredentialState
    frozen: bool
    jkt: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One credential offer. Its code and transaction code are kept as keyed hashes only."""

    offer_id: str
    credential_id: str
    record_id: str
    reference_hash: bytes
    code_hash: bytes
    tx_code_hash: bytes | None
    tries_left: int
    state: OfferState
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class AccessToken:
    """One access token, by its hash. ``refresh_hash``: the refresh token handed out with it."""

    token_hash: bytes
    credential_id: str
    jkt: str | None
    refreshing: bool
    refresh_hash: bytes | None
    void: bool
    expires_at: int


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One refresh token, by its hash.

    parent_hash: of the refresh token, or the pre-authorized code, it was given for.
    used:        it, or the access token that came with it, was used.
    """

    token_hash: bytes
    parent_hash: bytes
    credential_id: str
    jkt: str
    state: TokenState
    used: bool
    expires_at: int


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """One copy as written down before it is signed. Salts and claims are not part of it.

    key_thumbprint: of the holder key; of a printed card, which has none, the hash of its payload.
    """

    copy_id: str
    credential_id: str
    record_id: str
    form: Form
    key_thumbprint: bytes
    list_id: str
    index: int
    payload_hash: bytes
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class StatusListRow:
    """One status list.

    week:    the Monday, 00:00 UTC, by which every credential in it has expired.
    dirty:   an entry changed since it was last published.
    cards:   it is for printed cards, which share no list with copies in wallets.
    """

    list_id: str
    key_id: str
    week: int
    size: int
    allotted: int
    published_at: int | None
    dirty: bool
    cards: bool = False


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One entry that is not valid: its value in the public list and its class in the snapshot."""

    index: int
    status: int
    reason_class: int


@dataclass(frozen=True, slots=True)
class StatusAct:
    """A resumption or revocation that one officer asked for; another one decides."""

    act_id: str
    credential_id: str
    verb: str
    reason: str
    requested_by: str
    requested_at: int
    state: ActState
    decided_by: str | None
    decided_at: int | None


class IssuanceTransaction(Protocol):
    """One open transaction: all of it is kept, or nothing.

    Whoever decides on what a person holds, is offered or may fetch locks that person first and reads afterwards: what
    was read before the lock may have changed meanwhile.
    """

    def record(self, event: AuditEvent) -> None:
        """Add one audit event."""
        ...

    # --- the person
    def lock_person(self, record_id: str) -> None:
        """Keep every other transaction about this person waiting until this one ends; NotFound(RECORD_UNKNOWN)."""
        ...

    def mark_issued(self, case_id: str, now: int) -> None:
        """Note that credentials were issued under this approved case, with its audit row; harmless when noted."""
        ...

    # --- credentials
    def add_credential(self, credential: Credential) -> None: ...

    def credential(self, credential_id: str) -> Credential | None: ...

    def credentials_of(self, record_id: str) -> tuple[Credential, ...]: ...

    def bind_wallet(self, credential_id: str, jkt: str | None, now: int) -> None:
        """The offer was redeemed: state active, bound to this DPoP key."""
        ...

    def set_state(self, credential_ids: Sequence[str], state: CredentialState, now: int) -> None: ...

    def freeze(self, credential_id: str, now: int) -> None: ...

    # --- offers
    def add_offer(self, offer: Offer) -> None: ...

    def offer_by_code(self, code_hash: bytes) -> Offer | None: ...

    def offer_by_reference(self, reference_hash: bytes) -> Offer | None: ...

    def offer(self, offer_id: str) -> Offer | None: ...

    def take_try(self, offer_id: str) -> None:
        """Use up one try of an offer."""
        ...

    def set_offer_state(self, offer_id: str, state: OfferState) -> None: ...

    def withdraw_offers(self, credential_ids: Sequence[str]) -> int: ...

    # --- tokens and what must be used once only
    def add_access_token(self, token: AccessToken) -> None: ...

    def access_token(self, token_hash: bytes) -> tuple[AccessToken, Credential] | None:
        """Return an access token with the credential it is for."""
        ...

    def add_refresh_token(self, token: RefreshToken) -> None: ...

    def refresh_token(self, token_hash: bytes) -> RefreshToken | None: ...

    def successors(self, parent_hash: bytes) -> tuple[RefreshToken, ...]:
        """Return the refresh tokens given for a refresh token or a pre-authorized code."""
        ...

    def spend(self, token_hash: bytes) -> None:
        """A current refresh token was exchanged: spent and used."""
        ...

    def mark_used(self, refresh_hash: bytes) -> None: ...

    def void(self, refresh_hash: bytes) -> None:
        """Void a refresh token and the access token that came with it."""
        ...

    def drop_tokens(self, credential_ids: Sequence[str]) -> None: ...

    def first_use(self, kind: str, value_hash: bytes, until: int) -> bool:
        """Remember a one-time value (``dpop`` or ``nonce``); False when it was remembered before."""
        ...

    # --- copies
    def live_copies(self, record_id: str, form: Form, now: int, planned_since: int) -> int: ...

    def any_key_seen(self, thumbprints: Sequence[bytes]) -> bool: ...

    def taken(self, list_id: str, indexes: Sequence[int]) -> frozenset[int]: ...

    def reserve(self, list_id: str, copies: int, capacity: int) -> bool:
        """Count ``copies`` into a list; False when it would grow beyond its capacity."""
        ...

    def add_copies(self, copies: Sequence[PlannedCopy], now: int) -> None: ...

    def mark_signed(self, copy_ids: Sequence[str], now: int) -> None: ...

    def mark_status(self, credential_ids: Sequence[str], status: int, reason_class: int, now: int) -> tuple[str, ...]:
        """Set the status of every unexpired copy; return the lists touched, now dirty."""
        ...

    # --- status lists and acts
    def list_with_space(
        self, key_id: str, week: int, capacity: int, *, cards: bool = False
    ) -> StatusListRow | None: ...

    def add_list(self, row: StatusListRow) -> None: ...

    def lock_list(self, list_id: str) -> StatusListRow | None: ...

    def lists(self, weeks_from: int) -> tuple[StatusListRow, ...]: ...

    def entries(self, list_id: str) -> tuple[StatusEntry, ...]: ...

    def mark_published(self, list_id: str, now: int) -> None: ...

    def retired_lists(self, weeks_before: int) -> tuple[str, ...]: ...

    def mark_retired(self, list_id: str) -> None: ...

    def next_snapshot_number(self) -> int: ...

    def add_act(self, act: StatusAct) -> None: ...

    def act(self, act_id: str) -> StatusAct | None: ...

    def pending_acts(self) -> tuple[StatusAct, ...]: ...

    def decide_act(self, act_id: str, state: ActState, officer: str, now: int) -> bool: ...

    def forget(self, now: int, planned_before: int) -> None:
        """Drop one-time values and tokens that have expired; give up plans nobody will sign any more."""
        ...


class IssuanceStore(Protocol):
    """Where issuing keeps its rows."""

    def transaction(self) -> AbstractContextManager[IssuanceTransaction]:
        """Open a transaction that commits at the end of the block and rolls back when it raises.

        Raises Conflict(DATA_MOVED) when somebody else stored the same unique thing meanwhile: try again.
        """
        ...

    def reading(self) -> AbstractContextManager[IssuanceTransaction]:
        """Open a transaction for reading only: it takes no lock and keeps nothing."""
        ...


@dataclass(frozen=True, slots=True)
class ListIssue:
    """One issue of a status list, signed in both forms, and from when to when it counts."""

    issued_at: int
    expires_at: int
    jwt: str
    cwt: bytes


class StatusTarget(Protocol):
    """Where status lists are published: a folder, or an object store behind it.

    Each issue is kept beside the one in force, so that evidence can be judged by what was published then.
    """

    def publish(self, list_id: str, issue: ListIssue) -> None:
        """Replace the published list in one step, form by form."""
        ...

    def withdraw(self, list_id: str) -> None:
        """Remove the list of a week that is over; its past issues stay."""
        ...

    def announce(self, document: bytes) -> None:
        """Replace the document that names all lists, where it changed."""
        ...

    def forget(self, before: int) -> None:
        """Remove the past issues that counted no longer at this instant."""
        ...
