"""The issuer role over a real home: key files, database, register, published folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.app import create_app
from api.settings import Settings
from api.wiring.glyphs import open_glyph_font
from api.wiring.issuer import FIELD_SECRET, IssuerRole, build_issuer, open_issuer
from core.entropy import SystemEntropy
from core.errors import Misconfigured, Refused
from core.reasons import Reason
from formats.dataset import Group
from formats.encoding import base64url
from formats.sd_cwt import unpack
from formats.sd_cwt.select import groups_of, open_issued, select
from formats.sd_jwt_vc import open_disclosures, read_credential
from issuer.cases.deciding import approve_all
from issuer.cases.model import CaseState
from issuer.catalogue import QR_ID, SD_JWT_VC_ID
from issuer.officers import add_first_officer
from issuer.register.findings import FindingCode
from issuer.register.glyphs import GlyphFont
from issuer.register.ports import Bureau
from issuer.storage.encryption import KEY_SIZE, KeyWrap
from issuer.storage.engine import open_engine
from issuer.storage.store import SqlBureauStore
from issuer.storage.upgrading import upgrade
from keys.certificates import certificates_to_pem
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles
from tests.builders.bureau import APPROVER, BUREAU, NOW, REGISTRAR, Office, a_number, a_register, a_row, imported
from tests.builders.fonts import a_font_file
from tests.builders.issuance import PUBLIC_URL, AsgiClient, DirectWallet, HttpWallet
from tests.builders.trust import document_signer, national_root
from tests.fakes.issuance import MovableClock


@dataclass
class Home:
    settings: Settings
    keys: KeyFiles
    office: Office
    record_id: str

    def role(self, clock: MovableClock, glyph_font: GlyphFont | None = None) -> IssuerRole:
        return build_issuer(
            database=self.settings.database,
            public_url=self.settings.url,
            public_folder=self.settings.public_folder,
            keys=self.keys,
            bureau=None,
            glyph_font=glyph_font,
            clock=clock,
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    settings = Settings(home=tmp_path, public_url=PUBLIC_URL, passphrase="open sesame", roles=frozenset({"issuer"}))  # type: ignore[arg-type]  # pydantic makes it a secret
    keys = KeyFiles(settings.keys_folder, settings.passphrase_bytes())
    root = national_root()
    keys.store(KeyPurpose.DOCUMENT_SIGNER, document_signer(root, public_url=PUBLIC_URL), created_at=NOW)
    (settings.public_folder / "trust").mkdir(parents=True)
    (settings.public_folder / "trust" / "root.pem").write_bytes(certificates_to_pem([root.certificate]))
    upgrade(settings.database)
    engine = open_engine(settings.database)
    store = SqlBureauStore(engine, KeyWrap(keys.secret(FIELD_SECRET, KEY_SIZE), SystemEntropy()))
    with store.transaction() as books:
        books.register.add_bureau(Bureau(BUREAU, "样例市公安局", "Sample City Bureau", BUREAU[:6]), now=NOW)
        for officer in (REGISTRAR, APPROVER):
            add_first_officer(officer, book=books.officers, audit=books.audit, now=NOW)
    office = Office(store, engine, settings.database)
    imported(a_register(tmp_path, [a_row()]), office)
    with store.reading() as books:
        record_id = books.register.summaries(BUREAU, limit=1)[0].record_id
    yield Home(settings, keys, office, record_id)
    engine.dispose()


def test_a_person_of_the_register_gets_copies_once_two_officers_agreed(home: Home) -> None:
    clock = MovableClock(NOW + 3600)
    role = home.role(clock)
    with pytest.raises(Refused) as caught:
        role.offers.create(home.record_id, by=REGISTRAR)
    assert caught.value.reason is Reason.NOT_APPROVED
    approve_all(officer=APPROVER, store=home.office.store, now=NOW + 60)
    wallet = DirectWallet(role, clock)
    token = wallet.redeem(role.offers.create(home.record_id, by=REGISTRAR)).access_token
    (issued,) = wallet.fetch(token, 1, SD_JWT_VC_ID)
    assert wallet.fetch(token, 2, QR_ID)
    credential = read_credential(issued)
    claims = open_disclosures(credential)
    assert claims["full_name"] == "样小明"
    assert claims["issuing_authority"] == "样例市公安局"
    assert claims["card_authority"] == "样例市公安局示范分局"
    assert claims["nationalities"] == ["CN"]
    assert credential.terms.specimen
    with home.office.store.reading() as books:
        case = books.cases.of_record(BUREAU, home.record_id)
    assert case is not None
    assert case.state is CaseState.ISSUED


@pytest.mark.parametrize("has_font", [True, False])
def test_a_rare_character_is_signed_with_its_picture_where_a_font_is_named(home: Home, has_font: bool) -> None:
    settings = home.settings.model_copy(update={"glyph_font": a_font_file(home.settings.home) if has_font else None})
    report = imported(
        a_register(home.settings.home, [a_row(1, name="王𠅤")]), home.office, glyph_font=open_glyph_font(settings)
    )
    assert [remark.code for remark in report.warnings] == ([] if has_font else [FindingCode.GLYPH_MISSING])
    approve_all(officer=APPROVER, store=home.office.store, now=NOW + 60, reason="no font here")
    with home.office.store.reading() as books:
        record_id = books.register.find_by_number(BUREAU, a_number(1))
    assert record_id is not None
    role = open_issuer(settings)
    person = role.context.registry.approved(record_id).dataset
    role.close()
    assert [glyph.code_point for glyph in person.glyphs] == ([0x20164] if has_font else [])
    clock = MovableClock(NOW + 3600)
    wallet = DirectWallet(home.role(clock, open_glyph_font(settings)), clock)
    token = wallet.redeem(wallet.role.offers.create(record_id, by=REGISTRAR)).access_token
    (text,) = wallet.fetch(token, 1, QR_ID)
    shown = open_issued(unpack.read_sd_cwt(base64url.decode(text)))[Group.NAME]
    assert shown.get(3) == ([[glyph.code_point, glyph.bitmap] for glyph in person.glyphs] or None)


def test_a_font_that_cannot_be_read_is_said_at_start(home: Home) -> None:
    with pytest.raises(Misconfigured) as caught:
        create_app(home.settings.model_copy(update={"glyph_font": home.settings.home / "none.ttf"}))
    assert caught.value.reason is Reason.SETTING_INVALID


def test_the_whole_application_serves_the_issuer_role(home: Home) -> None:
    with AsgiClient(create_app(home.settings), PUBLIC_URL) as client:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/.well-known/openid-credential-issuer/issuer").status_code == 200
        named = client.get(f"/status/{BUREAU}/lists").json()["status_lists"]
        assert named
        for uri in named:
            assert client.get(uri.removeprefix(PUBLIC_URL)).status_code == 200
        assert HttpWallet(client, MovableClock(NOW)).nonce()


def test_a_home_without_root_or_with_a_wrong_passphrase_says_so(home: Home) -> None:
    (home.settings.public_folder / "trust" / "root.pem").unlink()
    with pytest.raises(Misconfigured) as caught:
        create_app(home.settings)
    assert caught.value.reason is Reason.HOME_MISSING
    wrong = home.settings.model_copy(update={"passphrase": Settings(passphrase="wrong").passphrase})  # type: ignore[arg-type]  # pydantic makes it a secret
    with pytest.raises(Misconfigured) as caught:
        create_app(wrong)
    assert caught.value.reason is Reason.PASSPHRASE_WRONG


def test_two_bureaus_in_one_database_need_a_choice(home: Home) -> None:
    with home.office.store.transaction() as books:
        books.register.add_bureau(Bureau("690102000000", "样例二局", "Sample Two", "690102"), now=NOW)
    with pytest.raises(Misconfigured) as caught:
        create_app(home.settings)
    assert caught.value.reason is Reason.SETTING_INVALID
    create_app(home.settings.model_copy(update={"bureau": BUREAU}))


def test_nothing_but_the_number_itself_and_its_tail_shows_a_piece_of_the_citizen_number(home: Home) -> None:
    clock = MovableClock(NOW + 3600)
    approve_all(officer=APPROVER, store=home.office.store, now=NOW + 60)
    wallet = DirectWallet(home.role(clock), clock)
    token = wallet.redeem(wallet.role.offers.create(home.record_id, by=REGISTRAR)).access_token
    number = a_number(0)
    (online,) = wallet.fetch(token, 1, SD_JWT_VC_ID)
    claims = open_disclosures(read_credential(online))
    assert claims.pop("personal_administrative_number") == number
    assert number[-4:] in str(claims.pop("number_tail"))
    assert re.fullmatch(r"[0-9A-Z]{12}", str(claims["document_number"]))
    clear = ("iat", "exp", "cnf", "status", "iss")
    rest = str({name: value for name, value in claims.items() if name not in clear})
    assert number not in rest
    assert number[-4:] not in rest
    (text,) = wallet.fetch(token, 1, QR_ID)
    shown = select(base64url.decode(text), groups_of(base64url.decode(text)))
    groups = dict(unpack.open_disclosures(unpack.read_sd_cwt(shown)))
    assert groups.pop(Group.CITIZEN_NUMBER) == {1: number}
    assert number[-4:] in str(groups.pop(Group.NUMBER_TAIL))
    assert groups[Group.DOCUMENT][2] == claims["document_number"]
    assert number not in str(groups)
    assert number[-4:] not in str(groups)


def test_every_document_signer_of_the_key_store_is_there_and_the_newest_signs(home: Home) -> None:
    first = home.keys.open(KeyPurpose.DOCUMENT_SIGNER)
    newer = document_signer(national_root(), "newer", public_url=PUBLIC_URL)
    home.keys.store(KeyPurpose.DOCUMENT_SIGNER, newer, created_at=NOW + 1)
    context = home.role(MovableClock(NOW + 3600)).context
    assert context.signer.point == newer.point
    assert [signer.point for signer in context.earlier_signers] == [first.point]


def test_the_round_of_each_minute_publishes_lists_and_expires_cases_left_waiting(home: Home) -> None:
    clock = MovableClock(NOW + 3600)
    role = home.role(clock)
    role.keep_up()
    assert list((home.settings.public_folder / "status" / BUREAU).iterdir())
    assert case_state(home) is CaseState.SUBMITTED
    clock.seconds = NOW + 7 * 86_400 + 1
    role.keep_up()
    assert case_state(home) is CaseState.EXPIRED


def case_state(home: Home) -> CaseState:
    with home.office.store.reading() as books:
        case = books.cases.of_record(BUREAU, home.record_id)
    assert case is not None
    return case.state
