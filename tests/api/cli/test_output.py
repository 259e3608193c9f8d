from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.api.cli.command import PROCESS_SECONDS, ROOT, eid, environment, json_of


def _on_a_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Run the command with a terminal as its standard error; return its exit code and what the terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment(TERM="xterm", COLUMNS="100"),
        cwd=ROOT,
    ) as running:
        os.close(theirs)
        got = b""
        while chunk := _read(ours):
            got += chunk
        code = running.wait(PROCESS_SECONDS)
    os.close(ours)
    return code, got.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    code, got = _on_a_terminal("records", "sample", "50", tmp_path / "register.csv", "--no-portraits")
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
    assert _on_a_terminal("--json", "records", "sample", "50", tmp_path / "register.csv", "--no-portraits") == (0, "")
