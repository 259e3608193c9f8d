"""Statements of hot paths: described once with SQLAlchemy, compiled once per database, run by the driver itself.

SQLAlchemy's own way of running a compiled statement takes five to ten times as long as SQLite takes to carry it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Scalar: TypeAlias = str | bytes | int | None
"""What both drivers take as it is: no enums; a bool counts as an int."""
Value: TypeAlias = Scalar | list[str] | list[bytes] | list[int]
Row: TypeAlias = tuple[Any, ...]

# Its names as parameters, as the PostgreSQL driver has them, so that both are run alike.
_SQLITE: Final = sqlite.dialect(paramstyle="named")


class Cursor(Protocol):
    """What both drivers answer with. Booleans come back as numbers from SQLite."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...


class Prepared:
    """One statement with named parameters; lists are for parameters that expand (``column IN (...)``)."""

    __slots__ = ("_compiled", "_spelled", "statement")

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._compiled: dict[str, SQLCompiler] = {}
        self._spelled: dict[tuple[str, tuple[int, ...]], tuple[str, dict[str, Any]]] = {}

    def spelled(self, dialect: Dialect, values: Mapping[str, Value]) -> tuple[str, dict[str, Any]]:
        """Return the text and the parameters of one execution."""
        lists = [(name, value) for name, value in values.items() if type(value) is list]
        lengths = tuple(len(value) for _, value in lists)
        known = self._spelled.get((dialect.name, lengths))
        if known is None:
            known = self._spelled[dialect.name, lengths] = self._spell(dialect, values)
        text, constants = known
        parameters: dict[str, Any] = {**constants, **values}
        for name, members in lists:
            del parameters[name]
            parameters.update((f"{name}_{place}", member) for place, member in enumerate(members, 1))
        return text, parameters

    def _spell(self, dialect: Dialect, values: Mapping[str, Value]) -> tuple[str, dict[str, Any]]:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            made = self.statement.compile(dialect=_SQLITE if dialect.name == _SQLITE.name else dialect)
            if not isinstance(made, SQLCompiler):
                raise TypeError("only queries and changes of rows are prepared")
            compiled = self._compiled[dialect.name] = made
        expanded = compiled.construct_expanded_state(dict(values))
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return expanded.statement, constants


class Driver:
    """The driver's own connection inside an open transaction. Its errors are translated where that began."""

    __slots__ = ("_dialect", "_raw")

    def __init__(self, connection: Connection) -> None:
        self._raw: Any = connection.connection.driver_connection
        self._dialect = connection.dialect

    def run(self, statement: Prepared, values: Mapping[str, Value]) -> Cursor:
        """Run one statement."""
        cursor: Cursor = self._raw.execute(*statement.spelled(self._dialect, values))
        return cursor

    def run_for_each(self, statement: Prepared, rows: Sequence[Mapping[str, Scalar]]) -> None:
        """Run one statement for each of these sets of parameters."""
        if rows:
            text, _ = statement.spelled(self._dialect, rows[0])
            self._raw.cursor().executemany(text, rows)
