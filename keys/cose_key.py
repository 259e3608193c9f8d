"""COSE keys: the thumbprint that names a key everywhere, whatever its suite."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import ES256, ML_DSA_44, SM2_COSE_CURVE, SM2_SM3, Algorithm
from keys.points import decompress
from keys.sm2_points import uncompressed

KEY_ID_BYTES: Final = 8
# A negative number of 32 bits.
_SM2_CURVE: Final = b"\x3a" + (-1 - SM2_COSE_CURVE).to_bytes(4, "big")


def thumbprint(point: bytes, algorithm: Algorithm = ES256) -> bytes:
    """Return the COSE key thumbprint of a public key: 32 bytes.

    point: 33 or 65 bytes for P-256, 33 for SM2, the raw key for ML-DSA-44. The hash is over the deterministic CBOR of
    {1: 2, -1: curve, -2: x, -3: y}, or of {1: 7, 3: alg, -1: pub}; the standard demands the uncompressed y, so that one
    key has one thumbprint however it was written.
    Raises Refused(HOLDER_KEY_INVALID) for a point off the curve or a key of another size.
    Source: RFC 9679, sections 3 and 4.2; RFC 9964 for keys of type AKP.
    """
    if algorithm is ML_DSA_44:
        if len(point) != algorithm.key_bytes:
            raise Refused(Reason.HOLDER_KEY_INVALID, "the key is of another size")
        return sha256(b"\xa3\x01\x07\x03\x38\x2f\x20\x59\x05\x20" + point).digest()
    full = uncompressed(point) if algorithm is SM2_SM3 else decompress(point)
    if full is None:
        raise Refused(Reason.HOLDER_KEY_INVALID, "the point is not on the curve")
    curve = _SM2_CURVE if algorithm is SM2_SM3 else b"\x01"
    return sha256(b"\xa4\x01\x02\x20" + curve + b"\x21\x58\x20" + full[1:33] + b"\x22\x58\x20" + full[33:]).digest()


def key_id(point: bytes, algorithm: Algorithm = ES256) -> bytes:
    """Return the first 8 bytes of the thumbprint: the ``kid`` of EID1, unique in the trust table."""
    return thumbprint(point, algorithm)[:KEY_ID_BYTES]
