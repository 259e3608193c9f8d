from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unavailable
from core.reasons import Reason
from verifier.checkpoint.replay import EvidenceMemory, InMemorySeen

NOW = 1_800_000_000


def test_says_when_a_key_was_first_seen() -> None:
    seen = InMemorySeen()
    assert seen.first_seen(b"a", NOW, NOW + 90) is None
    assert seen.first_seen(b"a", NOW + 10, NOW + 90) == NOW
    assert seen.first_seen(b"a", NOW + 20, NOW + 90) == NOW


def test_knows_keys_apart() -> None:
    seen = InMemorySeen()
    assert seen.first_seen(b"a", NOW, NOW + 90) is None
    assert seen.first_seen(b"b", NOW, NOW + 90) is None


def test_remembers_to_the_last_second() -> None:
    seen = InMemorySeen()
    seen.first_seen(b"a", NOW, NOW + 90)
    assert seen.first_seen(b"a", NOW + 90, NOW + 180) == NOW
    assert seen.first_seen(b"a", NOW + 91, NOW + 181) is None


def test_makes_room_by_forgetting_what_has_run_out() -> None:
    seen = InMemorySeen(size=2)
    seen.first_seen(b"a", NOW, NOW + 90)
    seen.first_seen(b"b", NOW + 50, NOW + 140)
    assert seen.first_seen(b"c", NOW + 100, NOW + 190) is None
    assert seen.first_seen(b"b", NOW + 100, NOW + 190) == NOW + 50


def test_a_full_memory_says_so_and_forgets_nothing_alive() -> None:
    seen = InMemorySeen(size=2)
    seen.first_seen(b"a", NOW, NOW + 90)
    seen.first_seen(b"b", NOW, NOW + 90)
    with pytest.raises(Unavailable) as full:
        seen.first_seen(b"c", NOW, NOW + 90)
    assert full.value.reason is Reason.REPLAY_MEMORY_FULL
    assert seen.first_seen(b"a", NOW, NOW + 90) == NOW
    assert seen.first_seen(b"b", NOW, NOW + 90) == NOW


def test_holds_a_hundred_thousand_live_codes() -> None:
    seen = InMemorySeen()
    for number in range(100_000):
        assert seen.first_seen(b"%d" % number, NOW, NOW + 90) is None
    with pytest.raises(Unavailable) as full:
        seen.first_seen(b"one more", NOW, NOW + 90)
    assert full.value.reason is Reason.REPLAY_MEMORY_FULL


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 300)), max_size=30))
def test_never_hears_of_a_live_key_twice(steps: list[tuple[bytes, int]]) -> None:
    seen, alive = InMemorySeen(), dict[bytes, int]()
    for key, at in sorted(steps, key=lambda step: step[1]):
        expected = alive[key] if key in alive and at <= alive[key] + 90 else None
        assert seen.first_seen(key, at, at + 90) == expected
        if expected is None:
            alive[key] = at


def test_evidence_leaves_no_trace() -> None:
    memory = EvidenceMemory()
    assert memory.first_seen(b"a", NOW, NOW + 90) is None
    assert memory.first_seen(b"a", NOW, NOW + 90) is None
