from __future__ import annotations

from pathlib import Path

from tests.api.cli.command import eid, json_of, on_a_terminal


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    code, got = on_a_terminal("records", "sample", "50", tmp_path / "register.csv", "--no-portraits")
    assert code == 0
    assert "100%" in got
    assert "\x1b[" in got


def test_elsewhere_long_work_says_plain_lines(tmp_path: Path) -> None:
    ran = eid("records", "sample", "50", tmp_path / "register.csv", "--no-portraits")
    assert ran.code == 0
    assert ran.err.splitlines() == [f"sample: {done} / 50" for done in range(5, 51, 5)]
    assert "\x1b" not in ran.err


def test_with_json_there_is_no_progress(tmp_path: Path) -> None:
    ran = json_of("records", "sample", "50", tmp_path / "register.csv", "--no-portraits")
    assert (ran.done()["rows"], ran.err) == (50, "")


def test_a_terminal_gets_no_bar_with_json(tmp_path: Path) -> None:
    assert on_a_terminal("--json", "records", "sample", "50", tmp_path / "register.csv", "--no-portraits") == (0, "")
