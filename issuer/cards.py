"""Printed cards for people without a phone: planned, recorded, signed, recorded, and only then handed to the printer.

A card is a credential of its own with one copy that no key holds. It stands in a status list for cards, and an act on the
person meets it like everything else the person has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Protocol

from core.audit import AuditEvent
from core.errors import Conflict, EidError, Misconfigured, Refused, Unavailable
from core.reasons import Reason
from formats import claim_169
from formats.claim_169 import CardFacts, CardTerms, draft_card, masked_tail
from formats.cose import Sign1Draft
from formats.dataset import CredentialDataset
from formats.sd_cwt.model import StatusReference
from issuer.context import IssuingContext
from issuer.identifiers import new_ids
from issuer.officers import Officer, Role
from issuer.places import draw_places
from issuer.policy import Form, Validity, card_list_week, validity
from issuer.ports import ApprovedPerson, Credential, CredentialState, IssuanceTransaction, PlannedCopy
from keys.signing import Signer

_ATTEMPTS: Final = 4
# Version 25-M holds 1,451 characters, that is 967 bytes, and zlib adds eleven at most.
_SIZE_MAX: Final = 967 - 11


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """One signed card, ready to be drawn.

    text:     what its QR code says. portrait: the larger picture of the same face where the register has one.
    """

    credential_id: str
    record_id: str
    text: str = field(repr=False)
    full_name: str = field(repr=False)
    name_latin: str | None = field(repr=False)
    number_tail: str = field(repr=False)
    portrait: bytes = field(repr=False)
    bureau_zh: str
    bureau_en: str
    expires_at: int
    specimen: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record of a batch no card was made for, and why."""

    record_id: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch, in the order asked for."""

    cards: tuple[PrintedCard, ...]
    left: tuple[LeftOut, ...]


class CardLists(Protocol):
    """Where places in status lists come from."""

    def list_for(self, week: int, *, refused: str | None = None, cards: bool = False) -> str:
        """Return a published list with space, for cards where that is said."""
        ...


@dataclass(frozen=True, slots=True)
class CardSigner:
    """The bureau's key for printed cards; valid_from: when its certificate begins to count."""

    signer: Signer
    valid_from: int


@dataclass(frozen=True, slots=True)
class _Plan:
    copy: PlannedCopy
    draft: Sign1Draft


