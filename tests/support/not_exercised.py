"""What a run could not exercise, and why: recorded here, listed at the end of the run, never passed over in silence."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

REPORT_VARIABLE = "EID_NOT_EXERCISED_FILE"


@dataclass(frozen=True, slots=True)
class NotExercised:
    """One thing that did not run.

    what:   the behaviour left untested, in words.
    why:    what is missing on this machine.
    remedy: the command or setting that brings it.
    """

    what: str
    why: str
    remedy: str

    def line(self, tests: int) -> str:
        """Return the sentence shown at the end of a run."""
        return f"Not exercised: {self.what} ({tests} test{'s' if tests != 1 else ''}): {self.why} To run: {self.remedy}"


_recorded: Counter[NotExercised] = Counter()


def demanded_everything() -> bool:
    """Tell whether a missing tool is a failure: on the machine that decides about changes (``CI=true``)."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def leave_out(what: str, *, why: str, remedy: str, always_allowed: bool = False) -> NoReturn:
    """Stop the running test (or the module being collected) and put it on the list.

    always_allowed: also on the deciding machine, because nobody can be asked to install it there.
    """
    entry = NotExercised(what, why, remedy)
    if demanded_everything() and not always_allowed:
        pytest.fail(entry.line(1), pytrace=False)
    _recorded[entry] += 1
    pytest.skip(entry.line(1), allow_module_level=True)


def lines() -> list[str]:
    """Return one sentence for each thing left out so far."""
    return [entry.line(tests) for entry, tests in _recorded.items()]


def write_report(outcomes: Mapping[str, str]) -> None:
    """Write the list, and what each test came to, where the runner of the whole suite asked for it."""
    if target := os.environ.get(REPORT_VARIABLE):
        Path(target).write_text(json.dumps({"left_out": lines(), "outcomes": outcomes}), encoding="utf-8")
