"""Fresh holder keys and their one issuance proof each."""

from __future__ import annotations

from collections.abc import Sequence

from keys.signing import InProcessSigner
from protocols.openid4vci.proof import sign_key_proof


def fresh_scalars(count: int) -> tuple[bytes, ...]:
    """Return the private scalars of new P-256 keys, 32 bytes each, for the store: they exist there before any use."""
    return tuple(InProcessSigner.generate().scalar() for _ in range(count))


def points_of(scalars: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the public points of stored keys, 33 bytes each."""
    return tuple(InProcessSigner.from_scalar(scalar).point for scalar in scalars)


def sign_issuance_proofs(scalars: Sequence[bytes], *, credential_issuer: str, nonce: str, now: int) -> tuple[str, ...]:
    """Return the key proof of each key, all over one nonce.

    The caller stores them: a request whose answer was lost is sent again as it was, and a key whose proof was refused is
    thrown away, so that a holder key signs one issuance proof in its life and then only showings of its copy.
    """
    return tuple(
        sign_key_proof(InProcessSigner.from_scalar(scalar), audience=credential_issuer, nonce=nonce, now=now)
        for scalar in scalars
    )
