"""Status: a public list made anew, and the snapshot that readers carry."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from bench.measuring import Base, Constant, Figure, Target, milliseconds, repeated
from bench.proving import flipped, prove, prove_refused
from core.reasons import Reason
from formats import signature_checks
from formats.bundle import status_delta, status_snapshot
from formats.bundle.status_snapshot import EntryClass, SnapshotList, StatusSnapshot
from formats.encoding import cbor
from formats.status_list.cwt_token import build_cwt, read_cwt
from formats.status_list.entries import build_entries
from formats.status_list.model import StatusList, deflate
from formats.status_list.token import build_token, read_token
from keys.certificates import leaf_key
from tests.builders.people import BUREAU
from tests.builders.qr import NOW, STATUS_URI, a_snapshot, a_trust_table, signed_snapshot
from tests.builders.trust import DAY, document_signer, national_root
from verifier.checkpoint.offline import BundleStatus, EntryState

_LIST: Final = 1 << 20
_ENTRIES: Final = 10_000_000
_SHARE: Final = 0.02
_CHANGED: Final = 1_000
_COPIES: Final = 20
_SHARE_OF_COPIES: Final = 0.0008
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
            token, uri=STATUS_URI, signer_of=lambda chain: leaf_key(chain[0]), now=NOW, tolerance_seconds=30
        )

    token = publish()
    prove_list(lambda: read(token), changes)
    head, _, signature = token.rpartition(".")
    bent = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    prove_refused(lambda: read(bent), Reason.STATUS_UNKNOWN)
    entries = build_entries(_LIST, 2, changes)
    deflated = deflate(entries)

    def publish_cwt() -> bytes:
        packed = build_entries(_LIST, 2, changes)
        return build_cwt(
            STATUS_URI, packed, bits=2, issued_at=NOW, expires_at=NOW + DAY, ttl_seconds=300, signer=signer
        )

    def read_as_cwt(signed: bytes) -> StatusList:
        return read_cwt(
            signed, uri=STATUS_URI, signer_of=lambda chain: leaf_key(chain[0]), now=NOW, tolerance_seconds=30
        )

    cwt = publish_cwt()
    prove_list(lambda: read_as_cwt(cwt), changes)
    prove_refused(lambda: read_as_cwt(flipped(cwt, len(cwt) - 1)), Reason.STATUS_UNKNOWN)
    return [
        Figure(
            name="status-list-cwt",
            measures=f"entries.build_entries + cwt_token.build_cwt of the same, {len(cwt)} bytes",
            sample=repeated(1, publish_cwt),
            score=milliseconds,
            target=Target("ms", goal=7, floor=15),
            base=Base("zlib-6 alone", repeated(1, lambda: zlib.compress(entries, 6))),
            others={
                "sign only": repeated(
                    1,
                    lambda: build_cwt(
                        STATUS_URI,
                        deflated,
                        bits=2,
                        issued_at=NOW,
                        expires_at=NOW + DAY,
                        ttl_seconds=300,
                        signer=signer,
                    ),
                )
            },
        ),
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


@dataclass(frozen=True, slots=True)
class _Case:
    """A signed snapshot of one bureau, and what is in it."""

    lists: dict[str, SnapshotList]
    data: bytes

    @property
    def size(self) -> int:
        return sum(said.size for said in self.lists.values())

    @property
    def count(self) -> int:
        return sum(len(said.entries) for said in self.lists.values())

    @property
    def classes_bytes(self) -> int:
        return sum((len(said.entries) + 3) // 4 for said in self.lists.values())

    def load(self) -> StatusSnapshot:
        """Read it as a reader does, signature and structure checked."""
        return signature_checks.run(status_snapshot.read(self.data, trust=a_trust_table()))


def _case(lists: dict[str, SnapshotList], number: int = 11) -> _Case:
    return _Case(lists, signed_snapshot(a_snapshot(number=number, lists=lists)))


@cache
def _ten_million() -> _Case:
    chance = random.Random("snapshot")
    places = chance.sample(range(_ENTRIES), round(_ENTRIES * _SHARE))
    return _case({STATUS_URI: SnapshotList(_ENTRIES, {place: chance.randrange(4) for place in places})})


def _copies(people: int) -> _Case:
    """Twenty live copies of each, in lists of 2^20; with 2 % of people revoked a year, so many of them are revoked."""
    chance, lists = random.Random("copies"), {}
    for number in range(people * _COPIES // _LIST + 1):
        places = chance.sample(range(_LIST), round(_LIST * _SHARE_OF_COPIES))
        lists[f"{STATUS_URI}/{number:x}"] = SnapshotList(_LIST, {place: chance.randrange(4) for place in places})
    return _case(lists)


def snapshots() -> list[Figure | Constant]:
    """Give size, loading time and look-up of a snapshot of ten million entries; tampering is refused first."""
    case = _ten_million()
    prove_refused(replace(case, data=flipped(case.data, len(case.data) // 2)).load, Reason.BUNDLE_INVALID)
    snapshot = case.load()
    prove(dict(snapshot.lists) == case.lists, "the snapshot holds other entries")
    statuses = BundleStatus(_Held({BUREAU: snapshot}))
    revoked = next(place for place, said in case.lists[STATUS_URI].entries.items() if said == EntryClass.REVOKED)
    answer = statuses.look_up(BUREAU, STATUS_URI, revoked)
    prove(answer is not None and answer.state is EntryState.REVOKED, "a revoked entry is not found")
    return [
        *_sizes("snapshot-size", "10 million entries, 2 % not valid", case),
        Constant(
            name="snapshot-classes",
            measures="why each of them is not valid, two bits each",
            value=f"{case.classes_bytes:,} B",
            base=f"four classes alike {case.count / 4:,.0f} B",
            score=case.classes_bytes / (case.count / 4),
            target=Target("x", goal=None),
        ),
        Figure(
            name="snapshot-load",
            measures="status_snapshot.read of the same, signature and structure checked",
            sample=repeated(1, case.load),
            score=milliseconds,
            target=Target("ms", goal=200),
            rounds=5,
        ),
        Figure(
            name="snapshot-look-up",
            measures="BundleStatus.look_up in the same",
            sample=repeated(2_000, lambda: statuses.look_up(BUREAU, STATUS_URI, revoked)),
            score=lambda turn: turn.measured * 1e6,
            target=Target("us", goal=10),
        ),
    ]


def copies(name: str, people: int) -> list[Figure | Constant]:
    """Give size and loading time of a snapshot of all live copies of so many people."""
    case = _copies(people)
    prove(dict(case.load().lists) == case.lists, "the snapshot holds other entries")
    what = f"{people // 1_000_000} million people x 20 copies, 0.08 % not valid, {len(case.lists):,} lists"
    return [
        *_sizes(f"{name}-size", what, case),
        Figure(
            name=f"{name}-load",
            measures="status_snapshot.read of the same",
            sample=repeated(1, case.load),
            score=milliseconds,
            target=Target("ms", goal=None),
            rounds=2,
        ),
    ]


def _sizes(name: str, what: str, case: _Case) -> list[Constant]:
    entropy = entropy_bytes(case.size, case.count)
    return [
        Constant(
            name=name,
            measures=f"bundle.status_snapshot, {what}: {len(case.data):,} B signed; here without the classes",
            value=f"{len(case.data) - case.classes_bytes:,} B",
            base=f"entropy {entropy:,.0f} B",
            score=(len(case.data) - case.classes_bytes) / entropy,
            target=Target("x", goal=1.05, floor=1.25),
        )
    ]


def deltas() -> list[Figure | Constant]:
    """Give the size of a day's difference in the same ten million entries, and how long it takes to apply."""
    before, chance = _ten_million(), random.Random("day")
    held = before.lists[STATUS_URI].entries
    entries = dict(held)
    # Most of what changes in a day is new; some of it is resumed, and some suspended is now revoked.
    for place in chance.sample(sorted(held), _CHANGED // 10):
        if held[place] == EntryClass.SUSPENDED:
            entries[place] = EntryClass.REVOKED
        else:
            del entries[place]
    while len(entries.keys() ^ held.keys()) + sum(entries[at] != held[at] for at in entries.keys() & held) < _CHANGED:
        entries[chance.randrange(_ENTRIES)] = EntryClass.REVOKED
    after = _case({STATUS_URI: SnapshotList(_ENTRIES, entries)}, number=12)
    delta = status_delta.diff(before.data, after.data)
    size, classes = len(cbor.encode(delta)), (_CHANGED + 3) // 4

    def apply() -> bytes:
        return status_delta.apply(delta, bases={BUREAU: before.data})

    prove(apply() == after.data, "the delta gives another snapshot")
    bent = flipped(cbor.encode(delta), size // 2)

    def apply_bent() -> object:
        made = status_delta.apply(cbor.decode(bent, max_bytes=size), bases={BUREAU: before.data})
        return signature_checks.run(status_snapshot.read(made, trust=a_trust_table()))

    prove_refused(apply_bent, Reason.BUNDLE_INVALID)
    entropy = entropy_bytes(_ENTRIES, _CHANGED)
    return [
        Constant(
            name="delta-size",
            measures=f"bundle.status_delta, 0.01 % of them changed: {size:,} B signed; here without the classes",
            value=f"{size - classes:,} B",
            base=f"entropy {entropy:,.0f} B",
            score=(size - classes) / entropy,
            target=Target("x", goal=1.1, floor=1.3),
        ),
        Figure(
            name="delta-apply",
            measures="status_delta.apply of the same",
            sample=repeated(1, apply),
            score=milliseconds,
            target=Target("ms", goal=None),
            rounds=5,
        ),
    ]


def entropy_bytes(size: int, chosen: int) -> float:
    """Return how many bytes it takes, at least, to say which of ``size`` entries are chosen."""
    share = chosen / size
    return size * -(share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8
