"""The use case behind the credential endpoint: plan, record, sign, record, answer.

The plan (who, which key, which place in which list, hash of what will be signed) is committed before the signing key is
used, and the copies are handed out only after a second commit says they are signed. A crash in between leaves a plan
that is never handed out: its keys and places stay used, and a wallet that tries again brings new keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

from core.audit import AuditEvent
from core.entropy import Entropy
from core.errors import Conflict, EidError, Misconfigured, Refused, Unavailable
from core.reasons import Reason
from formats.dataset import CredentialDataset
from formats.sd_cwt.model import Assurance, StatusReference
from issuer.authorization import DPOP, AccessGrant, PresentedToken, check_access
from issuer.catalogue import form_of
from issuer.context import IssuingContext
from issuer.identifiers import new_ids
from issuer.places import draw_places
from issuer.policy import ONLINE_FORMS, Form, Validity, expiry_week, validity
from issuer.ports import (
    ApprovedPerson,
    Credential,
    IssuanceTransaction,
    PlannedCopy,
)
from issuer.proofs import NONCE, CheckedProofs, HolderKey, NonceMint, check_proofs
from keys.certificates import validity_of
from keys.signing import Signer
from protocols.openid4vci.credential import CredentialRequest

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """All that makes one copy what it is.

    issuer: the ``iss`` of formats that carry one; None where the certificate alone names the issuer.
    """

    dataset: CredentialDataset
    validity: Validity
    holder: HolderKey
    status: StatusReference
    assurance: Assurance
    specimen: bool
    issuer: str | None


class CopyDraft(Protocol):
    """A packed copy before its signature."""

    def to_be_signed(self) -> bytes:
        """Return the bytes the bureau's key signs."""
        ...

    def finish(self, signature: bytes) -> str:
        """Return the credential as the wire carries it."""
        ...


class Packer(Protocol):
    """Packs copies of one form."""

    def pack(self, facts: CopyFacts, signer: Signer, entropy: Entropy) -> CopyDraft:
        """Return the draft of one copy, with fresh salts that are kept nowhere."""
        ...


class OpenLists(Protocol):
    """Where places in status lists come from."""

    def list_for(self, week: int, *, refused: str | None = None, online: bool = False) -> str:
        """Return a list of that expiry week that is published and has space, opening one if needed.

        refused: a list given before that turned out to be full: look again instead of trusting memory.
        online:  a list signed by the key of the online forms.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one request asks for, checked as far as it can be without a lock."""

    presented: PresentedToken
    proofs: CheckedProofs
    person: ApprovedPerson
    form: Form
    period: Validity
    now: int


@dataclass(frozen=True, slots=True)
class _Plan:
    person: ApprovedPerson
    form: Form
    copies: tuple[PlannedCopy, ...]
    drafts: tuple[CopyDraft, ...]


