"""The table of clauses, docs/coverage.md: each MUST of a standard, the code that keeps it, the test that proves it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.outcomes import PASSED, SKIPPED

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "coverage.md"

_QUOTED = re.compile(r"`([^`]+)`")
_COLUMNS = 4
_HEADER = ("clause", "demand", "code", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """One demand of one standard.

    line:  in docs/coverage.md.
    code:  ``path:name`` or ``path:Class.name``, from the root. tests: ``path::name`` likewise.
    """

    line: int
    clause: str
    demand: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


def read_rows(text: str) -> list[Row]:
    """Return the rows of all tables whose columns are clause, demand, code, test; ValueError for a row of another shape."""
    found: list[Row] = []
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|")) if line.startswith("|") else ()
        if not cells:
            inside = False
        elif cells == _HEADER:
            inside = True
        elif inside and set(cells[0]) != {"-"}:
            if len(cells) != _COLUMNS or not all(cells):
                raise ValueError(f"docs/coverage.md:{number} is not a row of {', '.join(_HEADER)}")
            code, tests = (tuple(_QUOTED.findall(cell)) for cell in cells[2:])
            found.append(Row(number, cells[0], cells[1], code, tests))
    return found


def missing(rows: list[Row]) -> Iterator[str]:
    """Give one line for each row that names no code or no test, or one that does not exist."""
    for row in rows:
        where = f"docs/coverage.md:{row.line} {row.clause}"
        if not row.code or not row.tests:
            yield f"{where}: names no code or no test"
        for code in row.code:
            path, _, name = code.partition(":")
            if name not in _names(path):
                yield f"{where}: there is no {code}"
        for test in row.tests:
            path, _, name = test.partition("::")
            if name.replace("::", ".") not in _names(path) or not name.rpartition("::")[2].startswith("test_"):
                yield f"{where}: there is no test {test}"


def not_proven(rows: list[Row], outcomes: Mapping[str, str]) -> Iterator[str]:
    """Give one line for each row with a test that did not run or did not pass; left out for a stated reason is no fault."""
    for row in rows:
        for test in row.tests:
            outcome = outcomes.get(test, "not run")
            if outcome not in {PASSED, SKIPPED}:
                yield f"docs/coverage.md:{row.line} {row.clause}: {test}: {outcome}"


@cache
def _names(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    return frozenset(_defined(ast.parse(file.read_text(encoding="utf-8")).body, ""))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=inner):
                yield prefix + name
                yield from _defined(inner, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name
            case _:
                continue
