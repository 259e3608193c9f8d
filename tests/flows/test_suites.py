"""One bureau in each suite: founded, registered, issued, shown, judged, revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from api.settings import Settings
from api.wiring.checkup import look_over
from api.wiring.founding import FirstPost, found_home
from api.wiring.issuer import FIELD_SECRET, IssuerRole, build_issuer
from api.wiring.reading import read_root_file
from api.wiring.trust import TrustFolder
from core.entropy import SystemEntropy
from core.reasons import Colour, Reason
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole, TrustTable
from formats.dataset import Group
from formats.encoding import base64url
from formats.jose import read_compact
from formats.mdoc.device_response import present
from formats.mdoc.issuer_signed import element_names
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_cwt.unpack import read_sd_cwt
from formats.sd_jwt.key_binding import bind
from formats.sd_jwt_vc import select
from formats.signature_checks import run
from formats.site_policy import SitePolicy
from formats.status_list.token import TYP as STATUS_TYP
from formats.trust_list import read_trust_list, to_trust_store, to_trust_table
from issuer.cases.deciding import approve_all
from issuer.catalogue import MDOC_ID, QR_ID, SD_JWT_VC_ID
from issuer.founding import FoundingPlan
from issuer.status import ReasonClass, Verb
from issuer.storage.encryption import KEY_SIZE, KeyWrap
from issuer.storage.engine import open_engine
from issuer.storage.store import SqlBureauStore
from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.certificates import leaf_key
from keys.cose_key import thumbprint
from keys.signing import InProcessSigner, KeyPurpose, verify_signature
from keys.storage.files import KeyFiles
from tests.builders.bureau import APPROVER, BOTH, BUREAU, NOW, REGISTRAR, Office, a_register, a_row, imported
from tests.builders.issuance import POLICY as ISSUING
from tests.builders.issuance import PUBLIC_URL, DirectWallet, a_key
from tests.builders.presentations import POLICY
from tests.fakes.issuance import MovableClock
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.verdict import Check, Verdict
from verifier.checks.case import ExpectedBinding
from verifier.checks.mdoc.case import ExpectedSession
from verifier.gateways.status_lists import OnlineStatuses, PublishedFolder, StatedTokens
from verifier.mdoc_verification import verify_device_response
from verifier.trust import IssuerTrust, pin
from verifier.verification import verify_presentation

NONCE, AUDIENCE = "n-0S6_WzA2Mj", "https://verifier.example.test"
TRANSCRIPT = redirect_transcript(
    client_id=AUDIENCE, nonce=NONCE, response_uri=f"{AUDIENCE}/answer", jwk_thumbprint=None
)
SITE: SitePolicy = replace(POLICY, required=frozenset({Group.NAME}))


@dataclass(frozen=True)
class Copy:
    """One copy, its holder's key, and the credential it belongs to."""

    issued: str
    holder: InProcessSigner
    credential_id: str


