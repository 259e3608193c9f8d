"""Showing online: one copy, one request, and exactly the fields that were agreed to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError
from core.reasons import Reason
from formats.dataset import Group
from formats.encoding import base64url
from formats.mdoc.device_response import UnverifiedDeviceResponse, check_device_signature, read_device_response
from formats.mdoc.issuer_signed import check_digests
from formats.mdoc.model import NAMESPACE
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_jwt.key_binding import check_freshness, check_holder_signature
from formats.sd_jwt_vc import open_disclosures, read_presentation
from tests.builders.people import a_person
from tests.builders.qr import DAY
from tests.wallet_client.fake_issuer import TX_CODE, FakeIssuer
from tests.wallet_client.homes import open_store
from wallet_client.online import OnlineRequest, ShownOnline
from wallet_client.records import Form
from wallet_client.wallet import Wallet

REQUEST = OnlineRequest("x509_san_dns:shop.example.test", "n-0S6_WzA2Mj", "https://shop.example.test/answers/1")
CLEAR = {"vct", "iat", "exp", "cnf", "status", "key_storage", "assurance", "specimen"}
ONLINE_FORMS = [Form.SD_JWT_VC, Form.MDOC]


def reason_of(action: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        action()
    return caught.value.reason


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
def wallet(tmp_path: Path, issuer: FakeIssuer) -> Wallet:
    made = Wallet(
        open_store(tmp_path, clock=issuer.watch), clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect
    )
    made.accept(issuer.offer(), TX_CODE)
    return made


def shown(wallet: Wallet, form: Form, *groups: Group) -> ShownOnline:
    return wallet.present_online(wallet.choose_online(REQUEST, form, groups or None))


def claims_of(presented: ShownOnline, now: int) -> set[str]:
    """The names disclosed by an SD-JWT VC whose key binding answers the request."""
    read = read_presentation(presented.text)
    check_holder_signature(read.credential.sd_jwt, read.binding, read.credential.terms.holder_point)
    check_freshness(
        read.binding,
        nonce=REQUEST.nonce,
        audience=REQUEST.client_id,
        now=now,
        max_age_seconds=0,
        tolerance_seconds=0,
    )
    # The objects around address and ages are always there; what counts is what is in them.
    return {name for name, value in open_disclosures(read.credential).items() if name not in CLEAR and value != {}}


def response_of(presented: ShownOnline) -> UnverifiedDeviceResponse:
    """The DeviceResponse of an mdoc whose device signature is over the session of the request."""
    assert presented.transcript == redirect_transcript(
        client_id=REQUEST.client_id, nonce=REQUEST.nonce, response_uri=REQUEST.response_uri or "", jwk_thumbprint=None
    )
    response = read_device_response(base64url.decode(presented.text))
    check_device_signature(response, transcript=presented.transcript, holder_point=response.issued.terms.holder_point)
    check_digests(response.issued)
    return response


def elements_of(presented: ShownOnline) -> set[str]:
    return {item.element for item in response_of(presented).issued.namespaces[NAMESPACE]}


def test_an_sd_jwt_vc_shows_the_chosen_groups_to_this_request(wallet: Wallet, issuer: FakeIssuer) -> None:
    presented = shown(wallet, Form.SD_JWT_VC, Group.NAME, Group.AGE_18)
    assert claims_of(presented, issuer.watch.now()) == {"full_name", "name_latin", "age_equal_or_over"}
    claims = open_disclosures(read_presentation(presented.text).credential)
    assert claims["age_equal_or_over"] == {"18": True}
    assert presented.transcript is None


def test_an_mdoc_shows_the_chosen_groups_in_this_session(wallet: Wallet) -> None:
    assert elements_of(shown(wallet, Form.MDOC, Group.NAME, Group.AGE_18)) == {"full_name", "name_latin", "age_over_18"}


def test_the_usual_fields_are_shown_when_none_are_chosen(wallet: Wallet, issuer: FakeIssuer) -> None:
    usual = claims_of(shown(wallet, Form.SD_JWT_VC), issuer.watch.now())
    assert usual == {"full_name", "name_latin", "number_tail", "picture"}
    assert elements_of(shown(wallet, Form.MDOC)) == {"full_name", "name_latin", "number_tail", "portrait"}


@pytest.mark.parametrize("group", list(Group))
def test_both_forms_show_the_same_facts_of_each_group(wallet: Wallet, issuer: FakeIssuer, group: Group) -> None:
    claims = open_disclosures(read_presentation(shown(wallet, Form.SD_JWT_VC, group).text).credential)
    items = response_of(shown(wallet, Form.MDOC, group)).issued.namespaces[NAMESPACE]
    nested = [value for name, value in claims.items() if name not in CLEAR and isinstance(value, dict)]
    number = sum(map(len, nested)) + len(claims.keys() - CLEAR) - len(nested)
    assert number == len(items) > 0


@pytest.mark.parametrize("form", ONLINE_FORMS)
def test_one_copy_is_spent_for_each_showing_and_the_history_tells_of_it(wallet: Wallet, form: Form) -> None:
    presented = [shown(wallet, form, Group.NAME) for _ in range(4)]
    assert [one.copies_left for one in presented] == [2, 1, 0, 0]
    assert [one.reused for one in presented] == [False, False, False, True]
    row = wallet.history()[0].record
    assert (row.mode, row.place, row.groups, row.reused) == ("online", REQUEST.client_id, ("name",), True)
    left = {one.form: one.shown for one in wallet.list()[0].copies}
    assert left == {"qr": 0, "sd-jwt-vc": 0, "mdoc": 0} | {form.value: 3}


def test_no_two_showings_share_a_key(wallet: Wallet) -> None:
    points = {response_of(shown(wallet, Form.MDOC, Group.NAME)).issued.terms.holder_point for _ in range(3)}
    assert len(points) == 3


def test_choosing_spends_nothing(wallet: Wallet) -> None:
    for form in ONLINE_FORMS:
        wallet.choose_online(REQUEST, form)
    assert wallet.history() == ()
    assert {one.shown for one in wallet.list()[0].copies} == {0}


@pytest.mark.parametrize("form", ONLINE_FORMS)
@pytest.mark.parametrize(
    "change", [{"client_id": ""}, {"nonce": ""}, {"nonce": "a\nb"}, {"client_id": "商店"}, {"nonce": "n" * 513}]
)
def test_refuses_a_request_that_is_no_plain_text(wallet: Wallet, form: Form, change: dict[str, str]) -> None:
    request = replace(REQUEST, **change)
    assert reason_of(lambda: wallet.choose_online(request, form)) is Reason.REQUEST_MALFORMED


def test_an_mdoc_needs_to_know_where_the_answer_goes(wallet: Wallet) -> None:
    for uri in (None, ""):
        request = replace(REQUEST, response_uri=uri)
        assert reason_of(partial(wallet.choose_online, request, Form.MDOC)) is Reason.REQUEST_MALFORMED
        assert wallet.choose_online(request, Form.SD_JWT_VC).groups


@pytest.mark.parametrize("form", ONLINE_FORMS)
def test_refuses_a_group_the_credential_does_not_hold(tmp_path: Path, form: Form) -> None:
    issuer = FakeIssuer(person=a_person(address="", portrait=None))
    store = open_store(tmp_path, clock=issuer.watch)
    wallet = Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)
    wallet.accept(issuer.offer(), TX_CODE)
    for group in (Group.ADDRESS, Group.PORTRAIT):
        assert reason_of(partial(wallet.choose_online, REQUEST, form, [group])) is Reason.GROUP_UNKNOWN
        choice = replace(wallet.choose_online(REQUEST, form), groups=(group,))
        assert reason_of(partial(wallet.present_online, choice)) is Reason.GROUP_UNKNOWN
    assert wallet.history() == ()


def test_a_wallet_without_that_form_has_nothing_to_show(tmp_path: Path) -> None:
    issuer = FakeIssuer(configurations=("resident_id_qr",))
    store = open_store(tmp_path, clock=issuer.watch)
    wallet = Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)
    wallet.accept(issuer.offer(), TX_CODE)
    for form in ONLINE_FORMS:
        assert reason_of(partial(wallet.choose_online, REQUEST, form)) is Reason.WALLET_EMPTY


@pytest.mark.parametrize("form", ONLINE_FORMS)
def test_expired_copies_are_not_shown(wallet: Wallet, issuer: FakeIssuer, form: Form) -> None:
    issuer.watch.seconds += 28 * DAY
    assert reason_of(lambda: wallet.choose_online(REQUEST, form)) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize("form", ONLINE_FORMS)
def test_an_online_showing_cannot_be_redrawn_as_a_code(wallet: Wallet, form: Form) -> None:
    presented = shown(wallet, form, Group.NAME)
    assert reason_of(lambda: wallet.redraw(presented.showing)) is Reason.SHOWING_UNKNOWN
