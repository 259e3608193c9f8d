from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from core.errors import Conflict, MalformedInput, NotFound, Refused
from core.reasons import Reason
from issuer.cases.model import CaseState
from issuer.register.findings import FindingCode
from issuer.register.importing import Pictures, import_register
from issuer.register.portraits import QR_SIZE_MAX, is_plain_vp8
from issuer.register.reading import RegisterFile, open_register
from issuer.register.samples import write_sample
from issuer.storage.engine import begin
from issuer.storage.tables import BureauTable
from tests.builders.bureau import (
    APPROVER,
    BUREAU,
    NOW,
    OTHER_APPROVER,
    OTHER_BUREAU,
    REGISTRAR,
    TODAY,
    Office,
    a_number,
    a_record,
    a_register,
    a_row,
    imported,
)
from tests.fakes.seeded_entropy import SeededEntropy

Event = tuple[str, str, str, str]


def audit_events(office: Office) -> list[Event]:
    event = BureauTable.metadata.tables["audit_event"]
    query = select(event.c.actor, event.c.action, event.c.subject, event.c.note).where(event.c.bureau == BUREAU)
    with begin(office.engine, read_only=True) as connection:
        rows = connection.execute(query.order_by(event.c.seq))
        return [(row[0], row[1], row[2], row[3]) for row in rows if row[1] != "officer.add"]


def count(office: Office) -> int:
    with office.store.reading() as books:
        return books.register.count(BUREAU)


def draw(path: Path, shade: int = 200) -> None:
    Image.new("RGB", (240, 296), (shade, 180, 160)).save(path, "JPEG")


def test_good_rows_go_in_each_with_a_submitted_case(office: Office, tmp_path: Path) -> None:
    report = imported(a_register(tmp_path, [a_row(0), a_row(1, name="样·大")]), office)
    assert (report.read, report.added, report.already_there, report.bad_rows) == (2, 2, 0, 0)
    with office.store.reading() as books:
        record_id = books.register.find_by_number(BUREAU, a_number(0))
        assert record_id is not None
        assert books.register.record(BUREAU, record_id) == a_record()
        cases = books.cases.listing(BUREAU, state=CaseState.SUBMITTED)
    assert [(case.submitted_by, case.submitted_at, case.version) for case in cases] == [("lin", NOW, 1)] * 2
    assert cases[0].record_id == record_id


def test_every_case_and_the_import_itself_are_in_the_audit_log(office: Office, tmp_path: Path) -> None:
    report = imported(a_register(tmp_path, [a_row(0), a_row(1), a_row(2, sex="5")]), office)
    with office.store.reading() as books:
        cases = books.cases.listing(BUREAU, state=None)
    assert audit_events(office) == [
        ("lin", "register.import", report.run_id, "read 3, added 2, already there 0, bad 1"),
        *(("lin", "case.submit", case.case_id, f"record {case.record_id}") for case in cases),
    ]


def test_a_second_run_adds_nothing(office: Office, tmp_path: Path) -> None:
    file = a_register(tmp_path, [a_row(0), a_row(1)])
    imported(file, office)
    events = audit_events(office)
    report = imported(file, office, now=NOW + 60)
    assert (report.read, report.added, report.already_there, report.bad_rows) == (2, 0, 2, 0)
    assert report.run_id is None
    assert audit_events(office) == events


def test_bad_rows_are_listed_with_row_field_and_code(office: Office, tmp_path: Path) -> None:
    rows = [a_row(0), a_row(1, sex="5"), a_row(2, birth_date="19900231", name=""), a_row(3)]
    report = imported(a_register(tmp_path, rows), office)
    assert (report.added, report.bad_rows) == (2, 2)
    remarks = {(remark.row_number, remark.field, remark.code) for remark in report.bad}
    assert {row for row, _, _ in remarks} == {3, 4}
    assert remarks >= {
        (3, "sex", FindingCode.SEX_INVALID),
        (4, "name", FindingCode.NAME_MISSING),
        (4, "birth_date", FindingCode.BIRTH_DATE_INVALID),
    }


