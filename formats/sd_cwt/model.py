"""The labels, values and claims of the SD-CWT behind the QR token, and how the clear claims are written and read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import base64url, cbor
from formats.encoding.cbor import CborMap, CborValue

TYP_SD_CWT = 293
TYP_KBT = 294
SHA_256 = -16

# CWT claims (RFC 8392, RFC 8747, Token Status List, SD-CWT) and our own private-use labels.
SUB, AUD, EXP, IAT, CTI, CNF, CNONCE, STATUS = 2, 3, 4, 6, 7, 8, 39, 65535
KEY_STORAGE, ASSURANCE, SPECIMEN = -65547, -65548, -65549

DIGESTS = 10
DIGEST_BYTES = 32
SALT_BYTES = 16
SUBJECT_BYTES = 8
POINT_BYTES = 33
DAY_SECONDS = 86_400
MAX_TOKEN_BYTES = 3072
MAX_URI_CHARACTERS = 200
_LATEST = 1 << 33
_LARGEST_INDEX = 1 << 32

_REQUIRED = frozenset({SUB, EXP, IAT, CNF, STATUS, KEY_STORAGE, ASSURANCE, cbor.REDACTED_KEYS})
_WITH_SPECIMEN = _REQUIRED | {SPECIMEN}


class KeyStorage(IntEnum):
    """How the wallet keeps the holder key."""

    SOFTWARE = 1
    ATTESTED = 2


class Assurance(IntEnum):
    """How the person was identified at enrolment."""

    BASIC = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class StatusReference:
    """The place of one credential in a published status list."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class SdCwtClaims:
    """The clear claims of one copy.

    subject: base64url of 8 random bytes, fresh per copy.
    issued_at, expires_at: instants at UTC midnight.
    holder_point33: the holder key as 33-byte compressed point.
    """

    subject: str
    issued_at: int
    expires_at: int
    status: StatusReference
    holder_point33: bytes
    key_storage: KeyStorage
    assurance: Assurance
    specimen: bool


def disclosure_digest(disclosure: bytes) -> bytes:
    """Return the Redacted Claim Hash: SHA-256 over the byte string, its CBOR head included, that wraps a disclosure."""
    return hashlib.sha256(cbor.bstr_head(len(disclosure)) + disclosure).digest()


def write_claims(claims: SdCwtClaims, digests: list[bytes]) -> bytes:
    """Return the payload of the SD-CWT. A value the reader would refuse is our mistake: ValueError."""
    point = claims.holder_point33
    payload: CborMap = {
        SUB: claims.subject,
        EXP: claims.expires_at,
        IAT: claims.issued_at,
        CNF: {1: {1: 2, -1: 1, -2: point[1:], -3: point[:1] == b"\x03"}},
        STATUS: {"status_list": {"idx": claims.status.index, "uri": claims.status.uri}},
        KEY_STORAGE: int(claims.key_storage),
        ASSURANCE: int(claims.assurance),
        cbor.REDACTED_KEYS: list[CborValue](sorted(digests)),
    }
    if claims.specimen:
        payload[SPECIMEN] = True
    try:
        read = _from_map(payload)
    except MalformedInput as err:
        raise ValueError(f"these claims break the profile: {err.detail}") from err
    if read != (claims, tuple(sorted(digests))):
        raise ValueError("these claims do not survive their encoding")
    return cbor.encode(payload)


def read_claims(payload: bytes) -> tuple[SdCwtClaims, tuple[bytes, ...]]:
    """Return the clear claims and the ten digests of an SD-CWT payload.

    Raises MalformedInput: CBOR_MALFORMED; HOLDER_PROOF_MISSING without ``cnf``; DISCLOSURE_DUPLICATE for equal digests;
    HOLDER_KEY_INVALID for another holder key than a compressed P-256 point; CLAIMS_MALFORMED for anything else missing,
    unknown or of another type.
    """
    claims = cbor.decode(payload, max_bytes=MAX_TOKEN_BYTES)
    if type(claims) is not dict:
        raise _malformed("the claims are no map")
    return _from_map(claims)


