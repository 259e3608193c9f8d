from __future__ import annotations

import pytest

from tests.support import clauses
from tests.support.clauses import Row

HERE = "tests/support/test_clauses.py"
TEXT = f"""
# One standard

| clause | demand | code | test |
|---|---|---|---|
| 7.1 | refuse what is not referenced | `tests/support/clauses.py:read_rows` | `{HERE}::test_reads_the_rows_of_a_table` |

| another | table |
|---|---|
| of | words |
"""


def a_row(code: str = "tests/support/clauses.py:Row", test: str = f"{HERE}::test_reads_the_rows_of_a_table") -> Row:
    return Row(1, "7.1", "a demand", (code,) if code else (), (test,) if test else ())


def test_reads_the_rows_of_a_table() -> None:
    (row,) = clauses.read_rows(TEXT)
    assert (row.clause, row.code) == ("7.1", ("tests/support/clauses.py:read_rows",))
    assert row.tests == (f"{HERE}::test_reads_the_rows_of_a_table",)
    assert list(clauses.missing([row])) == []


@pytest.mark.parametrize("line", ["| 7.2 | a demand | `a:b` |", "| 7.2 |  | `a:b` | `c::d` |"])
def test_refuses_a_row_of_another_shape(line: str) -> None:
    with pytest.raises(ValueError, match="not a row"):
        clauses.read_rows("| clause | demand | code | test |\n|---|---|---|---|\n" + line)


@pytest.mark.parametrize(
    "row",
    [
        a_row(code=""),
        a_row(test=""),
        a_row(code="tests/support/clauses.py:gone"),
        a_row(code="tests/support/gone.py:Row"),
        a_row(test=f"{HERE}::test_that_is_gone"),
        a_row(test=f"{HERE}::a_row"),
    ],
)
def test_tells_of_code_and_tests_that_do_not_exist(row: Row) -> None:
    assert len(list(clauses.missing([row]))) == 1


@pytest.mark.parametrize(
    ("outcome", "unproven"),
    [("passed", 0), ("skipped", 0), ("failed", 1), ("not run", 1)],
    ids=str,
)
def test_tells_of_tests_that_did_not_run_or_did_not_pass(outcome: str, unproven: int) -> None:
    row = a_row()
    came_to = {} if outcome == "not run" else {row.tests[0]: outcome}
    assert len(list(clauses.not_proven([row], came_to))) == unproven


def test_every_row_of_the_table_names_code_and_tests_that_exist() -> None:
    rows = clauses.read_rows(clauses.TABLE.read_text(encoding="utf-8"))
    assert rows
    assert list(clauses.missing(rows)) == []
