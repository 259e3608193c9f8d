"""The bench's proofs: what is timed must do its work, and a call that does not is found out before the clock starts."""

from __future__ import annotations

import pytest

from bench import figures, proving
from bench.__main__ import main
from bench.measuring import Base, Figure, Target, inverse_ratio, measure, ratio, ratio_of_difference
from bench.proving import ProofFailed, flipped, prove_green, prove_red, prove_refused
from bench.scenes import mdoc, pictures, qr_code, register, sd_jwt_vc, status_lists
from core.errors import MalformedInput, Refused
from core.reasons import Colour, Reason
from formats import qr_token
from formats.qr_picture import draw_png
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.status_list.entries import build_entries
from formats.status_list.model import StatusList
from issuer.register.record import CheckedRow
from tests.builders.qr import issue, show_one_way
from verifier.checkpoint.replay import InMemorySeen, Seen
from verifier.checkpoint.verdict import Verdict

QUICK = (
    qr_code.offline_verdicts,
    qr_code.verifying,
    qr_code.issuing,
    sd_jwt_vc.verifying,
    sd_jwt_vc.issuing,
    mdoc.verifying,
    mdoc.issuing,
    pictures.drawing,
    status_lists.publishing,
)


@pytest.mark.parametrize("scene", QUICK, ids=lambda scene: f"{scene.__module__}.{scene.__name__}")
def test_the_timed_calls_of_the_product_pass_their_proofs(scene: object) -> None:
    assert callable(scene)
    assert scene()


def test_the_row_checks_pass_their_proof() -> None:
    register.prove_checks(register.checked)


def test_finds_out_an_offline_reader_that_accepts_everything() -> None:
    copy = issue()
    good = qr_code.a_post().judged(show_one_way(copy), policy="rail-gate", seen=_never_seen())
    with pytest.raises(ProofFailed):
        qr_code.prove_offline(lambda _text, _seen: good, show_one_way(copy), copy)


def test_finds_out_an_offline_reader_without_a_replay_memory() -> None:
    copy, post = issue(), qr_code.a_post()
    with pytest.raises(ProofFailed, match="twice"):
        qr_code.prove_offline(
            lambda text, _: post.judged(text, policy="rail-gate", seen=_never_seen()), show_one_way(copy), copy
        )


def test_finds_out_an_offline_reader_that_refuses_for_another_reason() -> None:
    copy, post = issue(), qr_code.a_post()

    def judged(text: str, seen: Seen) -> Verdict:
        verdict = post.judged(text, policy="rail-gate", seen=seen)
        return post.judged("EID1:", policy="rail-gate", seen=seen) if Colour.RED is verdict.colour else verdict

    with pytest.raises(ProofFailed, match="not RED with"):
        qr_code.prove_offline(judged, show_one_way(copy), copy)


def test_finds_out_an_online_verifier_that_accepts_everything() -> None:
    text = sd_jwt_vc.shown(sd_jwt_vc.the_issuer())
    good = sd_jwt_vc.a_desk(sd_jwt_vc.the_issuer()).judged(text)
    with pytest.raises(ProofFailed):
        sd_jwt_vc.prove_online(lambda _: good, text)


def test_finds_out_an_online_verifier_that_refuses_everything() -> None:
    stranger = sd_jwt_vc.a_desk()
    with pytest.raises(ProofFailed, match="not GREEN"):
        sd_jwt_vc.prove_online(stranger.judged, sd_jwt_vc.shown(sd_jwt_vc.the_issuer()))


def test_finds_out_an_mdoc_verifier_that_accepts_everything_or_does_not_ask_for_the_session() -> None:
    response, desk = mdoc.shown(sd_jwt_vc.the_issuer()), sd_jwt_vc.a_desk(sd_jwt_vc.the_issuer())
    good = mdoc.judged(response, desk, mdoc.the_transcript())
    with pytest.raises(ProofFailed):
        mdoc.prove_mdoc(lambda _data, _transcript: good, response)
    with pytest.raises(ProofFailed, match="GREEN with no reason"):
        mdoc.prove_mdoc(lambda data, _: mdoc.judged(data, desk, mdoc.the_transcript()), response)


def test_finds_out_an_sd_cwt_reader_that_checks_no_signature() -> None:
    copy = issue(person=qr_code.a_holder())
    token = qr_token.decode(show_one_way(copy))
    with pytest.raises(ProofFailed, match="is accepted"):
        qr_code.prove_verified(lambda data: open_disclosures(read_kbt(data).sd_cwt), token, copy)


