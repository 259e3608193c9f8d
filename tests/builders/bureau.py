"""A bureau with three officers, its store, and register files, with readable defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from core.entropy import SystemEntropy
from issuer.officers import Officer, Role, add_first_officer, make_officer
from issuer.register.citizen_number import DocumentType, check_character
from issuer.register.glyphs import GlyphFont
from issuer.register.importing import ImportReport, Pictures, import_register
from issuer.register.ports import Bureau, Portraits
from issuer.register.reading import RegisterFile, open_register
from issuer.register.record import COLUMNS, IdentityRecord
from issuer.storage.encryption import KeyWrap
from issuer.storage.engine import open_engine
from issuer.storage.store import SqlBureauStore
from issuer.storage.upgrading import upgrade

BUREAU = "690101000000"
OTHER_BUREAU = "690102000000"
NOW = 1_795_132_800  # 2026-11-20T00:00:00Z
TODAY = date(2026, 11, 20)
DAY = 86_400
SECRET = bytes(range(32))

REGISTRAR = make_officer(BUREAU, "lin", "林样例", [Role.REGISTRAR])
APPROVER = make_officer(BUREAU, "zhao", "赵样例", [Role.APPROVER])
BOTH = make_officer(BUREAU, "qian", "钱样例", [Role.REGISTRAR, Role.APPROVER, Role.BUREAU_ADMIN])
OTHER_APPROVER = make_officer(OTHER_BUREAU, "zhao", "周样例", [Role.APPROVER, Role.REGISTRAR])


@dataclass(frozen=True, slots=True)
class Office:
    """A store with two bureaus in it, and the engine beneath."""

    store: SqlBureauStore
    engine: Engine
    url: str


@contextmanager
def an_office(url: str) -> Iterator[Office]:
    """Migrate an empty database and put two bureaus with their officers in."""
    upgrade(url)
    with reopened(url) as office:
        with office.store.transaction() as books:
            for bureau in (BUREAU, OTHER_BUREAU):
                books.register.add_bureau(Bureau(bureau, "样例市公安局", "Sample City Bureau", bureau[:6]), now=NOW)
            for officer in (REGISTRAR, APPROVER, BOTH, OTHER_APPROVER):
                add_first_officer(officer, book=books.officers, audit=books.audit, now=NOW)
        yield office


@contextmanager
def reopened(url: str, *, secret: bytes = SECRET) -> Iterator[Office]:
    """Open a database as a process that starts now does."""
    engine = open_engine(url)
    try:
        yield Office(SqlBureauStore(engine, KeyWrap(secret, SystemEntropy())), engine, url)
    finally:
        engine.dispose()


@cache
def a_number(place: int) -> str:
    """Return the synthetic citizen number of a man born on 1 January 1990."""
    first17 = f"69010119900101{2 * place + 1:03}"
    return first17 + check_character(first17)


def a_record(place: int = 0, *, full_name: str = "样小明", address: str = "样例市示范区样例路69号") -> IdentityRecord:
    """Return the record of one of up to 500 men."""
    return IdentityRecord(
        full_name=full_name,
        name_latin="",
        sex=1,
        ethnicity_code="01",
        ethnicity="汉族",
        birth_date=date(1990, 1, 1),
        address=address,
        citizen_number=a_number(place),
        document_type=DocumentType.RESIDENT_ID,
        issuing_authority="样例市公安局示范分局",
        valid_from=date(2020, 1, 1),
        valid_until=date(2040, 1, 1),
        converted_from_15=False,
    )


PORTRAITS = Portraits(qr=b"small picture", online=b"larger picture")
MASTER_PORTRAIT = b"picture as received"


def a_row(place: int = 0, **changes: str) -> dict[str, str]:
    """Return one plain row of a register file."""
    return {
        "name": "样小明",
        "sex": "1",
        "ethnicity_code": "01",
        "ethnicity": "汉族",
        "birth_date": "19900101",
        "address": "样例市示范区样例路69号",
        "citizen_number": a_number(place),
        "issuing_authority": "样例市公安局示范分局",
        "valid_from": "20200101",
        "valid_until": "20400101",
        "portrait": "",
        "document_type": "",
        "name_latin": "",
    } | changes


def a_register(folder: Path, rows: Sequence[dict[str, str]], *, encoding: str = "utf-8") -> RegisterFile:
    """Write rows as a register file and open it."""
    path = folder / "register.csv"
    lines = [",".join(COLUMNS), *(",".join(row[column] for column in COLUMNS) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return open_register(path)


def imported(
    file: RegisterFile,
    office: Office,
    *,
    officer: Officer = REGISTRAR,
    now: int = NOW,
    dry_run: bool = False,
    glyph_font: GlyphFont | None = None,
) -> ImportReport:
    """Import a register file of specimens."""
    return import_register(
        file,
        officer=officer,
        store=office.store,
        entropy=SystemEntropy(),
        now=now,
        today=TODAY,
        specimen=True,
        dry_run=dry_run,
        pictures=Pictures(glyph_font=glyph_font),
    )
