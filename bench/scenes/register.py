"""The register: checking rows, reading a file into an indexed table, and the whole import."""

from __future__ import annotations

import csv
import io
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from bench.measuring import Base, Figure, Target, block, inverse_ratio, per_second, seconds
from bench.proving import prove
from core.entropy import SystemEntropy
from issuer.register.bulk import check_rows
from issuer.register.citizen_number import DocumentType, check_character
from issuer.register.findings import FindingCode, Severity
from issuer.register.golden import GOLDEN_COUNT
from issuer.register.importing import ImportReport, Pictures, import_register
from issuer.register.reading import RegisterFile, open_register, read_rows
from issuer.register.record import COLUMNS, CheckedRow, IdentityRecord
from issuer.register.samples import sample_rows
from tests.builders.bureau import BUREAU, NOW, REGISTRAR, TODAY, Office, an_office

_ROWS: Final = 10_000
_FILE_ROWS: Final = 50_000
_NUMBER: Final = COLUMNS.index("citizen_number")
_DOCUMENT: Final = COLUMNS.index("document_type")
_INSERT: Final = "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

Checker = Callable[[Sequence[Sequence[str]]], list[CheckedRow]]


def resident_rows() -> Iterator[tuple[str, ...]]:
    """The header, then synthetic people with resident cards, without the golden edge cases."""
    yield COLUMNS
    people = islice(sample_rows(_ROWS * 6 // 5, seed=1, today=TODAY), GOLDEN_COUNT, None)
    yield from (row for row in people if row[_DOCUMENT] == DocumentType.RESIDENT_ID)


@cache
def the_rows() -> list[list[str]]:
    """Ten thousand residents, a hundred of them with a wrong check character."""
    rows = [list(row) for row in islice(resident_rows(), 1, _ROWS + 1)]
    for place in spoiled_places():
        number = rows[place][_NUMBER]
        rows[place][_NUMBER] = number[:-1] + ("1" if number[-1] != "1" else "2")
    return rows


@cache
def spoiled_places() -> frozenset[int]:
    """Where the wrong numbers are: one row in a hundred."""
    return frozenset(random.Random("spoiled").sample(range(_ROWS), _ROWS // 100))


@cache
def mixed_rows() -> list[tuple[str, ...]]:
    """As many people of every kind: a tenth permits and foreigners, who go by the rules and not the fast way."""
    return list(sample_rows(_ROWS, seed=1, today=TODAY))


@cache
def many_rows() -> list[tuple[str, ...]]:
    """The good residents again and again under other numbers, for a file whose index outgrows the processor's cache."""
    taken: set[str] = set()
    rows = []
    for turn in range(0, 2 * _FILE_ROWS // _ROWS, 2):
        for row in _good_rows():
            first17 = f"{row[_NUMBER][:14]}{(int(row[_NUMBER][14:17]) + turn) % 1000:03}"
            number = first17 + check_character(first17)
            if number not in taken:
                taken.add(number)
                rows.append((*row[:_NUMBER], number, *row[_NUMBER + 1 :]))
    return rows


def checked(rows: Sequence[Sequence[str]]) -> list[CheckedRow]:
    """Return the checked rows. This is the call that is timed."""
    return list(check_rows(rows, today=TODAY, specimen=True))


def prove_checks(check: Checker) -> None:
    """Demand that each wrong number, and no other plain row, is refused as one."""
    outcome = check(the_rows())
    for place, row in enumerate(outcome):
        codes = {finding.code for finding in row.findings if finding.severity is Severity.ERROR}
        prove((place in spoiled_places()) == (FindingCode.NUMBER_CHECKSUM in codes), "a check was left out")
        prove((row.record is None) == bool(codes), "a row with errors has a record, or one without has none")


def checking() -> list[Figure]:
    """Give the figure of checking rows that are split already."""
    rows = the_rows()
    prove_checks(checked)
    text = _csv(rows)
    return [
        Figure(
            name="rows-validated",
            measures=f"register.bulk.check_rows, {_ROWS:,} resident cards, 1 % with a wrong number",
            sample=block(_ROWS, lambda: lambda: checked(rows)),
            score=per_second,
            target=Target("/s", goal=150_000, higher_is_better=True),
            base=Base("csv.reader", block(_ROWS, lambda: lambda: list(csv.reader(io.StringIO(text))))),
        )
    ]


def importing(folder: Path) -> list[Figure]:
    """Give the figures of import: parse, check and load with bare SQL; and the product's own, with all it keeps."""
    path = folder / "register.csv"
    path.write_text(_csv(the_rows()), encoding="utf-8")
    file = open_register(path)
    offices = _Offices(folder)
    with offices.empty() as office:
        prove_import(lambda: imported(file, office), office)
    large = folder / "large.csv"
    large.write_text(_csv(many_rows()), encoding="utf-8")
    many, database = open_register(large), folder / "bare.db"
    bare = Base("executemany, indexed", block(len(many_rows()), lambda: _loading(many_rows(), database)))
    return [
        Figure(
            name="rows-loaded",
            measures=f"register.reading.read_rows of a CSV file of {len(many_rows()):,} residents, then executemany into the table of the base",
            sample=block(many.row_count, lambda: _reading_and_loading(many, database)),
            score=inverse_ratio,
            target=Target("x speed", goal=0.6, floor=0.3, higher_is_better=True),
            base=bare,
            rounds=5,
        ),
        Figure(
            name="import-10000",
            measures="register.importing.import_register, CSV to commit in SQLite (FULL): sealed, hashed, cases, audit; wall",
            sample=lambda: offices.import_seconds(file),
            score=seconds,
            target=Target("s", goal=2),
            base=bare,
            rounds=3,
        ),
    ]


def imported(file: RegisterFile, office: Office) -> ImportReport:
    """Import the file. This is the call that is timed."""
    return import_register(
        file,
        officer=REGISTRAR,
        store=office.store,
        entropy=SystemEntropy(),
        now=NOW,
        today=TODAY,
        specimen=True,
        pictures=Pictures(portraits=False),
    )


def prove_import(import_: Callable[[], ImportReport], office: Office) -> None:
    """Demand that the wrong numbers stay out, everybody else goes in once, sealed, and a second run adds nothing."""
    report = import_()
    bad = {remark.row_number - 2 for remark in report.bad if remark.code is FindingCode.NUMBER_CHECKSUM}
    prove(bad == spoiled_places(), "a wrong number was imported")
    prove(report.added == len(_good_rows()), "a good row stayed out")
    with office.store.reading() as books:
        prove(books.register.count(BUREAU) == report.added, "the register holds another number of people")
    with office.engine.connect() as connection:
        sealed = connection.exec_driver_sql("SELECT sealed FROM register_record LIMIT 50").scalars().all()
        acts = connection.exec_driver_sql("SELECT count(*) FROM audit_event WHERE action LIKE 'case.%'").scalar_one()
    prove(all("样".encode() not in content for content in sealed), "a personal field is readable at rest")
    prove(acts == report.added, "an act is missing from the audit log")
    prove(import_().added == 0, "a second run adds people")


class _Offices:
    """Fresh databases in one folder, one for each import."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    @contextmanager
    def empty(self) -> Iterator[Office]:
        self._count += 1
        path = self._folder / f"register-{self._count}.db"
        with an_office(f"sqlite:///{path}") as office:
            yield office
        for left in self._folder.glob(f"{path.name}*"):
            left.unlink()

    def import_seconds(self, file: RegisterFile) -> float:
        """Return the wall-clock seconds of one import into an empty database."""
        with self.empty() as office:
            started = time.perf_counter()
            imported(file, office)
            return time.perf_counter() - started


@cache
def _good_rows() -> tuple[tuple[str, ...], ...]:
    outcome = checked(the_rows())
    good = zip(the_rows(), outcome, strict=True)
    return tuple(tuple(row) for row, result in good if result.record is not None)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *rows])
    return out.getvalue()


def _table(path: Path) -> sqlite3.Connection:
    # Document number and name with birth date are what a register is searched by.
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(f"CREATE TABLE person ({', '.join(COLUMNS)})")
    connection.execute("CREATE UNIQUE INDEX by_number ON person (citizen_number)")
    connection.execute("CREATE INDEX by_name ON person (name, birth_date)")
    return connection


def _loading(people: Sequence[Sequence[str]], database: Path) -> Callable[[], None]:
    connection = _table(database)

    def run() -> None:
        with connection:
            connection.executemany(_INSERT, people)
        connection.close()

    return run


def _reading_and_loading(file: RegisterFile, database: Path) -> Callable[[], None]:
    connection = _table(database)

    def run() -> None:
        outcomes = read_rows(file, today=TODAY, specimen=True, portraits=False)
        with connection:
            connection.executemany(_INSERT, (_fields(row.record) for row in outcomes if row.record is not None))
        connection.close()

    return run


def _fields(record: IdentityRecord) -> tuple[str | int | None, ...]:
    return (
        record.full_name,
        record.sex,
        record.ethnicity_code,
        record.ethnicity,
        record.birth_date.isoformat(),
        record.address,
        record.citizen_number,
        record.issuing_authority,
        record.valid_from.isoformat(),
        None if record.valid_until is None else record.valid_until.isoformat(),
        "",
        record.document_type,
        record.name_latin,
    )
