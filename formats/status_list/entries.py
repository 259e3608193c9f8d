"""The packed entries of a Token Status List, as bytes before compression."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import MalformedInput
from core.reasons import Reason

_WIDTHS = frozenset({1, 2, 4, 8})

VALID, INVALID, SUSPENDED = 0, 1, 2


def read_status(entries: bytes, *, bits: int, index: int) -> int:
    """Return the status value stored for one credential.

    entries: the decompressed list; entry 0 is in the lowest bits of byte 0.
    bits:    width of one entry in bits: 1, 2, 4 or 8.
    index:   the ``idx`` of the credential's status reference, from 0.
    Returns 0 .. 2**bits - 1: 0 VALID, 1 INVALID, 2 SUSPENDED.
    Raises MalformedInput: CLAIMS_MALFORMED for another width, STATUS_INDEX_OUT_OF_RANGE for an index outside the list:
    what we cannot read never counts as valid.
    Source: Token Status List, section 4.1.

    >>> [read_status(bytes.fromhex("b9a3"), bits=1, index=i) for i in (0, 1, 3, 15)]
    [1, 0, 1, 1]
    """
    if bits not in _WIDTHS:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "an entry is 1, 2, 4 or 8 bits wide")
    per_byte = 8 // bits
    if not 0 <= index < len(entries) * per_byte:
        raise MalformedInput(Reason.STATUS_INDEX_OUT_OF_RANGE, "the index lies beyond the status list")
    return entries[index // per_byte] >> index % per_byte * bits & (1 << bits) - 1


def build_entries(size: int, bits: int, changes: Mapping[int, int]) -> bytes:
    """Return the packed list of ``size`` entries, all VALID but those in ``changes`` (index to status value).

    A wrong width, index or value is our mistake: ValueError.

    >>> build_entries(16, 1, {0: 1, 3: 1, 4: 1, 5: 1, 7: 1, 8: 1, 9: 1, 13: 1, 15: 1}).hex()
    'b9a3'
    """
    if bits not in _WIDTHS or size <= 0:
        raise ValueError("an entry is 1, 2, 4 or 8 bits wide, and a list is not empty")
    if changes and not (min(changes) >= 0 and max(changes) < size):
        raise ValueError("an index out of range")
    if not set(changes.values()) <= set(range(1 << bits)):
        raise ValueError("a status value out of range")
    per_byte = 8 // bits
    shift, mask = per_byte.bit_length() - 1, per_byte - 1
    entries = bytearray(-(-size // per_byte))
    for index, status in changes.items():
        entries[index >> shift] |= status << (index & mask) * bits
    return bytes(entries)
