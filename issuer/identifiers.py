"""Identifiers of records, cases and credentials: UUIDs of version 7, in the order they were made."""

from __future__ import annotations

import re
from typing import Final

from core.entropy import Entropy

_COUNTER_BITS = 12
_RANDOM_BITS = 62
_VARIANT = 0b10 << _RANDOM_BITS
_RANDOM_MASK = (1 << _RANDOM_BITS) - 1
_SHAPE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_ids(count: int, *, now: int, entropy: Entropy) -> list[str]:
    """Return so many fresh UUIDs of version 7, ascending.

    now: the instant in whole seconds. Within one call a counter fills what is below the second: twelve bits of
    ``rand_a``, then the milliseconds, so that ids made together lie together in an index. 62 bits of each are random.
    Source: RFC 9562, sections 5.7 and 6.2 (method 1).
    """
    if count > 1000 << _COUNTER_BITS:
        raise ValueError("one call makes at most four million ids")
    drawn = entropy.random_bytes(8 * count)
    return [_uuid7(now, index, int.from_bytes(drawn[8 * index : 8 * index + 8])) for index in range(count)]


def new_id(*, now: int, entropy: Entropy) -> str:
    """Return one fresh UUID of version 7."""
    return new_ids(1, now=now, entropy=entropy)[0]


def is_id(text: str) -> bool:
    """True for the lower-case text form of a UUID of version 7.

    >>> is_id("0192e4b0-0000-7000-8000-000000000000"), is_id("1")
    (True, False)
    """
    return _SHAPE.fullmatch(text) is not None


def _uuid7(now: int, index: int, drawn: int) -> str:
    milliseconds = now * 1000 + (index >> _COUNTER_BITS)
    high = milliseconds << 16 | 0x7000 | index & 0xFFF
    text = f"{high << 64 | _VARIANT | drawn & _RANDOM_MASK:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