@dataclass
class Bureau:
    """A founded home with one approved person, and a reader that pinned its root."""

    suite: Algorithm
    settings: Settings
    role: IssuerRole
    clock: MovableClock
    record_id: str
    keys: KeyFiles
    copies: int = 0

    @property
    def table(self) -> TrustTable:
        signer = self.keys.open(KeyPurpose.LIST_SIGNER)
        return run(trust_table.read(TrustFolder(self.settings).table, list_signer_point=signer.point))

    def reader(self, *, has_list: bool) -> IssuerTrust:
        """What a reader trusts: the published list, or a bundle's table alone."""
        anchor = pin(read_root_file(TrustFolder(self.settings).root_path))
        if not has_list:
            return IssuerTrust(anchor, self.table)
        token = (self.settings.public_folder / "trust" / "list").read_text()
        content = read_trust_list(
            token, root=anchor.certificate, highest_seen=0, now=self.clock.now(), tolerance_seconds=30
        )
        return IssuerTrust(anchor, to_trust_table(content), to_trust_store(content, root=anchor.certificate))

    def copy(self, configuration: str) -> Copy:
        """A fresh copy in a wallet of its own."""
        key, self.copies = a_key(), self.copies + 1
        wallet = DirectWallet(self.role, self.clock, jkt=f"wallet-{self.copies}")
        offer = self.role.offers.create(self.record_id, by=REGISTRAR)
        (issued,) = wallet.fetch(wallet.redeem(offer).access_token, 1, configuration, [key])
        return Copy(issued, InProcessSigner.from_private_key(key), offer.credential_id)

    def judged(self, form: str, copy: Copy, *, has_list: bool = True) -> Verdict:
        """The verdict of an online reader that reads the lists this bureau publishes."""
        issued, holder = copy.issued, copy.holder
        trust, now = self.reader(has_list=has_list), self.clock.now()
        lists = PublishedFolder(PUBLIC_URL, self.settings.public_folder / "status", StatedTokens({}))
        statuses, clock = OnlineStatuses(lists, trust).at(now), ReaderClock(now, doubtful=False, confirmed=True)
        if form == MDOC_ID:
            issuer_signed = base64url.decode(issued)
            shown = present(issuer_signed, element_names(issuer_signed), transcript=TRANSCRIPT, signer=holder)
            session = ExpectedSession(TRANSCRIPT)
            return verify_device_response(
                shown, expected=session, trust=trust, statuses=statuses, policy=SITE, clock=clock
            )
        text = bind(select(issued, [("full_name",)]), nonce=NONCE, audience=AUDIENCE, now=now, signer=holder)
        expected = ExpectedBinding(NONCE, AUDIENCE)
        return verify_presentation(text, expected=expected, trust=trust, statuses=statuses, policy=SITE, clock=clock)


