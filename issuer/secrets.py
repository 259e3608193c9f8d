"""What is kept of codes and tokens: hashes, never the values."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from core.entropy import Entropy
from formats.encoding import base64url

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class IssuanceSecret:
    """One symmetric key of the issuing side and what is made with it; each use has a label of its own."""

    key: bytes = field(repr=False)

    def code(self, reference: bytes) -> str:
        """Return the pre-authorized code of an offer, from the random reference in its link.

        So that the offer can be served by reference while the database holds hashes only.
        """
        return base64url.encode(self._mac(b"pre-authorized-code", reference))

    def tx_code_hash(self, offer_id: str, tx_code: str) -> bytes:
        """Return what is stored of a transaction code. Keyed: six digits alone could be tried out."""
        return self._mac(b"tx-code", f"{offer_id}.{tx_code}".encode())

    def nonce_tag(self, head: bytes) -> bytes:
        """Return the 16 bytes that prove a nonce is ours."""
        return self._mac(b"c-nonce", head)[:16]

    def _mac(self, label: bytes, value: bytes) -> bytes:
        return hmac.digest(self.key, label + b"\0" + value, "sha256")


def new_token(entropy: Entropy) -> str:
    """Return 256 random bits as text."""
    return base64url.encode(entropy.random_bytes(_TOKEN_BYTES))


def stored_hash(token: str) -> bytes:
    """Return what is stored of a token: its SHA-256, enough for 256 random bits."""
    return sha256(token.encode("utf-8", "replace")).digest()