class CardDesk:
    """Makes the printed cards of one bureau."""

    def __init__(self, context: IssuingContext, *, lists: CardLists, signer: CardSigner) -> None:
        self._at = context
        self._lists = lists
        self._key = signer

    def print_card(self, record_id: str, *, by: Officer) -> PrintedCard:
        """Return a new card for one approved record.

        Raises NotFound(RECORD_UNKNOWN); Refused: ROLE_MISSING, NOT_APPROVED, DOCUMENT_EXPIRED, PORTRAIT_MISSING,
        CREDENTIAL_STATE while the person is suspended, COPIES_EXHAUSTED with two live cards; MalformedInput for a fact
        no reader would accept; Unavailable and Misconfigured for faults of ours.
        """
        by.require_of(self._at.bureau.bureau, Role.REGISTRAR)
        return self._print(record_id, by=by, live_max=self._at.policy.card_live_max)

    def print_batch(self, record_ids: Iterable[str], *, by: Officer, replacing: bool) -> Batch:
        """Return a card for each of these records that may have one; the others with their reasons.

        replacing: whether a second card is made for who has a live one. Without it a batch that was interrupted can be
                   run again: it goes on with whoever has none.
        Raises Refused(ROLE_MISSING), and faults of ours.
        """
        by.require_of(self._at.bureau.bureau, Role.REGISTRAR)
        live_max = self._at.policy.card_live_max if replacing else 1
        cards: list[PrintedCard] = []
        left: list[LeftOut] = []
        for record_id in record_ids:
            try:
                cards.append(self._print(record_id, by=by, live_max=live_max))
            except (Misconfigured, Unavailable):
                raise
            except EidError as err:
                left.append(LeftOut(record_id, err.reason))
        return Batch(tuple(cards), tuple(left))

    def _print(self, record_id: str, *, by: Officer, live_max: int) -> PrintedCard:
        now = self._at.clock.now()
        person = self._at.registry.approved(record_id)
        facts = card_facts(person.dataset, self._at.bureau.country)
        period = self._validity(person.dataset, now)
        plan = self._plan(person, facts, period, by=by, live_max=live_max, now=now)
        token = plan.draft.finish(self._key.signer.sign(plan.draft.to_be_signed()))
        with self._at.store.transaction() as tx:
            tx.mark_signed([plan.copy.copy_id], self._at.clock.now())
            if person.unissued_case is not None:
                tx.mark_issued(person.unissued_case, self._at.clock.now())
        return PrintedCard(
            credential_id=plan.copy.credential_id,
            record_id=record_id,
            text=claim_169.encode(token),
            full_name=facts.full_name,
            name_latin=facts.name_latin,
            number_tail=facts.number_tail,
            portrait=person.dataset.portrait or facts.portrait,
            bureau_zh=self._at.bureau.name_zh,
            bureau_en=self._at.bureau.name_en,
            expires_at=period.expires_at,
            specimen=self._at.bureau.specimen,
        )

    def _validity(self, dataset: CredentialDataset, now: int) -> Validity:
        period = validity(
            self._at.policy, Form.CARD, now=now, document_ends=dataset.date_of_expiry, birth_date=dataset.birth_date
        )
        if period.issued_at < self._key.valid_from:
            raise Misconfigured(Reason.KEY_STATE, "the card signer starts after this week's Monday")
        return period

    def _plan(
        self, person: ApprovedPerson, facts: CardFacts, period: Validity, *, by: Officer, live_max: int, now: int
    ) -> _Plan:
        week = card_list_week(self._at.policy, period.expires_at)
        list_id = None
        for _ in range(_ATTEMPTS):
            list_id = self._lists.list_for(week, refused=list_id, cards=True)
            try:
                return self._record_plan(person, facts, period, by=by, live_max=live_max, list_id=list_id, now=now)
            except Conflict:
                # The list filled up, or another worker took the place at the same moment: look again.
                continue
        raise Unavailable(Reason.DATABASE_UNAVAILABLE, "no place in a status list could be had")

    def _record_plan(
        self,
        person: ApprovedPerson,
        facts: CardFacts,
        period: Validity,
        *,
        by: Officer,
        live_max: int,
        list_id: str,
        now: int,
    ) -> _Plan:
        with self._at.store.transaction() as tx:
            tx.lock_person(person.record_id)
            self._check_held(tx, person.record_id, live_max=live_max, now=now)
            plan = self._draw_up(tx, person, facts, period, list_id=list_id, now=now)
            self._record(tx, plan.copy, by=by, now=now)
        return plan

    def _check_held(self, tx: IssuanceTransaction, record_id: str, *, live_max: int, now: int) -> None:
        if any(held.state is CredentialState.SUSPENDED for held in tx.credentials_of(record_id)):
            raise Refused(Reason.CREDENTIAL_STATE, "what the person holds is suspended; resume it first")
        live = tx.live_copies(record_id, Form.CARD, now, now - self._at.policy.abandoned_after)
        if live >= live_max:
            raise Refused(Reason.COPIES_EXHAUSTED, f"{live} printed cards are live, at most {live_max} may be")

    def _draw_up(
        self,
        tx: IssuanceTransaction,
        person: ApprovedPerson,
        facts: CardFacts,
        period: Validity,
        *,
        list_id: str,
        now: int,
    ) -> _Plan:
        (index,) = draw_places(tx, list_id, 1, policy=self._at.policy, entropy=self._at.entropy)
        bureau = self._at.bureau
        terms = CardTerms(
            issued_at=period.issued_at,
            expires_at=period.expires_at,
            status=StatusReference(self._at.where.status_list(bureau.bureau, list_id), index),
            assurance=person.assurance,
            division=bureau.division,
            specimen=bureau.specimen,
        )
        signer = self._key.signer
        draft = _fitting(facts, terms, signer)
        payload_hash = sha256(draft.to_be_signed()).digest()
        copy_id, credential_id = new_ids(2, now=now, entropy=self._at.entropy)
        copy = PlannedCopy(
            copy_id=copy_id,
            credential_id=credential_id,
            record_id=person.record_id,
            form=Form.CARD,
            key_thumbprint=payload_hash,
            list_id=list_id,
            index=index,
            payload_hash=payload_hash,
            issued_at=period.issued_at,
            expires_at=period.expires_at,
        )
        return _Plan(copy, draft)

    def _record(self, tx: IssuanceTransaction, copy: PlannedCopy, *, by: Officer, now: int) -> None:
        # Nobody fetches a card: it is in its holder's hands as soon as it is printed.
        tx.add_credential(Credential(copy.credential_id, copy.record_id, CredentialState.ACTIVE, False, None, now))
        tx.add_copies([copy], now)
        tx.record(
            AuditEvent(self._at.bureau.bureau, now, by.officer_id, "card.print", copy.credential_id, copy.copy_id)
        )


def card_facts(dataset: CredentialDataset, country: str) -> CardFacts:
    """Return what a card says of a person; Refused(PORTRAIT_MISSING) where there is no face to compare."""
    if dataset.qr_portrait is None:
        raise Refused(Reason.PORTRAIT_MISSING, "the record has no portrait")
    return CardFacts(
        full_name=dataset.full_name,
        name_latin=dataset.name_latin,
        number_tail=masked_tail(dataset.document_number),
        portrait=dataset.qr_portrait,
        country=country,
    )


def _fitting(facts: CardFacts, terms: CardTerms, signer: Signer) -> Sign1Draft:
    """Return the draft of a card whose code can be read from paper: where both names are too long the Latin one goes."""
    draft = draft_card(facts, terms, signer_kid=signer.key_id, algorithm=signer.algorithm)
    if len(draft.finish(bytes(signer.algorithm.signature_bytes))) > _SIZE_MAX:
        shorter = replace(facts, name_latin=None)
        draft = draft_card(shorter, terms, signer_kid=signer.key_id, algorithm=signer.algorithm)
    return draft
