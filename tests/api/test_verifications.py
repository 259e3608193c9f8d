from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.app import assemble
from api.routes.verifications import PATH, router_for
from api.settings import Settings
from api.wiring.reading import ReaderHome, load_evidence_bundle, post_reader
from api.wiring.verifier import ServerReader, build_verifier
from core.clock import FixedClock
from core.errors import EidError
from core.reasons import Colour, Reason
from formats.bundle.trust_table import KeyRole
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list
from keys.certificates import certificates_to_pem
from keys.lifecycle import KeyState
from keys.signing import KeyPurpose
from tests.builders import qr
from tests.builders.issuance import AsgiClient
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH
from tests.builders.presentations import EXPECTED, INDEX, ISSUER, ROOT, Showing, status_token
from tests.builders.reading import ANCHOR, GATE, a_bundle_file, a_reader
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, national_root, other_signer, reader_root
from verifier.lines import judge_line, read_line
from verifier.reading import Reader, Terms, read_qr

LINE: dict[str, Any] = {
    "id": "1",
    "presentation": Showing().text,
    "format": "dc+sd-jwt",
    "nonce": EXPECTED.nonce,
    "audience": EXPECTED.audience,
    "policy": "parcel-desk",
}


def trust_list(number: int = 7, state: KeyState = KeyState.ACTIVE) -> str:
    service = Service(
        role=KeyRole.CREDENTIAL,
        certificate=ISSUER.certificates[0],
        forms=frozenset({"dc+sd-jwt", "eid1"}),
        vcts=frozenset({"urn:eid:cn:resident-id:1"}),
        valid_from=NOW - DAY,
        retired_at=None,
        state=state,
    )
    bureau = BureauEntry(BUREAU, BUREAU_NAME_ZH, BUREAU_NAME_EN, "CN", ("6901",), (service,))
    content = TrustListContent(
        number=number,
        issued_at=NOW - 3600,
        next_update=NOW + 2 * DAY,
        specimen=True,
        territory="CN",
        operator_zh="样例部",
        operator_en="Ministry of Specimens",
        bureaus=(bureau,),
    )
    signer = other_signer(ROOT, KeyPurpose.LIST_SIGNER)
    return sign_trust_list(content, signer, national_root=ROOT.certificate, reader_root=reader_root().certificate)


def publish(folder: Path, *, trust: str | None = None, status: str | None = None) -> Path:
    """Write what an issuing server publishes, and return its public folder."""
    public = folder / "public"
    (public / "trust").mkdir(parents=True, exist_ok=True)
    (public / "status" / BUREAU).mkdir(parents=True, exist_ok=True)
    (public / "trust" / "root.pem").write_bytes(certificates_to_pem([ROOT.certificate]))
    for place, content in (("trust/list", trust), (f"status/{BUREAU}/1", status)):
        if content is not None:
            temporary = public / "new"
            temporary.write_text(content)
            temporary.replace(public / place)
    return public


@pytest.fixture
def server(tmp_path: Path) -> ServerReader:
    public = publish(tmp_path, trust=trust_list(), status=status_token())
    return ServerReader(home=tmp_path, public_url=PUBLIC_URL, public_folder=public, clock=FixedClock(NOW))


@pytest.fixture
def client(server: ServerReader) -> Iterator[AsgiClient]:
    with AsgiClient(assemble([router_for(server.current)], publish=None), PUBLIC_URL) as client:
        yield client


def asked(client: AsgiClient, **changes: Any) -> tuple[str, list[str]]:
    answer = client.post(PATH, json={**LINE, **changes})
    assert answer.status_code == 200
    return answer.json()["verdict"], answer.json()["reasons"]


# --- the same verdict ------------------------------------------------------------------------------------------------


def test_the_api_gives_the_verdict_of_the_same_line(client: AsgiClient, server: ServerReader) -> None:
    for changes in (
        {},
        {"nonce": "another"},
        {"policy": "police-spot-check"},
        {"presentation": "x~"},
        {"now": NOW + 900},
    ):
        line = {**LINE, **changes}
        answer = client.post(PATH, json=line)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == judge_line(read_line(json.dumps(line)), server.current())


def test_the_api_judges_qr_codes_with_a_memory_of_its_own(tmp_path: Path) -> None:
    reader = a_reader(tmp_path)
    line = {"presentation": qr.show_one_way(qr.issue()), "format": "eid1", "policy": GATE}
    with AsgiClient(assemble([router_for(lambda: reader)], publish=None), PUBLIC_URL) as client:
        assert [client.post(PATH, json=line).json()["verdict"] for _ in range(2)] == ["GREEN", "AMBER"]


def test_a_revocation_acts_at_once_where_the_server_publishes_it_itself(client: AsgiClient, tmp_path: Path) -> None:
    publish(tmp_path, status=status_token({INDEX: 1}))
    assert asked(client) == ("RED", ["status_revoked"])


def test_a_list_that_is_not_there_is_unknown(client: AsgiClient, tmp_path: Path) -> None:
    (tmp_path / "public" / "status" / BUREAU / "1").unlink()
    assert asked(client) == ("AMBER", ["status_unknown"])


# --- trust data that changes -----------------------------------------------------------------------------------------


def test_a_newer_trust_list_holds_from_the_next_request_on(client: AsgiClient, tmp_path: Path) -> None:
    assert asked(client) == ("GREEN", [])
    publish(tmp_path, trust=trust_list(8, KeyState.COMPROMISED))
    assert asked(client) == ("RED", ["issuer_key_withdrawn"])


