"""The last second in which a rule still says yes, and the first in which it says no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Unavailable
from core.reasons import Colour, Reason
from formats.bundle.trust_table import KeyState
from formats.dataset import Group
from tests.builders.presentations import (
    CLOCK,
    POLICY,
    SHOWN,
    Says,
    Showing,
    a_trust,
    judged,
    trust_table,
)
from tests.builders.readers import TRUST, challenge
from tests.builders.readers import judged as judged_code
from tests.builders.trust import DAY, NOW
from tests.builders.verdicts import EXPIRES, Code, answer
from tests.builders.verdicts import NOW as CODE_NOW
from verifier.checkpoint.clock import TOLERANCE_SECONDS, ReaderClock
from verifier.checkpoint.expected import OpenChallenge
from verifier.checkpoint.replay import InMemorySeen
from verifier.checkpoint.verdict import Check, Verdict

EDGE = TOLERANCE_SECONDS


def found(verdict: Verdict, check: Check) -> Reason | None:
    return next(finding.reason for finding in verdict.findings if finding.check is check)


@pytest.mark.parametrize("state", [KeyState.PLANNED, KeyState.STATUS_ONLY, KeyState.DESTROYED])
def test_a_key_that_issues_nothing_and_does_not_say_since_when_vouches_for_no_code(state: KeyState) -> None:
    code = Code()
    assert judged_code(code).colour is Colour.GREEN
    keys = {kid: replace(key, state=state) for kid, key in TRUST.keys.items()}
    verdict = judged_code(code, trust=replace(TRUST, keys=keys))
    assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.ISSUER_KEY_OUT_OF_PERIOD)
    assert found(verdict, Check.ISSUER_PERIOD) is Reason.ISSUER_KEY_OUT_OF_PERIOD


@pytest.mark.parametrize(("late", "reason"), [(EDGE, None), (EDGE + 1, Reason.STATUS_UNKNOWN)])
def test_a_status_list_counts_until_it_expires(late: int, reason: Reason | None) -> None:
    assert found(judged(statuses=Says(expires_at=NOW - late)), Check.STATUS) is reason


@pytest.mark.parametrize(("early", "reason"), [(EDGE, None), (EDGE + 1, Reason.CLOCK_DOUBTFUL)])
def test_a_status_list_may_be_as_new_as_the_tolerance(early: int, reason: Reason | None) -> None:
    assert found(judged(statuses=Says(as_of=NOW + early)), Check.STATUS_AGE) is reason


@pytest.mark.parametrize(("early", "reason"), [(EDGE, None), (EDGE + 1, Reason.CLOCK_DOUBTFUL)])
def test_a_trust_list_may_be_as_new_as_the_tolerance(early: int, reason: Reason | None) -> None:
    trust = a_trust(trust_table(issued_at=NOW + early))
    assert found(judged(trust=trust), Check.TRUST_AGE) is reason


@pytest.mark.parametrize(("late", "reason"), [(EDGE, None), (EDGE + 1, Reason.TRUST_LIST_STALE)])
def test_a_trust_list_counts_until_its_successor_is_due(late: int, reason: Reason | None) -> None:
    trust = a_trust(trust_table(next_update=NOW - late))
    assert found(judged(trust=trust), Check.TRUST_AGE) is reason


@pytest.mark.parametrize(("old", "reason"), [(DAY - 1, Reason.AGE_NOT_MET), (DAY, Reason.AGE_ANSWER_STALE)])
def test_a_no_to_an_age_counts_for_less_than_a_day(old: int, reason: Reason) -> None:
    young = Showing(shown=(*SHOWN, ("age_equal_or_over", "60")), issued_at=NOW - old)
    policy = replace(POLICY, minimum_age=60, required=POLICY.required | {Group.OTHER_AGES})
    assert found(judged(young, policy=policy), Check.AGE) is reason


@pytest.mark.parametrize(("late", "reason"), [(EDGE, None), (EDGE + 1, Reason.CODE_EXPIRED)])
def test_a_key_binding_counts_until_it_expires(late: int, reason: Reason | None) -> None:
    showing = Showing(edit_binding=lambda claims: {**claims, "exp": NOW - late})
    verdict = judged(showing, clock=CLOCK)
    assert verdict.deciding is reason or (reason is None and verdict.colour is not Colour.RED)


@pytest.mark.parametrize(("shown_at", "green"), [(0, True), (-60, True), (-61, False), (1, False)])
def test_a_challenge_is_answered_from_the_second_it_is_shown(shown_at: int, green: bool) -> None:
    code = answer(made_at=CODE_NOW)
    verdict = judged_code(code, expected=challenge(shown_at=CODE_NOW + shown_at))
    assert (verdict.colour is Colour.GREEN) is green


@pytest.mark.parametrize(("before", "green"), [(EDGE, True), (EDGE + 1, False)])
def test_an_answer_may_be_older_than_its_challenge_by_the_tolerance(before: int, green: bool) -> None:
    code = answer(made_at=CODE_NOW - 10 - before)
    verdict = judged_code(code, expected=challenge(shown_at=CODE_NOW - 10))
    assert (verdict.colour is Colour.GREEN) is green


@pytest.mark.parametrize(("before", "reason"), [(60, None), (59, Reason.PROOF_OUTSIDE_VALIDITY)])
def test_a_showing_may_end_with_its_credential(before: int, reason: Reason | None) -> None:
    code = Code(made_at=EXPIRES - before)
    verdict = judged_code(code, clock=ReaderClock(EXPIRES - before, doubtful=False, confirmed=True))
    assert found(verdict, Check.PROOF_VALIDITY) is reason


def test_a_challenge_is_as_old_as_the_monotonic_clock_says() -> None:
    shown = OpenChallenge(bytes(32), "post", frozenset(), shown_monotonic=5)
    assert shown.expected(now=NOW, monotonic=5).shown_at == NOW
    assert shown.expected(now=NOW, monotonic=6).shown_at == NOW - 1
    assert shown.expected(now=NOW, monotonic=4).shown_at < NOW - 60


def test_a_full_memory_keeps_what_can_be_shown_to_the_last_second() -> None:
    memory = InMemorySeen(size=1)
    assert memory.first_seen(b"a", 0, 10) is None
    with pytest.raises(Unavailable):
        memory.first_seen(b"b", 10, 20)
    assert memory.first_seen(b"a", 10, 20) == 0
    assert memory.first_seen(b"b", 11, 20) is None
