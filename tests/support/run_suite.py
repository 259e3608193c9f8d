"""Runs the whole suite under coverage, shows the figures, and ends with what was not exercised: ``make test``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.not_exercised import REPORT_VARIABLE


def main(arguments: list[str]) -> int:
    """Run pytest with ``arguments``; return its exit code, or the coverage report's where that alone failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "not_exercised.json"
        outcome = subprocess.run(
            [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", *arguments],
            env={**os.environ, REPORT_VARIABLE: str(report)},
            check=False,
        ).returncode
        left_out: list[str] = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
    # Part of the suite says nothing about the floor of the whole.
    floor = ["--fail-under=0"] if arguments else []
    measured = subprocess.run([sys.executable, "-m", "coverage", "report", *floor], check=False).returncode
    sys.stdout.write("\n" + "\n".join(left_out or ["Not exercised: nothing."]) + "\n")
    return outcome or measured


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
