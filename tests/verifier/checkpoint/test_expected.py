from __future__ import annotations

import pytest

from core.reasons import Colour, Reason
from formats.dataset import Group
from tests.builders.readers import judged
from tests.builders.verdicts import CHALLENGE_HASH, DESK_GROUPS, NOW, POST, Code, answer
from verifier.checkpoint.expected import OpenChallenge

SHOWN = OpenChallenge(b"\x01" * 32, "post-7", frozenset({Group.NAME}), shown_monotonic=500)


def test_counts_back_by_the_monotonic_clock() -> None:
    assert SHOWN.expected(now=NOW, monotonic=512).shown_at == NOW - 12


def test_a_wall_clock_set_meanwhile_changes_nothing() -> None:
    assert SHOWN.expected(now=NOW + 9999, monotonic=512).shown_at == NOW + 9999 - 12


def test_a_machine_started_anew_makes_a_challenge_too_old() -> None:
    assert SHOWN.expected(now=NOW, monotonic=3).shown_at < NOW - 60


def test_is_answered_once() -> None:
    open_challenge = OpenChallenge(CHALLENGE_HASH, POST, frozenset(DESK_GROUPS), shown_monotonic=500)
    first = judged(answer(), expected=open_challenge.expected(now=NOW, monotonic=510))
    open_challenge = open_challenge.after(first)
    second = judged(answer(), expected=open_challenge.expected(now=NOW, monotonic=511))
    assert (first.colour, second.deciding) == (Colour.GREEN, Reason.CHALLENGE_ALREADY_ANSWERED)
    assert open_challenge.after(second).answered


@pytest.mark.parametrize(
    "code",
    [
        answer(shown_by="thief"),
        answer(cnonce=bytes(32)),
        answer(audience="post-0018"),
        Code(),
        answer(issuer="stranger"),
    ],
)
def test_is_not_used_up_by_a_code_that_does_not_answer_it(code: Code) -> None:
    open_challenge = OpenChallenge(CHALLENGE_HASH, POST, frozenset(DESK_GROUPS), shown_monotonic=500)
    verdict = judged(code, expected=open_challenge.expected(now=NOW, monotonic=510))
    assert not open_challenge.after(verdict).answered


def test_is_used_up_by_an_answer_that_is_red_for_another_reason() -> None:
    open_challenge = OpenChallenge(CHALLENGE_HASH, POST, frozenset(DESK_GROUPS), shown_monotonic=500)
    verdict = judged(answer(index=100), expected=open_challenge.expected(now=NOW, monotonic=510))
    assert verdict.deciding is Reason.STATUS_REVOKED
    assert open_challenge.after(verdict).answered
