"""What the post expects: a one-way code, or the answer to the challenge it is showing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from formats.dataset import Group
from verifier.checkpoint.verdict import Check, Verdict

CHALLENGE_LIMIT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class OneWay:
    """The post shows nothing: it takes a code made for any post within the last minute."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The post shows a challenge and takes its one answer.

    challenge_hash: SHA-256 of the exact challenge bytes: the ``cnonce`` of the answer.
    post_id:        the ``aud`` of the answer.
    groups:         the groups the challenge asks for; nothing else may be shown.
    shown_at:       when it was shown, counted back from the reader's present time by the monotonic clock
                    (``OpenChallenge.expected`` makes it so).
    answered:       an answer to it was judged before.
    """

    challenge_hash: bytes
    post_id: str
    groups: frozenset[Group]
    shown_at: int
    answered: bool


Expected: TypeAlias = OneWay | Answer


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    """The challenge a post is showing: one answer, within 60 seconds of the post's monotonic clock.

    The post keeps one of these, asks ``expected`` before each judgement and stores ``after`` when it is made. A wall
    clock that is set meanwhile changes nothing.
    """

    challenge_hash: bytes
    post_id: str
    groups: frozenset[Group]
    shown_monotonic: int
    answered: bool = False

    def expected(self, *, now: int, monotonic: int) -> Answer:
        """Return what to judge an answer against.

        now, monotonic: the wall and the monotonic clock read together. A monotonic clock that fell (the machine was
        started anew) makes the challenge older than any limit.
        """
        passed = monotonic - self.shown_monotonic
        shown_at = now - (passed if passed >= 0 else CHALLENGE_LIMIT_SECONDS + 1)
        return Answer(self.challenge_hash, self.post_id, self.groups, shown_at, self.answered)

    def after(self, verdict: Verdict) -> OpenChallenge:
        """Return the state after a judgement: answered once both signatures held and the nonce fitted, of any colour.

        A forged code, or one made for another challenge, does not use it up.
        """
        return replace(self, answered=self.answered or verdict.passed(Check.NONCE))
