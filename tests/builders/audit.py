"""Audit events, chains of them, and signed checkpoints, with readable defaults."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit import AuditEvent
from issuer.audit_chain import ChainedEvent, ChainEnd, Checkpoint, chain_start, extend
from keys.signing import InProcessSigner
from tests.builders.bureau import BUREAU, NOW

SIGNER = InProcessSigner.from_scalar(bytes(31) + b"\x07")
STRANGER = InProcessSigner.from_scalar(bytes(31) + b"\x08")
KEYS = {SIGNER.key_id: SIGNER.point}


def an_event(place: int, *, bureau: str = BUREAU, note: str = "") -> AuditEvent:
    return AuditEvent(bureau, NOW + place, "lin", "case.submit", f"case-{place}", note or f"version {place}")


def a_chain(length: int, *, bureau: str = BUREAU) -> list[ChainedEvent]:
    """Return the first events of a bureau's chain."""
    return extend(chain_start(bureau), [an_event(place, bureau=bureau) for place in range(1, length + 1)])


def end_of(chain: Sequence[ChainedEvent]) -> ChainEnd:
    return ChainEnd(chain[-1].seq, chain[-1].hash)


def checkpoint_at(row: ChainedEvent, *, bureau: str = BUREAU) -> Checkpoint:
    return Checkpoint(bureau, row.seq, row.hash, NOW)
