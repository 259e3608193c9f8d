"""An mdoc from the offer to the verdict: issued over the real endpoints, shown in a session, judged by its published list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.entropy import SystemEntropy
from core.reasons import Colour
from formats.dataset import Group
from formats.encoding import base64url
from formats.mdoc.session_transcript import redirect_transcript
from formats.trust_list import TrustListContent, to_trust_table
from issuer.offers import CreatedOffer
from issuer.status import ReasonClass, Verb
from keys.signing import KeyPurpose
from keys.trust import TrustAnchor
from tests.builders.bureau import APPROVER, REGISTRAR
from tests.builders.issuance import PUBLIC_URL, Desk, a_server, an_issuer
from tests.builders.people import a_person
from tests.builders.presentations import POLICY
from tests.builders.trust import national_root
from tests.wallet_client.homes import open_store
from tests.wallet_client.over_asgi import OverAsgi, publish_trust
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.verdict import Verdict
from verifier.checks.mdoc.case import ExpectedSession
from verifier.gateways.status_lists import OnlineStatuses, PublishedFolder, StatedTokens
from verifier.mdoc_verification import verify_device_response
from verifier.trust import IssuerTrust
from wallet_client.online import OnlineRequest
from wallet_client.records import Form
from wallet_client.wallet import Wallet

REQUEST = OnlineRequest("x509_san_dns:shop.example.test", "n-0S6_WzA2Mj", "https://shop.example.test/answers/1")
DESK_GROUPS = [Group.NAME, Group.DOCUMENT, Group.PORTRAIT, Group.AGE_18]


@dataclass
class Flow:
    """One issuer, one wallet that has accepted all three configurations, one verifier."""

    desk: Desk
    wallet: Wallet
    offer: CreatedOffer
    trust: TrustListContent

    def answered(self, request: OnlineRequest = REQUEST) -> bytes:
        """The DeviceResponse that the wallet makes for a request."""
        choice = self.wallet.choose_online(request, Form.MDOC, DESK_GROUPS)
        return base64url.decode(self.wallet.present_online(choice).text)

    def verdict(self, response: bytes, request: OnlineRequest = REQUEST) -> Verdict:
        """What the verifier of this request makes of a response, by the list the issuer publishes."""
        anchor = TrustAnchor(KeyPurpose.NATIONAL_ROOT, national_root().certificate)
        trust = IssuerTrust(anchor, to_trust_table(self.trust))
        published = PublishedFolder(PUBLIC_URL, self.desk.folder / "status", StatedTokens({}))
        now = self.desk.clock.now()
        transcript = redirect_transcript(
            client_id=request.client_id,
            nonce=request.nonce,
            response_uri=request.response_uri or "",
            jwk_thumbprint=None,
        )
        return verify_device_response(
            response,
            expected=ExpectedSession(transcript),
            trust=trust,
            statuses=OnlineStatuses(published, trust).at(now),
            policy=POLICY,
            clock=ReaderClock(now, doubtful=False, confirmed=True),
        )


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flow]:
    with an_issuer(tmp_path, person=a_person(issuing_authority="样例市公安局")) as desk:
        trust = publish_trust(desk)
        store = open_store(tmp_path / "wallet", clock=desk.clock)
        with a_server(desk) as client:
            connect = OverAsgi(client, desk.folder).connect
            wallet = Wallet(store, clock=desk.clock, entropy=SystemEntropy(), connect=connect)
            offer = desk.offer()
            wallet.accept(offer.link, offer.tx_code)
            yield Flow(desk, wallet, offer, trust)
        store.close()


def code(verdict: Verdict) -> tuple[Colour, str]:
    return verdict.colour, verdict.deciding.code


def test_the_wallet_accepts_all_three_configurations(flow: Flow) -> None:
    (credential,) = flow.wallet.list()
    assert credential.complete
    assert {one.form: one.unshown for one in credential.copies} == {"sd-jwt-vc": 3, "mdoc": 3, "qr": 10}


def test_an_mdoc_is_green_in_its_session_and_red_in_every_other(flow: Flow) -> None:
    response = flow.answered()
    verdict = flow.verdict(response)
    assert (verdict.colour, verdict.reasons) == (Colour.GREEN, ())
    assert verdict.person is not None
    assert verdict.person.value(Group.NAME, 1) == "样小明"
    for request in (
        OnlineRequest(REQUEST.client_id, "another nonce", REQUEST.response_uri),
        OnlineRequest("x509_san_dns:other.example.test", REQUEST.nonce, REQUEST.response_uri),
        OnlineRequest(REQUEST.client_id, REQUEST.nonce, "https://other.example.test/answers/1"),
    ):
        assert code(flow.verdict(response, request)) == (Colour.RED, "holder_signature_invalid")


def revoked(flow: Flow) -> None:
    act = flow.desk.role.status.request(
        Verb.REVOKE, flow.offer.credential_id, by=REGISTRAR, reason=ReasonClass.PHONE_LOST
    )
    flow.desk.role.status.approve(act.act_id, by=APPROVER)


def suspended(flow: Flow) -> None:
    flow.desk.role.status.suspend(flow.offer.credential_id, by=REGISTRAR)


@pytest.mark.parametrize(("act", "reason"), [(revoked, "status_revoked"), (suspended, "status_suspended")])
def test_a_revoked_or_suspended_mdoc_is_red_at_once(flow: Flow, act: Callable[[Flow], None], reason: str) -> None:
    assert flow.verdict(flow.answered()).colour is Colour.GREEN
    act(flow)
    verdict = flow.verdict(flow.answered())
    assert code(verdict) == (Colour.RED, reason)
    assert verdict.person is None
