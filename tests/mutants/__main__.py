"""``make mutants``: removes each check of the judging code in turn; fails when no test notices one.

``python -m tests.mutants [--only PART_OF_A_NAME] [--list]``
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.house.sources import ROOT, project_files
from tests.mutants.runner import Plan, TestsUnusable, run, table

MODULES = ("verifier/checkpoint", "verifier/verification.py", "verifier/checks")
# Ordered by how soon they notice; what is marked slow proves nothing about a single check.
TESTS = ("tests/verifier/checkpoint", "tests/vectors", "tests/attacks", "tests/verifier")


def plan() -> Plan:
    """Return what is mutated in this project and by which tests."""
    tests = [folder for folder in TESTS if (ROOT / folder).is_dir()]
    return Plan(ROOT, project_files(), MODULES, ("-m", "not slow", *tests))


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
        outcomes = run(plan(), chosen, workers=min(4, os.cpu_count() or 1), tell=_say)
    except TestsUnusable as err:
        _say(str(err), "The tests do not pass as they are: no mutant was judged.")
        return 2
    _say("", *table(outcomes))
    return int(any(outcome.killer is None for outcome in outcomes))


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
