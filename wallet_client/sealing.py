"""Encryption at rest: every value of the wallet's store sealed under one random data key, the data key wrapped twice over.

The wrapping key needs both the PIN (through scrypt) and the device secret, 32 random bytes kept outside the store, a
stand-in for the key a phone holds in hardware. A PIN of six digits has a million values, which scrypt alone would only
slow down; without the device secret the store file answers no guess at all, however many are made.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.entropy import Entropy
from core.errors import Misconfigured
from core.reasons import Reason

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_SCRYPT_MEMORY: Final = 128 * 1024 * 1024
_N_MAX: Final = 1 << 17
_R_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """The work of one PIN guess (RFC 7914): n is the CPU and memory cost, a power of two, r the block size."""

    n: int
    r: int

    def bounded(self) -> bool:
        """Say whether this is a cost we would ever have written: a damaged file must not take all memory."""
        return 1 < self.n <= _N_MAX and self.n & (self.n - 1) == 0 and 1 <= self.r <= _R_MAX


STANDARD: Final = ScryptCost(n=1 << 15, r=8)
"""About a tenth of a second and 32 MiB for each guess."""


def wrap_data_key(
    data_key: bytes, *, pin: str, device_secret: bytes, salt: bytes, cost: ScryptCost, nonce: bytes
) -> bytes:
    """Return the data key sealed under PIN and device secret: nonce, then ciphertext and tag."""
    wrapping = AESGCM(_wrapping_key(pin, device_secret, salt, cost))
    return nonce + wrapping.encrypt(nonce, data_key, _wrap_place(salt, cost))


def unwrap_data_key(wrapped: bytes, *, pin: str, device_secret: bytes, salt: bytes, cost: ScryptCost) -> bytes | None:
    """Return the data key, or None when PIN, device secret or the wrapped bytes are not the right ones."""
    wrapping = AESGCM(_wrapping_key(pin, device_secret, salt, cost))
    try:
        return wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _wrap_place(salt, cost))
    except (InvalidTag, ValueError):
        return None


def _wrapping_key(pin: str, device_secret: bytes, salt: bytes, cost: ScryptCost) -> bytes:
    stretched = hashlib.scrypt(
        pin.encode("utf-8"), salt=salt, n=cost.n, r=cost.r, p=1, maxmem=_SCRYPT_MEMORY, dklen=KEY_BYTES
    )
    return hmac.digest(device_secret, b"eid-wallet-wrap-1" + stretched, "sha256")


def _wrap_place(salt: bytes, cost: ScryptCost) -> bytes:
    return b"eid-wallet-data-key-1" + salt + cost.n.to_bytes(4, "big") + cost.r.to_bytes(4, "big")


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals and opens the values of one store.

    place: where a value lives (table and row); it is authenticated, so that a value moved elsewhere no longer opens.
    """

    cipher: AESGCM
    tag_key: bytes
    entropy: Entropy

    @classmethod
    def over(cls, data_key: bytes, entropy: Entropy) -> Sealer:
        """Return the sealer of a store with this data key."""
        return cls(
            cipher=AESGCM(hmac.digest(data_key, b"eid-wallet-values-1", "sha256")),
            tag_key=hmac.digest(data_key, b"eid-wallet-tags-1", "sha256"),
            entropy=entropy,
        )

    def seal(self, place: str, value: bytes) -> bytes:
        """Return nonce, ciphertext and tag of a value."""
        nonce = self.entropy.random_bytes(_NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, value, place.encode("utf-8"))

    def open(self, place: str, sealed: object) -> bytes:
        """Return the value; Misconfigured(WALLET_DAMAGED) when it was changed, moved or cut."""
        if type(sealed) is not bytes:
            raise _damaged()
        try:
            return self.cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode("utf-8"))
        except (InvalidTag, ValueError) as err:
            raise _damaged() from err

    def tag(self, kind: str, value: bytes) -> bytes:
        """Return a keyed hash to find or compare a value by, without storing it."""
        return hmac.digest(self.tag_key, kind.encode("utf-8") + b"\0" + value, "sha256")


def _damaged() -> Misconfigured:
    return Misconfigured(
        Reason.WALLET_DAMAGED, "a value in the wallet's store was changed; restore the file or enrol again"
    )
