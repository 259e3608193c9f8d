"""Each way in which the judging code uses a check is found, and taken out cleanly."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.mutation import mutants_of


def _mutated(text: str) -> list[str]:
    return [mutant.text for mutant in mutants_of("m.py", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ONE_WAY_CHECKS = (Check.A, Check.B)", ["ONE_WAY_CHECKS = (Check.B,)", "ONE_WAY_CHECKS = (Check.A,)"]),
        ("X_CHECKS: Final[tuple[Check, ...]] = (A,)", ["X_CHECKS: Final[tuple[Check, ...]] = ()"]),
        ("X_CHECKS = frozenset({A, B})", ["X_CHECKS = frozenset({B})", "X_CHECKS = frozenset({A})"]),
        ("X_CHECKS = (*COMMON_CHECKS, A)", ["X_CHECKS = (*COMMON_CHECKS,)"]),
        ("check_age(x)", ["pass"]),
        ("rules.check_age(x)", ["pass"]),
        ("def f():\n    yield from check_age(x)", ["def f():\n    yield from ()"]),
        ("async def f():\n    await check_age(x)", ["async def f():\n    pass"]),
        ("found.append(check_age(x))", ["pass"]),
        ("found += check_age(x)", ["pass"]),
        ("found = [check_a(x), *check_b(x)]", ["found = [*check_b(x)]", "found = [check_a(x)]"]),
        ("STEPS = (check_a, check_b)", ["STEPS = (check_b,)", "STEPS = (check_a,)"]),
        ("STEPS = {A: check_a, B: check_b}", ["STEPS = {B: check_b}", "STEPS = {A: check_a}"]),
        ("found = check_age(x)", ["found = None"]),
        (
            "def check_a() -> bool: ...\n\nok = check_a()",
            ["def check_a() -> bool:\n    ...\nok = True"],
        ),
        (
            "def check_a() -> Checks[list[F]]: ...\n\ndef f():\n    x = yield from check_a()",
            ["def check_a() -> Checks[list[F]]:\n    ...\n\ndef f():\n    x = []"],
        ),
        (
            "from rules import check_age as old_enough\nold_enough(x)",
            ["from rules import check_age as old_enough\npass"],
        ),
        (
            "if not check_a():\n    stop()",
            ["if not None:\n    stop()"],
        ),
        ("if late:\n    case.refuse(Check.A, Reason.B, 'late')", ["if late:\n    pass"]),
        (
            "try:\n    read(x)\nexcept E as err:\n    case.refuse_because(A, err)",
            ["try:\n    read(x)\nexcept E as err:\n    pass"],
        ),
        ("case.doubt(A, B, 'old')", ["pass"]),
    ],
)
def test_takes_out_one_check_at_a_time(text: str, expected: list[str]) -> None:
    assert _mutated(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "def check_age(x): return x",
        "from verifier.rules import check_age",
        "checked(x)",
        "other.refuse(x)",
        "refuse(x)",
        "CHECKS = (A, B)",
        "OTHER = (Check.A, Check.B)",
        "X_CHECKS = make()",
    ],
)
def test_leaves_what_is_no_use_of_a_check(text: str) -> None:
    assert _mutated(text) == []


def test_every_mutant_is_a_module_again_and_says_what_is_gone() -> None:
    text = "A_CHECKS = (Check.X,)\n\ndef judge(x):\n    check_a(x)\n    y = check_b(x)\n    return y\n"
    mutants = mutants_of("verifier/m.py", text)
    assert [mutant.name for mutant in mutants] == [
        "verifier/m.py:1 A_CHECKS without Check.X",
        "verifier/m.py:4 without check_a",
        "verifier/m.py:5 without check_b",
    ]
    assert all(ast.parse(mutant.text) for mutant in mutants)
