"""The judge of printed cards: its fixed order, its driver, and that nothing is ever GREEN."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.reasons import Colour, Reason
from formats.claim_169 import FORM
from formats.cose import Checks
from formats.dataset import Group
from formats.site_policy import PAPER
from tests.builders.paper import Card
from tests.builders.paper_readers import judged, judging, policy, trust
from tests.builders.verdicts import BUREAU, BUREAU_EN, BUREAU_ZH
from tests.vectors.verdicts import make_paper, run
from verifier.checkpoint.paper import PAPER_CHECKS
from verifier.checkpoint.report import to_json, to_lines
from verifier.checkpoint.verdict import Check, Verdict

VECTORS = [run.PaperVector(row, make_paper.CONTEXTS) for row in run.read("paper")]


def test_the_best_card_passes_every_check_but_that_it_is_paper() -> None:
    verdict = judged(Card())
    assert tuple(finding.check for finding in verdict.findings) == PAPER_CHECKS
    assert [finding.check for finding in verdict.findings if not finding.passed] == [Check.PAPER]
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.PAPER_CARD)


def test_no_card_whatever_is_green_or_held_by_its_owner() -> None:
    for vector in VECTORS:
        for driver in (run.recorded(), _always_true):
            verdict = vector.verdict(driver)
            assert verdict.colour is not Colour.GREEN, vector.id
            assert not verdict.held_by_owner, vector.id


def _always_true(checks: Checks[Verdict]) -> Verdict:
    try:
        next(checks)
        while True:
            checks.send(True)
    except StopIteration as done:
        verdict: Verdict = done.value
        return verdict


def test_the_verdict_shows_who_issued_and_what_the_card_says_of_its_holder() -> None:
    verdict = judged(Card())
    assert (verdict.bureau, verdict.bureau_name_zh, verdict.bureau_name_en) == (BUREAU, BUREAU_ZH, BUREAU_EN)
    assert verdict.person is not None
    assert verdict.person.value(Group.NAME, 1) == "示例甲"
    assert verdict.person.value(Group.NAME, 2) == "SHILI JIA"
    assert verdict.person.value(Group.DOCUMENT, 2) == "****6789"
    assert verdict.person.value(Group.PORTRAIT, 1) == Card().portrait
    assert judged(Card(name_latin=None)).person is not None


def test_a_red_verdict_shows_nobody() -> None:
    assert judged(Card(index=100)).person is None


def test_the_report_says_compare_the_face_and_no_way_of_being_fresh() -> None:
    verdict = judged(Card())
    facts, lines = to_json(verdict), "\n".join(to_lines(verdict))
    assert (facts["verdict"], facts["reasons"], facts["mode"]) == ("AMBER", ["paper_card"], None)
    assert "请比对人脸" in lines
    assert "compare the face" in lines.lower()
    assert "one-way" not in lines.lower()


def test_after_the_first_red_nothing_further_runs() -> None:
    verdict = judged(Card(issuer="cards compromised"))
    assert verdict.findings[-1].check is Check.ISSUER_STATE
    assert Check.STATUS not in {finding.check for finding in verdict.findings}


@pytest.mark.parametrize("answer", [None, 1, "yes", [True]])
def test_an_answer_that_is_not_true_or_false_is_a_mistake_of_the_driver(answer: object) -> None:
    checks = judging(Card())
    next(checks)
    with pytest.raises(TypeError):
        checks.send(answer)  # type: ignore[arg-type]  # what a wrong driver sends


def test_a_fault_of_the_driver_is_could_not_check() -> None:
    verdict = run.failing(judging(Card()))
    assert (verdict.colour, verdict.reasons) == (Colour.AMBER, (Reason.COULD_NOT_CHECK,))


def test_a_driver_that_denies_makes_it_red() -> None:
    checks = judging(Card())
    next(checks)
    with pytest.raises(StopIteration) as done:
        checks.send(False)
    assert done.value.value.deciding is Reason.ISSUER_SIGNATURE_INVALID


def test_asks_exactly_one_question() -> None:
    checks = judging(Card())
    question = next(checks)
    assert question.key == trust("real").keys[Card().names_kid].point
    with pytest.raises(StopIteration):
        checks.send(True)


def test_the_form_has_one_name_in_policies_tables_and_cards() -> None:
    assert FORM == PAPER


def test_no_policy_of_an_unmanned_gate_can_name_paper() -> None:
    accepting: Callable[[], object] = lambda: run.site_policy(
        {**make_paper.CONTEXTS["policies"]["machine"], "forms": ["claim-169"]}
    )
    with pytest.raises(ValueError):
        accepting()
    assert judged(Card(), policy=policy("machine")).deciding is Reason.FORM_NOT_ACCEPTED
