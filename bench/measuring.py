"""Timing in rounds: what is measured and what it is held against take turns, and ratios are taken inside a round.

Time is the CPU time of this thread, so that others on the machine cost nothing but cache; the collector of cyclic garbage
is off inside a timed block.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

Sampler = Callable[[], float]
"""Runs one block and returns the seconds of one operation in it."""

MICROSECONDS: Final = 1e6
MILLISECONDS: Final = 1e3


@dataclass(frozen=True, slots=True)
class Base:
    """What a figure is held against in the same round."""

    name: str
    sample: Sampler


@dataclass(frozen=True, slots=True)
class Target:
    """What a score should be: ``goal`` is wanted, ``floor`` is the least; None where nothing is demanded.

    unit: what the score is counted in; ``x`` for a ratio.
    """

    unit: str
    goal: float | None
    floor: float | None = None
    higher_is_better: bool = False

    def met(self, score: float) -> str:
        """Return ``goal``, ``floor``, ``NO``, or a dash where there is nothing to meet."""
        if self.goal is None and self.floor is None:
            return "-"
        if self.goal is not None and self._reaches(score, self.goal):
            return "goal"
        return "floor" if self.floor is not None and self._reaches(score, self.floor) else "NO"

    def best(self, scores: Sequence[float]) -> float:
        """Return the best of several scores."""
        return max(scores) if self.higher_is_better else min(scores)

    def _reaches(self, score: float, limit: float) -> bool:
        return score >= limit if self.higher_is_better else score <= limit


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of everything a figure needs, in seconds for one operation; zero for what it has not."""

    measured: float
    base: float
    less: float
    others: Mapping[str, float]


def ratio(turn: Round) -> float:
    """How many times the base."""
    return turn.measured / turn.base


def ratio_of_difference(turn: Round) -> float:
    """How many times the base the measured call costs more than the other one."""
    return (turn.measured - turn.less) / turn.base


def inverse_ratio(turn: Round) -> float:
    """How fast it is, as a share of the base's speed."""
    return turn.base / turn.measured


def milliseconds(turn: Round) -> float:
    """The time itself."""
    return turn.measured * MILLISECONDS


def seconds(turn: Round) -> float:
    """The time itself."""
    return turn.measured


def per_second(turn: Round) -> float:
    """How many in a second."""
    return 1 / turn.measured


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    name:     short, for ``--only``. measures: the public call, and on what.
    less:     a second call whose time is taken off (``ratio_of_difference``).
    others:   calls shown beside it without a target, in the base's ratio: other libraries, other settings.
    rounds:   at most so many, for what takes long; None for as many as asked.
    """

    name: str
    measures: str
    sample: Sampler
    score: Callable[[Round], float]
    target: Target
    base: Base | None = None
    less: Sampler | None = None
    others: Mapping[str, Sampler] = field(default_factory=dict)
    rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A line that needs no clock: sizes. score: against the target; value: as shown."""

    name: str
    measures: str
    value: str
    base: str
    score: float
    target: Target


@dataclass(frozen=True, slots=True)
class Result:
    """A measured figure. Times in seconds for one operation."""

    figure: Figure
    times: tuple[Round, ...]

    @property
    def scores(self) -> tuple[float, ...]:
        """The in-round scores."""
        return tuple(self.figure.score(turn) for turn in self.times)

    @property
    def best(self) -> float:
        """The best in-round score."""
        return self.figure.target.best(self.scores)

    @property
    def median(self) -> float:
        """The median of the in-round scores: what is held against the target."""
        return statistics.median(self.scores)


def block(size: int, prepare: Callable[[], Callable[[], object]]) -> Sampler:
    """Return a sampler of blocks of ``size`` operations.

    prepare: makes, outside the clock, the function that does all operations of one block.
    """

    def sample() -> float:
        run = prepare()
        started = time.thread_time()
        run()
        return (time.thread_time() - started) / size

    return sample


def repeated(size: int, call: Callable[[], object]) -> Sampler:
    """Return a sampler of one call made ``size`` times."""

    def run() -> None:
        for _ in range(size):
            call()

    return block(size, lambda: run)


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Keep the collector off, and what exists out of its sight."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def measure(figure: Figure, *, rounds: int) -> Result:
    """Return the figure after so many rounds and one to warm up."""
    count = rounds if figure.rounds is None else min(rounds, figure.rounds)
    with quiet_collector():
        _turn(figure)
        return Result(figure, tuple(_turn(figure) for _ in range(count)))


def _turn(figure: Figure) -> Round:
    # The base stands beside what it is compared with, not behind the other libraries.
    base = figure.base.sample() if figure.base else 0.0
    measured = figure.sample()
    less = figure.less() if figure.less else 0.0
    return Round(measured, base, less, {name: sample() for name, sample in figure.others.items()})
