from __future__ import annotations

import pytest

from core.errors import Unavailable
from core.reasons import Colour, Reason
from formats import signature_checks
from formats.dataset import Group
from formats.site_policy import Mode
from tests.builders.readers import challenge, judged, judging, policy
from tests.builders.verdicts import BUREAU, BUREAU_ZH, NOW, PERSON, Code, answer, signer
from tests.vectors.verdicts import run
from tests.vectors.verdicts.run import Vector
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.decision import CHALLENGE_CHECKS, ONE_WAY_CHECKS, Check, EntryState, StatusAnswer, Verdict
from verifier.checkpoint.expected import Answer
from verifier.checkpoint.paper import PAPER_CHECKS
from verifier.checkpoint.replay import InMemorySeen
from verifier.checkpoint.verdict import Finding

VECTORS = run.load()
ORDERS = {Mode.CHALLENGE: CHALLENGE_CHECKS, Mode.ONE_WAY: ONE_WAY_CHECKS, None: PAPER_CHECKS}


def test_green_comes_from_exactly_the_fixed_checks_in_their_order() -> None:
    one_way, asked = judged(Code()), judged(answer(), expected=challenge())
    assert tuple(finding.check for finding in one_way.findings) == ONE_WAY_CHECKS
    assert tuple(finding.check for finding in asked.findings) == CHALLENGE_CHECKS
    assert {one_way.colour, asked.colour} == {Colour.GREEN}


def test_the_order_of_checks_is_the_one_of_the_rules() -> None:
    """Prefix, CBOR, issuer key, issuer signature, holder, freshness, validity, disclosures, status, policy."""
    order = [check.value for check in ONE_WAY_CHECKS]
    told = ["text", "structure", "issuer_known", "issuer_signature", "holder_key", "holder_signature", "mode"]
    told += ["audience", "time", "replay", "validity", "disclosures", "status", "form"]
    assert [order.index(name) for name in told] == sorted(order.index(name) for name in told)
    assert len(ONE_WAY_CHECKS) == 28
    assert len(CHALLENGE_CHECKS) == 29
    assert set(CHALLENGE_CHECKS) - set(ONE_WAY_CHECKS) == {Check.NONCE, Check.CHALLENGE}
    assert set(ONE_WAY_CHECKS) - set(CHALLENGE_CHECKS) == {Check.REPLAY}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_after_the_first_red_nothing_runs_and_nobody_is_shown(vector: Vector) -> None:
    verdict = vector.verdict(signature_checks.run)
    red = [place for place, finding in enumerate(verdict.findings) if finding.colour is Colour.RED]
    if verdict.colour is Colour.RED:
        assert red == [len(verdict.findings) - 1]
        assert verdict.person is None
    else:
        assert red == []


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_checks_run_in_the_fixed_order(vector: Vector) -> None:
    verdict = vector.verdict(signature_checks.run)
    order = ORDERS[verdict.mode]
    places = [order.index(finding.check) for finding in verdict.findings if finding.check is not Check.COMPLETE]
    assert places == sorted(set(places))


def test_shows_exactly_what_was_disclosed() -> None:
    person = judged(Code(groups=(Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT))).person
    assert person is not None
    assert person.groups.keys() == {Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT}
    assert person.value(Group.NAME, 1) == PERSON.full_name
    assert person.value(Group.ADDRESS, 1) is None


@pytest.mark.parametrize(
    ("finding", "colour"),
    [
        (Finding(Check.STATUS, passed=True), Colour.GREEN),
        (Finding(Check.STATUS, passed=False), Colour.RED),
        (Finding(Check.STATUS, passed=False, reason=Reason.STATUS_REVOKED), Colour.RED),
        (Finding(Check.STATUS, passed=True, reason=Reason.STATUS_REVOKED), Colour.RED),
        (Finding(Check.STATUS, passed=False, reason=Reason.STATUS_UNKNOWN), Colour.AMBER),
    ],
)
def test_a_check_is_green_only_where_it_passed_and_nothing_speaks_against_it(finding: Finding, colour: Colour) -> None:
    assert finding.colour is colour


def test_names_the_bureau_by_the_trust_table_and_only_after_its_signature() -> None:
    good, forged = judged(Code()), judged(Code(issuer="stranger", names_issuer="issuer"))
    assert (good.bureau, good.bureau_name_zh) == (BUREAU, BUREAU_ZH)
    assert (forged.bureau, forged.bureau_name_zh) == (None, None)


def test_tells_the_age_and_number_of_both_lists() -> None:
    verdict = judged(Code())
    assert (verdict.status_age_seconds, verdict.status_number) == (7200, 40)
    assert (verdict.trust_age_seconds, verdict.trust_number) == (3600, 12)
    assert verdict.bytes == len(Code().token)


