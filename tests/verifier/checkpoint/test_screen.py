from __future__ import annotations

from core.reasons import Colour, Reason
from tests.builders.readers import judged
from tests.builders.verdicts import NOW, Code, other_form
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.replay import InMemorySeen
from verifier.checkpoint.screen import OpenVerdict
from verifier.checkpoint.verdict import Verdict

REDRAW = Code(made_at=NOW + 25, cti=b"drawn once again")


def at(seconds: int) -> ReaderClock:
    return ReaderClock(now=NOW + seconds, doubtful=False, confirmed=True)


def shown(screen: OpenVerdict, code: Code, seconds: int = 0) -> Verdict:
    open_verdict = screen.again(code.text)
    return open_verdict or screen.show(code.text, judged(code, seen=screen, clock=at(seconds)))


def test_the_same_code_gives_the_open_verdict_again() -> None:
    screen = OpenVerdict(InMemorySeen())
    first = shown(screen, Code())
    assert first.colour is Colour.GREEN
    assert shown(screen, Code(), 5) is first


def test_a_redraw_by_the_same_copy_gives_the_open_verdict_again() -> None:
    screen = OpenVerdict(InMemorySeen())
    first = shown(screen, Code())
    assert shown(screen, REDRAW, 30) is first


def test_the_same_showing_in_other_bytes_gives_the_open_verdict_again() -> None:
    screen = OpenVerdict(InMemorySeen())
    first = shown(screen, Code())
    assert shown(screen, Code(edit_proof_signature=other_form), 5) is first


def test_after_closing_it_was_seen_here() -> None:
    screen = OpenVerdict(InMemorySeen())
    shown(screen, Code())
    screen.close()
    again = shown(screen, Code(), 20)
    assert (again.deciding, again.seen_seconds_ago) == (Reason.SEEN_HERE, 20)


def test_after_closing_a_photograph_of_the_redraw_was_seen_here_too() -> None:
    screen = OpenVerdict(InMemorySeen())
    shown(screen, Code())
    shown(screen, REDRAW, 30)
    screen.close()
    assert shown(screen, REDRAW, 40).deciding is Reason.SEEN_HERE


def test_another_copy_replaces_the_open_verdict() -> None:
    screen = OpenVerdict(InMemorySeen())
    first = shown(screen, Code())
    other = shown(screen, Code(holder="somebody else"), 5)
    assert other is not first
    assert other.colour is Colour.GREEN
    assert shown(screen, Code(), 8).deciding is Reason.SEEN_HERE


def test_a_red_redraw_is_not_hidden_behind_a_green_verdict() -> None:
    screen = OpenVerdict(InMemorySeen())
    shown(screen, Code())
    revoked = Code(made_at=NOW + 25, cti=b"drawn once again", index=100)
    assert shown(screen, revoked, 30).deciding is Reason.STATUS_REVOKED


def test_a_forged_redraw_is_red() -> None:
    screen = OpenVerdict(InMemorySeen())
    shown(screen, Code())
    forged = Code(cti=b"drawn once again", shown_by="thief")
    assert shown(screen, forged, 5).deciding is Reason.HOLDER_SIGNATURE_INVALID
