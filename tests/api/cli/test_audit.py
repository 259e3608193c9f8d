"""``eid audit``: the chain verified in a home and elsewhere, checkpoints, exports, and the alarm of a reconciliation."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from core.reasons import Reason
from tests.api.cli.command import Ran, eid, json_of
from tests.api.cli.world import BUREAU, POST, REGISTRAR, Bureau, Issued


def by_hand(bureau: Bureau, *statements: str) -> None:
    """What somebody who owns the database file can do."""
    connection = sqlite3.connect(bureau.home / "eid.db")
    with connection:
        for table in ("audit_event", "audit_checkpoint"):
            for verb in ("update", "delete"):
                connection.execute(f"DROP TRIGGER {table}_no_{verb}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def actions(bureau: Bureau) -> dict[str, str]:
    """The newest note of each action."""
    connection = sqlite3.connect(bureau.home / "eid.db")
    rows = connection.execute("SELECT action, note FROM audit_event ORDER BY seq").fetchall()
    connection.close()
    return dict(rows)


def elsewhere(*arguments: str | Path) -> Ran:
    """A run where there is neither this home nor its passphrase."""
    return json_of("--home", "/nowhere/at/all", "audit", *arguments, EID_PASSPHRASE=None)


def faults(ran: Ran) -> list[tuple[str, int, int]]:
    assert ran.code == 1, ran
    assert not ran.facts["ok"]
    return [(found["code"], found["first"], found["last"]) for found in ran.facts["findings"]]


class TestVerify:
    def test_a_bureau_that_worked_has_a_whole_chain(self, issued: Issued) -> None:
        facts = issued.bureau.run("audit", "verify").done()
        assert facts["ok"]
        assert facts["bureau"] == BUREAU
        assert facts["events"] == facts["last"] > 40
        # The server signed while it served.
        assert facts["signed_up_to"] > 0

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE audit_event SET actor = 'nobody' WHERE seq = 5", ("altered", 5, 5)),
            ("DELETE FROM audit_event WHERE seq = 7", ("missing", 7, 7)),
            ("UPDATE audit_checkpoint SET token = zeroblob(100)", ("checkpoint_invalid", 9, 9)),
        ],
    )
    def test_says_where_it_is_broken(self, bureau: Bureau, statement: str, found: tuple[str, int, int]) -> None:
        seq = bureau.run("audit", "checkpoint").done()["seq"]
        by_hand(bureau, statement)
        code, first, last = found
        place = (seq, seq) if code == "checkpoint_invalid" else (first, last)
        assert faults(bureau.run("audit", "verify")) == [(code, *place)]

    def test_says_it_in_two_languages(self, bureau: Bureau) -> None:
        by_hand(bureau, "UPDATE audit_event SET actor = 'nobody' WHERE seq = 5")
        ran = eid("--home", bureau.home, "audit", "verify")
        assert ran.code == 1
        assert "记录与其哈希不符" in ran.out
        assert "rows do not fit their hash" in ran.out
        assert " 5  altered" in ran.out

    def test_an_end_that_was_cut_off_is_found_by_a_checkpoint_kept_elsewhere(
        self, bureau: Bureau, tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept.cose"
        seq = bureau.run("audit", "checkpoint", "--out", kept).done()["seq"]
        by_hand(
            bureau,
            f"DELETE FROM audit_event WHERE seq > {seq - 3}",  # noqa: S608  # constants
            f"UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_event WHERE seq = {seq - 3})",  # noqa: S608  # constants
            "DELETE FROM audit_checkpoint",
        )
        assert bureau.run("audit", "verify").done()["ok"]
        assert faults(bureau.run("audit", "verify", "--checkpoint", kept)) == [("truncated", seq - 2, seq)]

    def test_refuses_a_checkpoint_file_that_is_none(self, bureau: Bureau, tmp_path: Path) -> None:
        (tmp_path / "kept.cose").write_bytes(b"\xa0")
        ran = bureau.run("audit", "verify", "--checkpoint", tmp_path / "kept.cose")
        assert (ran.code, ran.problem["error"]) == (1, Reason.AUDIT_CHECKPOINT_INVALID.value.code)
        ran = bureau.run("audit", "verify", "--checkpoint", tmp_path / "none.cose")
        assert (ran.code, ran.problem["error"]) == (64, Reason.FILE_UNREADABLE.value.code)


class TestElsewhere:
    @pytest.fixture
    def taken(self, bureau: Bureau, tmp_path: Path) -> tuple[Path, Path]:
        """An export and the public keys, away from the home."""
        bureau.run("audit", "export", tmp_path / "log.jsonl").done()
        bureau.run("audit", "keys", tmp_path / "keys.json").done()
        return tmp_path / "log.jsonl", tmp_path / "keys.json"

    def test_an_export_is_verified_with_public_keys_alone(self, taken: tuple[Path, Path]) -> None:
        log, keys = taken
        facts = elsewhere("verify", "--file", log, "--keys", keys).done()
        assert facts["signed_up_to"] == facts["last"] == facts["events"] > 0

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (lambda lines: [*lines[:8], lines[8].replace(b'"actor":"', b'"actor":"x'), *lines[9:]], "altered"),
            (lambda lines: [*lines[:8], *lines[9:]], "missing"),
            (lambda lines: [*lines[:8], lines[9], lines[8], *lines[10:]], "out_of_order"),
            (lambda lines: lines[:-2], "truncated"),
        ],
    )
    def test_a_changed_export_is_found(
        self, taken: tuple[Path, Path], change: Callable[[list[bytes]], list[bytes]], fault: str
    ) -> None:
        log, keys = taken
        lines = log.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join(change(lines)))
        assert fault in {code for code, _, _ in faults(elsewhere("verify", "--file", log, "--keys", keys))}

    def test_a_part_is_verified_from_where_it_starts(
        self, bureau: Bureau, taken: tuple[Path, Path], tmp_path: Path
    ) -> None:
        part = tmp_path / "part.jsonl"
        bureau.run("audit", "export", part, "--since", "6").done()
        facts = elsewhere("verify", "--file", part, "--keys", taken[1]).done()
        assert facts["events"] == facts["last"] - 5
        ran = bureau.run("audit", "export", part, "--since", "1000000")
        assert ran.code == 64

    def test_another_bureaus_keys_believe_no_checkpoint(self, taken: tuple[Path, Path], tmp_path: Path) -> None:
        other = Bureau(tmp_path / "other", "http://127.0.0.1:1")
        other.run("init").done()
        other.run("audit", "keys", tmp_path / "other.json").done()
        found = faults(elsewhere("verify", "--file", taken[0], "--keys", tmp_path / "other.json"))
        assert {code for code, _, _ in found} == {"checkpoint_invalid"}

    @pytest.mark.parametrize(
        "content", [b"", b"{}", b'{"keys":[]}', b'{"keys":[{"kty":"oct","k":"AA"}]}', b'{"keys":1}']
    )
    def test_refuses_keys_that_are_none(self, taken: tuple[Path, Path], content: bytes) -> None:
        taken[1].write_bytes(content)
        ran = elsewhere("verify", "--file", taken[0], "--keys", taken[1])
        assert (ran.code, ran.problem["error"]) == (1, Reason.AUDIT_FILE_MALFORMED.value.code)

    def test_refuses_a_file_that_is_no_export(self, taken: tuple[Path, Path]) -> None:
        ran = elsewhere("verify", "--file", taken[1], "--keys", taken[1])
        assert (ran.code, ran.problem["error"]) == (1, Reason.AUDIT_FILE_MALFORMED.value.code)

    def test_an_export_says_nothing_of_a_person(self, taken: tuple[Path, Path]) -> None:
        text = taken[0].read_text(encoding="utf-8")
        assert "case.approve" in text
        # The people of the sample have names in Han characters and numbers of eighteen.
        assert text.isascii()
        assert not re.search(r"(?<![0-9a-f])69[0-9]{15}[0-9X]", text)


class TestOlderHome:
    def test_gets_its_audit_signer_with_its_first_checkpoint(self, bureau: Bureau, tmp_path: Path) -> None:
        for path in (bureau.home / "keys").glob("audit-signer*"):
            path.unlink()
        by_hand(bureau, "DELETE FROM audit_checkpoint")
        ran = bureau.run("audit", "keys", tmp_path / "keys.json")
        assert (ran.code, ran.problem["error"]) == (64, Reason.KEY_UNKNOWN.value.code)
        bureau.run("doctor").done()
        bureau.run("audit", "checkpoint").done()
        assert actions(bureau)["key.create"] == "audit-signer"
        assert bureau.run("audit", "verify").done()["signed_up_to"] > 0


class TestReconcile:
    def test_what_was_issued_agrees_with_cases_and_log(self, issued: Issued) -> None:
        facts = issued.bureau.run("audit", "reconcile").done()
        assert facts["ok"]
        assert facts["credentials"] == 1
        assert facts["copies"] > 1

    def test_raises_an_alarm_for_a_copy_beside_the_log(self, issued: Issued, tmp_path: Path) -> None:
        bureau = issued.bureau.copied_to(tmp_path / "bureau")
        by_hand(bureau, "DELETE FROM audit_event WHERE action = 'credential.plan'")
        ran = bureau.run("audit", "reconcile")
        assert ran.code == 1
        assert {row["code"] for row in ran.facts["alarms"]} == {"not_recorded"}
        said = eid("--home", bureau.home, "audit", "reconcile")
        assert "报警 · ALARM" in said.out
        assert issued.credential in said.out

    def test_raises_an_alarm_for_an_approval_that_is_not_in_the_log(self, issued: Issued, tmp_path: Path) -> None:
        bureau = issued.bureau.copied_to(tmp_path / "bureau")
        by_hand(bureau, "DELETE FROM audit_event WHERE action = 'case.approve'")
        ran = bureau.run("audit", "reconcile")
        assert {row["code"] for row in ran.facts["alarms"]} == {"not_approved"}


class TestCoverage:
    def test_every_signature_of_a_bureaus_keys_leaves_a_row(self, issued: Issued) -> None:
        noted = actions(issued.bureau)
        assert noted["home.found"].startswith("national-root x")
        assert noted["trust.publish"] == "list-signer x2, vical-signer x1"
        assert noted["list.publish"].endswith(" x2")
        assert noted["credential.plan"].rpartition(" x")[2].isdecimal()
        assert "bundle-signer x1" in noted["bundle.make"]
        assert "document-signer x1" in noted["bundle.make"]

    def test_a_trust_list_is_recorded_before_it_is_signed(self, bureau: Bureau) -> None:
        number = bureau.run("trust", "publish").done()["number"]
        connection = sqlite3.connect(bureau.home / "eid.db")
        rows = connection.execute("SELECT subject FROM audit_event WHERE action = 'trust.publish'").fetchall()
        connection.execute("CREATE TRIGGER planted BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END")
        connection.close()
        assert rows[-1] == (str(number),)
        assert bureau.run("trust", "publish").code == 70
        assert bureau.run("trust", "show").done()["number"] == number

    def test_a_bundle_is_not_written_where_its_row_cannot_be(self, bureau: Bureau, tmp_path: Path) -> None:
        connection = sqlite3.connect(bureau.home / "eid.db")
        connection.execute(
            "CREATE TRIGGER planted BEFORE INSERT ON audit_event WHEN new.action = 'bundle.make'"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        connection.close()
        assert bureau.run("bundle", "make", tmp_path / "post.eid", "--post", POST).code == 70
        assert not (tmp_path / "post.eid").exists()

    def test_listing_records_leaves_a_row_with_a_number_only(self, bureau: Bureau) -> None:
        listed = bureau.run("records", "list", "--limit", "7").done()["records"]
        assert actions(bureau)["register.list"] == f"x{len(listed)}"

    def test_an_export_leaves_a_row_in_itself(self, bureau: Bureau, tmp_path: Path) -> None:
        bureau.run("audit", "export", tmp_path / "log.jsonl").done()
        last = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        assert (last["action"], last["note"]) == ("audit.export", "since 1")
        assert bureau.run("cases", "list", "--limit", "1").done()
        assert REGISTRAR in (tmp_path / "log.jsonl").read_text(encoding="utf-8")
