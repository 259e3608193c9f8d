from __future__ import annotations

import pytest

from formats.status_list.history import in_force, life_of, past_name, read_time


def test_a_name_says_from_when_to_when() -> None:
    assert life_of(past_name(10, 30)) == (10, 30)


@pytest.mark.parametrize(
    "name", ["", "10", "10-", "-30", "10-30-50", "10-30.jwt", "1e1-30", "10 -30", "１０-30", "1" * 11 + "-2"]
)
def test_other_names_say_nothing(name: str) -> None:
    assert life_of(name) is None


@pytest.mark.parametrize(
    ("at", "name"),
    [(9, None), (10, "10-30"), (19, "10-30"), (20, "20-40"), (30, "20-40"), (40, "20-40"), (41, None)],
)
def test_the_newest_list_whose_life_holds_the_time_was_in_force(at: int, name: str | None) -> None:
    assert in_force(["20-40", "10-30", "notes"], at) == name


def test_nothing_was_in_force_where_nothing_is_kept() -> None:
    assert in_force([], 10) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("0", 0),
        ("1795136400", 1795136400),
        ("8589934591", (1 << 33) - 1),
        ("8589934592", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        (" 1", None),
        ("１", None),
        ("99999999999", None),
    ],
)
def test_a_time_is_a_whole_number_of_seconds(text: str, time: int | None) -> None:
    assert read_time(text) == time
