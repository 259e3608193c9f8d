"""Importing a register file: good rows go in, bad rows are listed, and a second run adds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from core.audit import AuditEvent
from core.entropy import Entropy
from core.errors import Conflict
from core.reasons import Reason
from issuer.cases import model as case_rules
from issuer.cases.deciding import submission_event
from issuer.identifiers import new_id, new_ids
from issuer.officers import Officer, Role
from issuer.register.findings import Finding, FindingCode, Severity, found
from issuer.register.glyphs import GlyphFont, check_glyphs_of, portrait_room
from issuer.register.portraits import PreparedPortrait, load_portrait
from issuer.register.ports import BureauStore, BureauTransaction, ImportRun, NewPerson, Portraits, Standing
from issuer.register.reading import RegisterFile, RowOutcome, read_rows
from issuer.register.record import IdentityRecord

_CHUNK: Final = 2_000

Progress = Callable[[int], None]
"""Told how many rows have been looked at so far."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is done about pictures.

    portraits:  False leaves the portraits of the file unread and the records without.
    glyph_font: what rare characters will be drawn with when a record is issued; names it cannot draw are warned of.
    """

    portraits: bool = True
    glyph_font: GlyphFont | None = None


ALL_PORTRAITS: Final = Pictures()


@dataclass(frozen=True, slots=True)
class RowRemark:
    """One finding against one row, for the officer's report.

    row_number: the line of the file as an editor counts it. ``code`` has its texts in the table of findings.
    """

    row_number: int
    field: str
    code: FindingCode
    detail: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a register file.

    read:          rows looked at; each is added, already there, or bad.
    added:         rows that went in, or would go in on a dry run.
    already_there: rows registered before with the same content.
    bad_rows:      rows that stayed out; ``bad`` has at least one remark for each.
    bad, warnings: in the order of the file; warnings are those of the rows that went in.
    run_id:        the import in the books; None where nothing was stored.
    """

    read: int
    added: int
    already_there: int
    bad_rows: int
    bad: tuple[RowRemark, ...]
    warnings: tuple[RowRemark, ...]
    run_id: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    """A good row that is new. The picture as received stays in its file until it is stored."""

    row_number: int
    record: IdentityRecord
    findings: tuple[Finding, ...]
    portrait_path: Path | None
    portrait: PreparedPortrait | None = None
    source_hash: bytes = b""


@dataclass(slots=True)
class _Tally:
    """What is known so far of the file; seen: number to (content, row) of this file's own rows."""

    glyph_font: GlyphFont | None
    read: int = 0
    already_there: int = 0
    bad_rows: int = 0
    bad: list[RowRemark] = field(default_factory=list)
    new: list[_Row] = field(default_factory=list)
    seen: dict[str, IdentityRecord] = field(default_factory=dict)

    def refuse(self, row_number: int, findings: Iterable[Finding]) -> None:
        """Count a bad row."""
        self.bad_rows += 1
        self.bad += _remarks(row_number, findings, Severity.ERROR)


def import_register(
    file: RegisterFile,
    *,
    officer: Officer,
    store: BureauStore,
    entropy: Entropy,
    now: int,
    today: date,
    specimen: bool,
    dry_run: bool = False,
    pictures: Pictures = ALL_PORTRAITS,
    progress: Progress = lambda _: None,
) -> ImportReport:
    """Register the good rows of a file, each with an enrolment case submitted by this officer.

    file:     from ``open_register``, which has refused whatever is wrong with the file as a whole.
    today:    the day at the bureau. specimen: True only under a SPECIMEN root.
    A row whose number is registered with the same content counts as already there, with other content as bad
    (``record_differs``): nothing is ever overwritten. The pictures of a row already there are not compared.
    All rows are checked, and pictures prepared, before the one transaction that stores everything or nothing.
    Raises Refused when the officer is no registrar, NotFound or Conflict when a file vanishes or changes meanwhile.
    """
    officer.require(Role.REGISTRAR)
    tally = _Tally(pictures.glyph_font)
    outcomes = read_rows(file, today=today, specimen=specimen, portraits=pictures.portraits)
    while chunk := list(islice(outcomes, _CHUNK)):
        _sort_out(chunk, tally, officer.bureau, store)
        progress(tally.read)
    run_id = None if dry_run else _store(tally, officer, store, entropy, now)
    return ImportReport(
        read=tally.read,
        added=len(tally.new),
        already_there=tally.already_there,
        bad_rows=tally.bad_rows,
        bad=tuple(sorted(tally.bad, key=lambda remark: remark.row_number)),
        warnings=tuple(
            remark for row in tally.new for remark in _remarks(row.row_number, row.findings, Severity.WARNING)
        ),
        run_id=run_id,
    )


