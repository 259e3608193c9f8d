"""What lies on the disk says nothing of a person."""

from __future__ import annotations

from pathlib import Path

from issuer.cases.deciding import approve_all, reject_cases
from issuer.cases.model import CaseVersion
from issuer.register.reading import open_register, read_rows
from issuer.register.record import IdentityRecord
from issuer.register.samples import write_sample
from tests.builders.bureau import APPROVER, BOTH, NOW, REGISTRAR, TODAY, Office, imported

ROWS = 60


def personal_words(record: IdentityRecord) -> list[str]:
    words = [record.full_name, record.name_latin, record.citizen_number, record.address, record.issuing_authority]
    born = record.birth_date
    dates = [born.isoformat(), f"{born:%Y%m%d}"]
    # A word of two bytes is found in any file; every Han name has at least six in UTF-8.
    return [word for word in (*words, *dates) if len(word.encode()) >= 6]


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("eid.db*")))


def test_after_an_import_the_database_files_hold_no_personal_word(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    write_sample(ROWS, path, seed=7, today=TODAY, bad_share=0.05, portraits=True)
    file = open_register(path)
    report = imported(file, office)
    assert report.added > ROWS // 2
    approve_all(officer=APPROVER, store=office.store, now=NOW, reason="与样例底册核对")
    content = bytes_on_disk(tmp_path)
    assert b"register.import" in content  # what is not personal is there in clear: this is the right file
    leaks = 0
    for outcome in read_rows(file, today=TODAY, specimen=True, portraits=True):
        if outcome.record is not None:
            leaks += sum(
                word.encode(encoding) in content
                for word in personal_words(outcome.record)
                for encoding in ("utf-8", "utf-16-le", "gb18030")
            )
        if outcome.portrait_path is not None:
            leaks += outcome.portrait_path.read_bytes()[100:140] in content
    assert leaks == 0


def test_neither_officers_nor_reasons_are_readable(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    write_sample(1, path, seed=8, today=TODAY, portraits=False)
    imported(open_register(path), office)
    with office.store.reading() as books:
        (case,) = books.cases.listing(REGISTRAR.bureau, state=None)
    reject_cases([CaseVersion(case.case_id, 1)], officer=BOTH, store=office.store, now=NOW, reason="样小明照片不清")
    content = bytes_on_disk(tmp_path)
    assert not any(officer.name.encode() in content for officer in (REGISTRAR, APPROVER, BOTH))
    assert "照片不清".encode() not in content


def test_no_value_of_a_person_is_part_of_what_prints_a_record_on_its_way(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    write_sample(1, path, seed=9, today=TODAY, portraits=True)
    report = imported(open_register(path), office)
    assert report.added == 1
    with office.store.reading() as books:
        (line,) = books.register.summaries(REGISTRAR.bureau, limit=9)
        record = books.register.record(REGISTRAR.bureau, line.record_id)
    assert record.citizen_number not in repr(line)
    assert record.full_name not in repr(line)
