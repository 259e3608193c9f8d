from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core.reasons import Reason
from tests.api.cli.command import PROCESS_SECONDS, ROOT, environment


def _typed(lines: Sequence[str], *arguments: str | Path) -> tuple[int, str]:
    """Run the command with a terminal to type at and no passphrase in the environment; return exit code and outputs.

    A line is typed when it is asked for: what was typed before a hidden prompt is thrown away by the terminal.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", *map(str, arguments)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(EID_PASSPHRASE=None),
        cwd=ROOT,
        start_new_session=True,  # away from whatever terminal runs the tests
    ) as running:
        os.close(theirs)
        assert running.stdout is not None
        said = b""
        for line in lines:
            while not said.endswith(b": ") and (more := running.stdout.read(1)):
                said += more
            os.write(ours, line.encode() + b"\n")
            said += b"\n"
        rest, _ = running.communicate(timeout=PROCESS_SECONDS)
    os.close(ours)
    return running.returncode, (said + rest).decode()


def test_the_passphrase_is_asked_for_on_a_terminal_and_never_shown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code, said = _typed(["typed twice", "typed twice"], "--home", home, "init")
    assert (code, "typed twice" in said) == (0, False)
    code, said = _typed(["typed twice"], "--home", home, "officers", "list")
    assert (code, "registrar-1" in said, "typed twice" in said) == (0, True, False)


def test_two_passphrases_that_differ_found_nothing(tmp_path: Path) -> None:
    code, said = _typed(["one thing", "another"], "--home", tmp_path / "home", "init")
    assert (code, Reason.PASSPHRASE_WRONG.code in said) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_mistyped_passphrase_opens_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    _typed(["the right one", "the right one"], "--home", home, "init")
    code, said = _typed(["the wrong one"], "--home", home, "officers", "list")
    assert (code, Reason.PASSPHRASE_WRONG.code in said) == (64, True)
