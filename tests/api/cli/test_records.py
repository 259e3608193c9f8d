from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.reasons import Reason
from tests.api.cli.command import Ran, assert_one_sentence, eid
from tests.api.cli.world import APPROVER, GOLDEN, PEOPLE, REGISTRAR, Bureau


def sample(bureau: Bureau, file: Path, *, seed: int = 2, count: int = GOLDEN + 6) -> None:
    bureau.run("records", "sample", str(count), file, "--seed", str(seed), "--no-portraits").done()


def imported(bureau: Bureau, file: Path, *options: str) -> Ran:
    return bureau.run("records", "import", file, "--officer", REGISTRAR, *options)


def total(bureau: Bureau) -> int:
    return int(bureau.run("records", "list", "--limit", "1").done()["total"])


def test_bad_rows_are_listed_and_good_rows_are_in(founded: Bureau) -> None:
    assert 0 < total(founded) < PEOPLE


def test_a_second_run_adds_nothing(bureau: Bureau, tmp_path: Path) -> None:
    sample(bureau, tmp_path / "register.csv")
    before = total(bureau)
    first = imported(bureau, tmp_path / "register.csv").done()
    second = imported(bureau, tmp_path / "register.csv").done()
    assert first["added"] > 0
    assert (second["added"], second["already_there"]) == (0, first["added"] + first["already_there"])
    assert total(bureau) == before + first["added"]


def test_a_dry_run_reports_and_adds_nothing(bureau: Bureau, tmp_path: Path) -> None:
    sample(bureau, tmp_path / "register.csv")
    before = total(bureau)
    tried = imported(bureau, tmp_path / "register.csv", "--dry-run").done()
    assert tried["dry_run"] is True
    assert total(bureau) == before
    done = imported(bureau, tmp_path / "register.csv").done()
    assert {**tried, "dry_run": False} == done


def test_a_file_in_gb_18030_imports_like_the_same_in_utf_8(bureau: Bureau, tmp_path: Path) -> None:
    sample(bureau, tmp_path / "utf8.csv")
    text = (tmp_path / "utf8.csv").read_text(encoding="utf-8")
    (tmp_path / "gb.csv").write_text(text, encoding="gb18030")
    chinese = imported(bureau, tmp_path / "gb.csv").done()
    assert chinese["added"] > 0
    again = imported(bureau, tmp_path / "utf8.csv").done()
    assert (again["added"], again["read"]) == (0, chinese["read"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,sex\nx,1\n",
        b"\x00\x01\x02" * 100,
        b"\xff\xfe" + "name".encode("utf-16-le"),
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        b"x" * 100_000,
    ],
)
def test_a_malformed_file_imports_nothing(bureau: Bureau, tmp_path: Path, content: bytes) -> None:
    before = total(bureau)
    (tmp_path / "register.csv").write_bytes(content)
    ran = eid("--home", bureau.home, "records", "import", tmp_path / "register.csv", "--officer", REGISTRAR)
    assert_one_sentence(ran, Reason.REGISTER_FILE_MALFORMED, 1)
    assert total(bureau) == before


def test_a_row_that_breaks_off_is_listed_as_bad(bureau: Bureau, tmp_path: Path) -> None:
    sample(bureau, tmp_path / "register.csv")
    whole = imported(bureau, tmp_path / "register.csv", "--dry-run").done()
    with (tmp_path / "register.csv").open("ab") as file:
        file.write(b'"an open quote, and then the file ends')
    report = imported(bureau, tmp_path / "register.csv").done()
    assert (report["added"], report["bad_rows"]) == (whole["added"], whole["bad_rows"] + 1)
    assert {"row": whole["read"] + 2, "field": "row", "code": "row_quoting"} in report["bad"]


def test_a_file_that_is_not_there(founded: Bureau, tmp_path: Path) -> None:
    ran = eid("--home", founded.home, "records", "import", tmp_path / "none.csv", "--officer", REGISTRAR)
    assert ran.code in {1, 64}
    assert "file_unreadable" in ran.err


def test_only_known_officers_with_the_role_import(bureau: Bureau, tmp_path: Path) -> None:
    sample(bureau, tmp_path / "register.csv")
    base = ("--home", bureau.home, "records", "import", tmp_path / "register.csv", "--officer")
    assert_one_sentence(eid(*base, "nobody"), Reason.OFFICER_UNKNOWN, 1)
    assert_one_sentence(eid(*base, APPROVER), Reason.ROLE_MISSING, 1)


def test_the_list_masks_names_and_numbers(founded: Bureau) -> None:
    rows = founded.run("records", "list", "--limit", "5").done()["records"]
    assert all("*" in row["name"] and row["number"].startswith("*****") for row in rows)
    after = founded.run("records", "list", "--limit", "5", "--after", rows[-1]["record_id"]).done()["records"]
    assert not {row["record_id"] for row in rows} & {row["record_id"] for row in after}


def test_a_sample_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    ran = eid("records", "sample", "3", tmp_path / "no" / "folder" / "x.csv", "--no-portraits")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"EID_PASSPHRASE": "another one"}, Reason.PASSPHRASE_WRONG),
        ({"EID_PASSPHRASE": None}, Reason.PASSPHRASE_MISSING),
        ({"EID_PASSPHRASE": ""}, Reason.PASSPHRASE_MISSING),
        ({"EID_PASSPHRASE": None, "EID_PASSPHRASE_FILE": "/nonexistent"}, Reason.PASSPHRASE_MISSING),
        ({"EID_DATABASE_URL": "nonsense"}, Reason.SETTING_INVALID),
        ({"EID_BUREAU": "690199000000"}, Reason.BUREAU_UNKNOWN),
        ({"EID_BUREAU": "12"}, Reason.SETTING_INVALID),
    ],
)
def test_a_home_that_does_not_open_is_one_sentence(founded: Bureau, variables: dict[str, Any], reason: Reason) -> None:
    ran = eid("--home", founded.home, "records", "list", **variables)
    assert_one_sentence(ran, reason, ran.code)
    assert ran.code in {1, 64}


def test_a_passphrase_may_come_from_a_file(founded: Bureau, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("a passphrase of the tests\n", encoding="utf-8")
    given: dict[str, Any] = {"EID_PASSPHRASE": None, "EID_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    assert founded.run("records", "list", **given).done()["total"] > 0


def test_a_database_of_a_newer_version_is_left_alone(bureau: Bureau) -> None:
    with sqlite3.connect(bureau.home / "eid.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (("records", "list"), ("db", "upgrade"), ("serve", "--port", "0")):
        assert_one_sentence(eid("--home", bureau.home, *command), Reason.DATABASE_NEWER, 64)


def test_a_file_that_is_no_database_is_one_sentence(bureau: Bureau) -> None:
    for file in bureau.home.glob("eid.db*"):
        file.unlink()
    (bureau.home / "eid.db").write_bytes(b"this is a letter, not a database. " * 100)
    for command in (("records", "list"), ("db", "upgrade")):
        assert_one_sentence(eid("--home", bureau.home, *command), Reason.DATABASE_UNAVAILABLE, 70)


def test_a_database_that_is_gone_is_not_made_anew(bureau: Bureau) -> None:
    for file in bureau.home.glob("eid.db*"):
        file.unlink()
    ran = bureau.run("records", "list")
    assert (ran.code, ran.problem["error"]) == (64, "database_older")
