"""What both forms of a Status List Token share: the list that was read, its limits, its zlib stream and its last checks."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.status_list.entries import read_status
from keys.public_keys import PublicKey

ENTRIES_MAX_BYTES: Final = 1 << 20
TOKEN_MAX_BYTES: Final = 2 << 20
WIDTHS: Final = (1, 2, 4, 8)
# Level 6 takes a tenth of the time of level 9 for a sixth more bytes.
_LEVEL: Final = 6

SignerOf: TypeAlias = Callable[[tuple[bytes, ...]], PublicKey]
"""The caller's rule who may sign: given the chain in the header (DER, leaf first) it returns the public key, or raises."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list whose token was verified.

    entries:         the packed statuses, entry 0 in the lowest bits of byte 0.
    ttl_seconds:     for how long a copy may be kept before asking again; None where the issuer does not say.
    aggregation_uri: where the issuer names all its lists; None where it does not.
    """

    uri: str
    bits: int
    entries: bytes
    issued_at: int
    expires_at: int
    ttl_seconds: int | None
    aggregation_uri: str | None = None

    @property
    def size(self) -> int:
        """How many entries the list has."""
        return len(self.entries) * 8 // self.bits

    def status_at(self, index: int) -> int:
        """Return one entry: 0 VALID, 1 INVALID, 2 SUSPENDED; MalformedInput(STATUS_INDEX_OUT_OF_RANGE) outside the list."""
        return read_status(self.entries, bits=self.bits, index=index)


@dataclass(frozen=True, slots=True)
class Deflated:
    """Packed statuses as the zlib stream both forms carry; made once where a list is published in both."""

    stream: bytes


def deflate(entries: bytes) -> Deflated:
    """Return the zlib stream of packed statuses; ValueError for an empty list or one beyond 1 MiB."""
    if not entries or len(entries) > ENTRIES_MAX_BYTES:
        raise ValueError("no reader would accept a status list of this size")
    return Deflated(zlib.compress(entries, _LEVEL))


def stream_of(entries: bytes | Deflated) -> bytes:
    """Return the zlib stream, deflating what is not yet."""
    return (entries if isinstance(entries, Deflated) else deflate(entries)).stream


def inflate(stream: bytes) -> bytes:
    """Return packed statuses; MalformedInput for anything but one whole zlib stream of at most 1 MiB inflated.

    Nothing may stand behind the stream; gzip and raw deflate are no zlib streams (RFC 1950).
    """
    inflater = zlib.decompressobj()
    try:
        entries = inflater.decompress(stream, ENTRIES_MAX_BYTES + 1)
    except zlib.error as err:
        raise malformed("the entries are not a zlib stream") from err
    if len(entries) > ENTRIES_MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, "the status list inflates beyond its limit")
    if not inflater.eof or inflater.unused_data or not entries:
        raise malformed("the entries are not one whole zlib stream")
    return entries


def check_terms(bits: int, *, issued_at: int, expires_at: int) -> None:
    """Refuse to build what no reader would accept: ValueError."""
    if bits not in WIDTHS or not issued_at < expires_at:
        raise ValueError("no reader would accept this status list")


def check_list(found: StatusList, *, uri: str, now: int, tolerance_seconds: int) -> StatusList:
    """Return a list whose signature holds if it is the one asked for and counts at ``now``.

    Raises Refused: STATUS_UNKNOWN for another ``sub`` or a list from the future, STATUS_STALE after ``exp``.
    Source: Token Status List, 8.3.
    """
    if found.uri != uri:
        raise Refused(Reason.STATUS_UNKNOWN, "the status list is another one than asked for")
    if found.issued_at > now + tolerance_seconds:
        raise Refused(Reason.STATUS_UNKNOWN, "the status list was made in the future")
    if now > found.expires_at + tolerance_seconds:
        raise Refused(Reason.STATUS_STALE, "the status list has expired")
    return found


def aggregation_of(listed: object) -> str | None:
    """Return the ``aggregation_uri`` of a status list, None where it has none; MalformedInput for another type."""
    if not isinstance(listed, dict) or "aggregation_uri" not in listed:
        return None
    found = listed["aggregation_uri"]
    if type(found) is not str:
        raise malformed("aggregation_uri is not a text")
    return found


def malformed(detail: str) -> MalformedInput:
    """Return the error of a list that is not what it should be."""
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
