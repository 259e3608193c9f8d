from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import EidError, Misconfigured, Unavailable
from core.reasons import Reason
from formats.bundle.envelope import Floors
from formats.dataset import Group
from verifier.checkpoint.clock import ClockMarks
from verifier.checkpoint.expected import OpenChallenge
from verifier.ports import StoredChallenge
from verifier.storage.reader_store import ReaderStore

NOW = 1_790_000_000
KEY = b"issuer kid, holder point, cti"
CHALLENGE = OpenChallenge(b"h" * 32, "post-0001", frozenset({Group.NAME, Group.ADDRESS}), shown_monotonic=500)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reader" / "reader.sqlite"


@pytest.fixture
def store(path: Path) -> ReaderStore:
    return ReaderStore(path)


# --- codes seen ------------------------------------------------------------------------------------------------------


def test_a_code_is_new_once_and_then_known_since_when(store: ReaderStore) -> None:
    assert store.first_seen(KEY, NOW, NOW + 90) is None
    assert store.first_seen(KEY, NOW + 7, NOW + 97) == NOW
    assert store.first_seen(KEY + b"2", NOW + 7, NOW + 97) is None


def test_a_code_is_known_to_its_end_and_new_after_it(store: ReaderStore) -> None:
    store.first_seen(KEY, NOW, NOW + 90)
    assert store.first_seen(KEY, NOW + 90, NOW + 180) == NOW
    assert store.first_seen(KEY, NOW + 91, NOW + 181) is None


def test_a_code_is_remembered_across_processes_and_only_as_a_hash(store: ReaderStore, path: Path) -> None:
    store.first_seen(KEY, NOW, NOW + 90)
    assert ReaderStore(path).first_seen(KEY, NOW + 1, NOW + 91) == NOW
    for file in path.parent.iterdir():
        assert KEY not in file.read_bytes()


def fill(path: Path, count: int, until: int) -> None:
    with sqlite3.connect(path) as database:
        rows = ((number.to_bytes(32, "big"), NOW, until) for number in range(count))
        database.executemany("INSERT INTO seen VALUES (?, ?, ?)", rows)
    database.close()


def test_a_full_memory_says_so_and_pushes_nothing_alive_out(path: Path) -> None:
    store = ReaderStore(path, max_seen=50)
    store.first_seen(KEY, NOW, NOW + 90)
    fill(path, 49, NOW + 90)
    with pytest.raises(Unavailable) as caught:
        store.first_seen(b"another", NOW, NOW + 90)
    assert caught.value.reason is Reason.REPLAY_MEMORY_FULL
    assert store.first_seen(KEY, NOW + 1, NOW + 91) == NOW


def test_what_has_run_out_makes_room(path: Path) -> None:
    store = ReaderStore(path, max_seen=50)
    store.first_seen(KEY, NOW, NOW + 90)
    fill(path, 49, NOW + 10)
    assert store.first_seen(b"another", NOW + 11, NOW + 90) is None
    assert store.first_seen(KEY, NOW + 12, NOW + 91) == NOW


# --- the challenge ---------------------------------------------------------------------------------------------------


def test_the_challenge_on_the_screen_is_the_one_shown_last(store: ReaderStore) -> None:
    assert store.shown_challenge() is None
    store.show_challenge(CHALLENGE, "hotel")
    assert store.shown_challenge() == StoredChallenge("hotel", CHALLENGE)
    following = OpenChallenge(b"i" * 32, "post-0001", frozenset({Group.NAME}), shown_monotonic=560)
    store.show_challenge(following, "net-cafe")
    assert store.shown_challenge() == StoredChallenge("net-cafe", following)
    assert not store.answer_challenge(CHALLENGE.challenge_hash)


def test_a_challenge_is_answered_once(store: ReaderStore, path: Path) -> None:
    store.show_challenge(CHALLENGE, "hotel")
    assert store.answer_challenge(CHALLENGE.challenge_hash)
    assert not ReaderStore(path).answer_challenge(CHALLENGE.challenge_hash)
    assert store.shown_challenge() == StoredChallenge("hotel", replace(CHALLENGE, answered=True))


# --- numbers and time ------------------------------------------------------------------------------------------------


def test_floors_only_rise(store: ReaderStore) -> None:
    assert store.floors() == Floors()
    first = Floors(7, 3, {"690101000000": 12, "690102000000": 1}, {"hotel": 2}, 5)
    store.raise_floors(first)
    store.raise_floors(Floors(6, 4, {"690101000000": 11}, {"hotel": 1, "desk": 9}, 4))
    snapshots = {"690101000000": 12, "690102000000": 1}
    assert store.floors() == Floors(7, 4, snapshots, {"hotel": 2, "desk": 9}, 5)


