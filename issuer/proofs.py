"""Key proofs and the nonces they must carry."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url
from issuer.policy import IssuancePolicy
from issuer.secrets import IssuanceSecret
from keys.cose_key import thumbprint
from keys.jwk import jwk_thumbprint
from protocols.openid4vci.proof import check_key_proof

NONCE: Final = "nonce"
_TIME_BYTES, _RANDOM_BYTES, _TAG_BYTES = 5, 12, 16


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A key the wallet has shown to hold: 33-byte point and COSE key thumbprint."""

    point: bytes
    thumbprint: bytes


@dataclass(frozen=True, slots=True)
class CheckedProofs:
    """The keys of one request, in the order of its proofs, and the one nonce they share."""

    keys: tuple[HolderKey, ...]
    nonce_hash: bytes
    nonce_until: int


class NonceMint:
    """Makes nonces that prove by themselves that they are ours and how old they are; only used ones are stored."""

    def __init__(self, secret: IssuanceSecret, policy: IssuancePolicy, entropy: Entropy) -> None:
        self._secret = secret
        self._lifetime = policy.nonce_lifetime
        self._entropy = entropy

    def make(self, now: int) -> str:
        """Return a fresh ``c_nonce``: its end of life, 96 random bits, and our tag over both."""
        head = (now + self._lifetime).to_bytes(_TIME_BYTES, "big") + self._entropy.random_bytes(_RANDOM_BYTES)
        return base64url.encode(head + self._secret.nonce_tag(head))

    def check(self, nonce: str, now: int) -> int:
        """Return the instant a nonce of ours ends; Refused(PROOF_NONCE_INVALID) for one that has, or is not ours."""
        try:
            spelled = base64url.decode(nonce)
        except MalformedInput as err:
            raise _not_ours() from err
        head, tag = spelled[:-_TAG_BYTES], spelled[-_TAG_BYTES:]
        if len(head) != _TIME_BYTES + _RANDOM_BYTES or not hmac.compare_digest(tag, self._secret.nonce_tag(head)):
            raise _not_ours()
        until = int.from_bytes(head[:_TIME_BYTES], "big")
        if not now < until <= now + self._lifetime:
            raise Refused(Reason.PROOF_NONCE_INVALID, "the nonce is too old")
        return until


def check_proofs(
    texts: Sequence[str], *, audience: str, now: int, mint: NonceMint, batch_size: int, jkt: str | None
) -> CheckedProofs:
    """Return the holder keys of one request.

    jkt: the wallet's DPoP key, which must not be a holder key as well: a holder key signs its proof and then only
         presentations.
    Raises Refused: TOO_MANY_PROOFS, PROOF_INVALID, PROOF_NONCE_INVALID (not ours, old, or not one for all),
    KEY_SEEN_BEFORE for a key twice in the batch.
    Source: OpenID4VCI 1.0, 8.2 and F.4; qr-trust-bundle 2 and 3.
    """
    if len(texts) > batch_size:
        raise Refused(Reason.TOO_MANY_PROOFS, f"at most {batch_size} proofs in one request")
    proofs = [check_key_proof(text, audience=audience, now=now) for text in texts]
    nonces = {proof.nonce for proof in proofs}
    if len(nonces) != 1:
        raise Refused(Reason.PROOF_NONCE_INVALID, "the proofs of one request carry one nonce")
    nonce = nonces.pop()
    until = mint.check(nonce, now)
    if len({proof.point for proof in proofs}) != len(proofs):
        raise Refused(Reason.KEY_SEEN_BEFORE, "a key appears twice in the request")
    if jkt is not None and any(jwk_thumbprint(proof.point) == jkt for proof in proofs):
        raise Refused(Reason.PROOF_INVALID, "the wallet's DPoP key cannot be a holder key")
    keys = tuple(HolderKey(proof.point, thumbprint(proof.point)) for proof in proofs)
    return CheckedProofs(keys, sha256(nonce.encode("ascii")).digest(), until)


def _not_ours() -> Refused:
    return Refused(Reason.PROOF_NONCE_INVALID, "the nonce is not one of ours")
