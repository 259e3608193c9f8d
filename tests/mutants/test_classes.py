"""What counts as no change at all: the classes, and that nothing else falls into them."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.classes import details_of, meaning

_MODULE = "def malformed(detail): ...\nclass Case:\n    def note(self, check, detail): ..."


def _same(was: str, now: str) -> bool:
    details = details_of(ast.parse(_MODULE))
    functions = [ast.parse(f"def f(x):\n    {line}").body[0] for line in (was, now)]
    first, second = (meaning(function, details) for function in functions if isinstance(function, ast.FunctionDef))
    return first == second


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("raise Refused(Reason.A, 'old')", "raise Refused(Reason.A, 'XXoldXX')"),
        ("raise Refused(Reason.A, f'{x} is old') from err", "raise Refused(Reason.A, None) from err"),
        ("raise malformed('old')", "raise malformed('OLD')"),
        ("self.note(A, 'old')", "self.note(A, None)"),
        ("case.refuse(Check.A, Reason.A, 'old')", "case.refuse(Check.A, Reason.A, None)"),
        ("case.doubt(Check.A, Reason.A, 'old')", "case.doubt(Check.A, Reason.A, 'OLD')"),
        ("raise ValueError('old')", "raise ValueError(None)"),
        ("raise CBORDecodeError('old')", "raise CBORDecodeError('OLD')"),
        ("check_signed(x, who='a')", "check_signed(x, who='XXaXX')"),
        ("return cast('int', x)", "return cast('XXintXX', x)"),
        ("return x.encode('ascii')", "return x.encode('ASCII')"),
        ("return x.to_bytes(2, 'big')", "return x.to_bytes(2)"),
    ],
)
def test_these_change_nothing(was: str, now: str) -> None:
    assert _same(was, now)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("raise Refused(Reason.A, 'old')", "raise Refused(Reason.B, 'old')"),
        ("raise Refused(Reason.A, 'old')", "raise Refused('old')"),
        ("raise Refused(Reason.A, 'old')", "raise MalformedInput(Reason.A, 'old')"),
        ("raise malformed('old')", "pass"),
        ("case.refuse(Check.A, Reason.A, 'old')", "case.refuse(Check.A, None, 'old')"),
        ("case.refuse(Check.A, Reason.A, 'old')", "case.doubt(Check.A, Reason.A, 'old')"),
        ("return other('old')", "return other('OLD')"),
        ("return cast('int', x)", "return cast('int', None)"),
        ("return x.encode('ascii')", "return x.encode('utf-8')"),
        ("return x.to_bytes(2, 'big')", "return x.to_bytes(2, 'little')"),
        ("return x.to_bytes(2, 'big')", "return x.to_bytes(3, 'big')"),
        ("check_signed(x, key='a')", "check_signed(x, key='XXaXX')"),
    ],
)
def test_these_change_something(was: str, now: str) -> None:
    assert not _same(was, now)


def test_an_argument_that_is_missing_by_default_is_a_change() -> None:
    was, now = (ast.parse(f"def f(x={value}): ...").body[0] for value in (1, 2))
    assert isinstance(was, ast.FunctionDef)
    assert isinstance(now, ast.FunctionDef)
    assert meaning(was, {}) != meaning(now, {})
