from __future__ import annotations

import pytest

from core.errors import Misconfigured
from core.reasons import Reason
from formats.signature_checks import run
from verifier.checkpoint.self_test import PLANTED, self_test


def test_the_cryptography_driver_passes() -> None:
    run(self_test())


def test_asks_about_a_good_signature_and_three_bad_ones() -> None:
    assert [right for _, right in PLANTED] == [True, False, False, False]


@pytest.mark.parametrize("wrong", range(len(PLANTED)))
def test_refuses_a_driver_with_one_wrong_answer(wrong: int) -> None:
    checks = self_test()
    next(checks)
    for _, right in PLANTED[:wrong]:
        checks.send(right)
    with pytest.raises(Misconfigured) as refused:
        checks.send(not PLANTED[wrong][1])
    assert refused.value.reason is Reason.READER_CLOSED


def test_refuses_a_driver_that_fails() -> None:
    checks = self_test()
    next(checks)
    with pytest.raises(Misconfigured) as refused:
        checks.throw(RuntimeError("no crypto here"))
    assert refused.value.reason is Reason.READER_CLOSED


@pytest.mark.parametrize("answer", [None, 1, 0, "yes", object()])
def test_an_answer_that_is_no_bool_is_a_mistake_of_the_driver(answer: object) -> None:
    checks = self_test()
    next(checks)
    with pytest.raises(TypeError):
        checks.send(answer)  # type: ignore[arg-type]  # the mistake under test