@pytest.fixture(scope="module", params=ALGORITHMS, ids=lambda algorithm: algorithm.name)
def bureau(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    folder, clock = tmp_path_factory.mktemp("suite"), MovableClock(NOW)
    settings = Settings(home=folder / "home", public_url=PUBLIC_URL, passphrase="open sesame")  # type: ignore[arg-type]  # pydantic makes it a secret
    plan = FoundingPlan(
        bureau=BUREAU,
        name_zh="样例市公安局",
        name_en="SPECIMEN Sample City Bureau",
        division=BUREAU[:6],
        country="CN",
        operator_zh="样例机构",
        operator_en="Example Operator",
        contact="eid@example.invalid",
        public_url=PUBLIC_URL,
        specimen=True,
        suite=request.param,
    )
    found_home(
        settings,
        plan,
        officers=(APPROVER, REGISTRAR, BOTH),
        post=FirstPost("post-1", "样例站", "police-spot-check"),
        clock=clock,
        entropy=SystemEntropy(),
        progress=lambda _step: None,
    )
    keys = KeyFiles(settings.keys_folder, settings.passphrase_bytes())
    engine = open_engine(settings.database)
    store = SqlBureauStore(engine, KeyWrap(keys.secret(FIELD_SECRET, KEY_SIZE), SystemEntropy()))
    imported(a_register(folder, [a_row()]), Office(store, engine, settings.database))
    approve_all(officer=APPROVER, store=store, now=NOW + 60)
    with store.reading() as books:
        record_id = books.register.summaries(BUREAU, limit=1)[0].record_id
    clock.seconds += 3600
    role = build_issuer(
        database=settings.database,
        public_url=settings.url,
        public_folder=settings.public_folder,
        keys=keys,
        bureau=None,
        clock=clock,
        policy=replace(ISSUING, live_max=100),
    )
    yield Bureau(request.param, settings, role, clock, record_id, keys)
    role.close()
    store.close()


@pytest.mark.parametrize("has_list", [True, False], ids=["trust list", "bundle's table"])
@pytest.mark.parametrize("form", [SD_JWT_VC_ID, MDOC_ID])
def test_an_online_copy_is_green_and_its_status_is_read(bureau: Bureau, form: str, has_list: bool) -> None:
    verdict = bureau.judged(form, bureau.copy(form), has_list=has_list)
    assert (verdict.colour, verdict.reasons) == (Colour.GREEN, ())
    assert verdict.bureau == BUREAU
    assert verdict.status_age_seconds is not None


@pytest.mark.parametrize("form", [SD_JWT_VC_ID, MDOC_ID])
def test_a_revoked_copy_is_red(bureau: Bureau, form: str) -> None:
    copy = bureau.copy(form)
    act = bureau.role.status.request(Verb.REVOKE, copy.credential_id, by=REGISTRAR, reason=ReasonClass.PHONE_LOST)
    assert bureau.role.status.approve(act.act_id, by=APPROVER).lists_published >= 1
    verdict = bureau.judged(form, copy)
    assert verdict.colour is Colour.RED
    assert verdict.findings[-1].check is Check.STATUS
    assert verdict.deciding is Reason.STATUS_REVOKED


def test_the_online_forms_are_signed_in_the_suite_and_the_qr_code_never(bureau: Bureau) -> None:
    jws = read_compact(bureau.copy(SD_JWT_VC_ID).issued.split("~")[0], typ="dc+sd-jwt", max_bytes=65_536)
    assert jws.header.algorithm is bureau.suite
    assert leaf_key(jws.header.chain[0]).algorithm is bureau.suite
    sd_cwt = read_sd_cwt(base64url.decode(bureau.copy(QR_ID).issued))
    assert sd_cwt.sign1.protected[1] == ES256.cose
    assert sd_cwt.kid == bureau.keys.open(KeyPurpose.DOCUMENT_SIGNER).key_id
    trusted = bureau.table.keys[sd_cwt.kid]
    assert verify_signature(trusted.point, ES256, sd_cwt.sign1.to_be_signed(), sd_cwt.sign1.signature)


def test_each_status_list_is_signed_by_the_key_of_its_credentials(bureau: Bureau) -> None:
    bureau.role.status.publish_due()
    lists = [path for path in (bureau.settings.public_folder / "status" / BUREAU).iterdir() if "." not in path.name]
    tokens = [path.read_text() for path in lists if path.is_file() and path.read_bytes().startswith(b"ey")]
    signed_in = {read_compact(token, typ=STATUS_TYP, max_bytes=1 << 20).header.algorithm for token in tokens}
    assert signed_in == {ES256, bureau.suite}


def test_the_table_names_the_online_key_and_gives_it_no_code(bureau: Bureau) -> None:
    keys = [key for key in bureau.table.keys.values() if key.role is KeyRole.CREDENTIAL]
    document = bureau.keys.open(KeyPurpose.DOCUMENT_SIGNER)
    assert bureau.table.keys[document.key_id].point == document.point
    if bureau.suite is ES256:
        assert [key.forms for key in keys] == [frozenset({"eid1", "dc+sd-jwt", "mso_mdoc"})]
        return
    online = bureau.keys.open(KeyPurpose.ONLINE_SIGNER)
    assert online.algorithm is bureau.suite
    assert {key.kid: key.forms for key in keys} == {
        document.key_id: frozenset({"eid1"}),
        online.key_id: frozenset({"dc+sd-jwt", "mso_mdoc"}),
    }
    assert bureau.table.keys[online.key_id].point == thumbprint(online.point, bureau.suite)


def test_the_metadata_say_what_the_forms_are_signed_in(bureau: Bureau) -> None:
    said = bureau.role.issuer_metadata.to_wire()["credential_configurations_supported"]
    values = {name: said[name]["credential_signing_alg_values_supported"] for name in (SD_JWT_VC_ID, MDOC_ID, QR_ID)}
    assert values == {SD_JWT_VC_ID: [bureau.suite.jose], MDOC_ID: [bureau.suite.cose_usual], QR_ID: [-9]}


def test_every_key_of_the_home_signs(bureau: Bureau) -> None:
    assert [looked for looked in look_over(bureau.settings, bureau.clock, SystemEntropy()) if looked.problem] == []
    purposes = {key.purpose for key in bureau.keys.listing()}
    assert (KeyPurpose.ONLINE_SIGNER in purposes) is (bureau.suite is not ES256)
