"""Runs the whole suite under coverage, shows the figures, and ends with what was not exercised: ``make test``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import clauses
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
        told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"left_out": [], "outcomes": {}}
    # Part of the suite says nothing about the floor of the whole.
    floor = ["--fail-under=0"] if arguments else []
    measured = subprocess.run([sys.executable, "-m", "coverage", "report", *floor], check=False).returncode
    # Nor does it say anything about the clauses whose tests are in the other part.
    unproven = (
        [] if arguments else list(clauses.not_proven(clauses.read_rows(clauses.TABLE.read_text()), told["outcomes"]))
    )
    lines = [*unproven, *(told["left_out"] or ["Not exercised: nothing."])]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    return outcome or measured or bool(unproven)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
