"""Printed cards: who gets one, what is written down before it is signed, and that an act on the person meets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from core.errors import Misconfigured
from core.reasons import Colour, Reason
from formats import claim_169, signature_checks
from formats.bundle.status_snapshot import EntryClass
from formats.bundle.trust_table import KeyRole, KeyState, TrustedKey, TrustTable
from formats.claim_169 import UnverifiedCard, open_content, read_card
from formats.qr_picture import version_of
from formats.sd_cwt.model import Assurance
from formats.site_policy import BUILT_IN, PAPER
from issuer.cards import CardDesk, CardSigner, PrintedCard
from issuer.policy import DAY, WEEK, card_list_week, expiry_week, monday
from issuer.status import ReasonClass, Verb
from keys.certificates import validity_of
from keys.signing import Signer
from tests.builders.bureau import APPROVER, BUREAU, OTHER_APPROVER, REGISTRAR
from tests.builders.issuance import OTHER_RECORD, POLICY, RECORD, Desk, DirectWallet
from tests.builders.people import a_person
from tests.builders.refusals import refused
from tests.builders.trust import card_signer, national_root
from tests.builders.verdicts import portrait
from tests.fakes.issuance import DyingSigner, DyingStore, PowerCutError
from tests.vectors.verdicts.run import Snapshots
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import BundleStatus
from verifier.checkpoint.paper import judge_card
from verifier.checkpoint.verdict import Verdict

SIGNER = card_signer(national_root())


def cards_of(desk: Desk, *, signer: Signer = SIGNER, **context: object) -> CardDesk:
    valid_from = validity_of(SIGNER.certificates[0]).not_before
    at = replace(desk.role.context, **context)  # type: ignore[arg-type]  # each test names one field of the context
    return CardDesk(at, lists=desk.role.status, signer=CardSigner(signer, valid_from))


def printed(desk: Desk, record_id: str = RECORD) -> PrintedCard:
    return cards_of(desk).print_card(record_id, by=REGISTRAR)


def read(card: PrintedCard) -> UnverifiedCard:
    return read_card(claim_169.decode(card.text))


def judged(desk: Desk, card: PrintedCard) -> Verdict:
    """The verdict of a desk that takes paper, over the snapshot made now."""
    now = desk.clock.now()
    key = TrustedKey(
        kid=SIGNER.key_id,
        point=SIGNER.point,
        role=KeyRole.CARD,
        bureau=BUREAU,
        name_zh="样例市公安局",
        name_en="Sample City Bureau",
        country="CN",
        scope=(BUREAU[:4],),
        forms=frozenset({claim_169.FORM}),
        valid_from=monday(now) - DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    policy = BUILT_IN["parcel-desk"]
    return signature_checks.run(
        judge_card(
            card.text,
            trust=TrustTable(1, now, now + DAY, specimen=True, keys={key.kid: key}),
            statuses=BundleStatus(Snapshots({BUREAU: desk.role.status.snapshot()})),
            policy=replace(policy, forms=policy.forms | {PAPER}),
            clock=ReaderClock(now, doubtful=False, confirmed=True),
            training=True,
        )
    )


def revoke(desk: Desk, credential_id: str, reason: ReasonClass) -> None:
    act = desk.role.status.request(Verb.REVOKE, credential_id, by=REGISTRAR, reason=reason)
    desk.role.status.approve(act.act_id, by=APPROVER)


# --- what is printed


def test_a_card_says_what_the_record_says_and_is_accepted_as_paper(any_desk: Desk) -> None:
    card = printed(any_desk)
    person, found = a_person(), read(card)
    assert open_content(found.content).full_name == card.full_name == person.full_name
    assert open_content(found.content).name_latin == card.name_latin == person.name_latin
    assert open_content(found.content).number_tail == card.number_tail == "****" + person.document_number[-4:]
    assert open_content(found.content).portrait == person.qr_portrait
    assert card.portrait == person.portrait
    assert (found.terms.division, found.terms.assurance, found.terms.specimen) == ("690101", Assurance.FULL, True)
    verdict = judged(any_desk, card)
    assert (verdict.colour, verdict.reasons) == (Colour.AMBER, (Reason.PAPER_CARD,))


def test_without_a_larger_portrait_the_signed_one_is_drawn(desk: Desk) -> None:
    desk.people.people[RECORD] = a_person(portrait=None)
    assert printed(desk).portrait == a_person().qr_portrait


def test_a_card_lives_a_year_and_never_longer_than_the_plastic_one(desk: Desk) -> None:
    found = read(printed(desk)).terms
    start = monday(desk.clock.now())
    assert (found.issued_at, found.expires_at) == (start, start + 52 * WEEK)
    desk.people.people[OTHER_RECORD] = a_person(date_of_expiry=date(2026, 12, 20))
    assert read(printed(desk, OTHER_RECORD)).terms.expires_at == 1_797_724_800  # 2026-12-20T00:00:00Z


def test_a_person_whose_plastic_card_has_ended_gets_none(desk: Desk) -> None:
    desk.people.people[RECORD] = a_person(date_of_expiry=date(2026, 11, 19))
    with refused(Reason.DOCUMENT_EXPIRED):
        printed(desk)


def test_a_person_without_a_portrait_gets_none(desk: Desk) -> None:
    desk.people.people[RECORD] = a_person(qr_portrait=None, portrait=None)
    with refused(Reason.PORTRAIT_MISSING):
        printed(desk)
    assert desk.rows("SELECT count(*) FROM credential_copy") == [(0,)]


@pytest.mark.parametrize(
    ("name", "latin", "shows_latin"),
    [("样" * 50, "L" * 60, False), ("样小明", "L" * 60, True), ("样" * 50, None, False)],
)
def test_every_name_fits_a_code_that_can_be_read_from_paper(
    desk: Desk, name: str, latin: str | None, shows_latin: bool
) -> None:
    desk.people.people[RECORD] = a_person(full_name=name, name_latin=latin, qr_portrait=portrait(540))
    card = printed(desk)
    assert version_of(card.text, error_correction="M") <= 25
    assert (open_content(read(card).content).name_latin is not None) is shows_latin
    assert card.full_name == name


# --- who may


def test_only_a_registrar_of_this_bureau_prints(desk: Desk) -> None:
    for officer in (APPROVER, OTHER_APPROVER):
        with refused(Reason.ROLE_MISSING):
            cards_of(desk).print_card(RECORD, by=officer)
        with refused(Reason.ROLE_MISSING):
            cards_of(desk).print_batch([RECORD], by=officer, replacing=False)


def test_only_approved_records_get_a_card(desk: Desk) -> None:
    desk.people.waiting.add(RECORD)
    with refused(Reason.NOT_APPROVED):
        printed(desk)
    with refused(Reason.RECORD_UNKNOWN):
        printed(desk, "0192e4b0-0000-7000-8000-00000000ffff")


def test_nobody_holds_more_than_two_cards_at_a_time(desk: Desk) -> None:
    printed(desk)
    printed(desk)
    with refused(Reason.COPIES_EXHAUSTED):
        printed(desk)
    printed(desk, OTHER_RECORD)


def test_a_batch_leaves_out_whom_it_cannot_serve_and_says_why(desk: Desk) -> None:
    third = "0192e4b0-0000-7000-8000-000000000003"
    desk.add_person(third, a_person(qr_portrait=None))
    printed(desk)
    batch = cards_of(desk).print_batch([RECORD, OTHER_RECORD, third], by=REGISTRAR, replacing=False)
    assert [card.record_id for card in batch.cards] == [OTHER_RECORD]
    assert [(row.record_id, row.why) for row in batch.left] == [
        (RECORD, Reason.COPIES_EXHAUSTED),
        (third, Reason.PORTRAIT_MISSING),
    ]
    again = cards_of(desk).print_batch([RECORD, OTHER_RECORD, third], by=REGISTRAR, replacing=True)
    assert [card.record_id for card in again.cards] == [RECORD, OTHER_RECORD]


def test_a_fault_of_ours_ends_a_batch(desk: Desk) -> None:
    young = CardDesk(
        desk.role.context, lists=desk.role.status, signer=CardSigner(SIGNER, valid_from=desk.clock.now() + 1)
    )
    with pytest.raises(Misconfigured) as caught:
        young.print_batch([RECORD], by=REGISTRAR, replacing=False)
    assert caught.value.reason is Reason.KEY_STATE


def test_a_suspended_person_gets_no_card(desk: Desk) -> None:
    card = printed(desk)
    desk.role.status.suspend(card.credential_id, by=REGISTRAR)
    with refused(Reason.CREDENTIAL_STATE):
        printed(desk)


# --- what is written down


def test_the_plan_holds_the_hash_of_what_was_signed_and_the_act_has_its_audit_row(desk: Desk) -> None:
    card = printed(desk)
    signed = read(card).sign1.to_be_signed()
    assert desk.rows("SELECT form, state, payload_hash, credential_id FROM credential_copy") == [
        ("card", "signed", sha256(signed).digest(), card.credential_id)
    ]
    rows = desk.rows("SELECT actor, action, subject FROM audit_event WHERE action LIKE 'card.%'")
    assert rows == [(REGISTRAR.officer_id, "card.print", card.credential_id)]


def test_a_signer_that_dies_leaves_a_plan_that_is_never_handed_out(desk: Desk) -> None:
    with pytest.raises(PowerCutError):
        cards_of(desk, signer=DyingSigner(SIGNER, good_for=0)).print_card(RECORD, by=REGISTRAR)
    assert desk.rows("SELECT state FROM credential_copy") == [("planned",)]
    card = printed(desk)
    places = desk.rows("SELECT list_id, list_index FROM credential_copy")
    assert len(set(places)) == 2
    assert judged(desk, card).deciding is Reason.PAPER_CARD


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("dies_in", [1, 2])
def test_a_power_cut_at_any_commit_hands_out_nothing(desk: Desk, dies_in: int, after_commit: bool) -> None:
    desk.role.status.list_for(card_list_week(POLICY, monday(desk.clock.now()) + 52 * WEEK), cards=True)
    store = DyingStore(desk.role.context.store, dies_in=dies_in, after_commit=after_commit)
    with pytest.raises(PowerCutError):
        cards_of(desk, store=store).print_card(RECORD, by=REGISTRAR)
    states = [row[0] for row in desk.rows("SELECT state FROM credential_copy")]
    assert (
        states
        == {(1, False): [], (1, True): ["planned"], (2, False): ["planned"], (2, True): ["signed"]}[
            dies_in, after_commit
        ]
    )


def test_a_plan_nobody_signed_stops_counting(desk: Desk) -> None:
    for _ in range(2):
        with pytest.raises(PowerCutError):
            cards_of(desk, signer=DyingSigner(SIGNER, good_for=0)).print_card(RECORD, by=REGISTRAR)
    with refused(Reason.COPIES_EXHAUSTED):
        printed(desk)
    desk.clock.seconds += POLICY.abandoned_after + 1
    assert printed(desk).record_id == RECORD


# --- lists of their own


def test_cards_and_copies_never_share_a_list(any_desk: Desk) -> None:
    desk = any_desk
    # A plastic card that ends next week: copy and card expire on the same day.
    desk.people.people[RECORD] = a_person(date_of_expiry=date(2026, 12, 7))
    wallet = DirectWallet(desk.role, desk.clock)
    wallet.fetch(wallet.redeem(desk.offer()).access_token, 2)
    card = printed(desk)
    lists = dict(desk.rows("SELECT form, list_id FROM credential_copy"))
    assert lists["qr"] != lists["card"]
    assert read(card).terms.status.uri.endswith(lists["card"])
    marks = dict(desk.rows("SELECT list_id, cards FROM status_list"))
    assert (bool(marks[lists["qr"]]), bool(marks[lists["card"]])) == (False, True)
    week = card_list_week(POLICY, read(card).terms.expires_at)
    assert desk.role.status.list_for(week) != lists["card"]
    assert desk.role.status.list_for(week, cards=True) == lists["card"]


def test_cards_of_a_quarter_share_one_long_lived_list(desk: Desk) -> None:
    first = read(printed(desk)).terms
    desk.clock.seconds += WEEK
    second = read(printed(desk, OTHER_RECORD)).terms
    assert second.expires_at == first.expires_at + WEEK
    assert second.status.uri == first.status.uri
    assert second.status.index != first.status.index
    (week,) = {row[0] for row in desk.rows("SELECT week FROM status_list WHERE cards")}
    assert week >= second.expires_at
    assert week == expiry_week(week)


def test_a_full_list_is_followed_by_another(desk: Desk) -> None:
    small = replace(POLICY, list_size=40, batch_size=2)
    role = desk.with_policy(small)
    valid_from = validity_of(SIGNER.certificates[0]).not_before
    cards = CardDesk(role.context, lists=role.status, signer=CardSigner(SIGNER, valid_from))
    for place in range(25):
        record = f"0192e4b0-0000-7000-8000-0000000001{place:02}"
        desk.add_person(record, a_person())
        cards.print_card(record, by=REGISTRAR)
    counts = desk.rows("SELECT list_id, count(*) FROM credential_copy GROUP BY list_id")
    assert sorted(count for _, count in counts) == [5, 20]


def test_without_any_place_to_be_had_it_is_our_fault(desk: Desk) -> None:
    class Full:
        def list_for(self, week: int, *, refused: str | None = None, cards: bool = False) -> str:
            return "a-list-that-takes-nothing"

    cards = CardDesk(desk.role.context, lists=Full(), signer=CardSigner(SIGNER, valid_from=0))
    with refused(Reason.DATABASE_UNAVAILABLE):
        cards.print_card(RECORD, by=REGISTRAR)


def test_the_person_is_locked_so_nobody_gets_a_card_who_is_not_in_the_register(desk: Desk) -> None:
    stranger = "0192e4b0-0000-7000-8000-00000000eeee"
    desk.people.people[stranger] = a_person()
    with refused(Reason.RECORD_UNKNOWN):
        printed(desk, stranger)


# --- acts on the person


@pytest.mark.parametrize(
    ("reason", "entry", "expected"),
    [
        (ReasonClass.CARD_LOST, EntryClass.REPORTED_LOST, Reason.STATUS_REPORTED_LOST),
        (ReasonClass.DECEASED, EntryClass.REVOKED, Reason.STATUS_REVOKED),
        (ReasonClass.SUPERSEDED, EntryClass.SUPERSEDED, Reason.STATUS_SUPERSEDED),
    ],
)
def test_revoking_the_person_through_any_credential_revokes_the_card(
    desk: Desk, reason: ReasonClass, entry: EntryClass, expected: Reason
) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    offer = desk.offer()
    wallet.fetch(wallet.redeem(offer).access_token, 1)
    card = printed(desk)
    assert judged(desk, card).deciding is Reason.PAPER_CARD
    revoke(desk, offer.credential_id, reason)
    place = read(card).terms.status
    assert desk.role.status.snapshot().lists[place.uri].entries[place.index] == entry
    assert judged(desk, card).deciding is expected


def test_revoking_the_person_through_the_card_revokes_the_wallet_too(any_desk: Desk) -> None:
    desk = any_desk
    wallet = DirectWallet(desk.role, desk.clock)
    wallet.fetch(wallet.redeem(desk.offer()).access_token, 1)
    card = printed(desk)
    revoke(desk, card.credential_id, ReasonClass.CARD_LOST)
    assert desk.rows("SELECT form, status FROM credential_copy ORDER BY form") == [("card", 1), ("qr", 1)]


def test_a_lost_phone_leaves_the_card(desk: Desk) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    offer = desk.offer()
    wallet.fetch(wallet.redeem(offer).access_token, 1)
    card = printed(desk)
    revoke(desk, offer.credential_id, ReasonClass.PHONE_LOST)
    assert desk.rows("SELECT form, status FROM credential_copy ORDER BY form") == [("card", 0), ("qr", 1)]
    assert judged(desk, card).deciding is Reason.PAPER_CARD


def test_suspending_and_resuming_reaches_the_card(desk: Desk) -> None:
    card = printed(desk)
    desk.role.status.suspend(card.credential_id, by=REGISTRAR)
    assert judged(desk, card).deciding is Reason.STATUS_SUSPENDED
    act = desk.role.status.request(Verb.RESUME, card.credential_id, by=REGISTRAR, reason=ReasonClass.SUSPENDED)
    desk.role.status.approve(act.act_id, by=APPROVER)
    assert judged(desk, card).deciding is Reason.PAPER_CARD
