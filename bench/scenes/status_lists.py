"""Status: a public list made anew, and the snapshot that readers carry."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from bench.measuring import Base, Constant, Figure, Target, milliseconds, repeated
from bench.proving import flipped, prove, prove_refused
from core.reasons import Reason
from formats import signature_checks
from formats.bundle import status_snapshot
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from formats.status_list.entries import build_entries
from formats.status_list.token import StatusList, build_token, read_token
from keys.certificates import leaf_point
from tests.builders.people import BUREAU
from tests.builders.qr import NOW, STATUS_URI, a_snapshot, a_trust_table, signed_snapshot
from tests.builders.trust import DAY, document_signer, national_root
from verifier.checkpoint.offline import BundleStatus, EntryState

_LIST: Final = 1 << 20
_LISTS: Final = 10_000_000
_SHARE: Final = 0.02
_REVOKED: Final = 1


def publishing() -> list[Figure]:
    """Give the figure of one public list: built from the changes, deflated, signed; read back first."""
    changes = dict.fromkeys(random.Random("list").sample(range(_LIST), round(_LIST * _SHARE)), _REVOKED)
    signer = document_signer(national_root())

    def publish() -> str:
        entries = build_entries(_LIST, 2, changes)
        return build_token(
            STATUS_URI, entries, bits=2, issued_at=NOW, expires_at=NOW + DAY, ttl_seconds=300, signer=signer
        )

    def read(token: str) -> StatusList:
        return read_token(
            token, uri=STATUS_URI, signer_of=lambda chain: leaf_point(chain[0]), now=NOW, tolerance_seconds=30
        )

    token = publish()
    prove_list(lambda: read(token), changes)
    head, _, signature = token.rpartition(".")
    bent = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    prove_refused(lambda: read(bent), Reason.STATUS_UNKNOWN)
    entries = build_entries(_LIST, 2, changes)
    return [
        Figure(
            name="status-list",
            measures=f"entries.build_entries + token.build_token, 2^20 entries, 2 %, signed, {len(token)} bytes",
            sample=repeated(1, publish),
            score=milliseconds,
            target=Target("ms", goal=7, floor=15),
            base=Base("zlib-6 alone", repeated(1, lambda: zlib.compress(entries, 6))),
            others={"pack only": repeated(1, lambda: build_entries(_LIST, 2, changes))},
        ),
    ]


def prove_list(read: Callable[[], StatusList], changes: dict[int, int]) -> None:
    """Demand that each entry of the list says what it should."""
    found = read()
    prove(all(found.status_at(place) == changes.get(place, 0) for place in range(0, _LIST, 7)), "another status")
    prove(all(found.status_at(place) == _REVOKED for place in changes), "a revoked entry is not revoked")


@dataclass(frozen=True, slots=True)
class _Held:
    snapshots: dict[str, StatusSnapshot]


@cache
def _signed() -> tuple[dict[int, int], bytes]:
    places = random.Random("snapshot").sample(range(_LISTS), round(_LISTS * _SHARE))
    entries = dict.fromkeys(places, 0)
    return entries, signed_snapshot(a_snapshot(lists={STATUS_URI: SnapshotList(_LISTS, entries)}))


def snapshots() -> list[Figure | Constant]:
    """Give size, loading time and look-up of a snapshot of ten million entries; tampering is refused first."""
    entries, data = _signed()
    trust = a_trust_table()

    def load() -> StatusSnapshot:
        return signature_checks.run(status_snapshot.read(data, trust=trust))

    prove_refused(
        lambda: signature_checks.run(status_snapshot.read(flipped(data, len(data) // 2), trust=trust)),
        Reason.BUNDLE_INVALID,
    )
    snapshot = load()
    prove(dict(snapshot.lists[STATUS_URI].entries) == entries, "the snapshot holds other entries")
    statuses = BundleStatus(_Held({BUREAU: snapshot}))
    revoked = next(iter(entries))
    answer = statuses.look_up(BUREAU, STATUS_URI, revoked)
    prove(answer is not None and answer.state is EntryState.REVOKED, "a revoked entry is not found")
    entropy = entropy_bytes(_LISTS, len(entries))
    return [
        Constant(
            name="snapshot-size",
            measures="bundle.status_snapshot, 10 million entries, 2 % revoked, signed",
            value=f"{len(data):,} B",
            base=f"entropy {entropy:,.0f} B",
            score=len(data) / entropy,
            target=Target("x", goal=1.05, floor=1.25),
        ),
        Figure(
            name="snapshot-load",
            measures="status_snapshot.read of the same, signature and structure checked",
            sample=repeated(1, load),
            score=milliseconds,
            target=Target("ms", goal=None),
            rounds=5,
        ),
        Figure(
            name="snapshot-look-up",
            measures="BundleStatus.look_up in the same",
            sample=repeated(2_000, lambda: statuses.look_up(BUREAU, STATUS_URI, revoked)),
            score=lambda turn: turn.measured * 1e6,
            target=Target("us", goal=None),
        ),
    ]


def entropy_bytes(size: int, chosen: int) -> float:
    """Return how many bytes it takes, at least, to say which of ``size`` entries are chosen."""
    share = chosen / size
    return size * -(share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8