def test_only_a_green_verdict_with_a_portrait_says_held_by_its_owner() -> None:
    assert judged(Code()).held_by_owner
    assert not judged(Code(groups=(Group.NAME,)), policy=policy("door")).held_by_owner
    assert not judged(Code(), statuses=run.status_source({})).held_by_owner


def test_the_memory_is_asked_only_after_both_signatures() -> None:
    seen = InMemorySeen()
    for forged in (Code(shown_by="thief"), Code(issuer="stranger", names_issuer="issuer")):
        assert judged(forged, seen=seen).colour is Colour.RED
    assert judged(Code(), seen=seen).colour is Colour.GREEN


def test_the_same_code_again_is_amber_with_the_seconds_since() -> None:
    seen = InMemorySeen()
    judged(Code(), seen=seen)
    later = ReaderClock(now=NOW + 12, doubtful=False, confirmed=True)
    verdict = judged(Code(), seen=seen, clock=later)
    assert (verdict.deciding, verdict.seen_seconds_ago) == (Reason.SEEN_HERE, 12)


@pytest.mark.parametrize("seconds", [0, -1])
def test_the_same_code_in_the_same_second_or_before_was_seen_no_seconds_ago(seconds: int) -> None:
    seen = InMemorySeen()
    judged(Code(), seen=seen)
    clock = ReaderClock(now=NOW + seconds, doubtful=False, confirmed=True)
    verdict = judged(Code(), seen=seen, clock=clock)
    assert (verdict.deciding, verdict.seen_seconds_ago) == (Reason.SEEN_HERE, 0)


def test_a_new_showing_of_the_same_copy_is_not_a_replay() -> None:
    seen = InMemorySeen()
    judged(Code(), seen=seen)
    assert judged(Code(cti=b"another showing!"), seen=seen).colour is Colour.GREEN


def test_the_memory_lasts_until_the_code_cannot_be_shown_any_more() -> None:
    asked: list[tuple[bytes, int, int]] = []

    class Recorder:
        def first_seen(self, key: bytes, now: int, until: int) -> int | None:
            asked.append((key, now, until))
            return None

    judged(Code(), seen=Recorder())
    ((key, now, until),) = asked
    assert len(key) == 8 + 33 + 16
    assert (now, until >= NOW - 5 + 60 + 30) == (NOW, True)


def test_an_age_that_was_not_shown_is_not_a_passed_age() -> None:
    verdict = judged(Code(groups=(Group.PORTRAIT,)), policy=policy("shop"))
    assert not verdict.passed(Check.AGE)


@pytest.mark.parametrize("reason", [Reason.CLAIMS_MALFORMED, Reason.CERTIFICATE_EXPIRED, Reason.BUNDLE_INVALID])
def test_a_list_that_cannot_be_read_is_unknown_and_no_fault_of_the_code(reason: Reason) -> None:
    verdict = judged(Code(), statuses=run.OutOfReach(reason))
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.STATUS_UNKNOWN)


def test_a_memory_that_does_not_answer_is_could_not_check() -> None:
    class Broken:
        def first_seen(self, key: bytes, now: int, until: int) -> int | None:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, "the database does not answer")

    verdict = judged(Code(), seen=Broken())
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.COULD_NOT_CHECK)


def test_an_answer_leaves_no_trace_in_the_memory() -> None:
    class Forbidden:
        def first_seen(self, key: bytes, now: int, until: int) -> int | None:
            raise AssertionError("an answer is not remembered")

    assert judged(answer(), expected=challenge(), seen=Forbidden()).colour is Colour.GREEN


def test_status_is_looked_up_under_the_bureau_of_the_verified_key() -> None:
    asked: list[tuple[str, str, int]] = []

    class Recorder:
        def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
            asked.append((bureau, uri, index))
            return StatusAnswer(EntryState.VALID, NOW, NOW + 60, None)

    assert judged(Code(index=41), statuses=Recorder()).status_number is None
    assert asked == [(BUREAU, Code().uri, 41)]


def test_nothing_of_a_code_is_looked_up_before_its_signatures_hold() -> None:
    class Forbidden:
        def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
            raise AssertionError("looked up for a forged code")

    assert judged(Code(shown_by="thief"), statuses=Forbidden()).colour is Colour.RED


def test_asks_two_questions_and_the_issuers_first() -> None:
    checks = judging(Code())
    first = next(checks)
    second = checks.send(True)
    assert (first.key, second.key) == (signer("issuer").point, signer("holder").point)
    with pytest.raises(StopIteration) as done:
        checks.send(True)
    verdict: Verdict = done.value.value
    assert verdict.colour is Colour.GREEN


def test_expected_is_the_readers_choice() -> None:
    assert isinstance(challenge(), Answer)
    assert judged(Code(), expected=challenge()).deciding is Reason.WRONG_MODE
    assert judged(answer()).deciding is Reason.WRONG_MODE
