"""Signed checkpoints of a bureau's audit chain: made now and then, kept beside the log and elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import Checks
from formats.encoding import cbor
from formats.signature_checks import run
from issuer.audit_chain import (
    HASH_BYTES,
    ChainedEvent,
    ChainEnd,
    ChainFinding,
    ChainVerdict,
    Checkpoint,
    Fault,
    verify_chain,
)
from keys.algorithms import ES256
from keys.signing import Signer

TYP: Final = "eid-audit-checkpoint+cose"
MAX_BYTES: Final = 400
EVERY_EVENTS: Final = 1000
EVERY_SECONDS: Final = 3600
_BUREAU, _SEQ, _HASH, _AT = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it is kept: a COSE_Sign1, and the number and time it was stored under."""

    seq: int
    at: int
    token: bytes


class CheckpointBook(Protocol):
    """Where a bureau's checkpoints are kept, and where its chain ends now."""

    def end(self) -> ChainEnd:
        """Return the end of the chain, everything before it committed."""
        ...

    def newest(self) -> StoredCheckpoint | None:
        """Return the newest checkpoint; None before the first."""
        ...

    def add(self, stored: StoredCheckpoint) -> None:
        """Keep a checkpoint; harmless when there is one of the same number."""
        ...


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> StoredCheckpoint:
    """Return a checkpoint signed by an audit signer: {1: bureau, 2: seq, 3: hash, 4: at} with a ``typ`` of its own."""
    payload = cbor.encode(
        {_BUREAU: checkpoint.bureau, _SEQ: checkpoint.seq, _HASH: checkpoint.hash, _AT: checkpoint.at}
    )
    draft = cose.own_draft(TYP, signer.key_id, payload)
    return StoredCheckpoint(checkpoint.seq, checkpoint.at, draft.finish(signer.sign(draft.to_be_signed())))


def read_checkpoint(token: bytes, *, keys: Mapping[bytes, bytes]) -> Checkpoint:
    """Return what a checkpoint says, its signature checked.

    keys: the audit signers' points by their key id.
    Raises MalformedInput or Refused(AUDIT_CHECKPOINT_INVALID): malformed, or not signed by one of them.
    """
    return run(_read(token, keys))


def _read(token: bytes, keys: Mapping[bytes, bytes]) -> Checks[Checkpoint]:
    try:
        sign1, kid = cose.decode_own(token, typ=TYP, max_bytes=MAX_BYTES)
    except EidError as err:
        raise MalformedInput(Reason.AUDIT_CHECKPOINT_INVALID, err.detail) from err
    key = keys.get(kid)
    if key is None or not (yield from cose.check_signature(sign1, key, ES256)):
        raise Refused(Reason.AUDIT_CHECKPOINT_INVALID, "the checkpoint is not signed by an audit signer")
    try:
        fields = cbor.decode_map(sign1.payload, max_bytes=MAX_BYTES)
    except EidError as err:
        raise MalformedInput(Reason.AUDIT_CHECKPOINT_INVALID, err.detail) from err
    if fields.keys() != {_BUREAU, _SEQ, _HASH, _AT}:
        raise _malformed()
    bureau, seq, hashed, at = fields[_BUREAU], fields[_SEQ], fields[_HASH], fields[_AT]
    if type(bureau) is not str or type(seq) is not int or type(hashed) is not bytes or type(at) is not int:
        raise _malformed()
    if seq < 0 or len(hashed) != HASH_BYTES:
        raise _malformed()
    return Checkpoint(bureau, seq, hashed, at)


def _malformed() -> MalformedInput:
    return MalformedInput(Reason.AUDIT_CHECKPOINT_INVALID, "the checkpoint does not hold the four fields")


class CheckpointDesk:
    """Makes the checkpoints of one bureau."""

    def __init__(self, bureau: str, book: CheckpointBook, signer: Signer) -> None:
        self._bureau = bureau
        self._book = book
        self._signer = signer

    def make(self, *, now: int) -> StoredCheckpoint:
        """Sign the end of the chain as it stands, keep the checkpoint, and return it."""
        end = self._book.end()
        signed = sign_checkpoint(Checkpoint(self._bureau, end.seq, end.hash, now), self._signer)
        self._book.add(signed)
        return signed

    def make_if_due(self, *, now: int) -> bool:
        """Make one after a thousand events, or when events have waited an hour; say whether one was made."""
        end, newest = self._book.end(), self._book.newest()
        if end.seq == (0 if newest is None else newest.seq):
            return False
        if newest is not None and end.seq - newest.seq < EVERY_EVENTS and now - newest.at < EVERY_SECONDS:
            return False
        self.make(now=now)
        return True


def verify_log(
    events: Iterable[ChainedEvent],
    *,
    bureau: str,
    stored: Iterable[StoredCheckpoint],
    kept: Iterable[Checkpoint] = (),
    keys: Mapping[bytes, bytes],
    start: ChainEnd | None = None,
    head: ChainEnd | None = None,
    progress: Callable[[int], None] | None = None,
) -> ChainVerdict:
    """Check a bureau's events as ``verify_chain`` does, and the checkpoints stored beside them.

    stored: the checkpoints of the log itself; one that is forged, damaged or stored under another number is a finding.
    kept:   what checkpoints that were kept elsewhere say, their signatures checked.
    keys:   the audit signers' points by their key id.
    """
    believed, findings = list(kept), []
    for one in stored:
        try:
            said = read_checkpoint(one.token, keys=keys)
        except EidError:
            findings.append(ChainFinding(Fault.CHECKPOINT_INVALID, one.seq, one.seq))
            continue
        if said.seq != one.seq:
            findings.append(ChainFinding(Fault.CHECKPOINT_INVALID, one.seq, one.seq))
        believed.append(said)
    verdict = verify_chain(events, bureau=bureau, start=start, checkpoints=believed, head=head, progress=progress)
    together = sorted([*findings, *verdict.findings], key=lambda finding: (finding.first, finding.last))
    return replace(verdict, findings=tuple(together))
