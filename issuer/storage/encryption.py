"""Personal fields at rest: sealed with the bureau's own key, found again by the bureau's own keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.entropy import Entropy
from core.errors import Misconfigured
from core.reasons import Reason

KEY_SIZE = 32
_NONCE_SIZE = 12
_TAG_SIZE = 16


class BureauCipher:
    """Seals, opens and hashes for one bureau.

    Sealing is AES-256-GCM with a random 96-bit nonce, which stays safe for 2^32 fields of one key (NIST SP 800-38D,
    8.3). The place (bureau, table, id, column) is authenticated: a value moved to another row or column does not open.
    """

    __slots__ = ("_aead", "_bureau", "_entropy", "_lookup_key")

    def __init__(self, bureau: str, data_key: bytes, lookup_key: bytes, entropy: Entropy) -> None:
        self._bureau = bureau
        self._aead = AESGCM(data_key)
        self._lookup_key = lookup_key
        self._entropy = entropy

    def seal(self, table: str, row_id: str, column: str, plaintext: bytes) -> bytes:
        """Return nonce and ciphertext of a value for its place."""
        nonce = self._entropy.random_bytes(_NONCE_SIZE)
        return nonce + self._aead.encrypt(nonce, plaintext, self._place(table, row_id, column))

    def open(self, table: str, row_id: str, column: str, sealed: bytes) -> bytes:
        """Return the value sealed for this place. Raises Misconfigured where it was altered, moved or cut."""
        if len(sealed) < _NONCE_SIZE + _TAG_SIZE:
            raise _damaged(table)
        nonce, ciphertext = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
        try:
            return self._aead.decrypt(nonce, ciphertext, self._place(table, row_id, column))
        except InvalidTag as err:
            raise _damaged(table) from err

    def hash(self, kind: str, value: bytes) -> bytes:
        """Return HMAC-SHA256 of a value for look-up; equal values of different kinds have different hashes."""
        return hmac.digest(self._lookup_key, kind.encode() + b"\0" + value, hashlib.sha256)

    def _place(self, table: str, row_id: str, column: str) -> bytes:
        return f"{self._bureau}|{table}|{row_id}|{column}".encode()


@dataclass(frozen=True, slots=True)
class WrappedKeys:
    """A bureau's two keys as the database holds them."""

    data_key: bytes = field(repr=False)
    lookup_key: bytes = field(repr=False)


class KeyWrap:
    """Wraps the keys of bureaus with one secret of the key store: without it the database says nothing."""

    __slots__ = ("_aead", "_entropy")

    def __init__(self, secret: bytes, entropy: Entropy) -> None:
        self._aead = AESGCM(secret)
        self._entropy = entropy

    def create(self, bureau: str) -> WrappedKeys:
        """Return two fresh random keys for a bureau, wrapped."""
        return WrappedKeys(self._wrap(bureau, "data_key"), self._wrap(bureau, "lookup_key"))

    def cipher(self, bureau: str, keys: WrappedKeys) -> BureauCipher:
        """Unwrap a bureau's keys. Raises Misconfigured when another secret wrapped them."""
        data_key = self._unwrap(bureau, "data_key", keys.data_key)
        return BureauCipher(bureau, data_key, self._unwrap(bureau, "lookup_key", keys.lookup_key), self._entropy)

    def _wrap(self, bureau: str, name: str) -> bytes:
        nonce, key = self._entropy.random_bytes(_NONCE_SIZE), self._entropy.random_bytes(KEY_SIZE)
        return nonce + self._aead.encrypt(nonce, key, f"{bureau}|{name}".encode())

    def _unwrap(self, bureau: str, name: str, wrapped: bytes) -> bytes:
        try:
            return self._aead.decrypt(wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:], f"{bureau}|{name}".encode())
        except (InvalidTag, ValueError) as err:
            raise Misconfigured(
                Reason.REGISTER_KEY_WRONG, "the key store's secret does not open this database; use the two together"
            ) from err


def _damaged(table: str) -> Misconfigured:
    return Misconfigured(Reason.RECORD_DAMAGED, f"a sealed value in table {table} does not open; restore a backup")
