"""What every use case of issuing works with."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.entropy import Entropy
from issuer.catalogue import Addresses
from issuer.policy import ONLINE_FORMS, Form, IssuancePolicy
from issuer.ports import BureauContext, IssuanceStore, PersonRegistry
from issuer.secrets import IssuanceSecret
from keys.signing import Signer


@dataclass(frozen=True, slots=True)
class IssuingContext:
    """One bureau's issuing side: who it is, what it stores in, what it signs with.

    signer:            the newest document signer, for credentials and their status lists.
    signer_valid_from: from when its certificate counts; no credential may be dated earlier. The later one of two.
    earlier_signers:   those before it: each signs its own status lists until its last credential has expired.
    status_signer:     signs every status list in their place, where the bureau has a separate key for it.
    online_signer:     the newest key of the online forms, where the bureau has one: in a suite of its choice.
    """

    bureau: BureauContext
    where: Addresses
    policy: IssuancePolicy
    store: IssuanceStore
    registry: PersonRegistry
    signer: Signer
    signer_valid_from: int
    earlier_signers: tuple[Signer, ...]
    secret: IssuanceSecret
    clock: Clock
    entropy: Entropy
    online_signer: Signer | None = None
    status_signer: Signer | None = None

    def signer_for(self, form: Form) -> Signer:
        """Return the key that signs copies of this form and their status lists."""
        if form in ONLINE_FORMS and self.online_signer is not None:
            return self.online_signer
        return self.signer
