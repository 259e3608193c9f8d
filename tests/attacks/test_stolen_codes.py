"""Codes that are genuine, in the wrong hands or the wrong place: replayed, relayed, rebound, answered elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from core.reasons import Colour, Reason
from formats.sd_cwt.model import KeyStorage
from tests.builders.readers import challenge, judged, policy
from tests.builders.verdicts import NOW, Code, answer, other_form, seeded
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.replay import InMemorySeen


def at(seconds: int) -> ReaderClock:
    return ReaderClock(now=NOW + seconds, doubtful=False, confirmed=True)


def test_a_screenshot_within_the_minute_was_seen_here() -> None:
    seen = InMemorySeen()
    assert judged(Code(), seen=seen).colour is Colour.GREEN
    assert judged(Code(), seen=seen, clock=at(40)).deciding is Reason.SEEN_HERE


def test_a_screenshot_after_the_window_has_expired() -> None:
    assert judged(Code(), clock=at(86)).deciding is Reason.CODE_EXPIRED


def test_a_screenshot_with_its_signature_in_other_bytes_was_seen_here() -> None:
    seen = InMemorySeen()
    judged(Code(), seen=seen)
    for bent in (Code(edit_proof_signature=other_form), Code(edit_issuer_signature=other_form)):
        assert judged(bent, seen=seen).deciding is Reason.SEEN_HERE


def test_no_instant_lies_between_seen_here_and_expired() -> None:
    """Whatever the second, the second showing of one code is never GREEN again."""
    seen = InMemorySeen()
    judged(Code(), seen=seen)
    for seconds in range(1, 200):
        assert judged(Code(), seen=seen, clock=at(seconds)).colour is not Colour.GREEN


def test_a_code_of_the_future_shown_early_is_known_for_its_whole_window() -> None:
    seen = InMemorySeen()
    code = Code(made_at=NOW + 30)
    assert judged(code, seen=seen).colour is Colour.GREEN
    for seconds in range(1, 200):
        assert judged(code, seen=seen, clock=at(seconds)).colour is not Colour.GREEN


def test_an_answer_at_another_post_is_refused() -> None:
    assert judged(answer(), expected=challenge(post_id="post-0018")).deciding is Reason.WRONG_AUDIENCE


def test_an_answer_to_an_earlier_challenge_is_refused() -> None:
    later = challenge(challenge_hash=seeded("the next challenge", 32).hex())
    assert judged(answer(), expected=later).deciding is Reason.NONCE_MISMATCH


def test_a_second_answer_is_refused() -> None:
    assert judged(answer(), expected=challenge(answered=True)).deciding is Reason.CHALLENGE_ALREADY_ANSWERED


def test_a_slow_relay_is_refused() -> None:
    assert judged(answer(), expected=challenge(shown_at=NOW - 61)).deciding is Reason.CHALLENGE_EXPIRED


@pytest.mark.parametrize("code", [Code(shown_by="thief"), answer(shown_by="thief")])
def test_a_copied_credential_without_its_key_is_refused(code: Code) -> None:
    context: dict[str, Any] = {} if code.cnonce is None else {"expected": challenge()}
    assert judged(code, **context).deciding is Reason.HOLDER_SIGNATURE_INVALID


def test_a_one_way_code_does_not_answer_a_challenge_nor_the_reverse() -> None:
    assert judged(Code(), expected=challenge()).deciding is Reason.WRONG_MODE
    assert judged(answer()).deciding is Reason.WRONG_MODE


def test_a_software_key_opens_no_unmanned_gate() -> None:
    copied = Code(key_storage=KeyStorage.SOFTWARE)
    assert judged(copied, policy=policy("machine")).deciding is Reason.KEY_STORAGE_INSUFFICIENT


def test_a_full_memory_is_never_green() -> None:
    seen = InMemorySeen(size=1)
    judged(Code(cti=b"fills the memory"), seen=seen)
    verdict = judged(Code(), seen=seen)
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.REPLAY_MEMORY_FULL)


def test_a_reader_with_a_wrong_clock_takes_no_screenshot() -> None:
    doubtful = ReaderClock(now=NOW, doubtful=True, confirmed=False)
    assert judged(Code(), clock=doubtful).deciding is Reason.ONE_WAY_NEEDS_CLOCK
    assert judged(answer(), expected=challenge(), clock=doubtful).deciding is Reason.CLOCK_DOUBTFUL
