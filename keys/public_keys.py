"""A public key with the algorithm it is for, and how a certificate writes the two: SubjectPublicKeyInfo."""

from __future__ import annotations

from hashlib import sha1
from typing import Final, NamedTuple

from core.errors import Refused
from core.reasons import Reason
from keys import points, sm2_points
from keys.algorithms import ES256, ML_DSA_44, SM2_SM3, Algorithm

# All that stands before the key itself. The key has one size in each, so the whole is compared, and nothing is parsed.
_PREFIXES: Final = {
    # id-ecPublicKey on secp256r1; the uncompressed point: RFC 5480.
    ES256: bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    # id-ecPublicKey on 1.2.156.10197.1.301; the uncompressed point: GM/T 0015.
    SM2_SM3: bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
    # id-ml-dsa-44; the raw key: RFC 9881.
    ML_DSA_44: bytes.fromhex("30820532300b06096086480165030403110382052100"),
}
_WRITTEN_BYTES: Final = {ES256: 65, SM2_SM3: 65, ML_DSA_44: 1_312}


class PublicKey(NamedTuple):
    """A public key and the one algorithm it is for.

    point: 33 bytes, compressed, for P-256 and SM2; the raw key for ML-DSA-44.
    """

    point: bytes
    algorithm: Algorithm


def to_spki(key: PublicKey) -> bytes:
    """Return the SubjectPublicKeyInfo (DER) of a key; ValueError for one off its curve or of another size."""
    return _PREFIXES[key.algorithm] + _written(key)


def from_spki(spki: bytes) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo (DER); Refused(CERTIFICATE_INVALID) for any key but those of the table."""
    for algorithm, prefix in _PREFIXES.items():
        written = spki[len(prefix) :]
        if spki.startswith(prefix) and len(written) == _WRITTEN_BYTES[algorithm]:
            return PublicKey(_kept(written, algorithm), algorithm)
    raise _none_of_them()


def subject_key_identifier(key: PublicKey) -> bytes:
    """Return the SHA-1 over the key as its certificate writes it: a name, not a protection. RFC 5280 4.2.1.2 (1)."""
    return sha1(_written(key), usedforsecurity=False).digest()


def _written(key: PublicKey) -> bytes:
    written: bytes | None = key.point
    if key.algorithm is SM2_SM3:
        written = sm2_points.uncompressed(key.point)
    elif key.algorithm is ES256:
        written = points.decompress(key.point)
    if written is None or len(written) != _WRITTEN_BYTES[key.algorithm]:
        raise ValueError("the point is not on its curve, or the key of another size")
    return written


def _kept(written: bytes, algorithm: Algorithm) -> bytes:
    if algorithm is ML_DSA_44:
        return written
    if algorithm is SM2_SM3:
        point = sm2_points.compressed(written)
    else:
        loaded = points.load_point(written)
        point = None if loaded is None else points.compressed(loaded)
    if point is None:
        raise _none_of_them()
    return point


def _none_of_them() -> Refused:
    return Refused(Reason.CERTIFICATE_INVALID, "the key is of none of the accepted kinds, or not on its curve")
