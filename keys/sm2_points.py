"""Public points of the SM2 curve, in plain numbers: to name a key or to read a certificate no library is needed.

Nothing secret comes here, so the time it takes tells nothing.
Source: GB/T 32918.5 (the recommended curve), SEC 1 2.3.4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# y^2 = x^3 - 3x + b modulo p. p = 3 modulo 4, so a root is one power.
_PRIME: Final = 2**256 - 2**224 - 2**96 + 2**64 - 1
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_COMPRESSED_BYTES: Final = 33
_UNCOMPRESSED_BYTES: Final = 65


@lru_cache(maxsize=256)
def uncompressed(point: bytes) -> bytes | None:
    """Return the 65-byte form of a 33-byte point, or None where there is no such point."""
    if len(point) != _COMPRESSED_BYTES or point[0] not in {2, 3}:
        return None
    x = int.from_bytes(point[1:], "big")
    if x >= _PRIME:
        return None
    square = (x * x * x - 3 * x + _B) % _PRIME
    y = pow(square, (_PRIME + 1) // 4, _PRIME)
    if y * y % _PRIME != square:
        return None
    if y & 1 != point[0] & 1:
        y = _PRIME - y
    return b"\x04" + point[1:] + y.to_bytes(32, "big")


def compressed(point: bytes) -> bytes | None:
    """Return the 33-byte form of a 65-byte point, or None where there is no such point."""
    if len(point) != _UNCOMPRESSED_BYTES or point[0] != 4:
        return None
    short = bytes((2 | point[64] & 1,)) + point[1:33]
    return short if uncompressed(short) == point else None
