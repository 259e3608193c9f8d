"""What a reader needs from outside, named by need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from formats.bundle.envelope import Floors
from verifier.checkpoint.clock import ClockMarks
from verifier.checkpoint.expected import OpenChallenge
from verifier.checkpoint.offline import StatusSource
from verifier.checkpoint.replay import Seen


@dataclass(frozen=True, slots=True)
class StoredChallenge:
    """The challenge shown last, and the policy it was shown for."""

    policy_id: str
    open: OpenChallenge


class StatusLookup(StatusSource, Protocol):
    """A source of statuses for one judgement, which says afterwards whom it asked."""

    @property
    def fetched(self) -> Sequence[str]:
        """The addresses of the lists that were asked for, each once, in order."""
        ...


class Statuses(Protocol):
    """Where a reader takes statuses from."""

    def at(self, now: int) -> StatusLookup:
        """Return the source for one judgement made at ``now``."""
        ...

    def as_of(self, then: int) -> StatusLookup:
        """Return the source for evidence judged as of ``then``: what was known of the status at that instant."""
        ...


class ReaderMemory(Seen, Protocol):
    """What a reader remembers between two codes, shared by all its lanes; see ``verifier.checkpoint`` for the rules."""

    def show_challenge(self, challenge: OpenChallenge, policy_id: str) -> None:
        """Remember the challenge now on the screen; the one before it counts no longer."""
        ...

    def shown_challenge(self) -> StoredChallenge | None:
        """Return the challenge shown last, answered or not."""
        ...

    def answer_challenge(self, challenge_hash: bytes) -> bool:
        """Mark a challenge as answered; False where another lane was faster or it is gone."""
        ...

    def floors(self) -> Floors:
        """Return the highest number accepted of each signed thing."""
        ...

    def raise_floors(self, floors: Floors) -> None:
        """Keep these numbers where they are higher."""
        ...

    def clock_marks(self) -> ClockMarks:
        """Return what is remembered of time."""
        ...

    def raise_high_water(self, instant: int) -> None:
        """Remember that this instant has passed; an earlier one changes nothing."""
        ...

    def set_clock_marks(self, marks: ClockMarks) -> None:
        """Replace the marks: after server time, or by a supervisor; the one way for a mark to fall."""
        ...
