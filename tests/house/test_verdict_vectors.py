"""The verdict vectors under the import hook, on every Python of this machine: the judge needs the CBOR codec and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.house.sources import ROOT
from tests.support import not_exercised
from tests.vectors.verdicts import run as vectors

OTHERS = tuple(f"3.{minor}" for minor in range(11, 20) if minor != sys.version_info.minor)
RUN_SECONDS = 180


def judged_by(python: str) -> subprocess.CompletedProcess[str]:
    """Run all vectors on one Python, every import outside the portable core refused."""
    return subprocess.run(
        [python, "-m", "tests.house.import_hook", "tests.vectors.verdicts.run", "--also", "tests.vectors"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )


def assert_every_vector_agrees(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{len(vectors.load())} vectors, 0 differ\n"


def test_every_vector_is_judged_with_everything_else_refused() -> None:
    assert_every_vector_agrees(judged_by(sys.executable))


def test_every_vector_is_judged_alike_by_the_other_pythons_of_this_machine() -> None:
    lacking = []
    for version in OTHERS:
        python = shutil.which(f"python{version}")
        if python is None or not _is_that(python, version):
            continue
        if _runs(python, "import cbor2"):
            assert_every_vector_agrees(judged_by(python))
        else:
            lacking.append(f"python{version}")
    if lacking:
        not_exercised.leave_out(
            f"verdict vectors on {', '.join(lacking)}",
            why="the CBOR codec is not installed there.",
            remedy="; ".join(f"{name} -m pip install cbor2==6.2.1" for name in lacking),
            always_allowed=True,
        )


def _runs(python: str, line: str) -> bool:
    return subprocess.run([python, "-c", line], capture_output=True, check=False, timeout=RUN_SECONDS).returncode == 0


def _is_that(python: str, version: str) -> bool:
    """Whether the command is what its name says: a version manager leaves names behind of what it lacks."""
    asked = subprocess.run([python, "--version"], capture_output=True, text=True, check=False, timeout=RUN_SECONDS)
    return asked.returncode == 0 and re.match(rf"Python {re.escape(version)}\.", asked.stdout) is not None
