"""The state of issued credentials: suspend, resume, revoke; and the lists that say so to readers.

An act is one transaction over every live copy of every form, the open offers and the refresh rights, with its audit
row; then the lists it touched are published at once. Lists are published by one writer at a time, from the database,
so an older state can never replace a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypedDict

from core.audit import AuditEvent
from core.errors import Conflict, Misconfigured, NotFound, Refused
from core.reasons import Reason
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from formats.encoding import json
from formats.encoding.json import JsonValue
from formats.status_list.cwt_token import build_cwt
from formats.status_list.entries import build_entries
from formats.status_list.model import deflate
from formats.status_list.token import build_token
from issuer.context import IssuingContext
from issuer.identifiers import new_id
from issuer.officers import Officer, Role
from issuer.policy import COPY_FORMS, DAY, ONLINE_FORMS, WEEK, expiry_week, monday
from issuer.ports import (
    ActState,
    Credential,
    CredentialState,
    IssuanceTransaction,
    ListIssue,
    StatusAct,
    StatusListRow,
    StatusTarget,
)
from keys.signing import Signer

BITS: Final = 2
VALID, INVALID, SUSPENDED = 0, 1, 2
_LIST_NAME_BYTES = 4
_FORMS_OF_A_LIST: Final = 2


class ReasonClass(StrEnum):
    """Why a credential is not valid, in the words officers choose from."""

    SUSPENDED = "suspended"
    PHONE_LOST = "phone_lost"
    CARD_LOST = "card_lost"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    DECEASED = "deceased"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class _ReasonRule:
    """snapshot_class: 0 revoked, 1 suspended, 2 reported lost, 3 superseded; whole_person: every wallet is meant."""

    snapshot_class: int
    whole_person: bool


_RULES: Final[Mapping[ReasonClass, _ReasonRule]] = MappingProxyType(
    {
        ReasonClass.SUSPENDED: _ReasonRule(1, whole_person=True),
        # "Phone lost" voids the e-ID in that phone only, "card lost" and all others whatever the person holds.
        ReasonClass.PHONE_LOST: _ReasonRule(2, whole_person=False),
        ReasonClass.CARD_LOST: _ReasonRule(2, whole_person=True),
        ReasonClass.SUPERSEDED: _ReasonRule(3, whole_person=True),
        ReasonClass.WITHDRAWN: _ReasonRule(0, whole_person=True),
        ReasonClass.DECEASED: _ReasonRule(0, whole_person=True),
        ReasonClass.FRAUD: _ReasonRule(0, whole_person=True),
    }
)
REVOCATION_REASONS: Final = tuple(reason for reason in ReasonClass if reason is not ReasonClass.SUSPENDED)


class Verb(StrEnum):
    """What officers do to an issued credential."""

    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class StatusOutcome:
    """What an act did: the credentials it met and how many lists were published for it."""

    verb: Verb
    credential_ids: tuple[str, ...]
    lists_published: int


class _ListTerms(TypedDict):
    """What both forms of one list say alike."""

    bits: int
    issued_at: int
    expires_at: int
    ttl_seconds: int
    signer: Signer
    aggregation_uri: str


class StatusDesk:
    """Status of one bureau's credentials and the publication of its lists."""

    def __init__(self, context: IssuingContext, target: StatusTarget) -> None:
        self._at = context
        self._target = target
        # A list is signed by the key its credentials were signed with, whatever key signs new ones.
        self._signers = {signer.key_id.hex(): signer for signer in (*context.earlier_signers, context.signer)}
        if context.online_signer is not None:
            self._signers[context.online_signer.key_id.hex()] = context.online_signer
        self._last_given: dict[tuple[int, str, bool], str] = {}
        self._forgotten_on: int | None = None

    # --- acts

    def suspend(self, credential_id: str, *, by: Officer) -> StatusOutcome:
        """Suspend whatever the person holds, at once: one officer is enough for what can be taken back.

        Raises NotFound(CREDENTIAL_UNKNOWN), Refused(CREDENTIAL_STATE), Refused(ROLE_MISSING).
        """
        _require_any(by, self._at.bureau.bureau)
        return self._carry_out(Verb.SUSPEND, ReasonClass.SUSPENDED, credential_id, by, act_id=None)

    def request(self, verb: Verb, credential_id: str, *, by: Officer, reason: ReasonClass) -> StatusAct:
        """Ask for a resumption or revocation; it takes effect when another officer approves it.

        reason: for a resumption ``ReasonClass.SUSPENDED``; for a revocation one of ``REVOCATION_REASONS``.
        Raises as ``suspend`` does, and Refused(APPROVAL_NEEDED) for a verb or reason that does not fit.
        """
        _require_any(by, self._at.bureau.bureau)
        if verb is Verb.SUSPEND or (verb is Verb.RESUME) != (reason is ReasonClass.SUSPENDED):
            raise Refused(Reason.CREDENTIAL_STATE, "this act is not asked for with that reason")
        now = self._at.clock.now()
        act_id = new_id(now=now, entropy=self._at.entropy)
        act = StatusAct(
            act_id, credential_id, verb.value, reason.value, by.officer_id, now, ActState.PENDING, None, None
        )
        with self._at.store.transaction() as tx:
            credential = _known(tx, credential_id)
            _check_state(verb, credential)
            tx.add_act(act)
            self._record(tx, by, f"status.{verb.value}.request", credential_id, reason.value)
        return act

    def pending(self) -> tuple[StatusAct, ...]:
        """Return the acts that wait for a second officer."""
        with self._at.store.reading() as tx:
            return tx.pending_acts()

    def approve(self, act_id: str, *, by: Officer) -> StatusOutcome:
        """Carry out what another officer asked for.

        Raises NotFound(STATUS_ACT_UNKNOWN), Conflict(CREDENTIAL_STATE) when it was decided before,
        Refused(SAME_OFFICER), Refused(ROLE_MISSING).
        """
        by.require_of(self._at.bureau.bureau, Role.APPROVER)
        with self._at.store.reading() as tx:
            act = _known_act(tx, act_id)
        if act.requested_by == by.officer_id:
            raise Refused(Reason.SAME_OFFICER, "the officer who asked for it may not approve it")
        return self._carry_out(Verb(act.verb), ReasonClass(act.reason), act.credential_id, by, act_id=act_id)

    def reject(self, act_id: str, *, by: Officer) -> None:
        """Close a pending act without effect; who asked for it may take it back this way."""
        _require_any(by, self._at.bureau.bureau)
        with self._at.store.transaction() as tx:
            act = _known_act(tx, act_id)
            if not tx.decide_act(act_id, ActState.REJECTED, by.officer_id, self._at.clock.now()):
                raise Conflict(Reason.CREDENTIAL_STATE, "the act was decided before")
            self._record(tx, by, f"status.{act.verb}.reject", act.credential_id, act.reason)

    def _carry_out(
        self, verb: Verb, reason: ReasonClass, credential_id: str, by: Officer, *, act_id: str | None
    ) -> StatusOutcome:
        now = self._at.clock.now()
        with self._at.store.transaction() as tx:
            credential = _known_and_locked(tx, credential_id)
            if act_id is not None and not tx.decide_act(act_id, ActState.APPROVED, by.officer_id, now):
                raise Conflict(Reason.CREDENTIAL_STATE, "the act was decided before")
            _check_state(verb, credential)
            ids = self._met(tx, verb, reason, credential)
            touched = self._apply(tx, verb, reason, ids, now)
            self._record(tx, by, f"status.{verb.value}", credential_id, f"{reason.value} x{len(ids)}")
        # A list that cannot be published now stays marked: the next round of publication finds it.
        return StatusOutcome(verb, tuple(ids), self._publish(touched))

    def _met(self, tx: IssuanceTransaction, verb: Verb, reason: ReasonClass, credential: Credential) -> Sequence[str]:
        if not _RULES[reason].whole_person:
            return [credential.credential_id]
        return [held.credential_id for held in tx.credentials_of(credential.record_id) if held.state in _FROM[verb]]

    def _apply(
        self, tx: IssuanceTransaction, verb: Verb, reason: ReasonClass, ids: Sequence[str], now: int
    ) -> tuple[str, ...]:
        if verb is Verb.RESUME:
            tx.set_state(ids, CredentialState.ACTIVE, now)
            return tx.mark_status(ids, VALID, 0, now)
        # An offer that is still open would put a fresh credential into somebody's wallet.
        tx.withdraw_offers(ids)
        if verb is Verb.SUSPEND:
            # Tokens stay: issuing refuses them while the state is what it is, and goes on after a resumption.
            tx.set_state(ids, CredentialState.SUSPENDED, now)
            return tx.mark_status(ids, SUSPENDED, _RULES[reason].snapshot_class, now)
        tx.drop_tokens(ids)
        tx.set_state(ids, CredentialState.REVOKED, now)
        return tx.mark_status(ids, INVALID, _RULES[reason].snapshot_class, now)

    def _record(self, tx: IssuanceTransaction, by: Officer, action: str, subject: str, note: str) -> None:
        tx.record(AuditEvent(self._at.bureau.bureau, self._at.clock.now(), by.officer_id, action, subject, note))

    # --- lists

    def list_for(self, week: int, *, refused: str | None = None, cards: bool = False, online: bool = False) -> str:
        """Return a published list of this expiry week with space in it, opening one where there is none.

        refused: a list given before that turned out to be full. Without it, what was given last is given again: it is
        only a guess, and whoever takes places in the list counts them under its lock.
        cards:   a list for printed cards; copies in wallets never stand in one.
        online:  a list of the online forms, signed by their key.
        """
        signer = self._at.online_signer if online and self._at.online_signer is not None else self._at.signer
        key_id = signer.key_id.hex()
        known = self._last_given.get((week, key_id, cards))
        if known is not None and known != refused:
            return known
        with self._at.store.reading() as tx:
            capacity = self._at.policy.list_capacity - self._at.policy.batch_size
            row = tx.list_with_space(key_id, week, capacity, cards=cards)
        if row is None:
            self._last_given[week, key_id, cards] = self._open_list(week, key_id, cards=cards)
            self._announce()
        else:
            self._last_given[week, key_id, cards] = row.list_id
        return self._last_given[week, key_id, cards]

    def open_lists(self) -> None:
        """Open the lists of this week's and next week's copies, so that readers' snapshots cover them beforehand."""
        week = monday(self._at.clock.now())
        wanted = {
            (expiry_week(start + self._at.policy.lifetime(form)), form in ONLINE_FORMS)
            for start in (week, week + WEEK)
            for form in COPY_FORMS
        }
        for end, online in sorted(wanted):
            self.list_for(end, online=online)

    def publish_due(self) -> int:
        """Publish every list that changed or is past half its life, retire those of weeks gone by; return how many.

        Called at start and every minute by whoever serves the issuer; harmless when several do.
        """
        now = self._at.clock.now()
        with self._at.store.transaction() as tx:
            tx.forget(now, now - self._at.policy.abandoned_after)
            gone = tx.retired_lists(now - DAY)
            for list_id in gone:
                tx.mark_retired(list_id)
        self._last_given.clear()
        for list_id in gone:
            self._target.withdraw(list_id)
        if now // DAY != self._forgotten_on:
            # The whole past is looked through for it, so once a day will do.
            self._forgotten_on = now // DAY
            self._target.forget(now - self._at.policy.status_history)
        self.open_lists()
        self._announce()
        with self._at.store.reading() as tx:
            due = [row.list_id for row in tx.lists(now - DAY) if self._is_due(row, now)]
        return self._publish(due)

    def snapshot(self) -> StatusSnapshot:
        """Return the next numbered snapshot of this bureau, for the bundle: every list not retired, with reasons.

        It covers the lists of all the bureau's document signers; whoever packs it signs it with the newest.
        """
        self.open_lists()
        now = self._at.clock.now()
        with self._at.store.transaction() as tx:
            number = tx.next_snapshot_number()
            lists = {
                self._uri(row.list_id): SnapshotList(
                    row.size, {entry.index: entry.reason_class for entry in tx.entries(row.list_id)}
                )
                for row in tx.lists(now - DAY)
            }
            tx.record(
                AuditEvent(
                    self._at.bureau.bureau, now, "system", "status.snapshot", self._at.bureau.bureau, str(number)
                )
            )
        return StatusSnapshot(
            bureau=self._at.bureau.bureau,
            number=number,
            as_of=now,
            expires_at=now + self._at.policy.snapshot_lifetime,
            lists=lists,
        )

    def _open_list(self, week: int, key_id: str, *, cards: bool) -> str:
        list_id = f"{week // WEEK:x}-{self._at.entropy.random_bytes(_LIST_NAME_BYTES).hex()}"
        row = StatusListRow(list_id, key_id, week, self._at.policy.list_size, 0, None, dirty=True, cards=cards)
        with self._at.store.transaction() as tx:
            tx.add_list(row)
        # Announced before its first credential: only a published list is ever chosen for one.
        self._publish([list_id])
        return list_id

    def _is_due(self, row: StatusListRow, now: int) -> bool:
        if row.key_id not in self._signers:
            # A key that was destroyed or compromised signs nothing any more; its credentials are refused by the trust list.
            return False
        return row.dirty or row.published_at is None or now - row.published_at >= self._at.policy.status_lifetime // 2

    def _publish(self, list_ids: Sequence[str]) -> int:
        for list_id in list_ids:
            # The row stays locked until the file is in its place: who comes second reads the newer state.
            with self._at.store.transaction() as tx:
                row = tx.lock_list(list_id)
                if row is None:
                    raise NotFound(Reason.CREDENTIAL_UNKNOWN, "there is no such status list")
                signer = self._signers.get(row.key_id)
                if signer is None:
                    raise Misconfigured(Reason.KEY_STATE, f"the key store lacks the key of status list {list_id}")
                now = self._at.clock.now()
                changes = {entry.index: entry.status for entry in tx.entries(list_id)}
                by = self._at.status_signer or signer
                issue = self._sign(row, changes, by, now)
                note = f"{by.key_id.hex()} x{_FORMS_OF_A_LIST}"
                tx.record(AuditEvent(self._at.bureau.bureau, now, "system", "list.publish", list_id, note))
                self._target.publish(list_id, issue)
                tx.mark_published(list_id, now)
        return len(list_ids)

    def _sign(self, row: StatusListRow, changes: Mapping[int, int], signer: Signer, now: int) -> ListIssue:
        expires_at = now + self._at.policy.status_lifetime
        uri, entries = self._uri(row.list_id), deflate(build_entries(row.size, BITS, changes))
        terms = _ListTerms(
            bits=BITS,
            issued_at=now,
            expires_at=expires_at,
            ttl_seconds=self._at.policy.status_ttl,
            signer=signer,
            aggregation_uri=self._at.where.status_aggregation(self._at.bureau.bureau),
        )
        return ListIssue(now, expires_at, build_token(uri, entries, **terms), build_cwt(uri, entries, **terms))

    def _announce(self) -> None:
        """Publish the document that names every list (Token Status List, 9.3)."""
        with self._at.store.reading() as tx:
            uris = sorted(self._uri(row.list_id) for row in tx.lists(self._at.clock.now() - DAY))
        self._target.announce(json.encode({"status_lists": list[JsonValue](uris)}))

    def _uri(self, list_id: str) -> str:
        return self._at.where.status_list(self._at.bureau.bureau, list_id)