def _from_map(claims: CborMap) -> tuple[SdCwtClaims, tuple[bytes, ...]]:
    if CNF not in claims:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "no cnf claim: the token is bound to no holder key")
    labels = claims.keys()
    if labels != _REQUIRED and (labels != _WITH_SPECIMEN or claims[SPECIMEN] is not True):
        raise _malformed("a claim is missing or unknown")
    issued_at, expires_at = read_time(claims[IAT]), read_time(claims[EXP])
    if issued_at % DAY_SECONDS or expires_at % DAY_SECONDS or not issued_at < expires_at:
        raise _malformed("iat and exp are not midnights in order")
    read = SdCwtClaims(
        subject=_read_subject(claims[SUB]),
        issued_at=issued_at,
        expires_at=expires_at,
        status=read_status(claims[STATUS]),
        holder_point33=_read_holder_key(claims[CNF]),
        key_storage=KeyStorage(_one_or_two(claims[KEY_STORAGE])),
        assurance=Assurance(_one_or_two(claims[ASSURANCE])),
        specimen=SPECIMEN in labels,
    )
    return read, _read_digests(claims[cbor.REDACTED_KEYS])


def read_time(value: CborValue) -> int:
    """Return an instant: an unsigned integer below 2**33, else MalformedInput(CLAIMS_MALFORMED)."""
    if type(value) is not int or not 0 <= value < _LATEST:
        raise _malformed("a time is not an unsigned integer below 2**33")
    return value


def read_bytes(value: CborValue, size_bytes: int) -> bytes:
    """Return a byte string of exactly this size, else MalformedInput(CLAIMS_MALFORMED)."""
    if type(value) is not bytes or len(value) != size_bytes:
        raise _malformed(f"not a byte string of {size_bytes} bytes")
    return value


def read_uri(value: CborValue) -> str:
    """Return a text of printable ASCII without space, at most 200 characters, else MalformedInput(CLAIMS_MALFORMED)."""
    if type(value) is not str or not 0 < len(value) <= MAX_URI_CHARACTERS:
        raise _malformed("a URI is of another type or size")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise _malformed("a URI carries other characters than printable ASCII")
    return value


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)


def _read_subject(value: CborValue) -> str:
    try:
        good = type(value) is str and len(base64url.decode(value)) == SUBJECT_BYTES
    except MalformedInput as err:
        raise _malformed("sub is not base64url") from err
    if not good or type(value) is not str:
        raise _malformed("sub is not the text of eight bytes")
    return value


def read_status(value: CborValue) -> StatusReference:
    """Return the one reference into a status list, else MalformedInput(CLAIMS_MALFORMED)."""
    inner = value.get("status_list") if type(value) is dict and len(value) == 1 else None
    if type(inner) is not dict or inner.keys() != {"idx", "uri"}:
        raise _malformed("status is not one reference into a status list")
    index, uri = inner["idx"], read_uri(inner["uri"])
    if type(index) is not int or not 0 <= index < _LARGEST_INDEX:
        raise _malformed("the status index is not an unsigned integer below 2**32")
    return StatusReference(uri, index)


def _read_holder_key(value: CborValue) -> bytes:
    key = value.get(1) if type(value) is dict and len(value) == 1 else None
    if type(key) is dict and key.keys() == {1, -1, -2, -3}:
        kty, curve, x, odd = key[1], key[-1], key[-2], key[-3]
        if (type(kty), kty) == (int, 2) and (type(curve), curve) == (int, 1) and type(x) is bytes and type(odd) is bool:
            if len(x) != POINT_BYTES - 1:
                raise MalformedInput(Reason.HOLDER_KEY_INVALID, "the holder key's x is not 32 bytes")
            return (b"\x03" if odd else b"\x02") + x
    raise MalformedInput(Reason.HOLDER_KEY_INVALID, "cnf is not one compressed P-256 key")


def _one_or_two(value: CborValue) -> int:
    if type(value) is not int or value not in {1, 2}:
        raise _malformed("a level is neither 1 nor 2")
    return value


def _read_digests(value: CborValue) -> tuple[bytes, ...]:
    if type(value) is not list or len(value) != DIGESTS:
        raise _malformed("there are not ten digests")
    digests = tuple(read_bytes(digest, DIGEST_BYTES) for digest in value)
    if len(set(digests)) != DIGESTS:
        raise MalformedInput(Reason.DISCLOSURE_DUPLICATE, "a digest appears twice")
    if list(digests) != sorted(digests):
        raise _malformed("the digests are not sorted")
    return digests
