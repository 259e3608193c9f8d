"""COSE keys: the thumbprint that names a key everywhere in the QR path."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from core.errors import Refused
from core.reasons import Reason
from keys.points import decompress

KEY_ID_BYTES: Final = 8


def thumbprint(point: bytes) -> bytes:
    """Return the COSE key thumbprint of a P-256 public key: 32 bytes.

    point: 33 or 65 bytes. The hash is over the deterministic CBOR of {1: 2, -1: 1, -2: x, -3: y}; the standard demands
    the uncompressed y, so that one key has one thumbprint however it was written.
    Raises Refused(HOLDER_KEY_INVALID) for a point off the curve.
    Source: RFC 9679, sections 3 and 4.2.
    """
    full = decompress(point)
    if full is None:
        raise Refused(Reason.HOLDER_KEY_INVALID, "the point is not on the curve")
    return sha256(b"\xa4\x01\x02\x20\x01\x21\x58\x20" + full[1:33] + b"\x22\x58\x20" + full[33:]).digest()


def key_id(point: bytes) -> bytes:
    """Return the first 8 bytes of the thumbprint: the ``kid`` of EID1, unique in the trust table."""
    return thumbprint(point)[:KEY_ID_BYTES]
