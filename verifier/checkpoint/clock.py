"""What a reader knows of the time, and how far it may trust its own clock. Pure: every instant is handed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

TOLERANCE_SECONDS: Final = 30
"""The one tolerance between two clocks, everywhere (qr-trust-bundle 6)."""

CONFIRMED_FOR_SECONDS: Final = 24 * 3600


class ReaderClock(NamedTuple):
    """The time a verdict is made at.

    now:       seconds since 1970, by the reader's wall clock.
    doubtful:  the clock contradicts what the reader knows: no GREEN, no one-way code.
    confirmed: a server confirmed this clock within the last 24 hours, so a late code is the code's fault.
    """

    now: int
    doubtful: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class ClockMarks:
    """What a reader remembers of time.

    high_water:   the latest instant known to have passed; kept across restarts, raised by the reader's own clock and
                  by signed trust data, never by a card.
    confirmed_at: the server's time at the last confirmation, or None; kept across restarts.
    anchor:       wall and monotonic clock read together, of this run only (a monotonic clock starts anew at boot);
                  None until the first reading.
    """

    high_water: int = 0
    confirmed_at: int | None = None
    anchor: tuple[int, int] | None = None


def read_clock(marks: ClockMarks, *, wall: int, monotonic: int) -> ReaderClock:
    """Return the time and how far to trust it.

    It is doubtful when the wall clock is below the high-water mark, or when wall and monotonic clocks have run apart
    by more than the tolerance since they were anchored.
    Source: qr-trust-bundle 6.

    >>> read_clock(ClockMarks(high_water=1000), wall=999, monotonic=5)
    ReaderClock(now=999, doubtful=True, confirmed=False)
    >>> read_clock(ClockMarks(high_water=1000, confirmed_at=1000), wall=1000, monotonic=5)
    ReaderClock(now=1000, doubtful=False, confirmed=True)
    """
    doubtful = wall < marks.high_water or _ran_apart(marks.anchor, wall, monotonic)
    confirmed_at = marks.confirmed_at
    recent = confirmed_at is not None and -TOLERANCE_SECONDS <= wall - confirmed_at <= CONFIRMED_FOR_SECONDS
    return ReaderClock(now=wall, doubtful=doubtful, confirmed=recent and not doubtful)


def after_reading(marks: ClockMarks, *, wall: int, monotonic: int) -> ClockMarks:
    """Return the marks to store after a verdict, and each minute: the mark follows a clock that is not in doubt."""
    if read_clock(marks, wall=wall, monotonic=monotonic).doubtful:
        return marks
    return replace(marks, high_water=max(marks.high_water, wall), anchor=marks.anchor or (wall, monotonic))


def after_signed_time(marks: ClockMarks, *, signed_at: int) -> ClockMarks:
    """Return the marks raised by the instant in a verified trust table, snapshot or delta; they never fall here.

    The signer's clock may be ahead of ours by the one tolerance.
    """
    return replace(marks, high_water=max(marks.high_water, signed_at - TOLERANCE_SECONDS))


def after_server_time(marks: ClockMarks, *, server: int, wall: int, monotonic: int) -> ClockMarks:
    """Return the marks after the enrolment server told the time: the only confirmation.

    The pair (server time, monotonic clock) becomes the anchor, so a wall clock that differs from the server stays
    doubtful until it is set. A mark too far ahead falls to the server's time.
    """
    wall_agrees = abs(wall - server) <= TOLERANCE_SECONDS
    ahead = marks.high_water > server
    known = server - TOLERANCE_SECONDS
    return ClockMarks(
        high_water=known if ahead else max(marks.high_water, known),
        confirmed_at=server if wall_agrees else None,
        anchor=(server, monotonic),
    )


def cleared_by_supervisor(marks: ClockMarks, *, bundle_issued_at: int) -> ClockMarks:
    """Return the marks after a supervisor loaded a new, verified bundle: a mark too far ahead falls to its time.

    The clock is then plausible but not confirmed; this run's anchor starts anew.
    """
    return replace(marks, high_water=bundle_issued_at - TOLERANCE_SECONDS, confirmed_at=None, anchor=None)


def _ran_apart(anchor: tuple[int, int] | None, wall: int, monotonic: int) -> bool:
    if anchor is None:
        return False
    wall_passed, monotonic_passed = wall - anchor[0], monotonic - anchor[1]
    return monotonic_passed < 0 or abs(wall_passed - monotonic_passed) > TOLERANCE_SECONDS
