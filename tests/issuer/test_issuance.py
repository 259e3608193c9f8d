"""Plan, record, sign, record, answer: nothing twice, whatever dies and whoever races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from hashlib import sha256
from threading import Barrier

import pytest

from api.wiring.issuer import assemble_issuer
from core.errors import EidError, Misconfigured, Refused
from core.reasons import Reason
from formats.encoding import base64url, cbor
from formats.sd_cwt import unpack
from issuer.catalogue import MDOC_ID, SD_JWT_VC_ID
from issuer.policy import DAY, WEEK, monday
from issuer.storage.status import StatusFiles
from keys.certificates import Validity
from tests.builders.issuance import OTHER_RECORD, POLICY, RECORD, Desk, DirectWallet, a_key
from tests.builders.people import a_person
from tests.builders.trust import document_signer, national_root
from tests.fakes.issuance import DyingSigner, DyingStore, PowerCutError

COPIES = "SELECT state, list_id, list_index, key_thumbprint FROM credential_copy"


def test_the_plan_holds_the_hash_of_what_was_signed_and_neither_salts_nor_claims(desk: Desk) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    (issued,) = wallet.fetch(wallet.redeem(desk.offer()).access_token)
    signed = unpack.read_sd_cwt(base64url.decode(issued)).sign1.to_be_signed()
    assert desk.rows("SELECT payload_hash, state FROM credential_copy") == [(sha256(signed).digest(), "signed")]


def test_every_issuance_leaves_its_audit_row(desk: Desk) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    token = wallet.redeem(desk.offer()).access_token
    wallet.fetch(token, 3)
    rows = desk.rows("SELECT actor, note FROM audit_event WHERE action = 'credential.plan'")
    assert rows == [("wallet", "qr x3")]


@pytest.mark.parametrize("good_signatures", [0, 1, 2])
def test_a_signer_that_dies_leaves_plans_that_are_never_handed_out(desk: Desk, good_signatures: int) -> None:
    desk.role.status.open_lists()
    wallet = DirectWallet(desk.role, desk.clock)
    token, keys = wallet.redeem(desk.offer()).access_token, [a_key() for _ in range(3)]
    wallet.role = desk.with_signer(DyingSigner(desk.role.context.signer, good_signatures))
    with pytest.raises(PowerCutError):
        wallet.fetch(token, keys=keys)
    wallet.role = desk.role
    with pytest.raises(Refused) as caught:
        wallet.fetch(token, keys=keys)
    assert caught.value.reason is Reason.KEY_SEEN_BEFORE
    assert len(wallet.fetch(token, 3)) == 3
    check_nothing_twice(desk)
    assert sorted(row[0] for row in desk.rows(COPIES)) == ["planned"] * 3 + ["signed"] * 3


@pytest.mark.parametrize(
    ("dies_in", "after_commit", "planned"), [(1, False, 0), (1, True, 2), (2, False, 2), (2, True, 0)]
)
def test_a_power_cut_at_any_commit_never_gives_two_credentials_for_one_key(
    any_desk: Desk, dies_in: int, after_commit: bool, planned: int
) -> None:
    desk = any_desk
    desk.role.status.open_lists()
    wallet = DirectWallet(desk.role, desk.clock)
    token, keys = wallet.redeem(desk.offer()).access_token, [a_key(), a_key()]
    wallet.role = desk.with_store(DyingStore(desk.role.context.store, dies_in, after_commit))
    with pytest.raises(PowerCutError):
        wallet.fetch(token, keys=keys)
    left = [row[0] for row in desk.rows(COPIES)]
    assert left.count("planned") == planned
    wallet.role = desk.role
    if left:
        with pytest.raises(Refused) as caught:
            wallet.fetch(token, keys=keys)
        assert caught.value.reason is Reason.KEY_SEEN_BEFORE
    else:
        # Nothing was written: the very same keys may come again.
        assert len(wallet.fetch(token, keys=keys)) == 2
    check_nothing_twice(desk)


def test_a_plan_nobody_signed_stops_counting_and_is_given_up(desk: Desk) -> None:
    desk.role.status.open_lists()
    wallet = DirectWallet(desk.role, desk.clock)
    token = wallet.redeem(desk.offer()).access_token
    wallet.role = desk.with_signer(DyingSigner(desk.role.context.signer, 0))
    for _ in range(2):
        with pytest.raises(PowerCutError):
            wallet.fetch(token, 10)
    wallet.role = desk.role
    with pytest.raises(Refused) as caught:
        wallet.fetch(token, 1)
    assert caught.value.reason is Reason.COPIES_EXHAUSTED
    desk.clock.seconds += POLICY.abandoned_after + 1
    desk.role.status.publish_due()
    later = DirectWallet(desk.role, desk.clock, jkt="later")
    later.fetch(later.redeem(desk.offer()).access_token, 10)
    assert {row[0] for row in desk.rows(COPIES)} == {"abandoned", "signed"}


def test_one_code_redeemed_by_many_at_once_is_redeemed_once(any_desk: Desk) -> None:
    offer = any_desk.offer()

    def redeem(number: int) -> Reason | None:
        return refused_for(lambda: DirectWallet(any_desk.role, any_desk.clock, jkt=f"w{number}").redeem(offer))

    outcomes = at_once(8, redeem)
    assert sorted(map(str, outcomes)) == sorted(map(str, [None] + [Reason.OFFER_USED] * 7))


def test_wrong_codes_guessed_at_once_get_five_tries_together(any_desk: Desk) -> None:
    offer = any_desk.offer()
    wrong = "000000" if offer.tx_code != "000000" else "111111"

    def guess(number: int) -> Reason | None:
        return refused_for(lambda: DirectWallet(any_desk.role, any_desk.clock, jkt=f"w{number}").redeem(offer, wrong))

    outcomes = at_once(12, guess)
    assert outcomes.count(Reason.TX_CODE_WRONG) == 4
    assert outcomes.count(Reason.OFFER_DEAD) == 8


def test_one_key_sent_by_two_wallets_at_once_is_issued_for_once(any_desk: Desk) -> None:
    any_desk.role.status.open_lists()
    wallets = [DirectWallet(any_desk.role, any_desk.clock, jkt=f"w{number}") for number in range(4)]
    tokens = [wallet.redeem(any_desk.offer()).access_token for wallet in wallets]
    key = a_key()
    outcomes = at_once(4, lambda n: refused_for(lambda: wallets[n].fetch(tokens[n], keys=[key])))
    assert sorted(map(str, outcomes)) == sorted(map(str, [None] + [Reason.KEY_SEEN_BEFORE] * 3))


def test_wallets_at_once_never_share_an_index_even_in_a_small_list(any_desk: Desk) -> None:
    role = any_desk.with_policy(replace(POLICY, list_size=64))
    role.status.open_lists()
    for letter in "abcdef":
        any_desk.add_person(f"{RECORD[:-1]}{letter}", a_person())
    wallets = [DirectWallet(role, any_desk.clock, jkt=f"w{number}") for number in range(6)]
    tokens = [
        wallet.redeem(any_desk.offer(f"{RECORD[:-1]}{letter}")).access_token
        for wallet, letter in zip(wallets, "abcdef", strict=True)
    ]
    outcomes = at_once(6, lambda n: refused_for(lambda: [wallets[n].fetch(tokens[n], 5) for _ in range(4)]))
    assert outcomes == [None] * 6
    assert len(any_desk.rows(COPIES)) == 120
    assert len({row[1] for row in any_desk.rows(COPIES)}) >= 4
    check_nothing_twice(any_desk)


def test_a_signer_younger_than_this_week_signs_nothing(desk: Desk) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    token = wallet.redeem(desk.offer()).access_token
    young = replace(desk.role.context, signer_valid_from=monday(desk.clock.now()) + 1)
    wallet.role = assemble_issuer(young, StatusFiles(desk.folder / "status"))
    with pytest.raises(Misconfigured) as caught:
        wallet.fetch(token)
    assert caught.value.reason is Reason.KEY_STATE


@pytest.mark.parametrize("configuration", [SD_JWT_VC_ID, MDOC_ID])
def test_no_online_copy_outlives_the_certificate_it_brings(desk: Desk, configuration: str) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    token = wallet.redeem(desk.offer()).access_token
    ends = monday(desk.clock.now()) + 4 * WEEK
    for not_after, signs in ((ends - 1, False), (ends, True)):
        leaf = document_signer(national_root(), validity=Validity(ends - 60 * DAY, not_after))
        wallet.role = desk.with_signer(leaf)
        if signs:
            assert len(wallet.fetch(token, 1, configuration)) == 1
            continue
        with pytest.raises(Misconfigured) as caught:
            wallet.fetch(token, 1, configuration)
        assert caught.value.reason is Reason.KEY_STATE
        # A QR code brings no certificate: its key counts by the trust table, and it ends after a fortnight.
        assert len(wallet.fetch(token, 1)) == 1


def test_a_card_that_ends_soon_shortens_the_copy_and_an_ended_one_gets_none(desk: Desk) -> None:
    today = date(2026, 11, 20)
    wallet = DirectWallet(desk.role, desk.clock)
    desk.people.people[RECORD] = a_person(date_of_expiry=date(2026, 11, 25))
    token = wallet.redeem(desk.offer()).access_token
    (issued,) = wallet.fetch(token)
    claims = unpack.read_sd_cwt(base64url.decode(issued)).claims
    assert claims.expires_at == monday(desk.clock.now()) + 9 * DAY
    desk.people.people[RECORD] = a_person(date_of_expiry=today)
    with pytest.raises(Refused) as caught:
        wallet.fetch(token, 1, SD_JWT_VC_ID)
    assert caught.value.reason is Reason.DOCUMENT_EXPIRED


def test_all_copies_of_a_week_carry_the_same_times(desk: Desk) -> None:
    seen = set()
    for day in range(4):
        wallet = DirectWallet(desk.role, desk.clock, jkt=f"w{day}")
        record = (RECORD, OTHER_RECORD)[day % 2]
        (issued,) = wallet.fetch(wallet.redeem(desk.offer(record)).access_token)
        claims = unpack.read_sd_cwt(base64url.decode(issued)).claims
        seen.add((claims.issued_at, claims.expires_at))
        desk.clock.seconds += 13 * 3600
    week = monday(desk.clock.now())
    assert seen == {(week, week + 2 * WEEK)}


def test_salts_never_repeat_between_copies(desk: Desk) -> None:
    wallet = DirectWallet(desk.role, desk.clock)
    issued = wallet.fetch(wallet.redeem(desk.offer()).access_token, 5)
    salts = [
        cbor.decode(disclosure, max_bytes=3072)[0]  # type: ignore[index]  # a disclosure is an array
        for text in issued
        for disclosure in unpack.read_sd_cwt(base64url.decode(text)).disclosures
    ]
    assert len(set(map(bytes, salts))) == 50  # type: ignore[arg-type]  # salts are byte strings


def check_nothing_twice(desk: Desk) -> None:
    rows = desk.rows(COPIES)
    assert len({row[3] for row in rows}) == len(rows)
    assert len({(row[1], row[2]) for row in rows}) == len(rows)


def refused_for(act: Callable[[], object]) -> Reason | None:
    try:
        act()
    except EidError as err:
        return err.reason
    return None


def at_once(count: int, act: Callable[[int], Reason | None]) -> list[Reason | None]:
    barrier = Barrier(count)

    def run(number: int) -> Reason | None:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
