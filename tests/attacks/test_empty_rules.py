"""Nothing demanded is never everything allowed: empty policies, tables, lists and requests refuse or doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Colour, Reason
from tests.builders.readers import GATE, TRUST, challenge, judged
from tests.builders.verdicts import Code, answer
from tests.vectors.verdicts import run


@pytest.mark.parametrize("emptied", ["required", "modes", "forms"])
def test_a_policy_that_demands_nothing_cannot_be_made(emptied: str) -> None:
    changes: dict[str, Any] = {emptied: frozenset()}
    with pytest.raises(ValueError):
        replace(GATE, **changes)


def test_no_policy_gives_no_verdict() -> None:
    with pytest.raises(AttributeError):
        judged(Code(), policy=None)


def test_an_empty_trust_table_knows_nobody() -> None:
    assert judged(Code(), trust=replace(TRUST, keys={})).deciding is Reason.ISSUER_UNKNOWN


def test_no_lists_are_unknown_not_valid() -> None:
    verdict = judged(Code(), statuses=run.status_source({}))
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.STATUS_UNKNOWN)


def test_a_challenge_that_asks_for_nothing_takes_nothing() -> None:
    assert judged(answer(), expected=challenge(groups=())).deciding is Reason.GROUP_NOT_ASKED


def test_a_code_that_shows_nothing_satisfies_nobody() -> None:
    assert judged(Code(groups=())).colour is Colour.AMBER
