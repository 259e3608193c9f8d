"""Credential offers: create, serve by reference, withdraw."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from core.audit import AuditEvent
from core.errors import Conflict, MalformedInput, NotFound, Refused
from core.reasons import Reason
from formats.encoding import base64url
from issuer.catalogue import FORMS
from issuer.context import IssuingContext
from issuer.identifiers import new_ids
from issuer.officers import Officer, Role
from issuer.ports import Credential, CredentialState, Offer, OfferState
from issuer.secrets import stored_hash
from protocols.oauth import PRE_AUTHORIZED_CODE
from protocols.openid4vci.offer import CredentialOffer, TxCode, reference_link

_REFERENCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class CreatedOffer:
    """A new offer, ready to be handed over; the only time its secrets are seen.

    offer:   to be shown by value; ``link`` carries it, ``reference_link`` only says where to fetch it (shorter code).
    tx_code: goes another way (letter, counter); None where none is demanded.
    """

    offer_id: str
    credential_id: str
    expires_at: int
    offer: CredentialOffer = field(repr=False)
    link: str = field(repr=False)
    reference_link: str = field(repr=False)
    tx_code: str | None = field(repr=False)


class OfferDesk:
    """Makes and serves offers of one bureau."""

    def __init__(self, context: IssuingContext) -> None:
        self._at = context

    def create(self, record_id: str, *, by: Officer, with_tx_code: bool = True) -> CreatedOffer:
        """Return a new offer of every configuration for one approved record.

        Raises NotFound(RECORD_UNKNOWN), Refused: NOT_APPROVED, ROLE_MISSING, CREDENTIAL_STATE while the person is suspended.
        """
        by.require_of(self._at.bureau.bureau, Role.REGISTRAR)
        person = self._at.registry.approved(record_id)
        now = self._at.clock.now()
        offer_id, credential_id = new_ids(2, now=now, entropy=self._at.entropy)
        reference = self._at.entropy.random_bytes(_REFERENCE_BYTES)
        tx_code = self._tx_code() if with_tx_code else None
        expires_at = now + self._at.policy.offer_lifetime
        code = self._at.secret.code(reference)
        row = Offer(
            offer_id=offer_id,
            credential_id=credential_id,
            record_id=person.record_id,
            reference_hash=sha256(reference).digest(),
            code_hash=stored_hash(code),
            tx_code_hash=None if tx_code is None else self._at.secret.tx_code_hash(offer_id, tx_code),
            tries_left=self._at.policy.tx_code_tries,
            state=OfferState.OPEN,
            created_at=now,
            expires_at=expires_at,
        )
        credential = Credential(credential_id, person.record_id, CredentialState.OFFERED, False, None, now)
        with self._at.store.transaction() as tx:
            tx.lock_person(person.record_id)
            held = tx.credentials_of(person.record_id)
            if any(other.state is CredentialState.SUSPENDED for other in held):
                raise Refused(Reason.CREDENTIAL_STATE, "what the person holds is suspended; resume it first")
            tx.add_credential(credential)
            tx.add_offer(row)
            tx.record(AuditEvent(self._at.bureau.bureau, now, by.officer_id, "offer.create", credential_id, offer_id))
        offer = self._offer(code, needs_tx_code=tx_code is not None)
        uri = self._at.where.offer(base64url.encode(reference))
        return CreatedOffer(offer_id, credential_id, expires_at, offer, offer.link(), reference_link(uri), tx_code)

    def fetch(self, reference: str) -> CredentialOffer:
        """Return the open offer behind a reference; NotFound(OFFER_UNKNOWN) for every other one alike."""
        try:
            spelled = base64url.decode(reference)
        except MalformedInput as err:
            raise _unknown() from err
        with self._at.store.reading() as tx:
            row = tx.offer_by_reference(sha256(spelled).digest())
        if row is None or row.state is not OfferState.OPEN or row.expires_at <= self._at.clock.now():
            raise _unknown()
        return self._offer(self._at.secret.code(spelled), needs_tx_code=row.tx_code_hash is not None)

    def withdraw(self, offer_id: str, *, by: Officer) -> None:
        """Withdraw an open offer; NotFound(OFFER_UNKNOWN), Conflict(OFFER_USED) when it is not open any more."""
        by.require_of(self._at.bureau.bureau, Role.REGISTRAR)
        now = self._at.clock.now()
        with self._at.store.transaction() as tx:
            found = tx.offer(offer_id)
            if found is None:
                raise _unknown()
            tx.lock_person(found.record_id)
            row = tx.offer(offer_id) or found
            if row.state is not OfferState.OPEN:
                raise Conflict(Reason.OFFER_USED, f"the offer is {row.state.value}")
            tx.set_offer_state(offer_id, OfferState.WITHDRAWN)
            tx.record(
                AuditEvent(self._at.bureau.bureau, now, by.officer_id, "offer.withdraw", row.credential_id, offer_id)
            )

    def _offer(self, code: str, *, needs_tx_code: bool) -> CredentialOffer:
        grant: dict[str, object] = {"pre-authorized_code": code}
        if needs_tx_code:
            grant["tx_code"] = TxCode(
                input_mode="numeric",
                length=self._at.policy.tx_code_digits,
                description="请输入办证窗口或信函给出的验证码 / Enter the code from the counter or the letter",
            )
        return CredentialOffer.read(
            {
                "credential_issuer": self._at.where.identifier,
                "credential_configuration_ids": list(FORMS),
                "grants": {PRE_AUTHORIZED_CODE: grant},
            }
        )

    def _tx_code(self) -> str:
        # 64 random bits over a million codes: no code is likelier than another by more than one part in 10^13.
        drawn = int.from_bytes(self._at.entropy.random_bytes(8)) % 10**self._at.policy.tx_code_digits
        return f"{drawn:0{self._at.policy.tx_code_digits}d}"


def _unknown() -> NotFound:
    return NotFound(Reason.OFFER_UNKNOWN, "there is no such open offer")
