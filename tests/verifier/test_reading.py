from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from core.errors import EidError, MalformedInput, Misconfigured, NotFound
from core.reasons import Colour, Reason
from formats.bundle.envelope import Floors
from formats.site_policy import BUILT_IN, Mode
from keys.certificates import certificates_to_pem
from keys.signing import InProcessSigner, KeyPurpose
from tests.builders import qr
from tests.builders.presentations import EXPECTED, INDEX, STATUS_URI, Showing, a_trust, status_token
from tests.builders.reading import (
    ANCHOR,
    CHALLENGE_HASH,
    GATE,
    ROOT,
    UPTIME,
    Uptime,
    a_bundle,
    a_bundle_file,
    a_reader,
    show_challenge,
)
from tests.builders.trust import NOW as TRUST_NOW
from tests.builders.trust import bureau_subject, document_signer, national_root, other_signer
from verifier.checkpoint.clock import ClockMarks
from verifier.gateways.status_lists import OnlineStatuses, StatedTokens
from verifier.reading import (
    Reader,
    Reading,
    StatedChallenge,
    Terms,
    accept_bundle,
    confirm_clock,
    load_bundle,
    read,
    read_presentation,
    read_qr,
)
from verifier.storage.reader_store import ReaderStore
from verifier.trust import IssuerTrust, pin

COPY = qr.issue()
ONE_WAY = qr.show_one_way(COPY)
ANSWER = qr.show_answer(COPY, challenge_hash=CHALLENGE_HASH)
AT_GATE = Terms(policy_id=GATE)


def said(reading: Reading) -> tuple[Colour, Reason]:
    return reading.verdict.colour, reading.verdict.deciding


GREEN = (Colour.GREEN, Reason.ALL_CHECKS_PASSED)


# --- what is expected is chosen by the reader ------------------------------------------------------------------------


