"""Our wallet in front of our issuer's whole HTTP side: what they agree on is what is on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError, Unavailable
from core.reasons import Reason
from formats import qr_token
from formats.bundle.trust_table import KeyRole
from formats.dataset import Group
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.sd_jwt_vc import VCT
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list
from keys.certificates import certificates_to_pem
from keys.lifecycle import KeyState
from keys.signing import KeyPurpose
from tests.builders import trust as trust_builder
from tests.builders.bureau import BUREAU
from tests.builders.issuance import AsgiClient, Desk, a_server, an_issuer
from tests.wallet_client.homes import open_store
from wallet_client.ports import HttpAnswer, HttpRequest
from wallet_client.wallet import Wallet


class OverAsgi:
    """The transport port over an application in this process; ``lose_answers`` breaks off after the server's work."""

    def __init__(self, client: AsgiClient, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self.lose_answers: list[str] = []

    @contextmanager
    def connect(self) -> Iterator[OverAsgi]:
        yield self

    def send(self, request: HttpRequest) -> HttpAnswer:
        if request.url.endswith("/trust/root.pem"):
            return HttpAnswer(200, "", (self._folder / "trust" / "root.pem").read_bytes())
        headers = {"Accept": request.accept, **request.headers}
        if request.media_type is not None:
            headers["Content-Type"] = request.media_type
        response = self._client.request(request.method, request.url, content=request.body, headers=headers)
        for path in self.lose_answers:
            if request.url.endswith(path):
                self.lose_answers.remove(path)
                raise Unavailable(Reason.ISSUER_UNREACHABLE, "the answer was lost")
        return HttpAnswer(
            response.status_code,
            response.headers.get("Content-Type", "").split(";")[0],
            response.content,
            response.headers.get("DPoP-Nonce", ""),
            response.headers.get("WWW-Authenticate", ""),
        )


def publish_trust(desk: Desk) -> None:
    root, reader_root = trust_builder.national_root(), trust_builder.reader_root()
    signer = desk.role.context.signer
    service = Service(
        role=KeyRole.CREDENTIAL,
        certificate=signer.certificates[0],
        forms=frozenset({"eid1"}),
        vcts=frozenset({VCT}),
        valid_from=desk.role.context.signer_valid_from,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    bureau = BureauEntry(BUREAU, "样例市公安局", "Sample City Bureau", "CN", ("6901",), (service,))
    now = desk.clock.now()
    content = TrustListContent(1, now, now + 86_400, True, "CN", "样例部", "Ministry of Specimens", (bureau,))
    list_signer = trust_builder.other_signer(root, KeyPurpose.LIST_SIGNER)
    token = sign_trust_list(content, list_signer, national_root=root.certificate, reader_root=reader_root.certificate)
    folder = desk.folder / "trust"
    folder.mkdir()
    (folder / "list").write_text(token)
    (folder / "root.pem").write_bytes(certificates_to_pem([root.certificate]))


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
    assert unshown(wallet) == {"qr": 10, "sd-jwt-vc": 3}
    code = wallet.present(wallet.choose([Group.NAME, Group.AGE_18]))
    assert set(open_disclosures(read_kbt(qr_token.decode(code.text)).sd_cwt)) == {Group.NAME, Group.AGE_18}
    assert wallet.refresh().received == 13
    assert wallet.refresh().received == 13


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
    assert unshown(wallet) == {"qr": 10, "sd-jwt-vc": 3}


@pytest.mark.parametrize("path", ["/token", "/nonce", "/credential"])
def test_an_answer_lost_while_refreshing_does_not_freeze_the_wallet(
    wallet: Wallet, desk: Desk, wire: OverAsgi, path: str
) -> None:
    offer = desk.offer()
    wallet.accept(offer.link, offer.tx_code)
    wire.lose_answers = [path]
    with pytest.raises(Unavailable):
        wallet.refresh()
    assert wallet.refresh().received >= 13


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
