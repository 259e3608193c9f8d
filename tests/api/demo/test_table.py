"""The table the demonstration ends with, and what to do next by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.demo import print_next, print_table
from api.demo.stage import Stage, Step


def test_the_table_has_a_line_for_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        [
            Step("出示", "shown", "done", "done", 12, qr_version=21, qr_bytes=1024),
            Step("核验", "checked", "RED", "RED", 34, reason="code_expired"),
        ]
    )
    said = capsys.readouterr().out
    assert "21-L" in said
    assert "1024" in said
    assert "RED (code_expired)" in said
    assert "出示 · shown" in said


def test_the_way_on_names_the_report_and_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_next(Stage(tmp_path, lambda _line: None), tmp_path / "report.html")
    said = capsys.readouterr().out
    assert str(tmp_path / "report.html") in said
    assert "serve --port" in said
    assert str(tmp_path / "passphrase.txt") in said
