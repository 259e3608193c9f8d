from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.world import REGISTRAR, Bureau
from tests.flows.serving import free_port


def created(bureau: Bureau, *options: str | Path) -> dict[str, object]:
    return bureau.run(
        *("offers", "create", "--record", bureau.plain_records()[0], "--officer", REGISTRAR), *options
    ).done()


def test_an_offer_is_a_link_and_a_code_told_another_way(bureau: Bureau, tmp_path: Path) -> None:
    facts = created(bureau, "--qr", tmp_path / "offer.png")
    link = parse_qs(urlsplit(str(facts["offer"])).query)
    assert link["credential_offer_uri"][0].startswith(f"{bureau.url}/issuer/offers/")
    assert str(facts["tx_code"]) not in str(facts["offer"])
    assert (tmp_path / "offer.png").read_bytes().startswith(b"\x89PNG")


def test_an_offer_may_stand_in_the_link_itself_and_need_no_code(bureau: Bureau) -> None:
    facts = created(bureau, "--by-value", "--no-tx-code")
    assert "credential_offer" in parse_qs(urlsplit(str(facts["offer"])).query)
    assert facts["tx_code"] is None


def test_an_offer_whose_picture_cannot_be_written_is_not_made(bureau: Bureau, tmp_path: Path) -> None:
    record = bureau.plain_records()[0]
    base = ("--home", bureau.home, "offers", "create", "--record", record, "--officer", REGISTRAR)
    ran = eid(*base, "--qr", tmp_path / "no" / "folder.png")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)


def test_an_offer_is_withdrawn_once(bureau: Bureau) -> None:
    offer = str(created(bureau)["offer_id"])
    assert bureau.run("offers", "withdraw", offer, "--officer", REGISTRAR).done()["withdrawn"] == offer
    again = bureau.run("offers", "withdraw", offer, "--officer", REGISTRAR)
    assert (again.code, again.out) == (1, "")
    ran = eid("--home", bureau.home, "offers", "withdraw", "nonsense", "--officer", REGISTRAR)
    assert_one_sentence(ran, Reason.OFFER_UNKNOWN, 1)


def test_only_an_approved_record_is_offered(waiting: Bureau) -> None:
    record = waiting.plain_records()[0]
    base = ("--home", waiting.home, "offers", "create", "--officer", REGISTRAR, "--record")
    assert_one_sentence(eid(*base, record), Reason.NOT_APPROVED, 1)
    assert_one_sentence(eid(*base, "nonsense"), Reason.RECORD_UNKNOWN, 1)


def test_only_officers_offer(founded: Bureau) -> None:
    base = ("--home", founded.home, "offers", "create", "--record", founded.plain_records()[0], "--officer")
    assert_one_sentence(eid(*base, "nobody"), Reason.OFFICER_UNKNOWN, 1)


@pytest.mark.parametrize("offer", ["nonsense", "{}", "openid-credential-offer://?credential_offer=%7B%7D", ""])
def test_a_bad_offer_is_one_object_and_makes_no_credential(tmp_path: Path, offer: str) -> None:
    ran = eid("--json", "wallet", "accept", offer, EID_WALLET_HOME=str(tmp_path / "wallet"))
    assert (ran.code, ran.problem["error"]) == (1, "offer_malformed")
    assert eid("--json", "wallet", "present", "--yes", EID_WALLET_HOME=str(tmp_path / "wallet")).code == 1


def test_an_issuer_out_of_reach_is_not_the_wallets_fault(tmp_path: Path) -> None:
    offer = (
        f"openid-credential-offer://?credential_offer_uri=http%3A%2F%2F127.0.0.1%3A{free_port()}%2Fissuer%2Foffers%2Fx"
    )
    ran = eid("wallet", "accept", offer, EID_WALLET_HOME=str(tmp_path / "wallet"))
    assert_one_sentence(ran, Reason.ISSUER_UNREACHABLE, 70)
