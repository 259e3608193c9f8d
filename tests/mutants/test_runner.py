"""The runner on a tree of one small module: it names the test that died and the mutant that nobody noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.runner import Plan, TestsUnusable, run, table

_MODULE = """
def check_positive(x):
    if x <= 0:
        raise ValueError


def check_small(x):
    if x > 9:
        raise ValueError


def judge(x):
    check_positive(x)
    check_small(x)
    return x
"""
_TESTS = """
import pytest
from judging import judge


def test_accepts_a_digit():
    assert judge(5) == 5


def test_refuses_zero():
    with pytest.raises(ValueError):
        judge(0)
"""


def _plan(folder: Path, tests: str) -> Plan:
    (folder / "judging.py").write_text(_MODULE, encoding="utf-8")
    (folder / "test_judging.py").write_text(tests, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    files = ("judging.py", "test_judging.py", "pytest.ini")
    return Plan(folder, files, ("judging.py",), ("test_judging.py",))


def test_names_the_test_that_died_and_the_mutant_that_survived(tmp_path: Path) -> None:
    plan = _plan(tmp_path, _TESTS)
    told: list[str] = []
    outcomes = run(plan, plan.mutants(), workers=1, tell=told.append)
    assert [(o.mutant.what, o.killer) for o in outcomes] == [
        ("without check_positive", "test_judging.py::test_refuses_zero"),
        ("without check_small", None),
    ]
    assert len(told) == 3
    assert table(outcomes)[-2:] == [
        "judging.py:14 without check_small    -> SURVIVED: no test noticed",
        "2 mutants, 1 survived.",
    ]


def test_asks_all_the_tests_where_the_nearest_notice_nothing(tmp_path: Path) -> None:
    nearest = (("judging.py", ("test_judging.py::test_accepts_a_digit",)),)
    plan = replace(_plan(tmp_path, _TESTS), nearest=nearest)
    outcomes = run(plan, plan.mutants(), workers=2, tell=lambda _: None)
    assert [outcome.killer for outcome in outcomes] == ["test_judging.py::test_refuses_zero", None]


def test_a_test_near_the_mutant_is_enough(tmp_path: Path) -> None:
    nearest = (("judging.py", ("test_judging.py::test_refuses_zero",)), ("", ("elsewhere.py",)))
    plan = replace(_plan(tmp_path, _TESTS), nearest=nearest)
    assert plan.selections("judging.py") == [("test_judging.py::test_refuses_zero",), ("test_judging.py",)]
    outcomes = run(plan, plan.mutants()[:1], workers=1, tell=lambda _: None)
    assert outcomes[0].killer == "test_judging.py::test_refuses_zero"


def test_leaves_the_tree_itself_untouched(tmp_path: Path) -> None:
    plan = _plan(tmp_path, _TESTS)
    run(plan, plan.mutants()[:1], workers=1, tell=lambda _: None)
    assert (tmp_path / "judging.py").read_text(encoding="utf-8") == _MODULE


def test_judges_nothing_while_the_tests_fail(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "def test_fails():\n    assert False\n")
    with pytest.raises(TestsUnusable):
        run(plan, plan.mutants(), workers=1, tell=lambda _: None)


def test_judges_nothing_without_tests(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "")
    with pytest.raises(TestsUnusable):
        run(plan, plan.mutants(), workers=1, tell=lambda _: None)
