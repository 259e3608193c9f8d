from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verifier.checkpoint.clock import (
    CONFIRMED_FOR_SECONDS,
    TOLERANCE_SECONDS,
    ClockMarks,
    after_reading,
    after_server_time,
    after_signed_time,
    cleared_by_supervisor,
    read_clock,
)

NOW = 1_800_000_000
instants = st.integers(min_value=0, max_value=2**33)


def test_the_tolerance_is_thirty_seconds() -> None:
    assert TOLERANCE_SECONDS == 30


def test_a_new_reader_trusts_its_clock_without_calling_it_confirmed() -> None:
    clock = read_clock(ClockMarks(), wall=NOW, monotonic=7)
    assert (clock.now, clock.doubtful, clock.confirmed) == (NOW, False, False)


def test_a_clock_below_the_mark_is_doubtful() -> None:
    marks = ClockMarks(high_water=NOW)
    assert read_clock(marks, wall=NOW - 1, monotonic=7).doubtful
    assert not read_clock(marks, wall=NOW, monotonic=7).doubtful


def test_a_wall_clock_set_forward_or_back_by_more_than_the_tolerance_is_doubtful() -> None:
    marks = ClockMarks(anchor=(NOW, 1000))
    assert not read_clock(marks, wall=NOW + 130, monotonic=1100).doubtful
    assert read_clock(marks, wall=NOW + 131, monotonic=1100).doubtful
    assert not read_clock(marks, wall=NOW + 70, monotonic=1100).doubtful
    assert read_clock(marks, wall=NOW + 69, monotonic=1100).doubtful


def test_a_monotonic_clock_that_fell_is_doubtful() -> None:
    assert read_clock(ClockMarks(anchor=(NOW, 1000)), wall=NOW + 1, monotonic=999).doubtful


def test_a_doubtful_clock_is_never_confirmed() -> None:
    clock = read_clock(ClockMarks(high_water=NOW + 1, confirmed_at=NOW), wall=NOW, monotonic=7)
    assert (clock.doubtful, clock.confirmed) == (True, False)


def test_a_confirmation_lasts_a_day() -> None:
    marks = ClockMarks(confirmed_at=NOW)
    assert read_clock(marks, wall=NOW + CONFIRMED_FOR_SECONDS, monotonic=7).confirmed
    assert not read_clock(marks, wall=NOW + CONFIRMED_FOR_SECONDS + 1, monotonic=7).confirmed
    assert not read_clock(marks, wall=NOW - TOLERANCE_SECONDS - 1, monotonic=7).confirmed


def test_a_confirmation_may_be_ahead_by_the_tolerance() -> None:
    marks = ClockMarks(confirmed_at=NOW)
    assert read_clock(marks, wall=NOW - TOLERANCE_SECONDS, monotonic=7).confirmed
    assert read_clock(marks, wall=NOW, monotonic=7).confirmed


def test_server_time_notes_a_confirmation_only_where_the_clock_agrees() -> None:
    for wall, confirmed in ((NOW + TOLERANCE_SECONDS, NOW), (NOW + TOLERANCE_SECONDS + 1, None)):
        assert after_server_time(ClockMarks(), server=NOW, wall=wall, monotonic=7).confirmed_at == confirmed


def test_a_mark_at_the_servers_time_is_not_ahead_of_it() -> None:
    assert after_server_time(ClockMarks(high_water=NOW), server=NOW, wall=NOW, monotonic=7).high_water == NOW


def test_the_mark_follows_the_clock() -> None:
    marks = after_reading(ClockMarks(), wall=NOW, monotonic=7)
    assert (marks.high_water, marks.anchor) == (NOW, (NOW, 7))
    assert after_reading(marks, wall=NOW + 60, monotonic=67).anchor == (NOW, 7)


def test_a_doubtful_clock_moves_no_mark() -> None:
    marks = ClockMarks(high_water=NOW, anchor=(NOW, 7))
    assert after_reading(marks, wall=NOW + 4000, monotonic=8) == marks


@given(mark=instants, signed=instants)
def test_signed_time_only_raises_the_mark(mark: int, signed: int) -> None:
    marks = after_signed_time(ClockMarks(high_water=mark), signed_at=signed)
    assert marks.high_water == max(mark, signed - TOLERANCE_SECONDS)


def test_a_reader_behind_its_own_trust_data_is_doubtful() -> None:
    marks = after_signed_time(ClockMarks(), signed_at=NOW + 3600)
    assert read_clock(marks, wall=NOW, monotonic=7).doubtful


def test_server_time_confirms_a_clock_that_agrees() -> None:
    marks = after_server_time(ClockMarks(), server=NOW, wall=NOW + 30, monotonic=7)
    clock = read_clock(marks, wall=NOW + 31, monotonic=8)
    assert (clock.doubtful, clock.confirmed) == (False, True)


def test_server_time_does_not_confirm_a_clock_that_differs() -> None:
    for wall in (NOW + 31, NOW - 31):
        marks = after_server_time(ClockMarks(), server=NOW, wall=wall, monotonic=7)
        clock = read_clock(marks, wall=wall, monotonic=7)
        assert (clock.doubtful, clock.confirmed) == (True, False)


def test_server_time_clears_a_mark_too_far_ahead() -> None:
    ahead = ClockMarks(high_water=NOW + 10**6)
    assert read_clock(ahead, wall=NOW, monotonic=7).doubtful
    marks = after_server_time(ahead, server=NOW, wall=NOW, monotonic=7)
    assert not read_clock(marks, wall=NOW, monotonic=7).doubtful


def test_server_time_never_lowers_a_mark_that_is_not_ahead() -> None:
    marks = after_server_time(ClockMarks(high_water=NOW - 5), server=NOW, wall=NOW, monotonic=7)
    assert marks.high_water == NOW - 5


def test_a_supervisors_bundle_clears_a_mark_without_confirming_the_clock() -> None:
    ahead = ClockMarks(high_water=NOW + 10**6, confirmed_at=NOW, anchor=(NOW + 10**6, 7))
    clock = read_clock(cleared_by_supervisor(ahead, bundle_issued_at=NOW), wall=NOW, monotonic=8)
    assert (clock.doubtful, clock.confirmed) == (False, False)


def test_a_mark_too_far_ahead_stays_for_everything_else() -> None:
    ahead = ClockMarks(high_water=NOW + 10**6)
    later = after_signed_time(after_reading(ahead, wall=NOW, monotonic=7), signed_at=NOW)
    assert read_clock(later, wall=NOW, monotonic=7).doubtful
