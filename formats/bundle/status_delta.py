"""The difference of two status snapshots of one bureau: what a reader needs to make the newer one from the older.

A delta proves nothing by itself. It brings the bureau's signature over the newer snapshot, and what a reader makes with it
is that signed snapshot, byte for byte; whoever opens it asks the same of it as if it had come whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Refused
from core.reasons import Reason
from formats import cose
from formats.bundle import status_snapshot
from formats.bundle.reading import (
    MAX_BYTES,
    bureau_id,
    decode_part,
    invalid,
    items,
    number,
    octets,
    read_payload,
    text,
)
from formats.bundle.status_snapshot import SnapshotList, pack_list, unpack_list
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from keys.algorithms import ES256

HASH_BYTES = 32
_FIELDS = 9
_CHANGED_FIELDS = 6
_BUREAU, _NUMBER, _AS_OF, _EXPIRES_AT, _LISTS = 1, 2, 3, 4, 5
_PACKED_SIZE, _PACKED_LOW_BITS = 0, 2
_WIDEST_LOW_BITS = 31


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signed snapshot, its lists still packed; nothing verified."""

    bureau: str
    fields: CborMap
    lists: Mapping[str, CborValue]
    kid: bytes
    signature: bytes


def bureau_of(snapshot: bytes) -> str:
    """Return whose status a signed snapshot is, nothing verified; BUNDLE_INVALID."""
    return _open(snapshot).bureau


def diff(base: bytes, result: bytes) -> CborValue:
    """Return what turns one signed snapshot into a newer one of the same bureau, as ``apply`` reads it.

    The array [bureau, base number, SHA-256 of the base, number, as of, expires, [changed, retired, new], kid, signature
    of the newer snapshot], where
    changed: for each list whose entries changed [place, count, low bits, gaps, classes, low bits of the newer list]: the
             entries that changed, packed as a list packs those that are not valid. A class is what the entry now is; the
             class that it had before says that it is valid again.
    retired: the places of the lists that are no longer there, or that come anew under ``new``.
    new:     by uri, lists as a snapshot packs them.
    A place counts the base's lists from 0, in the order in which they stand in it.
    Raises ValueError for snapshots of two bureaus, BUNDLE_INVALID for what is no snapshot.
    """
    old, fresh = _open(base), _open(result)
    if old.bureau != fresh.bureau:
        raise ValueError("two snapshots of one bureau make a delta")
    changed: list[CborValue] = []
    retired: list[CborValue] = []
    kept: set[str] = set()
    for place, (uri, packed) in enumerate(old.lists.items()):
        if uri not in fresh.lists or items(fresh.lists[uri])[_PACKED_SIZE] != items(packed)[_PACKED_SIZE]:
            retired.append(place)
            continue
        kept.add(uri)
        if fresh.lists[uri] != packed:
            changed.append([place, *_changes(packed, fresh.lists[uri])])
    new: CborMap = {uri: packed for uri, packed in fresh.lists.items() if uri not in kept}
    return [
        old.bureau,
        old.fields[_NUMBER],
        hashlib.sha256(base).digest(),
        *[fresh.fields[name] for name in (_NUMBER, _AS_OF, _EXPIRES_AT)],
        [changed, retired, new],
        fresh.kid,
        fresh.signature,
    ]


def apply(delta: CborValue, *, bases: Mapping[str, bytes]) -> bytes:
    """Return the newer snapshot, as its bureau signed it; nobody has checked the signature yet.

    bases: signed snapshots by bureau. Raises Refused(BUNDLE_BASE_OTHER) where the one it was made from is not among them;
    BUNDLE_INVALID for everything else that is wrong with it.
    """
    fields = items(delta)
    if len(fields) != _FIELDS:
        raise invalid("a status delta has nine fields")
    base = bases.get(bureau_id(fields[0]))
    if base is None or hashlib.sha256(base).digest() != octets(fields[2], size_bytes=HASH_BYTES):
        raise Refused(Reason.BUNDLE_BASE_OTHER, "a status delta was made from another snapshot than the one held")
    old = _open(base)
    if number(fields[1]) != old.fields[_NUMBER]:
        raise invalid("a status delta names another number than its base has")
    payload: CborMap = {
        _BUREAU: old.bureau,
        _NUMBER: number(fields[3]),
        _AS_OF: number(fields[4]),
        _EXPIRES_AT: number(fields[5]),
        _LISTS: _newer_lists(old.lists, items(fields[6])),
    }
    kid, signature = octets(fields[7], size_bytes=cose.KID_BYTES), octets(fields[8], size_bytes=ES256.signature_bytes)
    return cose.own_draft(status_snapshot.TYP, kid, cbor.encode(payload)).finish(signature)


def _open(snapshot: bytes) -> _Signed:
    part, kid = decode_part(snapshot, typ=status_snapshot.TYP)
    fields = read_payload(part.payload, lambda read: read)
    lists = fields.get(_LISTS)
    if fields.keys() != {_BUREAU, _NUMBER, _AS_OF, _EXPIRES_AT, _LISTS} or type(lists) is not dict:
        raise invalid("an entry of the snapshot is missing, unknown or no map")
    by_uri = {text(uri, longest=200): packed for uri, packed in lists.items()}
    return _Signed(bureau_id(fields[_BUREAU]), fields, by_uri, kid, part.signature)


def _changes(before: CborValue, after: CborValue) -> list[CborValue]:
    old, new = unpack_list(before), unpack_list(after)
    said = {index: entry for index, entry in new.entries.items() if old.entries.get(index) != entry}
    said |= {index: entry for index, entry in old.entries.items() if index not in new.entries}
    return [*pack_list(SnapshotList(old.size, said))[1:], items(after)[_PACKED_LOW_BITS]]


def _newer_lists(old: Mapping[str, CborValue], fields: list[CborValue]) -> CborMap:
    if len(fields) != 3 or type(fields[2]) is not dict:
        raise invalid("a delta says which lists changed, which are gone and which are new")
    uris = list(old)
    changed = [items(row) for row in items(fields[0])]
    gone = [number(place, below=len(uris)) for place in items(fields[1])]
    if any(len(row) != _CHANGED_FIELDS for row in changed):
        raise invalid("a changed list has six fields")
    places = [number(row[0], below=len(uris)) for row in changed]
    # Sorted, each once, and none both changed and gone: a delta has one spelling.
    if places != sorted(set(places)) or gone != sorted(set(gone)) or not set(places).isdisjoint(gone):
        raise invalid("the places of changed and retired lists are sorted, each once")
    lists: CborMap = {uri: packed for place, (uri, packed) in enumerate(old.items()) if place not in set(gone)}
    for place, row in zip(places, changed, strict=True):
        lists[uris[place]] = _changed(old[uris[place]], row)
    for uri, packed in fields[2].items():
        if uri in lists:
            raise invalid("a list that is there comes anew")
        lists[text(uri, longest=200)] = packed
    return lists


def _changed(packed: CborValue, row: list[CborValue]) -> CborValue:
    before = unpack_list(packed)
    changes = unpack_list([before.size, *row[1:5]])
    entries = dict(before.entries)
    for index, said in changes.entries.items():
        if entries.get(index) == said:
            del entries[index]
        else:
            entries[index] = said
    low = number(row[5], below=_WIDEST_LOW_BITS + 1)
    # Before anything is written out in unary: a width that does not fit the list would make it as long as the list.
    if (max(entries, default=0) >> low) + len(entries) * (low + 1) > 8 * MAX_BYTES:
        raise invalid("a list that its width makes larger than it may be")
    return pack_list(SnapshotList(before.size, entries), low_bits=low)
