"""The chain of a bureau's audit events: how each is hashed onto the one before, and how a broken chain is found.

Every event carries a SHA-256 hash over its own fields and the hash of the event before it; the first follows the
bureau's own start. So a row that was changed, taken out, moved or put in between no longer fits its neighbours. Who
changes one row and hashes all that follow anew makes a chain that fits: a signed checkpoint over any of those rows
shows it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from core.audit import AuditEvent

HASH_BYTES: Final = 32
_EVENT_DOMAIN: Final = b"eid-audit-1\0"
_START_DOMAIN: Final = b"eid-audit-start-1\0"
_NUMBERS: Final = struct.Struct(">qq5I")
_PROGRESS_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """A place in a bureau's chain: the number of an event and its hash; number 0 is before the first."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """One event as it is stored: its number and the hash it was given."""

    seq: int
    event: AuditEvent
    hash: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says, its signature checked: at this time this event of this bureau had this hash."""

    bureau: str
    seq: int
    hash: bytes
    at: int


class Fault(StrEnum):
    """What can be wrong with a chain. Stable codes."""

    ALTERED = "altered"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    TRUNCATED = "truncated"
    ADDED = "added"
    HEAD_DIFFERS = "head_differs"
    CHECKPOINT_DIFFERS = "checkpoint_differs"
    CHECKPOINT_FOREIGN = "checkpoint_foreign"
    CHECKPOINT_INVALID = "checkpoint_invalid"
    CHECKPOINT_NOT_COVERED = "checkpoint_not_covered"


FAULTS: Final[Mapping[Fault, tuple[str, str]]] = MappingProxyType(
    {
        Fault.ALTERED: ("记录与其哈希不符，或与前一条不连", "rows do not fit their hash or the row before"),
        Fault.MISSING: ("记录缺失", "rows are missing"),
        Fault.OUT_OF_ORDER: ("记录次序颠倒或重复", "a row stands out of order, or twice"),
        Fault.TRUNCATED: ("末尾记录被删除", "rows at the end are missing"),
        Fault.ADDED: ("末尾多出未登记的记录", "rows at the end that were never counted"),
        Fault.HEAD_DIFFERS: ("链尾与最后一条记录不符", "the kept end of the chain is not that of the last row"),
        Fault.CHECKPOINT_DIFFERS: (
            "与已签名的检查点不符，区间内有记录被改动后重新计算",
            "not what a checkpoint signed: rows in between were changed and hashed anew",
        ),
        Fault.CHECKPOINT_FOREIGN: ("检查点属于其他机关", "a checkpoint of another bureau"),
        Fault.CHECKPOINT_INVALID: ("检查点系伪造或已损坏", "a checkpoint is forged or damaged"),
        Fault.CHECKPOINT_NOT_COVERED: ("检查点不在此文件范围内", "a checkpoint lies before the rows that were given"),
    }
)
"""What is said of each fault, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """One thing that is wrong, and where: the numbers of the first and the last event concerned."""

    fault: Fault
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What came out of a check.

    end:      the last event read.
    covered:  the number up to which valid checkpoints speak; 0 where none does.
    findings: everything wrong, in the order of the events.
    """

    events: int
    end: ChainEnd
    covered: int
    findings: tuple[ChainFinding, ...]


def chain_start(bureau: str) -> ChainEnd:
    """Return where the chain of a bureau starts: number 0, with a hash that no other bureau's chain starts from."""
    return ChainEnd(0, sha256(_START_DOMAIN + bureau.encode()).digest())


def next_hash(previous: bytes, seq: int, event: AuditEvent) -> bytes:
    """Return the hash of an event that follows the event with the hash ``previous``.

    Hashed are, without any space between: ``eid-audit-1`` and a zero byte; the previous hash, 32 bytes; number and time,
    8 bytes each; the lengths of the five texts, 4 bytes each; and bureau, actor, action, subject, note in UTF-8. All
    numbers are big-endian.

    >>> event = AuditEvent("690101000000", 1795132800, "lin", "case.submit", "c-1", "version 1")
    >>> next_hash(chain_start("690101000000").hash, 1, event).hex()[:16]
    '42c017d7616cd2ad'
    """
    texts = [text.encode() for text in (event.bureau, event.actor, event.action, event.subject, event.note)]
    numbers = _NUMBERS.pack(seq, event.at, *map(len, texts))
    return sha256(b"".join((_EVENT_DOMAIN, previous, numbers, *texts))).digest()


