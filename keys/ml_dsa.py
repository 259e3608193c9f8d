"""ML-DSA-44 signatures over ``cryptography``: the third suite.

Source: FIPS 204 (the pure form, context string empty), RFC 9964.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from core.errors import Misconfigured
from core.reasons import Reason
from keys.algorithms import ML_DSA_44, Algorithm
from keys.cose_key import key_id


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MlDsaSigner:
    """A Signer over an ML-DSA-44 key in this process's memory; ``point`` is the raw public key, 1,312 bytes."""

    private_key: MLDSA44PrivateKey
    point: bytes
    key_id: bytes
    certificates: tuple[bytes, ...] = ()
    algorithm: Algorithm = ML_DSA_44

    @classmethod
    def generate(cls) -> MlDsaSigner:
        """Return a signer over a fresh key."""
        return cls._over(MLDSA44PrivateKey.generate(), ())

    @classmethod
    def from_secret(cls, secret: bytes, certificates: tuple[bytes, ...] = ()) -> MlDsaSigner:
        """Return a signer over the key with this seed: 32 bytes, else ValueError."""
        return cls._over(MLDSA44PrivateKey.from_seed_bytes(secret), certificates)

    @classmethod
    def _over(cls, private_key: MLDSA44PrivateKey, certificates: tuple[bytes, ...]) -> MlDsaSigner:
        raw = private_key.public_key().public_bytes_raw()
        return cls(private_key, raw, key_id(raw, ML_DSA_44), certificates)

    def secret(self) -> bytes:
        """Return the seed, 32 bytes: for encrypted stores only."""
        return self.private_key.private_bytes_raw()

    def with_certificates(self, *certificates: bytes) -> MlDsaSigner:
        """Return the same key with a certificate chain: leaf first, without the root."""
        return MlDsaSigner(self.private_key, self.point, self.key_id, certificates, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


def verify_ml_dsa(key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` over ``message`` is that of the raw public key; False for a key of another size."""
    loaded = load_ml_dsa(key)
    if loaded is None:
        return False
    try:
        loaded.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def load_ml_dsa(key: bytes) -> MLDSA44PublicKey | None:
    """Return the public key of 1,312 raw bytes, or None for another number; Misconfigured(SUITE_UNAVAILABLE)."""
    try:
        return MLDSA44PublicKey.from_public_bytes(key)
    except ValueError:
        return None
    except UnsupportedAlgorithm as err:
        raise Misconfigured(Reason.SUITE_UNAVAILABLE, "the cryptography package was built without ML-DSA") from err
