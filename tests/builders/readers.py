"""A reader at a gate or a desk with good data, for tests that bend one thing at a time."""

from __future__ import annotations

from typing import Any

from formats import signature_checks
from formats.cose import Checks
from tests.builders.verdicts import Code
from tests.vectors.verdicts import make, run
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import Answer, OneWay
from verifier.checkpoint.replay import InMemorySeen
from verifier.checkpoint.verdict import Verdict

TRUST = run.trust_table(make.CONTEXTS["trust"]["real"])
STATUSES = run.status_source(make.CONTEXTS["statuses"]["fresh"])
GATE = run.site_policy(make.CONTEXTS["policies"]["gate"])
DESK = run.site_policy(make.CONTEXTS["policies"]["desk"])


def policy(name: str) -> Any:
    """Return one of the vectors' site policies."""
    return run.site_policy(make.CONTEXTS["policies"][name])


def challenge(**changes: Any) -> Answer:
    """Return what a desk expects that showed its challenge ten seconds ago."""
    expected = run.expected(make.challenged(**changes))
    assert isinstance(expected, Answer)
    return expected


def judging(code: Code | str, **changes: Any) -> Checks[Verdict]:
    """Return the judging generator of a gate, or of a desk when an answer is expected."""
    at_desk = isinstance(changes.get("expected"), Answer)
    context: dict[str, Any] = {
        "trust": TRUST,
        "statuses": STATUSES,
        "policy": DESK if at_desk else GATE,
        "expected": OneWay(),
        "clock": run.reader_clock(make.CLOCK),
        "seen": InMemorySeen(),
        "training": False,
        **changes,
    }
    return judge(code if isinstance(code, str) else code.text, **context)


def judged(code: Code | str, **changes: Any) -> Verdict:
    """Return the verdict, signatures answered by cryptography."""
    return signature_checks.run(judging(code, **changes))