def test_a_one_way_code_is_green_once_and_then_seen_here(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == GREEN
    assert said(read_qr(ONE_WAY, a_reader(tmp_path), AT_GATE)) == (Colour.AMBER, Reason.SEEN_HERE)


def test_an_open_challenge_makes_the_reader_expect_its_answer(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == (Colour.RED, Reason.WRONG_MODE)
    assert said(read_qr(ANSWER, reader, AT_GATE)) == GREEN


def test_after_its_answer_the_reader_takes_one_way_codes_again(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader)
    read_qr(ANSWER, reader, AT_GATE)
    assert said(read_qr(ANSWER, reader, AT_GATE)) == (Colour.RED, Reason.WRONG_MODE)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == GREEN
    again = replace(AT_GATE, mode=Mode.CHALLENGE)
    assert said(read_qr(ANSWER, reader, again)) == (Colour.RED, Reason.CHALLENGE_ALREADY_ANSWERED)


def test_a_challenge_older_than_its_limit_is_not_waited_for(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader, ago=61)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == GREEN
    assert said(read_qr(ANSWER, reader, replace(AT_GATE, mode=Mode.CHALLENGE)))[1] is Reason.CHALLENGE_EXPIRED


def test_a_policy_with_one_mode_leaves_no_choice(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    assert said(read_qr(ONE_WAY, reader, Terms())) == (Colour.RED, Reason.WRONG_MODE)
    assert said(read_qr(ONE_WAY, reader, Terms(policy_id="hotel"))) == (Colour.RED, Reason.WRONG_MODE)


def test_the_caller_may_choose_the_mode_and_the_policy_still_refuses_it(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader)
    assert said(read_qr(ONE_WAY, reader, replace(AT_GATE, mode=Mode.ONE_WAY))) == GREEN
    assert said(read_qr(ONE_WAY, reader, Terms("hotel", mode=Mode.ONE_WAY))) == (Colour.RED, Reason.WRONG_MODE)


def test_without_a_policy_the_strictest_holds(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader, policy_id="police-spot-check")
    assert said(read_qr(ANSWER, reader, Terms()))[1] in {Reason.GROUP_NOT_ASKED, Reason.FIELD_MISSING}


def test_refuses_an_answer_to_a_challenge_that_was_never_shown(tmp_path: Path) -> None:
    reader, terms = a_reader(tmp_path), replace(AT_GATE, mode=Mode.CHALLENGE)
    assert said(read_qr(ANSWER, reader, terms)) == (Colour.RED, Reason.CHALLENGE_UNKNOWN)
    elsewhere = qr.show_answer(COPY, challenge_hash=CHALLENGE_HASH, audience="post-0002")
    assert said(read_qr(elsewhere, reader, terms)) == (Colour.RED, Reason.WRONG_AUDIENCE)


def test_refuses_an_answer_to_the_challenge_before(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader)
    stale = qr.show_answer(COPY, challenge_hash=b"d" * 32)
    assert said(read_qr(stale, reader, AT_GATE)) == (Colour.RED, Reason.NONCE_MISMATCH)
    assert said(read_qr(ANSWER, reader, AT_GATE)) == GREEN


def test_a_forged_answer_does_not_use_the_challenge_up(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    show_challenge(reader)
    forged = qr.show_answer(replace(COPY, holder=qr.signer("thief")), challenge_hash=CHALLENGE_HASH)
    assert said(read_qr(forged, reader, AT_GATE)) == (Colour.RED, Reason.HOLDER_SIGNATURE_INVALID)
    assert said(read_qr(ANSWER, reader, AT_GATE)) == GREEN


class LostRace(ReaderStore):
    """The store of a lane that is always a moment late."""

    def answer_challenge(self, challenge_hash: bytes) -> bool:
        super().answer_challenge(challenge_hash)
        return super().answer_challenge(challenge_hash)


def test_of_two_lanes_with_one_answer_the_later_refuses_it(tmp_path: Path) -> None:
    late = replace(a_reader(tmp_path), memory=LostRace(tmp_path / "reader.sqlite"))
    show_challenge(late)
    assert said(read_qr(ANSWER, late, AT_GATE)) == (Colour.RED, Reason.CHALLENGE_ALREADY_ANSWERED)


def test_a_stated_challenge_needs_no_memory(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    stated = replace(AT_GATE, challenge=StatedChallenge(CHALLENGE_HASH, qr.POST_ID))
    assert said(read_qr(ANSWER, reader, stated)) == GREEN
    other = replace(AT_GATE, challenge=StatedChallenge(b"d" * 32, qr.POST_ID))
    assert said(read_qr(ANSWER, reader, other)) == (Colour.RED, Reason.NONCE_MISMATCH)
    show_challenge(reader)
    read_qr(ANSWER, reader, stated)
    shown = reader.memory.shown_challenge()
    assert shown is not None
    assert not shown.open.answered


# --- evidence leaves no trace ----------------------------------------------------------------------------------------


def test_evidence_is_judged_as_of_then_and_remembered_nowhere(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, clock=FixedClock(qr.NOW + 40 * qr.DAY), server_clock=False)
    terms = replace(AT_GATE, as_of=qr.NOW)
    for _ in range(2):
        assert said(read_qr(ONE_WAY, reader, terms)) == GREEN
    assert reader.memory.clock_marks() == ClockMarks()
    assert reader.memory.first_seen(b"any", qr.NOW, qr.NOW + 1) is None


def test_the_clock_of_evidence_counts_as_confirmed(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, server_clock=False)
    late = replace(AT_GATE, as_of=qr.NOW + 120)
    assert said(read_qr(ONE_WAY, reader, late)) == (Colour.RED, Reason.CODE_EXPIRED)


def test_evidence_of_an_answer_is_judged_against_the_challenge_as_it_was_shown(tmp_path: Path) -> None:
    uptime = Uptime()
    reader = a_reader(tmp_path, uptime=uptime)
    show_challenge(reader)
    read_qr(ANSWER, reader, AT_GATE)
    uptime.seconds += 3600
    later = replace(reader, clock=FixedClock(qr.NOW + 3600))
    terms = replace(AT_GATE, mode=Mode.CHALLENGE, as_of=qr.NOW)
    assert said(read_qr(ANSWER, later, terms)) == GREEN
    assert said(read_qr(ANSWER, later, replace(terms, as_of=qr.NOW + 600)))[1] is Reason.CHALLENGE_EXPIRED


# --- the clock -------------------------------------------------------------------------------------------------------


def test_an_unconfirmed_clock_doubts_a_late_code_and_a_confirmed_one_refuses_it(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, clock=FixedClock(qr.NOW + 120), server_clock=False)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == (Colour.AMBER, Reason.CHECK_CLOCK_FIRST)
    confirm_clock(reader.memory, server=qr.NOW + 120, wall=qr.NOW + 120, monotonic=UPTIME)
    assert said(read_qr(ONE_WAY, reader, AT_GATE))[1] is Reason.CODE_EXPIRED


def test_a_clock_that_was_set_back_takes_no_one_way_code(tmp_path: Path) -> None:
    ahead = a_reader(tmp_path, clock=FixedClock(qr.NOW + 100), server_clock=False)
    read_qr(ONE_WAY, ahead, AT_GATE)
    reader = a_reader(tmp_path, server_clock=False)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == (Colour.RED, Reason.ONE_WAY_NEEDS_CLOCK)
    assert reader.memory.clock_marks().high_water == qr.NOW + 100


def test_server_time_brings_a_mark_that_ran_ahead_down_again(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, server_clock=False)
    reader.memory.raise_high_water(qr.NOW + 9 * qr.DAY)
    confirm_clock(reader.memory, server=qr.NOW, wall=qr.NOW, monotonic=UPTIME)
    assert said(read_qr(ONE_WAY, reader, AT_GATE)) == GREEN


def test_each_verdict_raises_the_mark_but_not_at_a_server(tmp_path: Path) -> None:
    reader = a_reader(tmp_path / "post", server_clock=False)
    read_qr("nothing", reader, AT_GATE)
    assert reader.memory.clock_marks().high_water == qr.NOW
    server = a_reader(tmp_path / "server")
    read_qr("nothing", server, AT_GATE)
    assert server.memory.clock_marks().high_water == 0


# --- SD-JWT VC -------------------------------------------------------------------------------------------------------


def a_desk(folder: Path, **status: Any) -> Reader:
    trust = a_trust()
    tokens = StatedTokens({STATUS_URI: status_token(**status)})
    return replace(a_reader(folder, clock=FixedClock(TRUST_NOW), statuses=OnlineStatuses(tokens, trust)), trust=trust)


def test_a_presentation_is_judged_by_the_same_reader(tmp_path: Path) -> None:
    terms, text = Terms(policy_id="parcel-desk"), Showing().text
    reading = read(text, a_desk(tmp_path), terms, EXPECTED)
    assert said(reading) == GREEN
    assert reading.fetched == (STATUS_URI,)
    revoked = read_presentation(text, a_desk(tmp_path, changes={INDEX: 1}), terms, EXPECTED)
    assert said(revoked) == (Colour.RED, Reason.STATUS_REVOKED)


def test_a_presentation_is_never_judged_without_its_request(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput) as caught:
        read(Showing().text, a_desk(tmp_path), Terms())
    assert caught.value.reason is Reason.REQUEST_MALFORMED


def test_evidence_of_a_presentation_is_judged_as_of_then(tmp_path: Path) -> None:
    reader = replace(a_desk(tmp_path), clock=FixedClock(TRUST_NOW + 40 * qr.DAY), server_clock=False)
    terms = Terms(policy_id="parcel-desk", as_of=TRUST_NOW)
    assert said(read(Showing().text, reader, terms, EXPECTED)) == GREEN
    assert reader.memory.clock_marks() == ClockMarks()


def test_a_presentation_raises_the_mark_at_a_post(tmp_path: Path) -> None:
    reader = replace(a_desk(tmp_path), server_clock=False)
    read(Showing().text, reader, Terms(policy_id="parcel-desk"), EXPECTED)
    assert reader.memory.clock_marks().high_water == TRUST_NOW


def test_either_form_is_known_by_its_text(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    assert said(read(ONE_WAY, reader, AT_GATE)) == GREEN
    assert said(read("https://example.test", reader, AT_GATE)) == (Colour.RED, Reason.PREFIX_UNKNOWN)


# --- what a reader is opened with ------------------------------------------------------------------------------------


def test_refuses_a_policy_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        read_qr(ONE_WAY, a_reader(tmp_path), Terms(policy_id="no-such-site"))
    assert caught.value.reason is Reason.POLICY_UNKNOWN


def test_a_policy_in_the_bundle_stands_in_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    stricter = replace(BUILT_IN[GATE], max_status_age_seconds=60)
    bundle = a_bundle(policies=(qr.signed_policy(stricter),))
    reading = read_qr(ONE_WAY, a_reader(tmp_path, bundle=bundle), AT_GATE)
    assert said(reading) == (Colour.AMBER, Reason.STATUS_STALE)


def test_a_reader_with_a_bare_root_judges_no_qr_code(tmp_path: Path) -> None:
    reader = replace(a_reader(tmp_path), trust=IssuerTrust(ANCHOR, None))
    with pytest.raises(Misconfigured) as caught:
        read_qr(ONE_WAY, reader, AT_GATE)
    assert caught.value.reason is Reason.BUNDLE_MISSING


# --- bundles and roots -----------------------------------------------------------------------------------------------


def refused_bundle(
    data: bytes, *, root: bytes = ROOT.certificate, now: int = qr.NOW, floors: Floors | None = None
) -> Reason:
    with pytest.raises(EidError) as caught:
        load_bundle(data, root=root, floors=floors or Floors(), now=now)
    return caught.value.reason


def test_a_bundle_opens_with_nothing_but_the_pinned_root() -> None:
    assert a_bundle().trust == qr.a_trust_table()


def test_refuses_a_bundle_under_another_root() -> None:
    other = national_root("other", common_name="SPECIMEN Other Root")
    assert refused_bundle(a_bundle_file(), root=other.certificate) is Reason.ISSUER_UNKNOWN


def test_refuses_a_bundle_whose_list_signer_has_no_such_certificate() -> None:
    document = document_signer(ROOT).certificates[0]
    bundle_signer = other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER).certificates[0]
    for certificate in (document, bundle_signer, ROOT.certificate):
        assert refused_bundle(a_bundle_file(certificate=certificate)) is Reason.CERTIFICATE_INVALID


def test_refuses_a_trust_table_by_another_list_signer() -> None:
    certificate = other_signer(ROOT, KeyPurpose.LIST_SIGNER).certificates[0]
    assert refused_bundle(a_bundle_file(certificate=certificate)) is Reason.BUNDLE_INVALID


def test_refuses_an_expired_bundle_and_one_whose_list_signer_has_expired() -> None:
    assert refused_bundle(a_bundle_file(), now=qr.NOW + 8 * qr.DAY) is Reason.BUNDLE_EXPIRED
    assert refused_bundle(a_bundle_file(), now=qr.NOW + 2000 * qr.DAY) is Reason.CERTIFICATE_EXPIRED


def test_an_accepted_bundle_closes_the_way_back(tmp_path: Path) -> None:
    memory = ReaderStore(tmp_path / "reader.sqlite")
    accept_bundle(a_bundle_file(number=22), anchor=ANCHOR, memory=memory, now=qr.NOW)
    assert memory.floors().bundle_number == 22
    for older in ({"number": 21}, {"number": 23, "trust": qr.signed_table(qr.a_trust_table(number=6))}):
        with pytest.raises(EidError) as caught:
            accept_bundle(a_bundle_file(**older), anchor=ANCHOR, memory=memory, now=qr.NOW)
        assert caught.value.reason is Reason.BUNDLE_OLDER
    accept_bundle(a_bundle_file(number=22), anchor=ANCHOR, memory=memory, now=qr.NOW)


def test_the_signed_times_of_a_bundle_raise_the_mark(tmp_path: Path) -> None:
    memory = ReaderStore(tmp_path / "reader.sqlite")
    snapshot = qr.signed_snapshot(qr.a_snapshot(as_of=qr.NOW - 1900))
    accept_bundle(a_bundle_file(snapshots=(snapshot,)), anchor=ANCHOR, memory=memory, now=qr.NOW)
    assert memory.clock_marks().high_water == qr.NOW - 1900 - 30


def test_a_refused_bundle_is_not_remembered(tmp_path: Path) -> None:
    memory = ReaderStore(tmp_path / "reader.sqlite")
    with pytest.raises(EidError):
        accept_bundle(a_bundle_file(number=99), anchor=ANCHOR, memory=memory, now=qr.NOW + 8 * qr.DAY)
    assert memory.floors() == Floors()
    assert memory.clock_marks() == ClockMarks()


def test_pins_exactly_one_root() -> None:
    pem = certificates_to_pem([ROOT.certificate])
    assert pin(pem) == ANCHOR
    assert ANCHOR.specimen
    leaf = certificates_to_pem(document_signer(ROOT).certificates)
    for wrong in (b"", b"garbage", leaf, pem + pem, pem[:100]):
        with pytest.raises(EidError) as caught:
            pin(wrong)
        assert caught.value.reason is Reason.CERTIFICATE_INVALID
    assert bureau_subject().country == "CN"
    assert isinstance(document_signer(ROOT), InProcessSigner)