def test_warnings_go_in_and_are_kept_with_the_record_and_its_case(office: Office, tmp_path: Path) -> None:
    report = imported(a_register(tmp_path, [a_row(0, sex="2")]), office)
    assert [(remark.row_number, remark.code) for remark in report.warnings] == [(2, FindingCode.SEX_NUMBER_MISMATCH)]
    with office.store.reading() as books:
        (case,) = books.cases.listing(BUREAU, state=None)
        assert books.register.warnings(BUREAU, case.record_id) == case.warnings == ("sex_number_mismatch",)


def test_a_changed_row_is_reported_and_overwrites_nothing(office: Office, tmp_path: Path) -> None:
    imported(a_register(tmp_path, [a_row(0)]), office)
    report = imported(a_register(tmp_path, [a_row(0, address="样例市示范区新址1号"), a_row(1)]), office)
    assert (report.added, report.bad_rows) == (1, 1)
    assert [(remark.row_number, remark.code) for remark in report.bad] == [(2, FindingCode.RECORD_DIFFERS)]
    with office.store.reading() as books:
        record_id = books.register.find_by_number(BUREAU, a_number(0))
        assert record_id is not None
        assert books.register.record(BUREAU, record_id) == a_record()


def test_a_row_that_stands_twice_in_the_file_goes_in_once(office: Office, tmp_path: Path) -> None:
    report = imported(a_register(tmp_path, [a_row(0), a_row(0), a_row(0, name="样大明")]), office)
    assert (report.read, report.added, report.already_there, report.bad_rows) == (3, 1, 1, 1)
    assert [(remark.row_number, remark.code) for remark in report.bad] == [(4, FindingCode.DUPLICATE_NUMBER)]


def test_gb_18030_and_utf_8_give_the_same_record(office: Office, tmp_path: Path) -> None:
    imported(a_register(tmp_path, [a_row(0)], encoding="gb18030"), office)
    assert imported(a_register(tmp_path, [a_row(0)]), office).already_there == 1


def test_a_dry_run_reports_the_same_and_stores_nothing(office: Office, tmp_path: Path) -> None:
    file = a_register(tmp_path, [a_row(0), a_row(1, sex="5"), a_row(2, sex="2"), a_row(0)])
    dry = imported(file, office, dry_run=True)
    assert (count(office), audit_events(office), dry.run_id) == (0, [], None)
    real = imported(file, office)
    assert replace(real, run_id=None) == dry
    assert imported(file, office, dry_run=True).already_there == 3


def test_another_bureau_imports_the_same_people_as_its_own(office: Office, tmp_path: Path) -> None:
    file = a_register(tmp_path, [a_row(0)])
    imported(file, office)
    assert imported(file, office, officer=OTHER_APPROVER).added == 1
    with office.store.reading() as books:
        assert [books.register.count(bureau) for bureau in (BUREAU, OTHER_BUREAU)] == [1, 1]


def test_pictures_go_in_with_their_records(office: Office, tmp_path: Path) -> None:
    draw(tmp_path / "face.jpg")
    assert imported(a_register(tmp_path, [a_row(0, portrait="face.jpg"), a_row(1)]), office).added == 2
    with office.store.reading() as books:
        ids = [books.register.find_by_number(BUREAU, a_number(place)) for place in (0, 1)]
        pictures, none = (books.register.portraits(BUREAU, record_id or "") for record_id in ids)
        master = books.register.master_portrait(BUREAU, ids[0] or "")
    assert none is None
    assert pictures is not None
    assert is_plain_vp8(pictures.qr)
    assert len(pictures.qr) <= QR_SIZE_MAX
    assert pictures.online.startswith(b"RIFF")
    assert master == (tmp_path / "face.jpg").read_bytes()


def test_a_bad_picture_keeps_its_row_out_only(office: Office, tmp_path: Path) -> None:
    (tmp_path / "noise.jpg").write_bytes(b"no picture")
    rows = [a_row(0, portrait="noise.jpg"), a_row(1, portrait="lost.jpg"), a_row(2, portrait="../x.jpg"), a_row(3)]
    report = imported(a_register(tmp_path, rows), office)
    assert (report.added, report.bad_rows) == (1, 3)
    assert [(remark.row_number, remark.code) for remark in report.bad] == [
        (2, FindingCode.PORTRAIT_FORMAT),
        (3, FindingCode.PORTRAIT_MISSING),
        (4, FindingCode.PORTRAIT_PATH_REFUSED),
    ]


