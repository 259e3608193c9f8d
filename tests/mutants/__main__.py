"""``make mutants``: removes each check of the judging code in turn; fails when no test notices one.

``python -m tests.mutants [--only PART_OF_A_NAME] [--list]``
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.house.sources import ROOT, project_files
from tests.mutants.runner import Plan, TestsUnusable, run, table

MODULES = ("verifier/checkpoint", "verifier/verification.py", "verifier/mdoc_verification.py", "verifier/checks")
# What is marked slow proves nothing about a single check.
TESTS = ("tests/verifier", "tests/vectors", "tests/attacks", "tests/formats/sd_jwt", "tests/formats/test_sd_jwt_vc.py")
_ONLINE = ("tests/verifier/test_verification.py",)
_MDOC = ("tests/verifier/test_mdoc_verification.py",)
_OFFLINE = ("tests/vectors/verdicts/test_verdict_vectors.py",)
# Ordered by how soon they notice.
NEAREST = (
    ("verifier/checkpoint", _OFFLINE),
    ("verifier/checks/mdoc", _MDOC),
    ("verifier/checks", _ONLINE),
    ("verifier/verification.py", _ONLINE),
    ("verifier/mdoc_verification.py", _MDOC),
)


def plan() -> Plan:
    """Return what is mutated in this project and by which tests."""
    return Plan(ROOT, project_files(), MODULES, ("-m", "not slow", *TESTS), NEAREST)


def main(arguments: list[str]) -> int:
    """Judge the mutants; return 0 when every one died, 1 when one survived, 2 when none could be judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="judge the mutants whose name contains this")
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in plan().mutants() if options.only in mutant.name]
    if options.list or not chosen:
        _say(*(mutant.name for mutant in chosen), f"{len(chosen)} mutants.")
        return 0 if chosen else 2
    try:
        started = time.perf_counter()
        outcomes = run(plan(), chosen, workers=min(4, os.cpu_count() or 1), tell=_say)
    except TestsUnusable as err:
        _say(str(err), "The tests do not pass as they are: no mutant was judged.")
        return 2
    _say("", *table(outcomes), f"{time.perf_counter() - started:.0f} seconds.")
    return int(any(outcome.killer is None for outcome in outcomes))


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
