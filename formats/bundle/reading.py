"""What the parts of a bundle have in common: typed reading, and one reason for everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import Checks, UnverifiedSign1
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from keys.algorithms import ES256

T = TypeVar("T")

MAX_BYTES = 32 << 20
TOLERANCE_SECONDS = 30
_BUREAU = re.compile("[0-9]{12}", re.ASCII)
_LONGEST_TEXT = 100


def invalid(detail: str) -> MalformedInput:
    """Return the error for a part that is not what it must be."""
    return MalformedInput(Reason.BUNDLE_INVALID, detail)


def decode_part(data: bytes, *, typ: str) -> tuple[UnverifiedSign1, bytes]:
    """Return one signed part and its signer's kid, the signature not yet checked; BUNDLE_INVALID, or TOO_LARGE."""
    try:
        return cose.decode_own(data, typ=typ, max_bytes=MAX_BYTES)
    except EidError as err:
        if err.reason is Reason.TOO_LARGE:
            raise
        raise MalformedInput(Reason.BUNDLE_INVALID, f"{typ}: {err.detail}") from err


def check_signed(part: UnverifiedSign1, point: bytes, *, who: str) -> Checks[None]:
    """Demand that this key signed the part: Refused(BUNDLE_INVALID)."""
    if not (yield from cose.check_signature(part, point, ES256)):
        raise Refused(Reason.BUNDLE_INVALID, f"not signed by {who}")


def read_payload(payload: bytes, read: Callable[[CborMap], T]) -> T:
    """Return what ``read`` makes of a payload, a map; whatever is wrong with it is BUNDLE_INVALID."""
    try:
        return read(cbor.decode_map(payload, max_bytes=MAX_BYTES))
    except EidError as err:
        raise MalformedInput(Reason.BUNDLE_INVALID, err.detail) from err


def number(value: CborValue, *, below: int = 1 << 33) -> int:
    """Return an unsigned integer below a limit; instants and numbers are below 2**33."""
    if type(value) is not int or not 0 <= value < below:
        raise invalid("not an unsigned number in range")
    return value


def flag(value: CborValue) -> bool:
    """Return true or false."""
    if type(value) is not bool:
        raise invalid("not true or false")
    return value


def text(value: object, *, longest: int = _LONGEST_TEXT) -> str:
    """Return a printable text."""
    if type(value) is not str or not 0 < len(value) <= longest or not value.isprintable():
        raise invalid("not a printable text in size")
    return value


def octets(value: CborValue, *, size_bytes: int | None = None) -> bytes:
    """Return a byte string, of exactly this size where one is given."""
    if type(value) is not bytes or (size_bytes is not None and len(value) != size_bytes):
        raise invalid("not a byte string in size")
    return value


def items(value: CborValue) -> list[CborValue]:
    """Return a list."""
    if type(value) is not list:
        raise invalid("not a list")
    return value


def bureau_id(value: CborValue) -> str:
    """Return a 12-digit organ code."""
    if type(value) is not str or _BUREAU.fullmatch(value) is None:
        raise invalid("not a 12-digit bureau id")
    return value


def sorted_words(value: CborValue) -> tuple[str, ...]:
    """Return texts that are sorted and each there once."""
    words = [text(item) for item in items(value)]
    if words != sorted(set(words)):
        raise invalid("words are sorted, each once")
    return tuple(words)