def extend(end: ChainEnd, events: Iterable[AuditEvent]) -> list[ChainedEvent]:
    """Return events chained onto the end of a bureau's chain."""
    seq, previous = end.seq, end.hash
    chained = []
    for event in events:
        seq += 1
        previous = next_hash(previous, seq, event)
        chained.append(ChainedEvent(seq, event, previous))
    return chained


def verify_chain(
    events: Iterable[ChainedEvent],
    *,
    bureau: str,
    start: ChainEnd | None = None,
    checkpoints: Iterable[Checkpoint] = (),
    head: ChainEnd | None = None,
    progress: Callable[[int], None] | None = None,
) -> ChainVerdict:
    """Check a bureau's events against each other, against signed checkpoints and against the kept end; never raises.

    events:      in the order of their numbers, as many as there are: they are read once and not kept.
    start:       the place before the first event given; the start of the bureau's chain unless said otherwise.
    checkpoints: those whose signature holds.
    head:        the end of the chain as it is kept beside the events; None where only events are at hand.
    progress:    called now and then with the number of events read.
    A chain whose rows were changed and all hashed anew is told from the true one by a checkpoint only; which rows it
    was, the finding says as well as the checkpoint before allows.
    """
    walk = _Walk(bureau, start or chain_start(bureau), checkpoints)
    for event in events:
        walk.take(event)
        if progress is not None and walk.events % _PROGRESS_EVERY == 0:
            progress(walk.events)
    walk.finish(head)
    if progress is not None:
        progress(walk.events)
    findings = sorted(walk.findings, key=lambda finding: (finding.first, finding.last))
    return ChainVerdict(walk.events, walk.end, walk.covered, tuple(findings))


class _Walk:
    """One way along a chain. Each event is checked against the hash that is stored before it, so one fault is one finding."""

    def __init__(self, bureau: str, start: ChainEnd, checkpoints: Iterable[Checkpoint]) -> None:
        self.events = 0
        self.end = start
        self.covered = 0
        self.findings: list[ChainFinding] = []
        self._bureau = bureau
        # After a gap nobody knows what the next row was hashed onto.
        self._fits_unknown = False
        self._broken: ChainFinding | None = None
        self._ahead: dict[int, set[bytes]] = {}
        for checkpoint in checkpoints:
            self._plan(checkpoint)
        self._compare(start)

    def _plan(self, checkpoint: Checkpoint) -> None:
        if checkpoint.bureau != self._bureau:
            self._find(Fault.CHECKPOINT_FOREIGN, checkpoint.seq)
        elif checkpoint.seq < self.end.seq:
            self._find(Fault.CHECKPOINT_NOT_COVERED, checkpoint.seq)
        else:
            self._ahead.setdefault(checkpoint.seq, set()).add(checkpoint.hash)

    def take(self, row: ChainedEvent) -> None:
        self.events += 1
        if row.seq <= self.end.seq:
            self._find(Fault.OUT_OF_ORDER, row.seq)
            return
        if row.seq > self.end.seq + 1:
            self._close_break()
            self._find(Fault.MISSING, self.end.seq + 1, row.seq - 1)
            self._fits_unknown = True
        if self._fits_unknown or next_hash(self.end.hash, row.seq, row.event) == row.hash:
            self._close_break()
        else:
            first = row.seq if self._broken is None else self._broken.first
            self._broken = ChainFinding(Fault.ALTERED, first, row.seq)
        self._fits_unknown = False
        self.end = ChainEnd(row.seq, row.hash)
        self._compare(self.end)

    def finish(self, head: ChainEnd | None) -> None:
        self._close_break()
        last = max(self._ahead, default=0)
        if head is not None:
            last = max(last, head.seq)
            if head.seq < self.end.seq:
                self._find(Fault.ADDED, head.seq + 1, self.end.seq)
            elif head.seq == self.end.seq and head.hash != self.end.hash:
                self._find(Fault.HEAD_DIFFERS, head.seq)
        if last > self.end.seq:
            self._find(Fault.TRUNCATED, self.end.seq + 1, last)

    def _compare(self, place: ChainEnd) -> None:
        hashes = self._ahead.pop(place.seq, None)
        if hashes is None:
            return
        if hashes == {place.hash}:
            self.covered = place.seq
        else:
            self._find(Fault.CHECKPOINT_DIFFERS, min(self.covered + 1, place.seq), place.seq)

    def _close_break(self) -> None:
        if self._broken is not None:
            self.findings.append(self._broken)
            self._broken = None

    def _find(self, fault: Fault, first: int, last: int | None = None) -> None:
        self.findings.append(ChainFinding(fault, first, first if last is None else last))
