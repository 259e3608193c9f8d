"""A driver that answers wrongly, vaguely or not at all never turns a forged code GREEN."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from core.errors import Misconfigured
from core.reasons import Colour, Reason
from tests.builders.readers import challenge, judging
from tests.builders.verdicts import Code, answer
from verifier.checkpoint.self_test import self_test
from verifier.checkpoint.verdict import Verdict

FORGED = Code(issuer="stranger", names_issuer="issuer")


async def promised() -> bool:
    return False


class Truthy:
    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


@pytest.mark.parametrize("said", [None, 1, 0, "true", "", b"\x01", [True], Truthy()], ids=repr)
@pytest.mark.parametrize("place", [0, 1])
def test_only_true_and_false_are_answers(said: object, place: int) -> None:
    checks = judging(FORGED)
    next(checks)
    if place == 1:
        checks.send(True)
    with pytest.raises(TypeError):
        checks.send(said)  # type: ignore[arg-type]  # the attack


def test_an_unawaited_promise_is_no_answer() -> None:
    promise: Coroutine[Any, Any, bool] = promised()
    checks = judging(FORGED)
    next(checks)
    with pytest.raises(TypeError):
        checks.send(promise)  # type: ignore[arg-type]  # the attack
    promise.close()


def test_a_future_is_no_answer() -> None:
    loop = asyncio.new_event_loop()
    future: asyncio.Future[bool] = loop.create_future()
    future.set_result(True)
    checks = judging(FORGED)
    next(checks)
    with pytest.raises(TypeError):
        checks.send(future)  # type: ignore[arg-type]  # the attack
    loop.close()


@pytest.mark.parametrize("fault", [OSError("gone"), TypeError("bad type"), ValueError("bad value"), RuntimeError("x")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_driver_fault_is_could_not_check_never_green_and_never_forged(fault: Exception, place: int) -> None:
    checks = judging(Code())
    next(checks)
    if place == 1:
        checks.send(True)
    with pytest.raises(StopIteration) as done:
        checks.throw(fault)
    verdict: Verdict = done.value.value
    assert (verdict.colour, verdict.reasons) == (Colour.AMBER, (Reason.COULD_NOT_CHECK,))
    assert verdict.person is None
    assert not verdict.held_by_owner


def test_an_interrupt_is_no_driver_fault() -> None:
    checks = judging(Code())
    next(checks)
    with pytest.raises(KeyboardInterrupt):
        checks.throw(KeyboardInterrupt())


def test_an_abandoned_generator_gives_no_verdict() -> None:
    checks = judging(Code())
    next(checks)
    checks.close()
    with pytest.raises(StopIteration) as done:
        next(checks)
    assert done.value.value is None


@pytest.mark.parametrize(
    ("code", "answers", "reason"),
    [
        (FORGED, (False,), Reason.ISSUER_SIGNATURE_INVALID),
        (Code(shown_by="thief"), (True, False), Reason.HOLDER_SIGNATURE_INVALID),
    ],
)
def test_the_first_false_ends_it(code: Code, answers: tuple[bool, ...], reason: Reason) -> None:
    assert answered(code, *answers).deciding is reason


def test_swapped_answers_are_judged_as_they_come() -> None:
    """A driver that mixes its answers up can refuse a good code, and says of the issuer what is true of the holder."""
    assert answered(Code(shown_by="thief"), False).deciding is Reason.ISSUER_SIGNATURE_INVALID


@pytest.mark.parametrize("always", [True, False])
def test_a_driver_with_one_answer_for_everything_keeps_the_reader_closed(always: bool) -> None:
    checks = self_test()
    next(checks)
    with pytest.raises(Misconfigured) as closed:
        all(checks.send(always) for _ in range(9))
    assert closed.value.reason is Reason.READER_CLOSED


def test_a_driver_that_swaps_answers_keeps_the_reader_closed() -> None:
    checks = self_test()
    next(checks)
    with pytest.raises(Misconfigured) as closed:
        checks.send(False)
    assert closed.value.reason is Reason.READER_CLOSED


def test_a_driver_that_says_yes_still_meets_every_other_check() -> None:
    assert answered(Code(index=100), True, True).deciding is Reason.STATUS_REVOKED
    late = answered(answer(), True, True, expected=challenge(answered=True))
    assert late.deciding is Reason.CHALLENGE_ALREADY_ANSWERED


def answered(code: Code, *answers: bool, **changes: object) -> Verdict:
    checks = judging(code, **changes)
    next(checks)
    for said in answers[:-1]:
        checks.send(said)
    with pytest.raises(StopIteration) as done:
        checks.send(answers[-1])
    verdict: Verdict = done.value.value
    return verdict