_FROM: Final[Mapping[Verb, frozenset[CredentialState]]] = MappingProxyType(
    {
        Verb.SUSPEND: frozenset({CredentialState.OFFERED, CredentialState.ACTIVE}),
        Verb.RESUME: frozenset({CredentialState.SUSPENDED}),
        Verb.REVOKE: frozenset({CredentialState.OFFERED, CredentialState.ACTIVE, CredentialState.SUSPENDED}),
    }
)


def _check_state(verb: Verb, credential: Credential) -> None:
    if credential.state not in _FROM[verb]:
        raise Refused(Reason.CREDENTIAL_STATE, f"the credential is {credential.state.value}")


def _known(tx: IssuanceTransaction, credential_id: str) -> Credential:
    credential = tx.credential(credential_id)
    if credential is None:
        raise NotFound(Reason.CREDENTIAL_UNKNOWN, "there is no such credential")
    return credential


def _known_and_locked(tx: IssuanceTransaction, credential_id: str) -> Credential:
    tx.lock_person(_known(tx, credential_id).record_id)
    return _known(tx, credential_id)


def _known_act(tx: IssuanceTransaction, act_id: str) -> StatusAct:
    act = tx.act(act_id)
    if act is None:
        raise NotFound(Reason.STATUS_ACT_UNKNOWN, "there is no such act")
    return act


def _require_any(by: Officer, bureau: str) -> None:
    by.require_of(bureau, Role.APPROVER if Role.APPROVER in by.roles else Role.REGISTRAR)
