"""Our wallet in front of our issuer's whole HTTP side: what they agree on is what is on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError, Unavailable
from core.reasons import Reason
from formats import qr_token
from formats.dataset import Group
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from tests.builders.issuance import Desk, a_server, an_issuer
from tests.wallet_client.homes import open_store
from tests.wallet_client.over_asgi import OverAsgi, publish_trust
from wallet_client.wallet import Wallet


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with an_issuer(tmp_path) as desk:
        publish_trust(desk)
        yield desk


@pytest.fixture
def wire(desk: Desk) -> Iterator[OverAsgi]:
    with a_server(desk) as client:
        yield OverAsgi(client, desk.folder)


@pytest.fixture
def wallet(tmp_path: Path, desk: Desk, wire: OverAsgi) -> Iterator[Wallet]:
    store = open_store(tmp_path / "wallet", clock=desk.clock)
    yield Wallet(store, clock=desk.clock, entropy=SystemEntropy(), connect=wire.connect)
    store.close()


def unshown(wallet: Wallet) -> dict[str, int]:
    return {one.form: one.unshown for one in wallet.list()[0].copies}


def test_accept_show_and_refresh(wallet: Wallet, desk: Desk) -> None:
    offer = desk.offer()
    accepted = wallet.accept(offer.link, offer.tx_code)
    assert accepted.credential.bureau_zh == "样例市公安局"
    assert unshown(wallet) == {"mdoc": 3, "qr": 10, "sd-jwt-vc": 3}
    code = wallet.present(wallet.choose([Group.NAME, Group.AGE_18]))
    assert set(open_disclosures(read_kbt(qr_token.decode(code.text)).sd_cwt)) == {Group.NAME, Group.AGE_18}
    assert wallet.refresh().received == 16
    assert wallet.refresh().received == 16


def test_the_offer_may_come_by_reference(wallet: Wallet, desk: Desk) -> None:
    offer = desk.offer(with_tx_code=False)
    assert wallet.accept(offer.reference_link).credential.complete


@pytest.mark.parametrize("path", ["/nonce", "/credential", "/trust/list"])
def test_an_answer_lost_while_accepting_is_made_good(wallet: Wallet, desk: Desk, wire: OverAsgi, path: str) -> None:
    offer = desk.offer()
    wire.lose_answers = [path]
    with pytest.raises(Unavailable):
        wallet.accept(offer.link, offer.tx_code)
    wallet.accept(offer.link, offer.tx_code)
    assert unshown(wallet) == {"mdoc": 3, "qr": 10, "sd-jwt-vc": 3}


@pytest.mark.parametrize("path", ["/token", "/nonce", "/credential"])
def test_an_answer_lost_while_refreshing_does_not_freeze_the_wallet(
    wallet: Wallet, desk: Desk, wire: OverAsgi, path: str
) -> None:
    offer = desk.offer()
    wallet.accept(offer.link, offer.tx_code)
    wire.lose_answers = [path]
    with pytest.raises(Unavailable):
        wallet.refresh()
    assert wallet.refresh().received >= 16


def test_the_issuers_reasons_reach_the_person(wallet: Wallet, desk: Desk) -> None:
    offer = desk.offer()
    for _ in range(4):
        with pytest.raises(EidError) as caught:
            wallet.accept(offer.link, "000000" if offer.tx_code != "000000" else "111111")
        assert caught.value.reason is Reason.TX_CODE_WRONG
    with pytest.raises(EidError) as caught:
        wallet.accept(offer.link, "000000" if offer.tx_code != "000000" else "111111")
    assert caught.value.reason is Reason.OFFER_DEAD


def test_the_limit_of_live_copies_is_told(wallet: Wallet, desk: Desk) -> None:
    offer = desk.offer()
    wallet.accept(offer.link, offer.tx_code)
    for _ in range(3):
        wallet.refresh()
    with pytest.raises(EidError) as caught:
        wallet.refresh()
    assert caught.value.reason is Reason.COPIES_EXHAUSTED
