from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.clock import SystemClock
from core.entropy import SystemEntropy
from core.errors import EidError
from core.reasons import Reason
from formats import challenge as challenge_format
from formats import licence, qr_token
from formats.dataset import Glyph
from formats.encoding import base64url
from formats.mdoc.device_response import check_device_signature, read_device_response
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.sd_jwt_vc import read_presentation
from tests.builders.people import a_person
from tests.builders.qr import a_challenge, a_licence, sign
from tests.wallet_client.fake_issuer import TX_CODE, FakeIssuer
from tests.wallet_client.homes import CHEAP, PIN
from wallet_client.cli import app
from wallet_client.store import WalletStore
from wallet_client.wallet import Wallet
from wallet_client.wording import Wording

runner = CliRunner()


class _Now:
    """The machine's clock, for the issuer and the challenges: a command reads no other."""

    def now(self) -> int:
        return SystemClock().now()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet filled now, as commands will find it; the issuer is not reachable afterwards."""
    folder = tmp_path_factory.mktemp("wallet") / "home"
    clock = SystemClock()
    monday = clock.now() - (clock.now() - 4 * 86_400) % (7 * 86_400)
    issuer = FakeIssuer(watch=_Now())  # type: ignore[arg-type]  # it only asks for the time
    made = issuer.claims

    def this_week(point: bytes, *, days: int) -> object:
        from dataclasses import replace

        return replace(made(point, days=days), issued_at=monday, expires_at=monday + days * 86_400)

    issuer.claims = this_week  # type: ignore[method-assign,assignment]  # one issue of the fake differs
    issuer.list_issued_at = clock.now() - 60
    store = WalletStore.open(folder, PIN, clock=clock, entropy=SystemEntropy(), create=True, cost=CHEAP)
    Wallet(store, clock=clock, entropy=SystemEntropy(), connect=issuer.connect).accept(issuer.offer(), TX_CODE)
    store.close()
    return folder


def run(home: Path, *arguments: str, pin: str | None = PIN, given: str = "") -> tuple[int, str, EidError | None]:
    environment = {"EID_WALLET_HOME": str(home), "EID_WALLET_PIN": pin, "EID_LANG": "en"}
    result = runner.invoke(app, list(arguments), env=environment, input=given)
    error = result.exception if isinstance(result.exception, EidError) else None
    if result.exception is not None and error is None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, error


def reason_of(home: Path, *arguments: str, pin: str | None = PIN) -> Reason | None:
    error = run(home, *arguments, pin=pin)[2]
    return None if error is None else error.reason


def test_present_writes_a_picture_and_says_what_it_shows(home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    code, text, _ = run(home, "present", "--groups", "name,age_18", "--qr", str(picture), "--yes", "--json")
    facts = json.loads(text)
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert facts["groups"] == ["name", "age_18"]
    assert facts["mode"] == "one-way"
    assert facts["png"] == str(picture)
    kbt = read_kbt(qr_token.decode(facts["text"]))
    assert len(open_disclosures(kbt.sd_cwt)) == 2


def test_present_draws_in_the_terminal_too(home: Path) -> None:
    code, text, _ = run(home, "present", "--groups", "age_18", "--yes")
    assert code == 0
    assert "█" in text
    assert "EID1:" in text


def test_without_consent_nothing_is_shown(home: Path) -> None:
    before = json.loads(run(home, "history", "--json")[1])["showings"]
    code, text, _ = run(home, "present")
    assert code == 1
    assert "EID1:" not in text
    assert json.loads(run(home, "history", "--json")[1])["showings"] == before


def test_present_refuses_what_may_not_be_shown(home: Path) -> None:
    assert reason_of(home, "present", "--groups", "address", "--yes") is Reason.GROUP_TOO_SENSITIVE
    assert reason_of(home, "present", "--groups", "nonsense", "--yes") is Reason.GROUP_UNKNOWN
    assert reason_of(home, "present", "--challenge", "no-such-file", "--yes") is Reason.CHALLENGE_INVALID


def test_a_challenge_is_read_from_a_file_and_answered(home: Path, tmp_path: Path) -> None:
    issuer = FakeIssuer()
    now = SystemClock().now()
    permit = licence.draft(a_licence(expires_at=now + 3600), signer_kid=issuer.policy_signer.key_id)
    text = challenge_format.encode(a_challenge(permit=sign(permit, issuer.policy_signer), issued_at=now))
    (tmp_path / "challenge").write_text(text + "\n")
    code, out, _ = run(home, "present", "--challenge", str(tmp_path / "challenge"), "--yes", "--json")
    facts = json.loads(out)
    assert (code, facts["mode"], facts["place"], facts["ground"]) == (0, "challenge", "样例火车站东广场", "15-1")
    by_text = json.loads(run(home, "present", "--challenge", text, "--yes", "--json")[1])
    assert by_text["showing"] == facts["showing"]


ONLINE = ("present", "--online", "--client-id", "shop", "--nonce", "n-1")
ANSWERED = ("--response-uri", "https://shop.example.test/answers/1")


def test_an_online_presentation_is_printed_with_what_judges_it(home: Path) -> None:
    code, text, _ = run(home, *ONLINE, "--groups", "name,age_18", "--yes", "--json")
    facts = json.loads(text)
    assert (code, facts["format"], facts["groups"]) == (0, "dc+sd-jwt", ["name", "age_18"])
    assert (facts["client_id"], facts["nonce"], facts["session_transcript"]) == ("shop", "n-1", None)
    binding = read_presentation(facts["text"]).binding
    assert (binding.audience, binding.nonce) == ("shop", "n-1")
    code, text, _ = run(home, *ONLINE, *ANSWERED, "--form", "mso_mdoc", "--groups", "name", "--yes", "--json")
    facts = json.loads(text)
    assert (code, facts["format"]) == (0, "mso_mdoc")
    shown = read_device_response(base64url.decode(facts["text"]))
    transcript = base64url.decode(facts["session_transcript"])
    assert json.loads(facts["line"]) == {
        "format": "mso_mdoc",
        "presentation": facts["text"],
        "nonce": "n-1",
        "audience": "shop",
        "session_transcript": facts["session_transcript"],
    }
    check_device_signature(shown, transcript=transcript, holder_point=shown.issued.terms.holder_point)


def test_an_online_presentation_as_text_is_one_line_then_words(home: Path) -> None:
    code, text, _ = run(home, *ONLINE, *ANSWERED, "--form", "mso_mdoc", "--yes")
    first, session, left = text.splitlines()
    assert code == 0
    assert read_device_response(base64url.decode(first)).doctype == "cn.eid.resident_id.1"
    assert "transcript" in session
    assert "not shown yet" in left
    assert "shop" in run(home, "history")[1]


def test_without_consent_nothing_is_shown_online(home: Path) -> None:
    before = json.loads(run(home, "history", "--json")[1])["showings"]
    code, text, _ = run(home, *ONLINE, "--groups", "name")
    assert (code, text) == (1, "")
    assert json.loads(run(home, "history", "--json")[1])["showings"] == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("present", "--online", "--yes"),
        ("present", "--online", "--client-id", "shop", "--yes"),
        (*ONLINE, "--form", "mso_mdoc", "--yes"),
        (*ONLINE, "--form", "eid1", "--yes"),
        (*ONLINE, "--qr", "code.png", "--yes"),
        (*ONLINE, "--challenge", "EIDC1:0", "--yes"),
        ("present", "--nonce", "n-1", "--yes"),
        ("present", "--response-uri", "https://shop.example.test", "--yes"),
    ],
)
def test_an_incomplete_or_mixed_request_is_wrong_use(home: Path, arguments: tuple[str, ...]) -> None:
    assert run(home, *arguments)[0] == 2


def test_list_and_show_say_what_is_held(home: Path) -> None:
    code, text, _ = run(home, "list", "--json")
    (credential,) = json.loads(text)["credentials"]
    assert code == 0
    assert credential["complete"] is True
    assert set(credential["copies"]) == {"qr", "sd-jwt-vc", "mdoc"}
    facts = json.loads(run(home, "show", credential["credential"], "--json")[1])
    assert facts["groups"]["name"]["1"] == "样小明"
    assert "样小明" in run(home, "show")[1]
    assert "Model District" in run(home, "list")[1]
    assert reason_of(home, "show", "00") is Reason.CREDENTIAL_UNKNOWN


def test_a_rare_character_is_shown_as_its_signed_picture_beside_its_code_point(tmp_path: Path) -> None:
    picture = bytes([0xFF, 0, 0]) * 24
    issuer = FakeIssuer(person=a_person(full_name="王𠅤", glyphs=(Glyph(0x20164, picture),)))
    store = WalletStore.open(tmp_path, PIN, clock=issuer.watch, entropy=SystemEntropy(), create=True, cost=CHEAP)
    Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect).accept(issuer.offer(), TX_CODE)
    store.close()
    lines = run(tmp_path, "show")[1].splitlines()
    place = next(number for number, line in enumerate(lines) if "U+20164" in line)
    assert "王𠅤" in lines[place]
    assert lines[place + 1 : place + 13] == ["█" * 8 + " " * 16] * 12
    facts = json.loads(run(tmp_path, "show", "--json")[1])
    assert facts["groups"]["name"]["3"] == [[0x20164, picture.hex()]]


def test_history_is_exported_and_deleted(home: Path, tmp_path: Path) -> None:
    run(home, "present", "--groups", "age_18", "--yes")
    rows = json.loads(run(home, "history", "--json")[1])["showings"]
    export = tmp_path / "history.json"
    assert run(home, "history", "--export", str(export))[0] == 0
    assert json.loads(export.read_text()) == rows
    assert run(home, "history", "--delete", str(rows[0]["showing"]))[0] == 0
    assert reason_of(home, "history", "--delete", str(rows[0]["showing"])) is Reason.SHOWING_UNKNOWN
    assert run(home, "history", "--delete", "all")[0] == 0
    assert json.loads(run(home, "history", "--json")[1])["showings"] == []


def test_wrong_use_is_not_our_fault(home: Path) -> None:
    assert run(home, "history", "--delete", "-1x")[0] == 2
    assert run(home, "list", "--lang", "fr")[0] == 2
    assert run(home, "present", "--no-such-option")[0] == 2


def test_a_wrong_or_missing_pin_opens_nothing(home: Path) -> None:
    assert reason_of(home, "list", pin="000000") is Reason.WALLET_PIN_WRONG
    assert reason_of(home, "list", pin=None) is Reason.WALLET_PIN_WRONG
    assert run(home, "list")[0] == 0


def test_a_missing_wallet_is_said_before_a_pin_is_asked_for(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none", "list", pin=None) is Reason.WALLET_EMPTY
    assert not (tmp_path / "none").exists()


def test_an_offer_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "new", "accept", "nonsense") is Reason.OFFER_MALFORMED


def test_a_picture_that_cannot_be_written_is_one_sentence(home: Path, tmp_path: Path) -> None:
    assert reason_of(home, "present", "--yes", "--qr", str(tmp_path / "no" / "folder.png")) is Reason.FILE_UNWRITABLE


def test_the_language_is_what_was_asked_for_else_the_locales_else_both() -> None:
    assert Wording.chosen("zh", "en_GB.UTF-8").language == "zh"
    assert Wording.chosen(None, "zh_CN.UTF-8").language == "zh"
    assert Wording.chosen(None, "en_GB.UTF-8").language == "en"
    assert Wording.chosen("", "C").language == "both"
    assert Wording.chosen(None, "").say("agree") == "同意出示？ / Show this?"
