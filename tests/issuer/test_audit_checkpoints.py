"""Signed checkpoints: only what an audit signer said counts, and they are made when they are due."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.encoding import cbor
from issuer.audit_chain import ChainEnd, Checkpoint, chain_start
from issuer.audit_checkpoints import (
    EVERY_EVENTS,
    EVERY_SECONDS,
    TYP,
    CheckpointDesk,
    StoredCheckpoint,
    read_checkpoint,
    sign_checkpoint,
    verify_log,
)
from tests.builders.audit import KEYS, SIGNER, STRANGER, a_chain, checkpoint_at, end_of
from tests.builders.bureau import BUREAU, NOW, OTHER_BUREAU

CHAIN = a_chain(6)
SAID = checkpoint_at(CHAIN[3])


def signed(payload: cbor.CborValue, *, typ: str = TYP) -> bytes:
    draft = cose.own_draft(typ, SIGNER.key_id, cbor.encode(payload))
    return draft.finish(SIGNER.sign(draft.to_be_signed()))


def reason_of(token: bytes) -> Reason:
    with pytest.raises((MalformedInput, Refused)) as refused:
        read_checkpoint(token, keys=KEYS)
    return refused.value.reason


def test_what_is_signed_is_read_again() -> None:
    stored = sign_checkpoint(SAID, SIGNER)
    assert (stored.seq, stored.at) == (SAID.seq, SAID.at)
    assert read_checkpoint(stored.token, keys=KEYS) == SAID


def test_refuses_a_checkpoint_of_a_stranger_also_under_our_key_id() -> None:
    assert reason_of(sign_checkpoint(SAID, STRANGER).token) is Reason.AUDIT_CHECKPOINT_INVALID
    draft = cose.own_draft(TYP, SIGNER.key_id, cbor.encode({1: BUREAU, 2: 4, 3: bytes(32), 4: NOW}))
    assert reason_of(draft.finish(STRANGER.sign(draft.to_be_signed()))) is Reason.AUDIT_CHECKPOINT_INVALID


def test_refuses_a_checkpoint_with_one_flipped_bit_anywhere() -> None:
    token = sign_checkpoint(SAID, SIGNER).token
    for place in range(len(token)):
        flipped = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        assert reason_of(flipped) is Reason.AUDIT_CHECKPOINT_INVALID


def test_refuses_another_document_of_the_same_key() -> None:
    token = signed({1: BUREAU, 2: 4, 3: bytes(32), 4: NOW}, typ="eid-licence+cose")
    assert reason_of(token) is Reason.AUDIT_CHECKPOINT_INVALID


@pytest.mark.parametrize(
    "payload",
    [
        {1: BUREAU, 2: 4, 3: bytes(32)},
        {1: BUREAU, 2: 4, 3: bytes(32), 4: NOW, 5: 0},
        {1: 4, 2: 4, 3: bytes(32), 4: NOW},
        {1: BUREAU, 2: "4", 3: bytes(32), 4: NOW},
        {1: BUREAU, 2: True, 3: bytes(32), 4: NOW},
        {1: BUREAU, 2: -1, 3: bytes(32), 4: NOW},
        {1: BUREAU, 2: 4, 3: bytes(31), 4: NOW},
        {1: BUREAU, 2: 4, 3: "hash", 4: NOW},
        {1: BUREAU, 2: 4, 3: bytes(32), 4: "now"},
        [BUREAU, 4, bytes(32), NOW],
    ],
)
def test_refuses_a_signed_document_that_is_no_checkpoint(payload: cbor.CborValue) -> None:
    assert reason_of(signed(payload)) is Reason.AUDIT_CHECKPOINT_INVALID


class TestVerifyingALog:
    def found(self, *stored: StoredCheckpoint, kept: tuple[Checkpoint, ...] = ()) -> list[tuple[str, int, int]]:
        verdict = verify_log(CHAIN, bureau=BUREAU, stored=stored, kept=kept, keys=KEYS, head=end_of(CHAIN))
        return [(one.fault.value, one.first, one.last) for one in verdict.findings]

    def test_valid_checkpoints_cover_the_chain(self) -> None:
        verdict = verify_log(CHAIN, bureau=BUREAU, stored=[sign_checkpoint(SAID, SIGNER)], keys=KEYS)
        assert (verdict.covered, verdict.findings) == (4, ())

    def test_a_forged_one_is_a_finding_and_covers_nothing(self) -> None:
        verdict = verify_log(CHAIN, bureau=BUREAU, stored=[sign_checkpoint(SAID, STRANGER)], keys=KEYS)
        assert [(one.fault.value, one.first) for one in verdict.findings] == [("checkpoint_invalid", 4)]
        assert verdict.covered == 0

    def test_one_stored_under_another_number_is_a_finding(self) -> None:
        assert self.found(replace(sign_checkpoint(SAID, SIGNER), seq=5)) == [("checkpoint_invalid", 5, 5)]

    def test_one_of_another_bureau_is_a_finding(self) -> None:
        foreign = sign_checkpoint(checkpoint_at(CHAIN[3], bureau=OTHER_BUREAU), SIGNER)
        assert self.found(foreign) == [("checkpoint_foreign", 4, 4)]

    def test_one_that_was_kept_elsewhere_finds_what_was_cut_off(self) -> None:
        assert self.found(kept=(Checkpoint(BUREAU, 8, bytes(32), NOW),)) == [("truncated", 7, 8)]


@dataclass
class Book:
    """Checkpoints in memory, over a chain that ends where the test says."""

    at: ChainEnd
    kept: list[StoredCheckpoint] = field(default_factory=list)

    def end(self) -> ChainEnd:
        return self.at

    def newest(self) -> StoredCheckpoint | None:
        return self.kept[-1] if self.kept else None

    def add(self, stored: StoredCheckpoint) -> None:
        self.kept.append(stored)


class TestMaking:
    def test_signs_where_the_chain_ends(self) -> None:
        book = Book(end_of(CHAIN))
        made = CheckpointDesk(BUREAU, book, SIGNER).make(now=NOW)
        assert book.kept == [made]
        assert read_checkpoint(made.token, keys=KEYS) == Checkpoint(BUREAU, 6, CHAIN[-1].hash, NOW)

    @pytest.mark.parametrize(
        ("events", "waited", "due"),
        [
            (0, EVERY_SECONDS, False),
            (1, EVERY_SECONDS - 1, False),
            (1, EVERY_SECONDS, True),
            (EVERY_EVENTS - 1, 0, False),
            (EVERY_EVENTS, 0, True),
        ],
    )
    def test_is_due_after_a_thousand_events_or_an_hour(self, events: int, waited: int, due: bool) -> None:
        book = Book(end_of(CHAIN))
        desk = CheckpointDesk(BUREAU, book, SIGNER)
        desk.make(now=NOW)
        book.at = ChainEnd(book.at.seq + events, bytes(32))
        assert desk.make_if_due(now=NOW + waited) is due
        assert len(book.kept) == 1 + due

    def test_the_first_is_due_with_the_first_event(self) -> None:
        book = Book(chain_start(BUREAU))
        desk = CheckpointDesk(BUREAU, book, SIGNER)
        assert not desk.make_if_due(now=NOW)
        book.at = ChainEnd(1, bytes(32))
        assert desk.make_if_due(now=NOW)
