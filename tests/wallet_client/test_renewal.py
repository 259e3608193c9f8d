from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError, Unavailable
from core.reasons import Reason
from tests.builders.qr import DAY, NOW
from tests.wallet_client.fake_issuer import TX_CODE, FakeIssuer, refusal
from tests.wallet_client.homes import a_copy, an_issuance, open_store
from wallet_client.freshness import forms_due, may_try
from wallet_client.records import Batch
from wallet_client.store import HeldCopy
from wallet_client.wallet import Wallet

TOKEN, NONCE, CREDENTIAL = "/issuer/token", "/issuer/nonce", "/issuer/credential"


def reason_of(action: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        action()
    return caught.value.reason


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
def wallet(tmp_path: Path, issuer: FakeIssuer) -> Wallet:
    store = open_store(tmp_path, clock=issuer.watch)
    made = Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)
    made.accept(issuer.offer(), TX_CODE)
    return made


def unshown(wallet: Wallet) -> dict[str, int]:
    return {one.form: one.unshown for one in wallet.list()[0].copies}


def test_a_refresh_fetches_a_new_set_and_rotates_the_token(wallet: Wallet, issuer: FakeIssuer) -> None:
    before = issuer.current_refresh
    assert wallet.refresh().received == 16
    assert unshown(wallet) == {"qr": 20, "sd-jwt-vc": 6, "mdoc": 6}
    assert issuer.current_refresh != before
    assert wallet.refresh().received == 16
    assert not issuer.frozen


def test_copies_that_ran_out_are_forgotten_at_a_refresh(wallet: Wallet, issuer: FakeIssuer) -> None:
    kept = wallet._store.copies()
    issuer.watch.seconds += DAY
    point, expired = a_copy(expires_at=issuer.watch.now())
    held = wallet._store.issuances()[0]
    batch = wallet._store.plan(held.id, Batch("resident_id_qr", "qr", (), ()))
    wallet._store.receive(held, batch.id, [(point, expired)])
    wallet.refresh()
    left = wallet._store.copies()
    assert len(left) == 32
    assert set(kept) <= set(left)
    assert expired not in [copy.record for copy in left]


def test_fewer_than_three_unshown_copies_start_a_refresh_by_themselves(wallet: Wallet) -> None:
    for _ in range(7):
        wallet.present(wallet.choose())
    assert wallet.refresh_if_due() is None
    wallet.present(wallet.choose())
    refreshed = wallet.refresh_if_due()
    assert refreshed is not None
    assert (refreshed.received, refreshed.problem) == (10, None)
    assert unshown(wallet) == {"qr": 12, "sd-jwt-vc": 3, "mdoc": 3}


def test_half_of_their_life_starts_a_refresh_by_itself(wallet: Wallet, issuer: FakeIssuer) -> None:
    expires_at = wallet.list()[0].copies[0].expires_at
    issuer.watch.seconds = NOW + (expires_at - NOW) // 2 - 1
    assert wallet.refresh_if_due() is None
    issuer.watch.seconds += 1
    refreshed = wallet.refresh_if_due()
    assert refreshed is not None
    assert refreshed.received == 10
    assert wallet.refresh_if_due() is None


def test_a_network_that_is_gone_harms_nothing_and_is_tried_again_after_five_minutes(
    wallet: Wallet, issuer: FakeIssuer
) -> None:
    for _ in range(8):
        wallet.present(wallet.choose())
    issuer.lose = [TOKEN]
    refreshed = wallet.refresh_if_due()
    assert refreshed is not None
    assert refreshed.problem is not None
    assert refreshed.problem.reason is Reason.ISSUER_UNREACHABLE
    asked = len(issuer.requests)
    assert wallet.refresh_if_due() is None
    assert len(issuer.requests) == asked
    wallet.present(wallet.choose())
    issuer.watch.seconds += 300
    again = wallet.refresh_if_due()
    assert again is not None
    assert again.received == 10


@pytest.mark.parametrize("path", [TOKEN, NONCE, CREDENTIAL])
def test_a_lost_answer_does_not_freeze_the_wallet(wallet: Wallet, issuer: FakeIssuer, path: str) -> None:
    issuer.forget = [path]
    with pytest.raises(Unavailable):
        wallet.refresh()
    assert wallet.refresh().received >= 16
    assert not issuer.frozen


