"""Fuzz every family of parsers in turn, for SECONDS in all: ``python -m fuzz [SECONDS] [FAMILY ...]``.

What one run found interesting stays in ``fuzz/corpus`` for the next; an input that let another error out is kept in
``fuzz/findings`` and makes the run fail.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FAMILIES = ("encodings", "jose", "sd_jwt", "qr_codes", "mdoc", "posts", "trust", "messages", "verdicts")
SECONDS = 60
FINDINGS = Path(__file__).resolve().parent / "findings"
_RUNS = re.compile(r"number_of_executed_units:\s+(\d+)")


def fuzz(family: str, seconds: int) -> bool:
    """Fuzz one family; say how many inputs it read, and return whether all of them ended as they should."""
    FINDINGS.mkdir(exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={FINDINGS}/{family}-"]
    command = [sys.executable, "-m", f"fuzz.{family}", *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = _RUNS.search(done.stderr)
    print(f"{family:<10} {runs[1] if runs else '?':>9} inputs  {'ok' if done.returncode == 0 else 'FOUND'}", flush=True)
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()
        print("\n".join(line for line in said if not line.startswith(("INFO", "WARNING"))))
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Return 0 where nothing was found."""
    seconds = int(arguments[0]) if arguments else SECONDS
    families = arguments[1:] or FAMILIES
    each = max(1, seconds // len(families))
    sound = [fuzz(family, each) for family in families]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
