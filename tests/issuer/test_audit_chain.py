"""A chain of audit events: whatever is done to it is found, and the finding says where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import AuditEvent
from issuer.audit_chain import (
    FAULTS,
    ChainedEvent,
    ChainEnd,
    ChainFinding,
    Fault,
    chain_start,
    extend,
    next_hash,
    verify_chain,
)
from tests.builders.audit import a_chain, an_event, checkpoint_at, end_of
from tests.builders.bureau import BUREAU, NOW, OTHER_BUREAU

LENGTH = 12
CHAIN = a_chain(LENGTH)
HEAD = end_of(CHAIN)
PLACES = st.integers(0, LENGTH - 1)
FIELDS = ("at", "actor", "action", "subject", "note")


def findings(rows: list[ChainedEvent], **more: Any) -> list[tuple[str, int, int]]:
    verdict = verify_chain(rows, bureau=BUREAU, **({"head": HEAD} | more))
    return [(found.fault.value, found.first, found.last) for found in verdict.findings]


def changed(row: ChainedEvent, field: str) -> ChainedEvent:
    value = getattr(row.event, field)
    return replace(row, event=replace(row.event, **{field: value + 1 if field == "at" else value + "x"}))


def renumbered(rows: list[ChainedEvent]) -> list[ChainedEvent]:
    return [replace(row, seq=seq) for seq, row in enumerate(rows, 1)]


def hashed_anew(rows: list[ChainedEvent]) -> list[ChainedEvent]:
    return extend(chain_start(BUREAU), [row.event for row in rows])


def test_a_whole_chain_has_no_finding() -> None:
    verdict = verify_chain(CHAIN, bureau=BUREAU, head=HEAD, checkpoints=[checkpoint_at(CHAIN[4])])
    assert (verdict.events, verdict.end, verdict.covered, verdict.findings) == (LENGTH, HEAD, 5, ())


def test_an_empty_chain_ends_where_it_starts() -> None:
    verdict = verify_chain([], bureau=BUREAU, head=chain_start(BUREAU))
    assert (verdict.end, verdict.findings) == (chain_start(BUREAU), ())


def test_the_bytes_of_the_chain_are_frozen() -> None:
    event = AuditEvent(BUREAU, NOW, "赵", "case.approve", "c-1", "version 2 · 已核对")
    assert chain_start(BUREAU).hash.hex() == "36208bd4114e3ae0903a5d66c3b184399b0405cabf9c9c2e49e8f3ab2383fd52"
    assert (
        next_hash(chain_start(BUREAU).hash, 1, event).hex()
        == "d83c717aea54daa5293302bc645ec5a01e48a5d16a6b674b53705ad2768cd1a9"
    )


def test_every_bureau_starts_elsewhere() -> None:
    assert chain_start(BUREAU).hash != chain_start(OTHER_BUREAU).hash


@given(st.lists(st.text(), min_size=5, max_size=5), st.lists(st.text(), min_size=5, max_size=5))
def test_no_two_events_are_hashed_from_the_same_bytes(one: list[str], other: list[str]) -> None:
    events = [AuditEvent(texts[0], NOW, *texts[1:]) for texts in (one, other)]
    hashes = {next_hash(bytes(32), 1, event) for event in events}
    assert (len(hashes) == 1) is (one == other)


def test_a_text_that_moves_into_the_next_field_is_another_event() -> None:
    event = an_event(1)
    moved = replace(event, actor=event.actor + event.action[0], action=event.action[1:])
    assert next_hash(bytes(32), 1, event) != next_hash(bytes(32), 1, moved)


@settings(max_examples=60)
@given(PLACES, st.sampled_from(FIELDS))
def test_an_edited_row_is_named(place: int, field: str) -> None:
    rows = [*CHAIN]
    rows[place] = changed(rows[place], field)
    assert findings(rows) == [("altered", place + 1, place + 1)]


@settings(max_examples=30)
@given(PLACES)
def test_an_edited_row_that_was_hashed_anew_breaks_at_the_next(place: int) -> None:
    rows = [*CHAIN]
    event = changed(rows[place], "note").event
    before = chain_start(BUREAU) if place == 0 else end_of(rows[:place])
    rows[place] = extend(before, [event])[0]
    last = place == LENGTH - 1
    assert findings(rows) == ([("head_differs", LENGTH, LENGTH)] if last else [("altered", place + 2, place + 2)])


@settings(max_examples=30)
@given(PLACES)
def test_a_changed_hash_is_found_at_its_row(place: int) -> None:
    rows = [*CHAIN]
    rows[place] = replace(rows[place], hash=bytes(32))
    assert findings(rows)[0][:2] == ("altered", place + 1)


@settings(max_examples=30)
@given(PLACES, st.integers(1, 3))
def test_deleted_rows_are_named(place: int, count: int) -> None:
    rows = CHAIN[:place] + CHAIN[place + count :]
    gone = min(count, LENGTH - place)
    fault = "truncated" if place + count >= LENGTH else "missing"
    assert findings(rows) == [(fault, place + 1, place + gone)]


@settings(max_examples=30)
@given(st.integers(0, LENGTH - 2))
def test_a_deletion_that_was_renumbered_is_found_where_it_was(place: int) -> None:
    rows = renumbered(CHAIN[:place] + CHAIN[place + 1 :])
    assert findings(rows) == [("altered", place + 1, LENGTH - 1), ("truncated", LENGTH, LENGTH)]


@settings(max_examples=60)
@given(PLACES, PLACES)
def test_rows_that_changed_places_are_named(one: int, other: int) -> None:
    one, other = sorted((one, other))
    rows = [*CHAIN]
    rows[one], rows[other] = rows[other], rows[one]
    # In a file the numbers go with the rows; in a table they are what the rows are ordered by.
    in_file, in_table = findings(rows), findings(renumbered(rows))
    if one == other:
        assert (in_file, in_table) == ([], [])
        return
    assert any(fault in ("out_of_order", "missing") and first >= one + 1 for fault, first, _ in in_file)
    assert in_table[0][:2] == ("altered", one + 1)
    assert {row for _, first, last in in_table for row in range(first, last + 1)} >= {one + 1, other + 1}


@settings(max_examples=30)
@given(st.integers(0, LENGTH - 1))
def test_an_inserted_row_is_found_where_it_stands(place: int) -> None:
    rows = renumbered([*CHAIN[:place], ChainedEvent(0, an_event(99), bytes(32)), *CHAIN[place:]])
    found = findings(rows)
    assert found[0][:2] == ("altered", place + 1)
    assert found[-1] == ("added", LENGTH + 1, LENGTH + 1)


@settings(max_examples=30)
@given(PLACES)
def test_a_row_that_stands_twice_is_named(place: int) -> None:
    assert findings([*CHAIN[: place + 1], CHAIN[place], *CHAIN[place + 1 :]]) == [
        ("out_of_order", place + 1, place + 1)
    ]


def test_a_row_that_was_added_without_the_head_is_named() -> None:
    assert findings([*CHAIN, *extend(HEAD, [an_event(99)])]) == [("added", LENGTH + 1, LENGTH + 1)]


def test_a_head_with_another_hash_is_found() -> None:
    assert findings(CHAIN, head=ChainEnd(LENGTH, bytes(32))) == [("head_differs", LENGTH, LENGTH)]


@settings(max_examples=60)
@given(PLACES, PLACES, PLACES)
def test_a_chain_hashed_anew_is_found_between_two_checkpoints(place: int, one: int, other: int) -> None:
    one, other = sorted((one, other))
    rows = [*CHAIN]
    rows[place] = changed(rows[place], "note")
    rows = hashed_anew(rows)
    found = findings(rows, head=end_of(rows), checkpoints=[checkpoint_at(CHAIN[one]), checkpoint_at(CHAIN[other])])
    if place > other:
        # Nobody signed anything after it: this is what checkpoints are made for.
        assert found == []
    else:
        fault, first, last = found[0]
        assert fault == "checkpoint_differs"
        assert first <= place + 1 <= last


@settings(max_examples=30)
@given(st.integers(0, LENGTH - 2))
def test_rows_cut_off_with_their_head_are_found_by_a_later_checkpoint(place: int) -> None:
    rows = CHAIN[: place + 1]
    assert findings(rows, head=end_of(rows)) == []
    found = findings(rows, head=end_of(rows), checkpoints=[checkpoint_at(CHAIN[-1])])
    assert found == [("truncated", place + 2, LENGTH)]


def test_a_checkpoint_of_another_bureau_is_found() -> None:
    foreign = checkpoint_at(CHAIN[3], bureau=OTHER_BUREAU)
    assert findings(CHAIN, checkpoints=[foreign]) == [("checkpoint_foreign", 4, 4)]


def test_two_checkpoints_of_one_number_must_say_the_same() -> None:
    other = replace(checkpoint_at(CHAIN[3]), hash=bytes(32))
    assert findings(CHAIN, checkpoints=[checkpoint_at(CHAIN[3]), other]) == [("checkpoint_differs", 1, 4)]


def test_rows_of_another_bureau_do_not_fit() -> None:
    rows = a_chain(LENGTH, bureau=OTHER_BUREAU)
    assert findings(rows, head=end_of(rows)) == [("altered", 1, 1)]


class TestPartOfAChain:
    def test_a_part_is_checked_from_its_start(self) -> None:
        start = end_of(CHAIN[:5])
        assert findings(CHAIN[5:], start=start, checkpoints=[checkpoint_at(CHAIN[4]), checkpoint_at(CHAIN[8])]) == []

    def test_a_part_with_a_wrong_start_does_not_fit(self) -> None:
        assert findings(CHAIN[5:], start=ChainEnd(5, bytes(32))) == [("altered", 6, 6)]

    def test_a_start_that_a_checkpoint_contradicts_is_found(self) -> None:
        found = findings(CHAIN[5:], start=ChainEnd(5, bytes(32)), checkpoints=[checkpoint_at(CHAIN[4])])
        assert ("checkpoint_differs", 1, 5) in found

    def test_a_checkpoint_before_the_part_is_not_passed_over(self) -> None:
        found = findings(CHAIN[5:], start=end_of(CHAIN[:5]), checkpoints=[checkpoint_at(CHAIN[1])])
        assert found == [("checkpoint_not_covered", 2, 2)]


def test_progress_is_told_at_the_end() -> None:
    told: list[int] = []
    verify_chain(CHAIN, bureau=BUREAU, progress=told.append)
    assert told == [LENGTH]


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_said_in_two_languages(fault: Fault) -> None:
    zh, en = FAULTS[fault]
    assert zh
    assert not zh.isascii()
    assert en.isascii()
    assert ChainFinding(fault, 1, 1).fault is fault
