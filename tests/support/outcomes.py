"""What each test of a run came to, by its name without parameters: what the table of clauses is held against."""

from __future__ import annotations

import pytest

PASSED = "passed"
SKIPPED = "skipped"
FAILED = "failed"

_RANK = {SKIPPED: 0, PASSED: 1, FAILED: 2}
_outcomes: dict[str, str] = {}


def record(report: pytest.TestReport) -> None:
    """Note one phase of one test: the worst over its parameters stays, and a skip only where nothing else ran."""
    if report.passed and report.when != "call":
        return
    name, outcome = report.nodeid.partition("[")[0], report.outcome
    if _RANK[outcome] >= _RANK.get(_outcomes.get(name, SKIPPED), 0):
        _outcomes[name] = outcome


def outcomes() -> dict[str, str]:
    """Return ``passed``, ``skipped`` or ``failed`` by ``path::name`` (``path::Class::name``) for all that ran so far."""
    return dict(_outcomes)
