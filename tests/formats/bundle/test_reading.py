from __future__ import annotations

import pytest

from core.reasons import Reason
from formats.bundle import reading
from tests.builders.refusals import refused


@pytest.mark.parametrize("text", ["x", "样" * 100])
def test_a_text_has_one_to_a_hundred_characters(text: str) -> None:
    assert reading.text(text) == text


@pytest.mark.parametrize("text", ["", "x" * 101, "a\nb", b"x", None])
def test_refuses_another_text(text: object) -> None:
    with refused(Reason.BUNDLE_INVALID):
        reading.text(text)


@pytest.mark.parametrize("number", [0, (1 << 33) - 1])
def test_a_number_has_33_bits(number: int) -> None:
    assert reading.number(number) == number


@pytest.mark.parametrize("number", [-1, 1 << 33, True, "1"])
def test_refuses_another_number(number: int) -> None:
    with refused(Reason.BUNDLE_INVALID):
        reading.number(number)
