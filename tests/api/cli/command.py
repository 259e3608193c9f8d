"""The command as a caller sees it: arguments, environment and standard input in; exit code and the two outputs out."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from core.reasons import Reason

PASSPHRASE = "a passphrase of the tests"
PIN = "246810"
PROCESS_SECONDS = 120
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """The one JSON object of standard output."""
        (line,) = self.out.splitlines()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    @property
    def problem(self) -> dict[str, str]:
        """The one JSON object of standard error."""
        (line,) = self.err.splitlines()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def done(self) -> dict[str, Any]:
        """The facts of a run that must have done its work."""
        assert self.code == 0, self
        return self.facts


def environment(**changes: str | None) -> dict[str, str]:
    """The variables a run has: the machine's without any of ours, our passphrase and PIN, and the changes (None: not set)."""
    ours: dict[str, str | None] = {"EID_PASSPHRASE": PASSPHRASE, "EID_WALLET_PIN": PIN, "EID_LANG": "en", **changes}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}
    return kept | {name: value for name, value in ours.items() if value is not None}


def eid(*arguments: str | Path, given: bytes = b"", **variables: str | None) -> Ran:
    """Run the command inside this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        _surround(patch, environment(**variables), given)
        code = main.run([str(argument) for argument in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def _surround(patch: pytest.MonkeyPatch, variables: Mapping[str, str], given: bytes) -> None:
    for name in os.environ:
        if name not in variables:
            patch.delenv(name)
    for name, value in variables.items():
        patch.setenv(name, value)
    patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))


def json_of(*arguments: str | Path, given: bytes = b"", **variables: str | None) -> Ran:
    """Run the command inside this process with ``--json``."""
    return eid("--json", *arguments, given=given, **variables)


def process(*arguments: str | Path, given: bytes = b"", before: tuple[str, ...] = (), **variables: str | None) -> Ran:
    """Run the command as a process of its own; ``before`` is the command that starts it."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "api.cli.main", *map(str, arguments)],
        input=given,
        capture_output=True,
        env=environment(**variables),
        cwd=ROOT,
        timeout=PROCESS_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def on_a_terminal(*arguments: str | Path) -> tuple[int, str]:
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


def assert_one_sentence(ran: Ran, reason: Reason, code: int) -> None:
    """The command refused with this reason: a sentence and a next step in both languages, and nothing of our insides."""
    row = reason.value
    assert (ran.code, ran.out) == (code, ""), ran
    said, next_step, detail = ran.err.splitlines()[0], ran.err.splitlines()[1], ran.err.splitlines()[2]
    assert said == f"{row.zh}{row.next_zh}"
    assert next_step == f"{row.en} {row.next_en}"
    assert detail.startswith(f"({row.code}: ")
    assert len(ran.err.splitlines()) == 3, ran.err
    assert "Traceback" not in ran.err
