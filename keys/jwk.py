"""Public keys as JWK, strictly: in, out and named."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from hashlib import sha256
from typing import Final

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import ML_DSA_44, Algorithm
from keys.points import decompress, load_point, shortened

_PRIVATE_MEMBERS: Final = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})
_COORDINATE_TEXT: Final = 43
_REQUIRED_MEMBERS: Final = 4
_LAST_CHARACTERS: Final = frozenset("AEIMQUYcgkosw048")
# The signs of the other alphabet and the padding become foreign ones, so that the library refuses them.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/   ")


def public_jwk(point: bytes) -> dict[str, str]:
    """Return a P-256 public key as JWK: kty, crv, x and y, nothing else.

    point: 33 or 65 bytes; Refused(HOLDER_KEY_INVALID) when it is off the curve.
    Source: RFC 7517, RFC 7518 6.2.1.
    """
    x, y = _coordinates(point)
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def point_from_jwk(jwk: object) -> bytes:
    """Return the 33-byte point of a public P-256 JWK.

    Other members (``kid``, ``use``, ``alg``) are ignored, as RFC 7517 4 has it; private ones are not.
    Raises Refused(HOLDER_KEY_INVALID) for another type of key, a missing or non-canonical coordinate, a private member,
    or a point off the curve.
    """
    if not isinstance(jwk, dict):
        raise _invalid("a JWK is a JSON object")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise _invalid("only P-256 keys are accepted")
    point = b"\x04" + _coordinate(jwk.get("x")) + _coordinate(jwk.get("y"))
    if len(jwk) > _REQUIRED_MEMBERS:
        _check_optional_members(jwk)
    if load_point(point) is None:
        raise _invalid("the point is not on the curve")
    return shortened(point)


def _check_optional_members(jwk: dict[str, object]) -> None:
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _invalid("the JWK carries a private member")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _invalid("the JWK is not for verifying")
    if jwk.get("alg", "ES256") != "ES256" or jwk.get("use", "sig") != "sig":
        raise _invalid("the JWK is for another use")


def jwk_thumbprint(point: bytes) -> str:
    """Return the SHA-256 JWK thumbprint as base64url text (43 characters).

    Source: RFC 7638 3: the required members in lexical order, no white space.
    """
    x, y = _coordinates(point)
    return _encode(sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest())


def akp_jwk(key: bytes, algorithm: Algorithm) -> dict[str, str]:
    """Return a public key of type AKP as JWK: kty, alg and pub; ``alg`` is part of such a key.

    key: the raw key; Refused(HOLDER_KEY_INVALID) for another size. Source: RFC 9964.
    """
    if algorithm is not ML_DSA_44 or len(key) != algorithm.key_bytes:
        raise _invalid("the key is not one of ML-DSA-44")
    return {"kty": "AKP", "alg": algorithm.jose, "pub": _encode(key)}


def akp_thumbprint(key: bytes, algorithm: Algorithm) -> str:
    """Return the SHA-256 JWK thumbprint of a key of type AKP; ``alg`` is among its required members (RFC 9964)."""
    jwk = akp_jwk(key, algorithm)
    return _encode(sha256(f'{{"alg":"{jwk["alg"]}","kty":"AKP","pub":"{jwk["pub"]}"}}'.encode()).digest())


def _coordinates(point: bytes) -> tuple[str, str]:
    full = decompress(point)
    if full is None:
        raise _invalid("the point is not on the curve")
    return _encode(full[1:33]), _encode(full[33:])


def _encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _coordinate(text: object) -> bytes:
    if type(text) is not str or len(text) != _COORDINATE_TEXT:
        raise _invalid("a coordinate is 32 bytes in base64url")
    # 43 characters spell 258 bits: the last two are none of the coordinate's and must be zero.
    if text[-1] not in _LAST_CHARACTERS:
        raise _invalid("a coordinate is not canonical base64url")
    try:
        return a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=", strict_mode=True)
    except (Base64Error, UnicodeEncodeError) as err:
        raise _invalid("a coordinate is not base64url") from err


def _invalid(detail: str) -> Refused:
    return Refused(Reason.HOLDER_KEY_INVALID, detail)