def test_finds_out_row_checks_that_let_a_wrong_number_pass() -> None:
    good = next(row for row in register.checked(register.the_rows()[:200]) if row.record is not None)
    with pytest.raises(ProofFailed):
        register.prove_checks(lambda rows: [CheckedRow(good.record, ())] * len(rows))


def test_finds_out_a_picture_of_another_text() -> None:
    with pytest.raises(ProofFailed):
        pictures.prove_readable(lambda: draw_png("EID1:OTHER"), "EID1:THIS")


def test_finds_out_a_status_list_without_its_entries() -> None:
    empty = StatusList("https://id.example.test/1", 2, build_entries(1 << 20, 2, {}), 1, 2, None)
    with pytest.raises(ProofFailed):
        status_lists.prove_list(lambda: empty, {5: 1})


def test_demands_the_reason_and_not_only_a_refusal() -> None:
    def refuse() -> None:
        raise Refused(Reason.STATUS_STALE, "old")

    prove_refused(refuse, Reason.STATUS_STALE)
    with pytest.raises(ProofFailed):
        prove_refused(refuse, Reason.STATUS_UNKNOWN)
    with pytest.raises(ProofFailed):
        prove_refused(lambda: None, Reason.STATUS_STALE)


def test_a_verdict_is_proven_green_or_red_and_nothing_between() -> None:
    copy, post = issue(), qr_code.a_post()
    green = post.judged(show_one_way(copy), policy="rail-gate", seen=_never_seen())
    red = post.judged("EID1:", policy="rail-gate", seen=_never_seen())
    prove_green(green)
    with pytest.raises(ProofFailed):
        prove_green(red)
    with pytest.raises(ProofFailed):
        prove_red(green, Reason.ISSUER_SIGNATURE_INVALID)


def test_flips_exactly_one_bit() -> None:
    assert flipped(b"\x00\x00\x00", 1) == b"\x00\x01\x00"


def test_ends_with_an_error_when_a_proof_fails() -> None:
    def broken(*_: object) -> list[figures.Line]:
        proving.prove(holds=False, what="it does nothing")
        return []

    assert main(["--rounds", "1"], scenes=((("broken",), broken),)) == 1


def test_ends_with_an_error_when_no_figure_has_that_name() -> None:
    assert main(["--only", "nothing is called this"]) == 1


def test_ratios_are_taken_inside_a_round() -> None:
    samples = iter([9.0, 9.0, 2.0, 6.0, 4.0, 4.0])
    bases = Base("base", lambda: next(samples))
    figure = Figure("name", "call", lambda: next(samples), ratio, Target("x", goal=2, floor=4), bases)
    result = measure(figure, rounds=2)
    assert result.scores == (3.0, 1.0)
    assert (result.best, result.median) == (1.0, 2.0)


def test_a_difference_and_a_speed_are_scored_as_such() -> None:
    figure = Figure(
        "name", "call", lambda: 6.0, ratio_of_difference, Target("x", goal=2), Base("base", lambda: 2.0), lambda: 3.0
    )
    turn = measure(figure, rounds=1).times[0]
    assert (ratio_of_difference(turn), inverse_ratio(turn)) == (1.5, 2.0 / 6.0)


@pytest.mark.parametrize(
    ("target", "score", "met"),
    [
        (Target("x", goal=2, floor=3), 2.0, "goal"),
        (Target("x", goal=2, floor=3), 2.5, "floor"),
        (Target("x", goal=2, floor=3), 3.1, "NO"),
        (Target("x", goal=2), 2.1, "NO"),
        (Target("/s", goal=10, floor=5, higher_is_better=True), 11, "goal"),
        (Target("/s", goal=10, floor=5, higher_is_better=True), 4, "NO"),
        (Target("ms", goal=None), 4, "-"),
    ],
)
def test_a_score_meets_goal_floor_or_neither(target: Target, score: float, met: str) -> None:
    assert target.met(score) == met


def test_a_codec_error_is_not_taken_for_the_refusal_demanded() -> None:
    def malformed() -> None:
        raise MalformedInput(Reason.CBOR_MALFORMED, "cut")

    with pytest.raises(ProofFailed):
        prove_refused(malformed, Reason.ISSUER_SIGNATURE_INVALID)


def _never_seen() -> InMemorySeen:
    return InMemorySeen()
