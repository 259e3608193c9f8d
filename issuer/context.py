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

    signer:            the document signer, for credentials and their status lists.
    signer_valid_from: from when its certificate counts; no credential may be dated earlier.
    """

    bureau: BureauContext
    where: Addresses
    policy: IssuancePolicy
    store: IssuanceStore
    registry: PersonRegistry
    signer: Signer
    signer_valid_from: int
    secret: IssuanceSecret
    clock: Clock
    entropy: Entropy
