"""Where the demonstration plays: a folder, one home for each actor, and the ``eid`` command they all use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import Unavailable
from core.reasons import Reason

WALLET_PIN: Final = "246810"
COMMAND_SECONDS: Final = 120
STOP_SECONDS: Final = 10

BUREAU: Final = "bureau"
WALLET: Final = "wallet"
READER: Final = "reader"
OTHER_READER: Final = "other-reader"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table at the end.

    expected: what must come out: a colour, or the word ``done``; came_out is what did.
    picture:  file name of the QR picture this step made or read.
    """

    zh: str
    en: str
    expected: str
    came_out: str
    milliseconds: int
    reason: str = ""
    remark: str = ""
    picture: str = ""
    qr_version: int | None = None
    qr_level: str = "L"
    qr_bytes: int | None = None

    @property
    def as_expected(self) -> bool:
        """Whether the step ended as the story demands."""
        return self.came_out == self.expected


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said: its exit code, its JSON object, its standard error and how long its process took."""

    code: int
    facts: dict[str, object]
    problem: str
    milliseconds: int

    def text(self, name: str) -> str:
        """Return one text of the answer."""
        value = self.facts.get(name)
        if not isinstance(value, str):
            raise Unavailable(Reason.DEMO_FAILED, f"a command gave no {name}: {self.problem}")
        return value

    def number(self, name: str) -> int:
        """Return one number of the answer."""
        value = self.facts.get(name)
        if not isinstance(value, int):
            raise Unavailable(Reason.DEMO_FAILED, f"a command gave no {name}: {self.problem}")
        return value

    def rows(self, name: str) -> list[dict[str, object]]:
        """Return one list of objects of the answer."""
        value = self.facts.get(name)
        if not isinstance(value, list):
            raise Unavailable(Reason.DEMO_FAILED, f"a command gave no {name}: {self.problem}")
        return [row for row in value if isinstance(row, dict)]


@dataclass(slots=True)
class Stage:
    """One run of the demonstration. ``say`` is told each line for the terminal."""

    folder: Path
    say: Callable[[str], None]
    public_url: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def homes(self) -> Path:
        """The folder with one home for each actor."""
        return self.folder / "homes"

    @property
    def passphrase_file(self) -> Path:
        """The file with the passphrase of the demonstration's keys."""
        return self.folder / "passphrase.txt"

    def file(self, name: str) -> Path:
        """Return a file of the demonstration."""
        return self.folder / name

    def eid(self, actor: str, *arguments: str, offline: bool = False) -> Said:
        """Run one ``eid`` command as one actor.

        offline: in a network namespace without any interface, where the system allows one.
        Raises Unavailable(DEMO_FAILED) for a command that neither did its work nor gave a verdict.
        """
        command = [*(no_network() if offline else ()), *self._command(actor, arguments)]
        started = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, check=False, env=self._environment(), text=True, timeout=COMMAND_SECONDS
        )
        milliseconds = round((time.perf_counter() - started) * 1000)
        facts = json.loads(done.stdout) if done.stdout.strip() else {}
        if done.returncode not in {0, 1, 2} or not isinstance(facts, dict) or not facts:
            what = " ".join(arguments[:2])
            raise Unavailable(Reason.DEMO_FAILED, f"eid {what} ended with {done.returncode}: {done.stderr.strip()}")
        return Said(done.returncode, facts, done.stderr.strip(), milliseconds)

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Run the bureau's server on a free port until the block ends; gives how long it took to answer, in ms.

        Sets ``public_url``, which every later command of the bureau uses.
        """
        started = time.perf_counter()
        process = subprocess.Popen(
            self._command(BUREAU, ("serve", "--port", str(self._port()))),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.strip():
                problem = process.stderr.read().strip() if process.stderr else ""
                raise Unavailable(Reason.DEMO_FAILED, f"the server did not start: {problem}")
            yield round((time.perf_counter() - started) * 1000)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def add(self, step: Step) -> None:
        """Keep one step and say it."""
        self.steps.append(step)
        mark = "✓" if step.as_expected else "✗"
        reason = f" {step.reason}" if step.reason else ""
        self.say(f"{mark} {step.zh} · {step.en}: {step.came_out}{reason} ({step.milliseconds} ms)")

    def clear(self) -> None:
        """Empty the folder of what an earlier run left."""
        shutil.rmtree(self.homes, ignore_errors=True)
        for old in (*self.folder.glob("*.png"), *self.folder.glob("*.eid"), *self.folder.glob("*.txt")):
            old.unlink()
        self.homes.mkdir(parents=True)

    def _port(self) -> int:
        return int(self.public_url.rpartition(":")[2])

    def _command(self, actor: str, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "api.cli.main", "--home", str(self.homes / actor), "--json", *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}
        return kept | {
            "EID_PASSPHRASE_FILE": str(self.passphrase_file),
            "EID_PUBLIC_URL": self.public_url,
            "EID_WALLET_HOME": str(self.homes / WALLET),
            "EID_WALLET_PIN": WALLET_PIN,
        }


def no_network() -> tuple[str, ...]:
    """Return the command before a command that takes the network away from it; empty where the system has none."""
    prefix = ("unshare", "--map-root-user", "--net")
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, check=False, timeout=STOP_SECONDS)
    except OSError:
        return ()
    return prefix if tried.returncode == 0 else ()