def test_an_older_trust_list_closes_the_reader(client: AsgiClient, tmp_path: Path) -> None:
    assert asked(client) == ("GREEN", [])
    publish(tmp_path, trust=trust_list(6))
    answer = client.post(PATH, json=LINE)
    assert answer.json()["code"] == "trust_list_older"
    assert answer.status_code >= 400


def test_a_server_without_a_trust_list_judges_by_its_bundle(tmp_path: Path) -> None:
    home = ReaderHome(tmp_path / "reader")
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    home.update(a_bundle_file(), now=qr.NOW)
    settings = Settings(home=tmp_path, public_url=PUBLIC_URL)
    reader = build_verifier(settings, FixedClock(qr.NOW))()
    line = {"presentation": qr.show_one_way(qr.issue()), "format": "eid1", "policy": GATE}
    # The address of the list is this machine's and nobody listens there: the bundle's snapshot answers, with its age.
    verdict = judge_line(read_line(json.dumps(line)), reader)
    assert (verdict["verdict"], verdict["status_list"]) == ("GREEN", {"age_seconds": 3600, "number": 11})


def test_a_server_with_nothing_to_trust_says_so(tmp_path: Path) -> None:
    with pytest.raises(EidError) as caught:
        build_verifier(Settings(home=tmp_path))()
    assert caught.value.reason is Reason.BUNDLE_MISSING


# --- what is no line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "json_malformed"),
        (b"{", 400, "json_malformed"),
        (b'{"id":1,"id":2}', 400, "json_malformed"),
        (b"[" * 50_000, 400, "json_malformed"),
        (b"[]", 400, "request_malformed"),
        (json.dumps({**LINE, "more": 1}).encode(), 400, "request_malformed"),
        (json.dumps({**LINE, "format": "jwt_vc"}).encode(), 400, "form_unknown"),
        (json.dumps({**LINE, "policy": "no-such-site"}).encode(), 404, "policy_unknown"),
        (b"A" * 140_000, 413, "too_large"),
        (b"A" * 300_000, 413, "too_large"),
    ],
)
def test_what_is_no_line_is_a_problem_of_the_caller(client: AsgiClient, body: bytes, status: int, code: str) -> None:
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_format_is_answered_with_those_that_are_accepted(client: AsgiClient) -> None:
    answer = client.post(PATH, json={**LINE, "format": "jwt_vc"})
    assert answer.json()["accepted"] == ["dc+sd-jwt", "mso_mdoc", "eid1", "claim-169"]
    assert "accepted" not in client.post(PATH, json={**LINE, "more": 1}).json()


def test_takes_json_only_and_only_by_post(client: AsgiClient) -> None:
    answer = client.post(PATH, content=json.dumps(LINE), headers={"Content-Type": "text/plain"})
    assert answer.json()["code"] == "request_malformed"
    assert client.get(PATH).status_code == 405


def test_a_verdict_on_nonsense_is_a_verdict(client: AsgiClient) -> None:
    assert asked(client, presentation="\U0001f600 nonsense")[0] == "RED"


# --- a reader's home -------------------------------------------------------------------------------------------------


def test_a_reader_keeps_root_bundle_and_memory(tmp_path: Path) -> None:
    home = ReaderHome(tmp_path)
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    home.update(a_bundle_file(), now=qr.NOW)
    again = ReaderHome(tmp_path)
    bundle = again.bundle(now=qr.NOW)
    reader = post_reader(bundle, anchor=again.anchor(), memory=again.memory, clock=FixedClock(qr.NOW))
    assert reader.post_id == qr.POST_ID
    assert read_qr(qr.show_one_way(qr.issue()), reader, Terms(GATE)).verdict.colour is Colour.GREEN


def test_what_a_reader_lacks_is_said(tmp_path: Path) -> None:
    home = ReaderHome(tmp_path)
    with pytest.raises(EidError) as caught:
        home.anchor()
    assert caught.value.reason is Reason.PIN_MISSING
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    with pytest.raises(EidError) as caught:
        home.bundle(now=qr.NOW)
    assert caught.value.reason is Reason.BUNDLE_MISSING


def test_a_refused_bundle_does_not_replace_the_one_at_hand(tmp_path: Path) -> None:
    home = ReaderHome(tmp_path)
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    home.update(a_bundle_file(), now=qr.NOW)
    with pytest.raises(EidError):
        home.update(a_bundle_file(number=20), now=qr.NOW)
    assert home.bundle(now=qr.NOW).number == 21


def test_another_root_is_a_new_enrolment_and_the_same_one_is_not(tmp_path: Path) -> None:
    home = ReaderHome(tmp_path)
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    home.update(a_bundle_file(), now=qr.NOW)
    home.pin_root(certificates_to_pem([ANCHOR.certificate]))
    assert home.memory.floors().bundle_number == 21
    home.pin_root(certificates_to_pem([national_root("real", common_name="National Root").certificate]))
    assert home.memory.floors().bundle_number == 0
    assert not home.bundle_path.exists()


def test_old_evidence_may_need_an_old_bundle(tmp_path: Path) -> None:
    bundle = load_evidence_bundle(a_bundle_file(number=1), anchor=ANCHOR, now=qr.NOW)
    reader: Reader = replace(a_reader(tmp_path, bundle=bundle), clock=FixedClock(qr.NOW + 300 * qr.DAY))
    reading = read_qr(qr.show_one_way(qr.issue()), reader, Terms(GATE, as_of=qr.NOW))
    assert reading.verdict.colour is Colour.GREEN