def test_an_answer_is_stored_before_it_is_used(wallet: Wallet, issuer: FakeIssuer) -> None:
    issuer.lose = [NONCE]
    with pytest.raises(Unavailable):
        wallet.refresh()
    assert wallet._store.issuances()[0].record.refresh_token == issuer.current_refresh


def test_a_copied_wallet_is_frozen_and_both_are_told(tmp_path: Path, wallet: Wallet, issuer: FakeIssuer) -> None:
    import shutil

    thief_home = tmp_path.parent / f"{tmp_path.name}-copy"
    shutil.copytree(tmp_path, thief_home)
    store = open_store(thief_home, clock=issuer.watch)
    thief = Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)
    wallet.refresh()
    wallet.refresh()
    assert reason_of(thief.refresh) is Reason.REFRESH_REUSED
    assert reason_of(wallet.refresh) is Reason.WALLET_FROZEN
    store.close()


def test_an_issuer_that_has_had_enough_says_so(wallet: Wallet, issuer: FakeIssuer) -> None:
    issuer.refusing = refusal(Reason.COPIES_EXHAUSTED, "credential_request_denied")
    assert reason_of(wallet.refresh) is Reason.COPIES_EXHAUSTED
    issuer.refusing = refusal(Reason.PIN_MISSING, "credential_request_denied")
    assert reason_of(wallet.refresh) is Reason.ISSUANCE_DENIED
    issuer.refusing = None
    assert wallet.refresh().received >= 16


def test_a_second_process_leaves_the_refresh_to_the_first(wallet: Wallet) -> None:
    for _ in range(8):
        wallet.present(wallet.choose())
    with wallet._store.issuing():
        refreshed = wallet.refresh_if_due()
    assert refreshed is not None
    assert refreshed.problem is not None
    assert refreshed.problem.reason is Reason.WALLET_BUSY


def test_a_token_that_is_not_replaced_is_a_fault_of_the_issuer(wallet: Wallet, issuer: FakeIssuer) -> None:
    from tests.wallet_client.fake_issuer import answer

    issuer.replies[TOKEN] = answer(200, {"access_token": "a", "token_type": "DPoP", "expires_in": 300})
    assert reason_of(wallet.refresh) is Reason.ISSUER_ANSWER_INVALID


def held(**changes: object) -> HeldCopy:
    _, copy = a_copy()
    spent = bool(changes.pop("spent", False))
    return HeldCopy(b"copy", b"issuance", spent, replace(copy, **changes))  # type: ignore[arg-type]  # the fake needs no more


def test_what_is_due_follows_unshown_copies_and_their_half_life() -> None:
    issuance = an_issuance()
    fresh = [held() for _ in range(3)]
    assert forms_due(issuance, fresh, NOW) == ()
    assert forms_due(issuance, fresh[:2], NOW) == ("qr",)
    assert forms_due(issuance, [*fresh[:2], held(spent=True)], NOW) == ("qr",)
    assert forms_due(issuance, [*fresh[:2], held(form="sd-jwt-vc")], NOW) == ("qr",)
    assert forms_due(issuance, fresh, NOW + 432_000 - 1) == ()
    assert forms_due(issuance, fresh, NOW + 432_000) == ("qr",)


def test_copies_that_end_with_the_card_are_not_asked_for_ever_more_often() -> None:
    short = [held(expires_at=NOW + 3600) for _ in range(3)]
    assert forms_due(an_issuance(), short, NOW + DAY - 1) == ()
    assert forms_due(an_issuance(), short, NOW + DAY) == ("qr",)


def test_only_a_failed_try_makes_the_wallet_wait() -> None:
    assert may_try(an_issuance(tried_at=NOW, tried_in_vain=False), NOW)
    assert not may_try(an_issuance(tried_at=NOW, tried_in_vain=True), NOW + 299)
    assert may_try(an_issuance(tried_at=NOW, tried_in_vain=True), NOW + 300)
    assert may_try(an_issuance(tried_at=NOW, tried_in_vain=True), NOW - 1)