def test_a_picture_that_changes_during_the_import_stores_nothing(office: Office, tmp_path: Path) -> None:
    draw(tmp_path / "face.jpg")
    file = a_register(tmp_path, [a_row(0), a_row(1, portrait="face.jpg")])
    for change in (lambda: draw(tmp_path / "face.jpg", 90), (tmp_path / "face.jpg").unlink):
        with pytest.raises(Conflict) as refused:
            run(file, office, after_check=change)
        assert refused.value.reason is Reason.FILE_UNREADABLE
        assert (count(office), audit_events(office)) == (0, [])


def run(file: RegisterFile, office: Office, *, after_check: object) -> None:
    import_register(
        file,
        officer=REGISTRAR,
        store=office.store,
        entropy=SeededEntropy("import"),
        now=NOW,
        today=TODAY,
        specimen=True,
        progress=lambda _: after_check() if callable(after_check) else None,
    )


def test_pictures_are_left_alone_when_not_asked_for(office: Office, tmp_path: Path) -> None:
    report = import_register(
        a_register(tmp_path, [a_row(0, portrait="lost.jpg")]),
        officer=REGISTRAR,
        store=office.store,
        entropy=SeededEntropy("import"),
        now=NOW,
        today=TODAY,
        specimen=True,
        pictures=Pictures(portraits=False),
    )
    assert report.added == 1


def test_synthetic_numbers_stay_out_of_a_real_register(office: Office, tmp_path: Path) -> None:
    report = import_register(
        a_register(tmp_path, [a_row(0)]),
        officer=REGISTRAR,
        store=office.store,
        entropy=SeededEntropy("import"),
        now=NOW,
        today=TODAY,
        specimen=False,
    )
    assert (report.added, [remark.code for remark in report.bad]) == (0, [FindingCode.SYNTHETIC_NUMBER])


def test_refuses_an_officer_who_is_no_registrar(office: Office, tmp_path: Path) -> None:
    for dry_run in (False, True):
        with pytest.raises(Refused) as refused:
            imported(a_register(tmp_path, [a_row(0)]), office, officer=APPROVER, dry_run=dry_run)
        assert refused.value.reason is Reason.ROLE_MISSING
    assert count(office) == 0


def test_a_file_that_is_wrong_as_a_whole_stores_nothing(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("name,number\n样小明,1\n", encoding="utf-8")
    with pytest.raises(MalformedInput) as refused:
        imported(open_register(path), office)
    assert refused.value.reason is Reason.REGISTER_FILE_MALFORMED
    assert count(office) == 0


def test_a_file_that_vanishes_stores_nothing(office: Office, tmp_path: Path) -> None:
    file = a_register(tmp_path, [a_row(0)])
    file.path.unlink()
    with pytest.raises(NotFound) as refused:
        imported(file, office)
    assert refused.value.reason is Reason.FILE_UNREADABLE
    assert count(office) == 0


def test_tells_how_far_it_is(office: Office, tmp_path: Path) -> None:
    told: list[int] = []
    path = tmp_path / "register.csv"
    write_sample(4_500, path, seed=3, today=TODAY, portraits=False)
    report = import_register(
        open_register(path),
        officer=REGISTRAR,
        store=office.store,
        entropy=SeededEntropy("import"),
        now=NOW,
        today=TODAY,
        specimen=True,
        progress=told.append,
    )
    assert told == [2_000, 4_000, 4_500]
    assert (report.added, report.bad_rows, count(office)) == (4_500, 0, 4_500)


def test_three_bad_rows_in_a_hundred_leave_the_others_in(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    sample = write_sample(1_000, path, seed=4, today=TODAY, bad_share=0.03, portraits=False)
    report = imported(open_register(path), office)
    assert (report.added, report.bad_rows, count(office)) == (970, 30, 970)
    assert {(row, code) for row, code in sample.bad_rows} <= {(remark.row_number, remark.code) for remark in report.bad}
    assert imported(open_register(path), office).added == 0