class IssuanceDesk:
    """The credential endpoint's rules."""

    def __init__(self, context: IssuingContext, *, lists: OpenLists, packers: Mapping[Form, Packer]) -> None:
        self._at = context
        self._lists = lists
        self._packers = packers
        self._mint = NonceMint(context.secret, context.policy, context.entropy)

    def new_nonce(self) -> str:
        """Return a fresh ``c_nonce``."""
        return self._mint.make(self._at.clock.now())

    def issue(self, request: CredentialRequest, presented: PresentedToken) -> tuple[str, ...]:
        """Return one signed copy for each key proof, in their order.

        Raises Refused with the reason the wire needs (token, DPoP, proof, nonce, KEY_SEEN_BEFORE, COPIES_EXHAUSTED,
        DOCUMENT_EXPIRED, ...), NotFound(CONFIGURATION_UNKNOWN), Unavailable and Misconfigured for faults of ours.
        """
        try:
            plan = self._plan(request, presented)
        except EidError:
            # What was refused changed nothing, so its DPoP proof would still be good: remember it by itself.
            self._remember_proof(presented)
            raise
        signer = self._at.signer_for(plan.form)
        credentials = tuple(draft.finish(signer.sign(draft.to_be_signed())) for draft in plan.drafts)
        with self._at.store.transaction() as tx:
            now = self._at.clock.now()
            tx.mark_signed([copy.copy_id for copy in plan.copies], now)
            if plan.person.unissued_case is not None:
                tx.mark_issued(plan.person.unissued_case, now)
        return credentials

    def _plan(self, request: CredentialRequest, presented: PresentedToken) -> _Plan:
        now = self._at.clock.now()
        with self._at.store.reading() as tx:
            grant = check_access(tx, presented, now)
        form = form_of(request.credential_configuration_id)
        proofs = check_proofs(
            request.proof_texts(),
            audience=self._at.where.identifier,
            now=now,
            mint=self._mint,
            batch_size=self._at.policy.batch_size,
            jkt=grant.jkt,
        )
        person = self._at.registry.approved(grant.credential.record_id)
        wanted = _Wanted(presented, proofs, person, form, self._validity(form, person, now), now)
        list_id = None
        for _ in range(_ATTEMPTS):
            list_id = self._lists.list_for(
                expiry_week(wanted.period.expires_at), refused=list_id, online=form in ONLINE_FORMS
            )
            try:
                return self._record_plan(wanted, list_id)
            except Conflict:
                # The list filled up, or another worker took a place or a key at the same moment: look again.
                continue
        raise Unavailable(Reason.DATABASE_UNAVAILABLE, "no place in a status list could be had")

    def _validity(self, form: Form, person: ApprovedPerson, now: int) -> Validity:
        dataset = person.dataset
        period = validity(
            self._at.policy, form, now=now, document_ends=dataset.date_of_expiry, birth_date=dataset.birth_date
        )
        if period.issued_at < self._at.signer_valid_from:
            raise Misconfigured(
                Reason.KEY_STATE, "the document signer starts after this week's Monday; copies would be dated before it"
            )
        if form in ONLINE_FORMS and _ends_before(self._at.signer_for(form), period.expires_at):
            raise Misconfigured(Reason.KEY_STATE, "the document signer's certificate ends before these copies do")
        return period

    def _record_plan(self, wanted: _Wanted, list_id: str) -> _Plan:
        with self._at.store.transaction() as tx:
            # Once more, now under lock: between the first look and here the person may have been revoked.
            tx.lock_person(wanted.person.record_id)
            grant = check_access(tx, wanted.presented, wanted.now)
            self._use_once(tx, wanted)
            self._check_keys_and_count(tx, grant, wanted)
            plan = self._draw_up(tx, grant.credential, wanted, list_id)
            tx.add_copies(plan.copies, wanted.now)
            if grant.refresh_hash is not None:
                tx.mark_used(grant.refresh_hash)
            tx.record(
                AuditEvent(
                    bureau=self._at.bureau.bureau,
                    at=wanted.now,
                    actor="wallet",
                    action="credential.plan",
                    subject=grant.credential.credential_id,
                    note=f"{wanted.form.value} x{len(plan.copies)}",
                )
            )
        return plan

    def _use_once(self, tx: IssuanceTransaction, wanted: _Wanted) -> None:
        proof = wanted.presented.proof
        if proof is not None and not tx.first_use(DPOP, proof.proof_id, proof.remember_until):
            raise Refused(Reason.DPOP_INVALID, "the DPoP proof was used before")
        if not tx.first_use(NONCE, wanted.proofs.nonce_hash, wanted.proofs.nonce_until):
            raise Refused(Reason.PROOF_NONCE_INVALID, "the nonce was used before")

    def _check_keys_and_count(self, tx: IssuanceTransaction, grant: AccessGrant, wanted: _Wanted) -> None:
        keys = wanted.proofs.keys
        if tx.any_key_seen([key.thumbprint for key in keys]):
            raise Refused(Reason.KEY_SEEN_BEFORE, "a holder key was seen before")
        planned_since = wanted.now - self._at.policy.abandoned_after
        live = tx.live_copies(grant.credential.record_id, wanted.form, wanted.now, planned_since)
        limit = self._at.policy.live_max_refreshing if grant.refreshing else self._at.policy.live_max
        if live + len(keys) > limit:
            raise Refused(Reason.COPIES_EXHAUSTED, f"{live} copies are live, at most {limit} may be")

    def _draw_up(self, tx: IssuanceTransaction, credential: Credential, wanted: _Wanted, list_id: str) -> _Plan:
        keys = wanted.proofs.keys
        indexes = draw_places(tx, list_id, len(keys), policy=self._at.policy, entropy=self._at.entropy)
        drafts = tuple(self._draft(wanted, holder, list_id, index) for holder, index in zip(keys, indexes, strict=True))
        copy_ids = new_ids(len(drafts), now=wanted.now, entropy=self._at.entropy)
        copies = tuple(
            PlannedCopy(
                copy_id=copy_id,
                credential_id=credential.credential_id,
                record_id=credential.record_id,
                form=wanted.form,
                key_thumbprint=holder.thumbprint,
                list_id=list_id,
                index=index,
                payload_hash=sha256(draft.to_be_signed()).digest(),
                issued_at=wanted.period.issued_at,
                expires_at=wanted.period.expires_at,
            )
            for copy_id, holder, index, draft in zip(copy_ids, keys, indexes, drafts, strict=True)
        )
        return _Plan(wanted.person, wanted.form, copies, drafts)

    def _draft(self, wanted: _Wanted, holder: HolderKey, list_id: str, index: int) -> CopyDraft:
        facts = CopyFacts(
            dataset=wanted.person.dataset,
            validity=wanted.period,
            holder=holder,
            status=StatusReference(self._at.where.status_list(self._at.bureau.bureau, list_id), index),
            assurance=wanted.person.assurance,
            specimen=self._at.bureau.specimen,
            issuer=self._at.where.certificate_issuer,
        )
        return self._packers[wanted.form].pack(facts, self._at.signer_for(wanted.form), self._at.entropy)

    def _remember_proof(self, presented: PresentedToken) -> None:
        if presented.proof is not None:
            with self._at.store.transaction() as tx:
                tx.first_use(DPOP, presented.proof.proof_id, presented.proof.remember_until)


def _ends_before(signer: Signer, instant: int) -> bool:
    """Say whether the certificate that copies bring ends before this instant.

    A copy must not outlive it (ISO/IEC 18013-5, 12.3.4: ``validUntil``); no reader would take the copy's last days.
    """
    return any(_not_after(certificate) < instant for certificate in signer.certificates[:1])


@lru_cache(maxsize=16)
def _not_after(certificate: bytes) -> int:
    return validity_of(certificate).not_after