def _sort_out(chunk: list[RowOutcome], tally: _Tally, bureau: str, store: BureauStore) -> None:
    tally.read += len(chunk)
    good = []
    for outcome in chunk:
        if outcome.record is None:
            tally.refuse(outcome.row_number, outcome.findings)
        elif _first_in_file(outcome.row_number, outcome.record, tally):
            good.append(_Row(outcome.row_number, outcome.record, outcome.findings, outcome.portrait_path))
    with store.reading() as books:
        standings = books.register.standing(bureau, [row.record for row in good])
    for row, standing in zip(good, standings, strict=True):
        if standing is Standing.SAME:
            tally.already_there += 1
        elif standing is Standing.DIFFERS:
            tally.refuse(row.row_number, [found(FindingCode.RECORD_DIFFERS)])
        else:
            _take(row, tally)


def _first_in_file(row_number: int, record: IdentityRecord, tally: _Tally) -> bool:
    earlier = tally.seen.setdefault(record.citizen_number, record)
    if earlier is record:
        return True
    if earlier == record:
        tally.already_there += 1
    else:
        tally.refuse(row_number, [found(FindingCode.DUPLICATE_NUMBER)])
    return False


def _take(row: _Row, tally: _Tally) -> None:
    lacking = check_glyphs_of(row.record.full_name, tally.glyph_font)
    if lacking:
        row = replace(row, findings=(*row.findings, *lacking))
    if row.portrait_path is None:
        tally.new.append(row)
        return
    portrait = load_portrait(row.portrait_path, qr_size_max=portrait_room(row.record.full_name))
    if isinstance(portrait, Finding):
        tally.refuse(row.row_number, [portrait])
        return
    # Ten thousand pictures as received do not fit into memory; their small ones do.
    source_hash = hashlib.sha256(portrait.source).digest()
    tally.new.append(replace(row, portrait=replace(portrait, source=b""), source_hash=source_hash))


def _store(tally: _Tally, officer: Officer, store: BureauStore, entropy: Entropy, now: int) -> str | None:
    if not tally.new:
        return None
    run_id = new_id(now=now, entropy=entropy)
    record_ids = new_ids(len(tally.new), now=now, entropy=entropy)
    run = ImportRun(
        officer.bureau,
        run_id,
        officer.officer_id,
        now,
        rows_read=tally.read,
        rows_added=len(tally.new),
        rows_already_there=tally.already_there,
        rows_bad=tally.bad_rows,
    )
    with store.transaction() as books:
        books.register.add_run(run)
        books.audit.record(_import_event(run))
        rows = zip(record_ids, tally.new, strict=True)
        while chunk := [_person(record_id, row) for record_id, row in islice(rows, _CHUNK)]:
            books.register.add(officer.bureau, chunk, run_id=run_id, now=now)
            _submit(chunk, officer, books, entropy, now)
    return run_id


def _submit(people: list[NewPerson], officer: Officer, books: BureauTransaction, entropy: Entropy, now: int) -> None:
    case_ids = new_ids(len(people), now=now, entropy=entropy)
    cases = [
        case_rules.submit(case_id, person.record_id, officer=officer, now=now, warnings=person.warnings)
        for case_id, person in zip(case_ids, people, strict=True)
    ]
    books.cases.add(cases)
    for case in cases:
        books.audit.record(submission_event(case))


def _import_event(run: ImportRun) -> AuditEvent:
    note = f"read {run.rows_read}, added {run.rows_added}, already there {run.rows_already_there}, bad {run.rows_bad}"
    return AuditEvent(run.bureau, run.started_at, run.officer_id, "register.import", run.run_id, note)


def _person(record_id: str, row: _Row) -> NewPerson:
    warnings = tuple(dict.fromkeys(f.code.value for f in row.findings if f.severity is Severity.WARNING))
    if row.portrait is None or row.portrait_path is None:
        return NewPerson(record_id, row.record, warnings, None)
    small = Portraits(qr=row.portrait.qr, online=row.portrait.online)
    return NewPerson(record_id, row.record, warnings, small, _read_again(row.portrait_path, row))


def _read_again(path: Path, row: _Row) -> bytes:
    try:
        source = path.read_bytes()
    except OSError as err:
        raise _portrait_changed(row.row_number) from err
    if hashlib.sha256(source).digest() != row.source_hash:
        raise _portrait_changed(row.row_number)
    return source


def _portrait_changed(row_number: int) -> Conflict:
    return Conflict(
        Reason.FILE_UNREADABLE, f"the portrait of row {row_number} changed during the import; nothing was imported"
    )


def _remarks(row_number: int, findings: Iterable[Finding], severity: Severity) -> Iterator[RowRemark]:
    for finding in findings:
        if finding.severity is severity:
            yield RowRemark(row_number, finding.field, finding.code, finding.detail)
