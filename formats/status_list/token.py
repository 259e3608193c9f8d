"""The Status List Token in its JWT form: many statuses in one signed, expiring list.

Source: Token Status List, sections 4, 5.1, 8.3.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from formats.jose import (
    UnverifiedJws,
    claims_of,
    optional_time,
    read_compact,
    required_text,
    required_time,
    sign_compact,
)
from formats.status_list.entries import read_status
from keys.signing import Signer

TYP: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"
ENTRIES_MAX_BYTES: Final = 1 << 20
TOKEN_MAX_BYTES: Final = 2 << 20
_WIDTHS: Final = (1, 2, 4, 8)
# Level 6 takes a tenth of the time of level 9 for a sixth more bytes.
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list whose token was verified.

    entries:     the packed statuses, entry 0 in the lowest bits of byte 0.
    ttl_seconds: for how long a copy may be kept before asking again; None where the issuer does not say.
    """

    uri: str
    bits: int
    entries: bytes
    issued_at: int
    expires_at: int
    ttl_seconds: int | None

    @property
    def size(self) -> int:
        """How many entries the list has."""
        return len(self.entries) * 8 // self.bits

    def status_at(self, index: int) -> int:
        """Return one entry: 0 VALID, 1 INVALID, 2 SUSPENDED; MalformedInput(STATUS_INDEX_OUT_OF_RANGE) outside the list."""
        return read_status(self.entries, bits=self.bits, index=index)


def build_token(
    uri: str,
    entries: bytes,
    *,
    bits: int,
    issued_at: int,
    expires_at: int,
    ttl_seconds: int,
    signer: Signer,
) -> str:
    """Return the signed list; the header carries the signer's ``x5c``, so that today's wallets can check it alone.

    uri:     the address it is published at, exactly as the credentials name it.
    entries: the packed statuses (``formats.status_list.entries.build_entries``), at most 1 MiB.
    """
    if bits not in _WIDTHS or not entries or len(entries) > ENTRIES_MAX_BYTES or not issued_at < expires_at:
        raise ValueError("no reader would accept this status list")
    listed: dict[str, JsonValue] = {"bits": bits, "lst": base64url.encode(zlib.compress(entries, _LEVEL))}
    payload = json.encode({"sub": uri, "iat": issued_at, "exp": expires_at, "ttl": ttl_seconds, "status_list": listed})
    return sign_compact(payload, signer, typ=TYP)


def read_token(
    token: str,
    *,
    uri: str,
    signer_of: Callable[[tuple[bytes, ...]], bytes],
    now: int,
    tolerance_seconds: int,
) -> StatusList:
    """Return the list behind a token, every check done.

    uri:       what the credential names; ``sub`` must be the same, byte for byte.
    signer_of: the caller's rule who may sign: given the chain of ``x5c`` (DER, leaf first) it returns the 33-byte point,
               or raises; usually ``TrustStore.authorise_status``.
    Raises MalformedInput for its structure, what ``signer_of`` raises, Refused(STATUS_UNKNOWN) for a wrong signature,
    another ``sub`` or a list from the future, Refused(STATUS_STALE) after ``exp``.
    Whatever is raised, the list says nothing about any credential.
    """
    jws = read_compact(token, typ=TYP, max_bytes=TOKEN_MAX_BYTES)
    if not jws.signed_by(signer_of(jws.header.chain)):
        raise Refused(Reason.STATUS_UNKNOWN, "the status list's signature is wrong")
    found = _read_claims(jws)
    if found.uri != uri:
        raise Refused(Reason.STATUS_UNKNOWN, "the status list is another one than asked for")
    if found.issued_at > now + tolerance_seconds:
        raise Refused(Reason.STATUS_UNKNOWN, "the status list was made in the future")
    if now > found.expires_at + tolerance_seconds:
        raise Refused(Reason.STATUS_STALE, "the status list has expired")
    return found


def read_list(listed: JsonValue) -> tuple[int, bytes]:
    """Return width and entries of the ``status_list`` object; MalformedInput for any other shape.

    The stream must be one whole zlib stream of at most 1 MiB inflated, with nothing behind it.
    """
    if not isinstance(listed, dict):
        raise _malformed("status_list is not an object")
    bits, packed = listed.get("bits"), listed.get("lst")
    if type(bits) is not int or bits not in _WIDTHS or type(packed) is not str:
        raise _malformed("status_list lacks its width or its entries")
    inflater = zlib.decompressobj()
    try:
        entries = inflater.decompress(base64url.decode(packed), ENTRIES_MAX_BYTES + 1)
    except zlib.error as err:
        raise _malformed("the entries are not a zlib stream") from err
    if len(entries) > ENTRIES_MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, "the status list inflates beyond its limit")
    if not inflater.eof or inflater.unused_data or not entries:
        raise _malformed("the entries are not one whole zlib stream")
    return bits, entries


def _read_claims(jws: UnverifiedJws) -> StatusList:
    claims = claims_of(jws.payload, max_bytes=TOKEN_MAX_BYTES)
    ttl_seconds = optional_time(claims, "ttl")
    if ttl_seconds == 0:
        raise _malformed("ttl must be positive")
    bits, entries = read_list(claims.get("status_list"))
    return StatusList(
        uri=required_text(claims, "sub"),
        bits=bits,
        entries=entries,
        issued_at=required_time(claims, "iat"),
        expires_at=required_time(claims, "exp"),
        ttl_seconds=ttl_seconds,
    )


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
