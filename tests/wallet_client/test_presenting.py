from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError, NotFound
from core.reasons import Reason
from formats import challenge as challenge_format
from formats import licence, qr_token
from formats.cose import check_signature
from formats.dataset import Group
from formats.sd_cwt.key_binding import AUDIENCE_ANY
from formats.sd_cwt.unpack import UnverifiedKbt, open_disclosures, read_kbt
from formats.signature_checks import run
from keys.algorithms import ES256
from tests.builders.people import a_person
from tests.builders.qr import DAY, NOW, a_challenge, a_licence, sign, signer
from tests.wallet_client.fake_issuer import TX_CODE, FakeIssuer
from tests.wallet_client.homes import a_showing, open_store
from wallet_client.presenting import groups_from_words
from wallet_client.store import HeldCopy
from wallet_client.wallet import Wallet

ASKED = frozenset({Group.NAME, Group.CITIZEN_NUMBER, Group.PORTRAIT})


def reason_of(action: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        action()
    return caught.value.reason


def an_unfilled_wallet(home: Path, issuer: FakeIssuer) -> Wallet:
    store = open_store(home, clock=issuer.watch)
    return Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer(configurations=("resident_id_qr",))


@pytest.fixture
def wallet(tmp_path: Path, issuer: FakeIssuer) -> Wallet:
    made = an_unfilled_wallet(tmp_path, issuer)
    made.accept(issuer.offer(), TX_CODE)
    return made


def opened(text: str) -> UnverifiedKbt:
    """Return a showing whose holder signature holds."""
    kbt = read_kbt(qr_token.decode(text))
    assert run(check_signature(kbt.sign1, kbt.sd_cwt.claims.holder_point33, ES256))
    return kbt


def asked_by(issuer: FakeIssuer, *, permit: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return the text of a challenge whose licence the issuer's trust list vouches for."""
    draft = licence.draft(a_licence(**(permit or {})), signer_kid=issuer.policy_signer.key_id)
    data = a_challenge(permit=sign(draft, issuer.policy_signer), **changes)
    return challenge_format.encode(data)


# --- one-way


def test_a_one_way_code_shows_the_chosen_groups_for_a_minute(wallet: Wallet) -> None:
    code = wallet.present(wallet.choose([Group.AGE_18, Group.PORTRAIT]))
    kbt = opened(code.text)
    assert set(open_disclosures(kbt.sd_cwt)) == {Group.AGE_18, Group.PORTRAIT}
    assert (kbt.claims.aud, kbt.claims.iat, kbt.claims.exp) == (AUDIENCE_ANY, NOW, NOW + 60)
    assert code.expires_at == NOW + 60
    assert (code.reused, code.copies_left) == (False, 9)


def test_without_a_choice_name_tail_and_portrait_are_shown_as_far_as_they_are_held(
    tmp_path: Path, wallet: Wallet
) -> None:
    assert wallet.choose().groups == (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT)
    issuer = FakeIssuer(person=a_person(qr_portrait=None))
    other = an_unfilled_wallet(tmp_path / "other", issuer)
    other.accept(issuer.offer(), TX_CODE)
    assert other.choose().groups == (Group.NAME, Group.NUMBER_TAIL)
    assert reason_of(lambda: other.choose([Group.PORTRAIT])) is Reason.GROUP_UNKNOWN


@pytest.mark.parametrize("group", [Group.CITIZEN_NUMBER, Group.ADDRESS])
def test_the_full_number_and_the_address_never_go_one_way(wallet: Wallet, group: Group) -> None:
    assert reason_of(lambda: wallet.choose([Group.NAME, group])) is Reason.GROUP_TOO_SENSITIVE
    assert wallet.history() == ()


def test_nothing_chosen_is_nothing_shown(wallet: Wallet) -> None:
    assert reason_of(lambda: wallet.choose([])) is Reason.GROUP_UNKNOWN


def test_choosing_alone_spends_nothing(wallet: Wallet) -> None:
    wallet.choose()
    assert wallet.list()[0].copies[0].unshown == 10
    assert wallet.history() == ()


def test_showing_needs_no_network(wallet: Wallet, issuer: FakeIssuer) -> None:
    asked = len(issuer.requests)
    wallet.present(wallet.choose())
    assert len(issuer.requests) == asked


def test_two_showings_share_no_value_that_links_them(wallet: Wallet) -> None:
    first, second = (opened(wallet.present(wallet.choose()).text).sd_cwt for _ in range(2))
    assert first.claims.holder_point33 != second.claims.holder_point33
    assert first.claims.subject != second.claims.subject
    assert first.claims.status != second.claims.status
    assert not set(first.digests) & set(second.digests)


# --- redraws and copies


def test_a_redraw_within_five_minutes_keeps_copy_and_history(wallet: Wallet, issuer: FakeIssuer) -> None:
    code = wallet.present(wallet.choose([Group.NAME]))
    issuer.watch.seconds += 300
    again = wallet.redraw(code.showing)
    before, after = opened(code.text), opened(again.text)
    assert after.sd_cwt.claims == before.sd_cwt.claims
    assert after.claims.iat == NOW + 300
    assert after.claims.cti != before.claims.cti
    assert set(open_disclosures(after.sd_cwt)) == {Group.NAME}
    assert (again.copies_left, len(wallet.history())) == (9, 1)


def test_after_five_minutes_or_before_it_began_a_showing_is_over(wallet: Wallet, issuer: FakeIssuer) -> None:
    code = wallet.present(wallet.choose())
    issuer.watch.seconds += 301
    assert reason_of(lambda: wallet.redraw(code.showing)) is Reason.SHOWING_UNKNOWN
    issuer.watch.seconds = NOW - 1
    assert reason_of(lambda: wallet.redraw(code.showing)) is Reason.SHOWING_UNKNOWN
    with pytest.raises(NotFound):
        wallet.redraw(code.showing + 1)


def test_when_no_unshown_copy_is_left_one_is_reused_and_the_wallet_says_so(wallet: Wallet) -> None:
    codes = [wallet.present(wallet.choose()) for _ in range(11)]
    assert [code.reused for code in codes] == [False] * 10 + [True]
    assert [code.copies_left for code in codes] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    keys = [opened(code.text).sd_cwt.claims.holder_point33 for code in codes]
    assert len(set(keys[:10])) == 10
    assert keys[10] in keys[:10]
    assert wallet.history()[0].record.reused


def test_copies_that_ran_out_are_not_shown(wallet: Wallet, issuer: FakeIssuer) -> None:
    expires_at = wallet.list()[0].copies[0].expires_at
    issuer.watch.seconds = expires_at - 61
    wallet.present(wallet.choose())
    issuer.watch.seconds = expires_at - 60
    assert reason_of(wallet.choose) is Reason.CREDENTIAL_EXPIRED
    issuer.watch.seconds = NOW - 30 * DAY
    assert reason_of(wallet.choose) is Reason.CREDENTIAL_EXPIRED


def test_an_empty_wallet_says_so(tmp_path: Path, issuer: FakeIssuer) -> None:
    assert reason_of(an_unfilled_wallet(tmp_path / "other", issuer).choose) is Reason.WALLET_EMPTY


def test_the_copies_received_last_are_shown_first(wallet: Wallet, issuer: FakeIssuer) -> None:
    old = {copy.id for copy in wallet._store.copies()}
    issuer.watch.seconds += DAY
    wallet.refresh()
    shown = wallet.present(wallet.choose())
    assert wallet._store.showing(shown.showing).record.copy_id not in old


# --- challenges


def test_an_answer_is_bound_to_the_challenge_and_its_post(wallet: Wallet, issuer: FakeIssuer) -> None:
    text = asked_by(issuer)
    choice = wallet.choose(challenge=text)
    assert (choice.place, choice.site_kind, choice.ground) == ("样例火车站东广场", "police-spot-check", "15-1")
    assert set(choice.groups) == set(choice.asked) == ASKED
    kbt = opened(wallet.present(choice).text)
    assert kbt.claims.aud == "post-0001"
    assert kbt.claims.cnonce == challenge_format.challenge_hash(challenge_format.decode(text))
    assert (kbt.claims.exp, kbt.claims.cti) == (None, None)
    assert set(open_disclosures(kbt.sd_cwt)) == ASKED


def test_a_person_may_show_less_than_is_asked_but_nothing_else(wallet: Wallet, issuer: FakeIssuer) -> None:
    text = asked_by(issuer)
    choice = wallet.choose([Group.NAME], challenge=text)
    assert choice.groups == (Group.NAME,)
    assert set(choice.asked) == ASKED
    assert set(open_disclosures(opened(wallet.present(choice).text).sd_cwt)) == {Group.NAME}
    assert reason_of(lambda: wallet.choose([Group.NAME, Group.ADDRESS], challenge=text)) is Reason.GROUP_NOT_ASKED


def test_what_is_asked_and_not_held_is_held_back(tmp_path: Path) -> None:
    issuer = FakeIssuer(person=a_person(qr_portrait=None))
    other = an_unfilled_wallet(tmp_path, issuer)
    other.accept(issuer.offer(), TX_CODE)
    assert set(other.choose(challenge=asked_by(issuer)).groups) == ASKED - {Group.PORTRAIT}


@pytest.mark.parametrize(
    ("permit", "changes", "reason"),
    [
        ({}, {"groups": ASKED | {Group.ADDRESS}}, Reason.OVER_ASKING),
        ({}, {"ground": None}, Reason.OVER_ASKING),
        ({}, {"ground": "15-9"}, Reason.OVER_ASKING),
        ({}, {"issued_at": NOW - 91}, Reason.CHALLENGE_EXPIRED),
        ({}, {"issued_at": NOW + 31}, Reason.CHALLENGE_EXPIRED),
        ({}, {"by": signer("another post")}, Reason.CHALLENGE_INVALID),
        ({"expires_at": NOW - 31}, {}, Reason.LICENCE_INVALID),
        ({"expires_at": NOW + 73 * 3600}, {}, Reason.LICENCE_INVALID),
        ({"specimen": False}, {}, Reason.LICENCE_INVALID),
    ],
)
def test_refuses_a_challenge_that_is_not_licensed_or_not_from_now(
    wallet: Wallet, issuer: FakeIssuer, permit: dict[str, Any], changes: dict[str, Any], reason: Reason
) -> None:
    assert reason_of(lambda: wallet.choose(challenge=asked_by(issuer, permit=permit, **changes))) is reason
    assert wallet.history() == ()
    assert wallet.list()[0].copies[0].unshown == 10


def test_refuses_a_licence_of_a_signer_the_trust_list_does_not_name(wallet: Wallet) -> None:
    assert reason_of(lambda: wallet.choose(challenge=challenge_format.encode(a_challenge()))) is Reason.LICENCE_INVALID


def test_refuses_a_licence_signed_by_a_bureaus_own_key(wallet: Wallet, issuer: FakeIssuer) -> None:
    """Each role signs its own kind: the document signer is in the trust list, but not for licences."""
    draft = licence.draft(a_licence(), signer_kid=issuer.signer.key_id)
    text = challenge_format.encode(a_challenge(permit=sign(draft, issuer.signer)))
    assert reason_of(lambda: wallet.choose(challenge=text)) is Reason.LICENCE_INVALID


@pytest.mark.parametrize("text", ["", "EID1:ABC", "EIDC1:", "EIDC1:" + "A" * 900, "EIDC1:abc"])
def test_refuses_what_is_no_challenge(wallet: Wallet, text: str) -> None:
    expected = {Reason.PREFIX_UNKNOWN, Reason.CHALLENGE_INVALID, Reason.TOO_LARGE, Reason.BASE45_MALFORMED}
    assert reason_of(lambda: wallet.choose(challenge=text)) in expected


def test_a_challenge_answered_again_is_a_redraw_with_the_same_copy(wallet: Wallet, issuer: FakeIssuer) -> None:
    text = asked_by(issuer)
    first = wallet.present(wallet.choose(challenge=text))
    issuer.watch.seconds += 20
    second = wallet.present(wallet.choose(challenge=text))
    assert second.showing == first.showing
    assert second.copies_left == 9
    assert opened(second.text).sd_cwt.claims == opened(first.text).sd_cwt.claims


def test_another_challenge_gets_another_copy(wallet: Wallet, issuer: FakeIssuer) -> None:
    first = wallet.present(wallet.choose(challenge=asked_by(issuer)))
    second = wallet.present(wallet.choose(challenge=asked_by(issuer, nonce=bytes(16))))
    assert opened(first.text).sd_cwt.claims.subject != opened(second.text).sd_cwt.claims.subject


def test_a_retired_licence_signer_counts_until_it_retired(wallet: Wallet, issuer: FakeIssuer) -> None:
    from dataclasses import replace

    trust = wallet._store.trust()
    assert trust is not None
    (licence_signer,) = trust.licence_signers
    for signer_now, taken in (
        (replace(licence_signer, retired_at=NOW), True),
        (replace(licence_signer, retired_at=NOW - 1), False),
        (replace(licence_signer, valid_from=NOW + 1), False),
    ):
        wallet._store.save_trust(replace(trust, licence_signers=(signer_now,)))
        if taken:
            wallet.choose(challenge=asked_by(issuer))
        else:
            assert reason_of(lambda: wallet.choose(challenge=asked_by(issuer))) is Reason.LICENCE_INVALID


# --- history


def test_each_showing_adds_one_row_that_says_who_why_and_what(wallet: Wallet, issuer: FakeIssuer) -> None:
    wallet.present(wallet.choose([Group.AGE_18]))
    wallet.present(wallet.choose(challenge=asked_by(issuer)))
    answered, one_way = (held.record for held in wallet.history())
    assert (one_way.mode, one_way.place, one_way.groups) == ("one-way", "", ("age_18",))
    assert (answered.mode, answered.place, answered.ground, answered.post_id) == (
        "challenge", "样例火车站东广场", "15-1", "post-0001",
    )  # fmt: skip
    assert answered.groups == ("name", "citizen_number", "portrait")
    assert answered.copy_id != one_way.copy_id


def test_history_can_be_forgotten(wallet: Wallet) -> None:
    code = wallet.present(wallet.choose())
    assert wallet.forget(code.showing) == 1
    assert wallet.history() == ()


def test_facts_are_all_that_the_credential_says(wallet: Wallet) -> None:
    facts = wallet.facts()
    assert set(facts) == set(Group)
    assert facts == wallet.facts(wallet.list()[0].name)
    assert reason_of(lambda: wallet.facts("00")) is Reason.CREDENTIAL_UNKNOWN


def test_groups_are_named_in_any_order_and_come_out_in_the_profiles(wallet: Wallet) -> None:
    assert groups_from_words(["portrait", " name"]) == (Group.NAME, Group.PORTRAIT)
    for words in ([], ["nme"], ["name", ""], ["NAME"]):
        assert reason_of(lambda given=words: groups_from_words(given)) is Reason.GROUP_UNKNOWN  # type: ignore[misc]  # a value bound in the loop


def test_a_credential_that_lost_a_group_meanwhile_is_not_spent(wallet: Wallet, issuer: FakeIssuer) -> None:
    """Chosen from one copy, shown from another: the newer one has no portrait, so nothing is spent or signed."""
    choice = wallet.choose([Group.PORTRAIT])
    issuer.watch.seconds += 1
    issuer.person = a_person(qr_portrait=None)
    wallet.refresh()
    assert reason_of(lambda: wallet.present(choice)) is Reason.GROUP_UNKNOWN
    assert wallet.history() == ()


def test_the_store_asks_for_a_copy_of_the_qr_form_only(wallet: Wallet) -> None:
    from wallet_client.records import Form

    def first(copies: Sequence[HeldCopy]) -> HeldCopy:
        return next(iter(copies))

    with pytest.raises(StopIteration):
        wallet._store.show(Form.SD_JWT_VC, first, a_showing())
