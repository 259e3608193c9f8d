"""A desk that accepts paper, with good data, for tests that bend one thing at a time."""

from __future__ import annotations

from typing import Any

from formats import signature_checks
from formats.cose import Checks
from tests.builders.paper import Card
from tests.vectors.verdicts import make_paper, run
from tests.vectors.verdicts.make import CLOCK
from verifier.checkpoint.paper import judge_card
from verifier.checkpoint.verdict import Verdict


def judging(card: Card | str, **changes: Any) -> Checks[Verdict]:
    """Return the judging generator of a desk that accepts paper."""
    context: dict[str, Any] = {
        "trust": run.trust_table(make_paper.CONTEXTS["trust"]["real"]),
        "statuses": run.status_source(make_paper.CONTEXTS["statuses"]["fresh"]),
        "policy": policy("counter"),
        "clock": run.reader_clock(CLOCK),
        "training": False,
        **changes,
    }
    return judge_card(card if isinstance(card, str) else card.text, **context)


def judged(card: Card | str, **changes: Any) -> Verdict:
    """Return the verdict, signatures answered by cryptography."""
    return signature_checks.run(judging(card, **changes))


def policy(name: str) -> Any:
    """Return one of the site policies of the paper vectors."""
    return run.site_policy(make_paper.CONTEXTS["policies"][name])


def trust(name: str) -> Any:
    """Return one of the trust tables of the paper vectors."""
    return run.trust_table(make_paper.CONTEXTS["trust"][name])
