"""Strict base45 (RFC 9285), the alphabet of a QR code's alphanumeric mode.

Three characters a, b, c stand for the 16-bit number a + 45 b + 2025 c; two for one byte. Read as one large little-endian
integer, each triple is a 24-bit lane, so that the arithmetic of a whole text is a handful of operations.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from core.errors import MalformedInput
from core.reasons import Reason

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PAIRS = [a + b for b in _ALPHABET for a in _ALPHABET]
_FOREIGN = 0xFF
_VALUES = bytes(_ALPHABET.find(chr(code)) & _FOREIGN for code in range(256))


def encode(data: bytes) -> str:
    """Return the bytes as base45 text.

    >>> encode(b"Hello!!")
    '%69 VD92EX0'
    """
    pairs = len(data) >> 1
    numbers = struct.unpack_from(f">{pairs}H", data)
    text = "".join([_PAIRS[number % 2025] + _ALPHABET[number // 2025] for number in numbers])
    return text + _PAIRS[data[-1]] if len(data) & 1 else text


def decode(text: str) -> bytes:
    """Return the bytes of strict base45 text.

    Raises MalformedInput(BASE45_MALFORMED) for a character outside the alphabet (lower case too), a length that leaves
    one character over, and a group beyond two bytes (or one byte at the end). Nothing is trimmed. Source: RFC 9285 section 6.

    >>> decode("QED8WEX0")
    b'ietf!'
    """
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError as err:
        raise MalformedInput(Reason.BASE45_MALFORMED, "a character outside the base45 alphabet") from err
    triples, left = divmod(len(values), 3)
    if left == 1 or _FOREIGN in values:
        raise MalformedInput(Reason.BASE45_MALFORMED, "a wrong length or a character outside the base45 alphabet")
    whole = _triples(values[: 3 * triples], triples)
    if left == 0:
        return whole
    last = values[-2] + 45 * values[-1]
    if last > 0xFF:
        raise MalformedInput(Reason.BASE45_MALFORMED, "the last group is larger than one byte")
    return whole + bytes((last,))


def _triples(values: bytes, count: int) -> bytes:
    packed = int.from_bytes(values, "little")
    lowest = _lowest_bytes(count)
    sums = (packed & lowest) + 45 * (packed >> 8 & lowest) + 2025 * (packed >> 16 & lowest)
    numbers = sums.to_bytes(3 * count, "little")
    if (
        numbers[2::3].count(0) != count
    ):  # the largest triple is 91,124: it stays in its lane, and the third byte shows it
        raise MalformedInput(Reason.BASE45_MALFORMED, "a group is larger than two bytes")
    out = bytearray(2 * count)
    out[0::2] = numbers[1::3]
    out[1::2] = numbers[0::3]
    return bytes(out)


@lru_cache(maxsize=16)
def _lowest_bytes(count: int) -> int:
    return int.from_bytes(b"\xff\0\0" * count, "little")
