"""No statement of issuing reads a whole bureau: SQLite, which plans without statistics, finds an index for each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, literal, select
from sqlalchemy.dialects import sqlite

from issuer.storage import cases, issuance_statements, records
from issuer.storage.driver import Driver, Prepared, Value
from issuer.storage.engine import begin
from tests.builders.bureau import Office

# A bureau has a few lists, and one counter.
SMALL = ("status_list", "snapshot_counter")


def prepared() -> Iterator[tuple[str, Prepared]]:
    for module in (issuance_statements, records, cases):
        for name, found in vars(module).items():
            for place, statement in enumerate(found if isinstance(found, tuple) else (found,)):
                if isinstance(statement, Prepared):
                    yield f"{module.__name__.rsplit('.', 1)[1]}.{name}.{place}", statement


STATEMENTS = dict(prepared())


def plan_of(statement: Prepared, office: Office) -> list[str]:
    compiled = statement.statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    lists = re.findall(r"POSTCOMPILE_(\w+)", str(compiled))
    values: dict[str, Value] = {**dict.fromkeys(compiled.params, 1), **{name: ["a", "b"] for name in lists}}
    text, parameters = statement.spelled(office.engine.dialect, values)
    with begin(office.engine, read_only=True) as connection:
        rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)  # type: ignore[union-attr]  # it is open
        return [row[3] for row in rows]


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_finds_its_rows_by_an_index_beyond_the_bureau(office: Office, name: str) -> None:
    for step in plan_of(STATEMENTS[name], office):
        if step.startswith(("SCAN CONSTANT", "SCALAR SUBQUERY")) or step.split()[1] in SMALL:
            continue
        assert step.startswith("SEARCH"), step
        assert not step.endswith("(bureau=?)"), step
        assert "TEMP B-TREE" not in step


def test_there_are_statements_to_look_at() -> None:
    assert len(STATEMENTS) > 40


def test_a_list_of_another_length_gets_a_text_of_its_own(office: Office) -> None:
    statement = issuance_statements.KEYS_SEEN
    with begin(office.engine, read_only=True) as connection:
        driver = Driver(connection)
        for keys in ([b"a"], [b"a", b"b", b"c"], []):
            assert driver.run(statement, {"b": "690101000000", "keys": keys}).fetchone() == (0,)


def test_what_a_statement_says_itself_does_not_depend_on_who_ran_it_first(office: Office) -> None:
    statement = Prepared(select(literal("constant").label("said"), bindparam("given").label("given")))
    dialect = office.engine.dialect
    text, first = statement.spelled(dialect, {"given": "x", "param_1": "y"})
    again, second = statement.spelled(dialect, {"given": "z"})
    assert (text, first) == (again, {"given": "x", "param_1": "y"})
    assert second == {"given": "z", "param_1": "constant"}
