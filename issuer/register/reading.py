"""Reading a register file: CSV in UTF-8 or GB 18030, row by row, where a bad row never stops the good ones."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import MalformedInput, NotFound
from core.reasons import Reason
from issuer.register.bulk import row_checker
from issuer.register.findings import Finding, FindingCode, found
from issuer.register.portraits import locate_portrait
from issuer.register.record import COLUMNS, CheckedRow, IdentityRecord

FILE_SIZE_MAX = 512 * 2**20
ROW_SIZE_MAX = 16 * 2**10
"""Bytes of one row without its line break."""

_PIECE = 2**20
_UTF_8 = "utf-8"
_GB_18030 = "gb18030"
_MARKS = ((codecs.BOM_UTF8, _UTF_8), (b"\x84\x31\x95\x33", _GB_18030))
_PORTRAIT_COLUMN = COLUMNS.index("portrait")

_Line = tuple[int, bytes | None]


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A file that can be read: its header is right and its encoding known.

    encoding:  ``utf-8`` or ``gb18030``.
    row_count: lines after the header, blank ones too: what a progress bar counts to.
    """

    path: Path
    encoding: str
    row_count: int


class RowOutcome(NamedTuple):
    """What became of one row.

    row_number:    the line in the file as an editor counts it; the header is line 1.
    record:        the checked record, None when an error keeps the row out.
    portrait_path: the portrait's file, inside the folder of the register file; None without one, or not asked for.
    """

    row_number: int
    record: IdentityRecord | None
    findings: tuple[Finding, ...]
    portrait_path: Path | None


def open_register(path: Path) -> RegisterFile:
    """Return a register file after looking at all that can be wrong with it as a whole.

    The file must be a regular one of at most 512 MB, in UTF-8 (with or without a byte order mark) or GB 18030, whose first line
    is exactly ``COLUMNS``. A file is taken for UTF-8, or else for GB 18030, if at least half of its lines beyond ASCII
    decode strictly; lines that do not are bad rows, not a bad file.
    Raises NotFound when there is no such file to read and MalformedInput otherwise; nothing was read then.
    """
    try:
        if not path.is_file():
            raise NotFound(Reason.FILE_UNREADABLE, "there is no such register file; check the path")
        if path.stat().st_size > FILE_SIZE_MAX:
            raise _malformed(f"the file is larger than {FILE_SIZE_MAX // 2**20} MB; split it")
        with path.open("rb") as file:
            marked = _check_header(file)
            row_count = sum(1 for _ in _lines(file))
        encoding = marked or _detect_encoding(path)
    except OSError as err:
        raise NotFound(Reason.FILE_UNREADABLE, "the register file cannot be read; check path and permission") from err
    return RegisterFile(path, encoding, row_count)


def read_register(path: Path, *, today: date, specimen: bool, portraits: bool) -> Iterator[RowOutcome]:
    """Open a register file and return its rows, checked, in their order.

    today, specimen: as in ``check_record``.
    portraits: look up the file each row names; a missing one is an error of its row. The picture itself is not opened.
    Raises as ``open_register`` does, before the first row.
    """
    return read_rows(open_register(path), today=today, specimen=specimen, portraits=portraits)


def read_rows(register: RegisterFile, *, today: date, specimen: bool, portraits: bool) -> Iterator[RowOutcome]:
    """Yield the rows of an open register file; the parameters are those of ``read_register``."""
    check = row_checker(today=today, specimen=specimen)
    folder = register.path.resolve().parent if portraits else None
    try:
        with register.path.open("rb") as file:
            _check_header(file)
            for row_number, line in _lines(file):
                outcome = _read_row(row_number, line, register.encoding, check, folder)
                if outcome is not None:
                    yield outcome
    except OSError as err:
        raise NotFound(Reason.FILE_UNREADABLE, "the register file can no longer be read") from err


def _read_row(
    row_number: int,
    line: bytes | None,
    encoding: str,
    check: Callable[[Sequence[str]], CheckedRow],
    folder: Path | None,
) -> RowOutcome | None:
    if line == b"":
        return None
    row = _split(line, encoding)
    if isinstance(row, Finding):
        return RowOutcome(row_number, None, (row,), None)
    checked = check(row)
    if folder is None or len(row) != len(COLUMNS) or not row[_PORTRAIT_COLUMN]:
        return RowOutcome(row_number, checked.record, checked.findings, None)
    portrait = locate_portrait(folder, row[_PORTRAIT_COLUMN])
    if isinstance(portrait, Finding):
        return RowOutcome(row_number, None, (*checked.findings, portrait), None)
    return RowOutcome(row_number, checked.record, checked.findings, portrait)


def _split(line: bytes | None, encoding: str) -> list[str] | Finding:
    if line is None:
        return found(FindingCode.ROW_TOO_LONG, detail=f"more than {ROW_SIZE_MAX} bytes")
    if b"\0" in line:
        return found(FindingCode.ROW_NUL_BYTE)
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as err:
        return found(FindingCode.ROW_UNDECODABLE, detail=f"byte {err.start + 1} of the row is not {encoding}")
    if '"' not in text:
        return text.split(",")
    # One line is one row: a quoted field has no line break, so a forgotten quotation mark spoils its own row only.
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return found(FindingCode.ROW_QUOTING)


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Yield (line number, line without its break) after the header; None stands for a line longer than allowed."""
    limit = ROW_SIZE_MAX + 2
    number = 1
    while line := file.readline(limit):
        number += 1
        body = line.rstrip(b"\r\n")
        if line.endswith(b"\n") or len(line) < limit:
            yield number, body if len(body) <= ROW_SIZE_MAX else None
        else:
            _skip_line(file)
            yield number, None


def _skip_line(file: BinaryIO) -> None:
    while (piece := file.readline(_PIECE)) and not piece.endswith(b"\n"):
        pass


def _check_header(file: BinaryIO) -> str | None:
    """Read the first line; return the encoding its byte order mark names, if any."""
    line = file.readline(ROW_SIZE_MAX + 2)
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _malformed("the file is UTF-16; save it as UTF-8 or GB 18030")
    encoding = None
    for mark, name in _MARKS:
        if line.startswith(mark):
            line, encoding = line.removeprefix(mark), name
    columns = tuple(column.strip('" ') for column in line.rstrip(b"\r\n").decode("ascii", "replace").split(","))
    if columns != COLUMNS:
        raise _malformed(_describe_header(columns))
    return encoding


def _describe_header(columns: tuple[str, ...]) -> str:
    # What is unknown is not repeated: a file without a header has a person in its first line.
    missing = [column for column in COLUMNS if column not in columns]
    unknown = sum(column not in COLUMNS for column in columns)
    if not missing and not unknown:
        return f"the columns are not in the order {','.join(COLUMNS)}, each once"
    return f"the first line must be {','.join(COLUMNS)}; missing: {', '.join(missing) or 'none'}; unknown: {unknown}"


def _detect_encoding(path: Path) -> str:
    if _decodes_whole(path, _UTF_8):
        return _UTF_8
    beyond_ascii = utf_8 = gb_18030 = 0
    with path.open("rb") as file:
        for _, line in _lines(file):
            if line is not None and not line.isascii():
                beyond_ascii += 1
                utf_8 += _decodes(line, _UTF_8)
                gb_18030 += _decodes(line, _GB_18030)
    for encoding, readable in ((_UTF_8, utf_8), (_GB_18030, gb_18030)):
        if readable and 2 * readable >= beyond_ascii:
            return encoding
    raise _malformed("the text is neither UTF-8 nor GB 18030; export the file again")


def _decodes_whole(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.REGISTER_FILE_MALFORMED, detail)
