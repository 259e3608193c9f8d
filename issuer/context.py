"""What every use case of issuing works with."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.entropy import Entropy
from issuer.catalogue import Addresses
from issuer.policy import IssuancePolicy
from issuer.ports import BureauContext, IssuanceStore, PersonRegistry
from issuer.secrets import IssuanceSecret
from keys.signing import Signer


@dataclass(frozen=True, slots=True)
class IssuingContext:
    """One bureau's issuing side: who it is, what it stores in, what it signs with.

    signer:            the newest document signer, for credentials and their status lists.
    signer_valid_from: from when its certificate counts; no credential may be dated earlier.
    earlier_signers:   those before it: each signs its own status lists until its last credential has expired.
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
