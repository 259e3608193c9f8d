"""Public points: read, compressed, kept at hand."""

from __future__ import annotations

from threading import Lock
from typing import Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

UNCOMPRESSED_BYTES: Final = 65
_FORMS: Final = frozenset({(33, b"\x02"), (33, b"\x03"), (65, b"\x04")})
_P256: Final = ec.SECP256R1()
_Value = TypeVar("_Value")


class PointCache:
    """Loaded public keys by their point: a small ring of recent ones, and those that keep coming back.

    Issuer keys come back, holder keys do not: a key is kept from its third use on, so a crowd of holders
    passes through the ring and never pushes an issuer out.
    """

    def __init__(self, *, recent: int, kept: int) -> None:
        self._recent_size = recent
        self._kept_size = kept
        self._recent: dict[bytes, tuple[ec.EllipticCurvePublicKey, int]] = {}
        self._kept: dict[bytes, ec.EllipticCurvePublicKey] = {}
        self._lock = Lock()

    def find(self, point: bytes) -> ec.EllipticCurvePublicKey | None:
        """Return the loaded key of a point, or None when it must be loaded."""
        key = self._kept.get(point)
        if key is not None:
            return key
        entry = self._recent.get(point)
        if entry is None:
            return None
        key, uses = entry
        with self._lock:
            if uses >= 2:
                self._recent.pop(point, None)
                _bounded_insert(self._kept, point, key, self._kept_size)
            elif point in self._recent:
                self._recent[point] = (key, uses + 1)
        return key

    def add(self, point: bytes, key: ec.EllipticCurvePublicKey) -> None:
        """Remember a key that was just loaded."""
        with self._lock:
            _bounded_insert(self._recent, point, (key, 1), self._recent_size)

    def kept(self) -> int:
        """Return how many keys have come back often enough to stay."""
        return len(self._kept)


def _bounded_insert(entries: dict[bytes, _Value], point: bytes, value: _Value, size: int) -> None:
    if len(entries) >= size and point not in entries:
        del entries[next(iter(entries))]
    entries[point] = value


_CACHE: Final = PointCache(recent=512, kept=4096)


def load_point(point: bytes, cache: PointCache = _CACHE) -> ec.EllipticCurvePublicKey | None:
    """Return the P-256 public key at a point, or None where there is none.

    point: X9.62, 33 bytes compressed or 65 bytes uncompressed; the hybrid forms and the point at infinity are no keys.
    cache: what was loaded before; one for the whole process.
    """
    key = cache.find(point) if len(point) != UNCOMPRESSED_BYTES else None
    if key is not None:
        return key
    if (len(point), point[:1]) not in _FORMS:
        return None
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_P256, point)
    except (ValueError, UnsupportedAlgorithm):
        return None
    # A JWK is loaded in the long form and used in the short one, whose loading takes a square root. The long form is
    # not remembered: whether its y is the right one is for the library to say, each time.
    cache.add(shortened(point) if len(point) == UNCOMPRESSED_BYTES else point, key)
    return key


def shortened(point: bytes) -> bytes:
    """Return the 33-byte form of a 65-byte point; whether it is on the curve is not asked."""
    return bytes((2 | (point[64] & 1),)) + point[1:33]


def compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 33-byte X9.62 form of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def uncompressed(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 65-byte X9.62 form of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decompress(point: bytes) -> bytes | None:
    """Return the 65-byte form of a 33- or 65-byte point, or None when it is not on the curve."""
    key = load_point(point)
    return None if key is None else uncompressed(key)