def test_the_high_water_mark_rises_by_itself_and_falls_only_when_the_marks_are_replaced(store: ReaderStore) -> None:
    assert store.clock_marks() == ClockMarks()
    store.set_clock_marks(ClockMarks(high_water=NOW, confirmed_at=NOW))
    store.raise_high_water(NOW - 5)
    assert store.clock_marks() == ClockMarks(NOW, NOW)
    store.raise_high_water(NOW + 5)
    assert store.clock_marks() == ClockMarks(NOW + 5, NOW)
    store.set_clock_marks(ClockMarks(high_water=NOW - 100, confirmed_at=None))
    assert store.clock_marks() == ClockMarks(NOW - 100)


# --- several processes -----------------------------------------------------------------------------------------------


def _first(path: Path, start: Any, answers: Any) -> None:
    store = ReaderStore(path)
    start.wait()
    answers.put(store.first_seen(KEY, NOW, NOW + 90) is None)


def _answer(path: Path, start: Any, answers: Any) -> None:
    store = ReaderStore(path)
    start.wait()
    answers.put(store.answer_challenge(CHALLENGE.challenge_hash))


def race(work: Callable[[Path, Any, Any], None], path: Path) -> list[bool]:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Event(), context.Queue()
    lanes = [context.Process(target=work, args=(path, start, answers)) for _ in range(3)]
    for lane in lanes:
        lane.start()
    start.set()
    won = [bool(answers.get(timeout=60)) for _ in lanes]
    for lane in lanes:
        lane.join()
    return won


def test_of_several_processes_with_one_code_exactly_one_sees_it_first(path: Path) -> None:
    assert sorted(race(_first, path)) == [False, False, True]


def test_of_several_processes_with_one_challenge_exactly_one_answers_it(store: ReaderStore, path: Path) -> None:
    store.show_challenge(CHALLENGE, "hotel")
    assert sorted(race(_answer, path)) == [False, False, True]


def test_of_many_threads_that_make_the_store_exactly_one_sees_a_code_first(path: Path) -> None:
    together, answers = threading.Barrier(8), []

    def lane() -> None:
        together.wait()
        answers.append(ReaderStore(path).first_seen(KEY, NOW, NOW + 90))

    lanes = [threading.Thread(target=lane) for _ in range(8)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    assert sorted(answers, key=str) == [NOW] * 7 + [None]


# --- what can be wrong with the file ---------------------------------------------------------------------------------


def reason_of(store: ReaderStore, family: type[EidError]) -> Reason:
    with pytest.raises(family) as caught:
        store.first_seen(KEY, NOW, NOW + 90)
    return caught.value.reason


def test_refuses_a_store_of_a_newer_version(store: ReaderStore, path: Path) -> None:
    store.first_seen(KEY, NOW, NOW + 90)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    assert reason_of(store, Misconfigured) is Reason.DATABASE_NEWER


def test_refuses_a_file_that_is_no_store(store: ReaderStore, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, but longer than its header" * 100)
    assert reason_of(store, Misconfigured) is Reason.DATABASE_UNAVAILABLE


def test_refuses_a_store_whose_pages_are_damaged(store: ReaderStore, path: Path) -> None:
    store.first_seen(KEY, NOW, NOW + 90)
    data = bytearray(path.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    path.write_bytes(data)
    for log in path.parent.glob("*-wal"):
        log.unlink()
    with pytest.raises((Misconfigured, Unavailable)) as caught:
        store.first_seen(KEY + b"2", NOW, NOW + 90)
    assert caught.value.reason is Reason.DATABASE_UNAVAILABLE


def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert reason_of(ReaderStore(tmp_path / "file" / "reader.sqlite"), Unavailable) is Reason.DATABASE_UNAVAILABLE


def test_a_store_that_stays_locked_is_unavailable_and_nothing_is_half_done(path: Path) -> None:
    store = ReaderStore(path, busy_seconds=0.05)
    store.first_seen(KEY, NOW, NOW + 90)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert reason_of(store, Unavailable) is Reason.DATABASE_UNAVAILABLE
    other.execute("ROLLBACK")
    other.close()
    assert store.first_seen(KEY, NOW + 1, NOW + 91) == NOW
