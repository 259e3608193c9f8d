"""Deltas of bundles: good ones, and ones that somebody with the bundle signer's key has bent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from formats.bundle.bundle_delta import draft_delta
from formats.bundle.status_snapshot import EntryClass, SnapshotList, StatusSnapshot
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from keys.signing import InProcessSigner
from tests.builders import qr

SECOND_URI = qr.STATUS_URI[:-1] + "2"
THIRD_URI = qr.STATUS_URI[:-1] + "3"
REVOKED, SUSPENDED, LOST, SUPERSEDED = (int(each) for each in EntryClass)


def lists(first: Mapping[int, int], **more: Mapping[int, int]) -> dict[str, SnapshotList]:
    """Return status lists of 2^20 entries by uri; ``second`` and ``third`` name further ones."""
    uris = {"second": SECOND_URI, "third": THIRD_URI}
    named = {qr.STATUS_URI: first, **{uris[name]: entries for name, entries in more.items()}}
    return {uri: SnapshotList(1 << 20, entries) for uri, entries in named.items()}


def yesterday() -> StatusSnapshot:
    """Return a snapshot with a list that will end and an entry that will be resumed."""
    return qr.a_snapshot(lists=lists({5: SUSPENDED, 77: REVOKED, 900: LOST}, second={1: REVOKED}))


def today(**changes: Any) -> StatusSnapshot:
    """Return the snapshot after: one entry resumed, one suspended, one that moved on to revoked; a list gone, one new."""
    fresh = lists({77: REVOKED, 78: SUSPENDED, 900: REVOKED}, third={4: SUPERSEDED})
    return replace(yesterday(), **{"number": 12, "as_of": qr.NOW - 1800, "lists": fresh, **changes})


def bent(delta: CborMap, *, by: InProcessSigner | None = None) -> bytes:
    """Return a delta of this payload, signed by the bundle signer unless by another."""
    key = by or qr.signer("bundle signer")
    draft = replace(draft_delta(*_ANY), payload=cbor.encode(delta))
    return qr.sign(replace(draft, protected={**draft.protected, 4: key.key_id}), key)


def payload(base: bytes, result: bytes) -> CborMap:
    """Return what a good delta between two bundles says."""
    return cbor.decode_map(draft_delta(base, result).payload, max_bytes=1 << 20)


def a_delta(base: bytes, result: bytes) -> bytes:
    """Return the delta between two bundles, signed by the bundle signer."""
    return qr.sign(draft_delta(base, result), qr.signer("bundle signer"))


_ANY = (qr.bundle_parts().packed(), qr.bundle_parts(number=22).packed())
