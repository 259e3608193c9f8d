"""The status of all live copies of one bureau, near the entropy limit, signed by the bureau's own credential key.

The places of the entries that are not valid are gaps, Rice-coded: the low bits of all gaps, packed, and then the high parts
in unary, which is the same length as interleaving them and reads at the speed of the library. Two bits each say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate

from core.errors import Refused
from core.reasons import Reason
from formats import cose
from formats.bundle.reading import (
    bureau_id,
    check_signed,
    decode_part,
    invalid,
    items,
    number,
    octets,
    read_payload,
    text,
)
from formats.bundle.trust_table import KeyRole, TrustTable
from formats.cose import Checks, Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue

TYP = "eid-status+cose"
_KEYS = frozenset({1, 2, 3, 4, 5})
_LARGEST_SIZE = 1 << 32
_WIDEST_LOW_BITS = 31
_LN2 = 0.6931471805599453


class EntryClass(IntEnum):
    """Why an entry is not valid; what is not listed is valid."""

    REVOKED = 0
    SUSPENDED = 1
    REPORTED_LOST = 2
    SUPERSEDED = 3


_CLASSES = frozenset(EntryClass)
# Up to this width there are so few values that each is spelled once.
_SPELLED_WIDTH = 8


@dataclass(frozen=True, slots=True)
class SnapshotList:
    """One status list: its size, and the class (an ``EntryClass`` or its number) of each entry that is not valid."""

    size: int
    entries: Mapping[int, int]

    def look_up(self, index: int) -> EntryClass | None:
        """Return the class of an entry, None for a valid one; Refused(STATUS_INDEX_OUT_OF_RANGE) beyond the list."""
        if not 0 <= index < self.size:
            raise Refused(Reason.STATUS_INDEX_OUT_OF_RANGE, "the index lies beyond the status list")
        found = self.entries.get(index)
        return None if found is None else EntryClass(found)


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """What one bureau says at one instant. as_of: when the bureau made it; its age counts from there.

    lists: by uri; a list that is not here is unknown, not valid.
    """

    bureau: str
    number: int
    as_of: int
    expires_at: int
    lists: Mapping[str, SnapshotList]


def draft(snapshot: StatusSnapshot, *, signer_kid: bytes) -> Sign1Draft:
    """Return the snapshot as a document to be signed by a credential key of its bureau."""
    payload: CborMap = {
        1: snapshot.bureau,
        2: snapshot.number,
        3: snapshot.as_of,
        4: snapshot.expires_at,
        5: {uri: pack_list(entries) for uri, entries in snapshot.lists.items()},
    }
    return cose.own_draft(TYP, signer_kid, cbor.encode(payload))


def read(data: bytes, *, trust: TrustTable) -> Checks[StatusSnapshot]:
    """Return a snapshot signed by a credential key of that same bureau, not compromised and in use when it was made.

    Raises MalformedInput or Refused, always BUNDLE_INVALID.
    """
    part, kid = decode_part(data, typ=TYP)
    snapshot = read_payload(part.payload, _unpacked)
    key = trust.usable(kid, KeyRole.CREDENTIAL, at=snapshot.as_of)
    if key is None or key.bureau != snapshot.bureau:
        raise Refused(Reason.BUNDLE_INVALID, "a status snapshot of one bureau names a key that may not sign it")
    yield from check_signed(part, key.point, who="the bureau whose status it is")
    return snapshot


def _unpacked(fields: CborMap) -> StatusSnapshot:
    lists = fields.get(5)
    if fields.keys() != _KEYS or type(lists) is not dict:
        raise invalid("an entry of the snapshot is missing, unknown or no map")
    snapshot = StatusSnapshot(
        bureau=bureau_id(fields[1]),
        number=number(fields[2]),
        as_of=number(fields[3]),
        expires_at=number(fields[4]),
        lists={text(uri, longest=200): unpack_list(packed) for uri, packed in lists.items()},
    )
    if snapshot.as_of >= snapshot.expires_at:
        raise invalid("a snapshot expires after it is made")
    return snapshot


def pack_list(entries: SnapshotList, *, low_bits: int | None = None) -> list[CborValue]:
    """Return [size, count, low bits, gaps, classes] of one list.

    gaps:    for each entry in order, the number of valid entries before it since the last; its low bits of all entries
             first, packed from the highest bit, filled with zeros to a byte; then each rest as that many 0 and a 1.
    classes: two bits for each entry, from the highest bit.
    low_bits: how many to use; None for what makes it shortest. With the number given, a list has one packing.
    Raises ValueError for an index outside the list or an unknown class.
    """
    indexes = sorted(entries.entries)
    if indexes and not 0 <= indexes[0] <= indexes[-1] < entries.size:
        raise ValueError("an index outside the list")
    gaps = [after - before - 1 for before, after in zip([-1, *indexes], indexes, strict=False)]
    low = _best_low_bits(entries.size, gaps) if low_bits is None else low_bits
    classes = [entries.entries[index] for index in indexes]
    if not _CLASSES.issuperset(classes):
        raise ValueError("an unknown class")
    mask = (1 << low) - 1
    lows = _pack_fixed([gap & mask for gap in gaps], low)
    highs = _pack_bits("".join(["0" * (gap >> low) + "1" for gap in gaps]))
    return [entries.size, len(gaps), low, lows + highs, _pack_fixed(classes, 2)]


def unpack_list(packed: CborValue) -> SnapshotList:
    """Return the list that ``pack_list`` packed; everything else, however close, is BUNDLE_INVALID."""
    fields = items(packed)
    if len(fields) != 5:
        raise invalid("a packed list has five fields")
    size = number(fields[0], below=_LARGEST_SIZE + 1)
    count = number(fields[1], below=size + 1)
    low = number(fields[2], below=_WIDEST_LOW_BITS + 1)
    coded, classes = octets(fields[3]), octets(fields[4])
    split = (count * low + 7) // 8
    # The high parts first: they take a bit each, so that no list grows beyond what was sent.
    highs = _unpack_unary(coded[split:], count)
    lows = _unpack_fixed(coded[:split], low, count)
    indexes = list(accumulate([(high << low | rest) + 1 for high, rest in zip(highs, lows, strict=True)], initial=-1))
    if indexes[-1] >= size:
        raise invalid("an entry beyond the list")
    return SnapshotList(size, dict(zip(indexes[1:], _unpack_fixed(classes, 2, count), strict=True)))


def _best_low_bits(size: int, gaps: list[int]) -> int:
    if not gaps:
        return 0
    # For geometric gaps the best divisor is near ln 2 times their mean; its neighbours are tried as well.
    guess = max(1, int(_LN2 * size / len(gaps))).bit_length() - 1
    near = {min(max(bits, 0), _WIDEST_LOW_BITS) for bits in (guess - 1, guess, guess + 1)}
    return min(sorted(near), key=lambda bits: len(gaps) * bits + sum(gap >> bits for gap in gaps))


def _pack_bits(bits: str) -> bytes:
    filled = bits + "0" * (-len(bits) % 8)
    return int(filled or "0", 2).to_bytes(len(filled) // 8, "big")


def _pack_fixed(values: Sequence[int], width: int) -> bytes:
    if not width:
        return b""
    if width > _SPELLED_WIDTH:
        return _pack_bits("".join([f"{value:0{width}b}" for value in values]))
    spelled = [f"{value:0{width}b}" for value in range(1 << width)]
    return _pack_bits("".join([spelled[value] for value in values]))


def _bits(data: bytes) -> str:
    return f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""


def _unpack_fixed(data: bytes, width: int, count: int) -> list[int]:
    if len(data) != (count * width + 7) // 8:
        raise invalid("packed values of another length")
    if not width:
        return [0] * count
    out: list[int] = []
    # Eight values fill exactly ``width`` bytes, so that no integer grows beyond a few words.
    mask, shifts = (1 << width) - 1, range(7 * width, -1, -width)
    for start in range(0, len(data), width):
        block = data[start : start + width]
        word = int.from_bytes(block.ljust(width, b"\0"), "big")
        out += [word >> shift & mask for shift in shifts]
    if any(out[count:]):
        raise invalid("bits after the last packed value")
    return out[:count]


def _unpack_unary(data: bytes, count: int) -> list[int]:
    runs = _bits(data).split("1")
    filling = runs.pop()
    if len(runs) != count or len(filling) >= 8:
        raise invalid("packed gaps of another number or length")
    return [len(run) for run in runs]
