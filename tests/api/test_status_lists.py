"""Published files over HTTP: what readers get, and what they do not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from formats.encoding import cbor
from formats.sd_jwt_vc import VCT
from formats.status_list.cwt_token import read_cwt
from formats.status_list.model import StatusList
from formats.status_list.token import read_token
from formats.type_metadata import read_type_metadata
from keys.certificates import leaf_key
from tests.builders.bureau import BUREAU, REGISTRAR
from tests.builders.issuance import PUBLIC_URL, Desk, HttpWallet
from tests.builders.trust import DAY

JWT, CWT = "application/statuslist+jwt", "application/statuslist+cwt"


def a_path(desk: Desk) -> str:
    name = min(path.name for path in (desk.folder / "status" / BUREAU).iterdir())
    return f"/status/{BUREAU}/{name}"


def read(content: bytes, path: str, now: int) -> StatusList:
    """Return a list of either form, verified against the certificate it brings."""
    terms: dict[str, Any] = {"uri": PUBLIC_URL + path, "now": now, "tolerance_seconds": 0}
    if content[:1] == b"e":
        return read_token(content.decode("ascii"), signer_of=lambda chain: leaf_key(chain[0]), **terms)
    return read_cwt(content, signer_of=lambda chain: leaf_key(chain[0]), **terms)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (JWT, JWT),
        ("*/*", JWT),
        ("application/*", JWT),
        ("", JWT),
        (f"{JWT}, {CWT}", JWT),
        (f"{CWT}, {JWT}", JWT),
        (f"text/html, {JWT};q=0.5", JWT),
        (f"{JWT}, {CWT};q=0.5", JWT),
        (CWT, CWT),
        (CWT.upper(), CWT),
        (f"{CWT}, */*;q=0.1", CWT),
        (f"{JWT};q=0.5, {CWT}", CWT),
        (f"{JWT};q=0, */*", CWT),
    ],
)
def test_a_list_comes_in_the_form_that_is_asked_for_and_short_lived(
    desk: Desk, wallet: HttpWallet, accept: str, form: str
) -> None:
    path = a_path(desk)
    answer = wallet.client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == form
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert answer.headers["vary"].startswith("Accept")
    assert read(answer.content, path, desk.clock.now()).uri == PUBLIC_URL + path


def test_both_forms_say_the_same_and_the_cwt_form_is_bytes_and_no_hex(desk: Desk, wallet: HttpWallet) -> None:
    path = a_path(desk)
    jwt, cwt = (wallet.client.get(path, headers={"Accept": form}).content for form in (JWT, CWT))
    assert cwt[:2] == b"\xd2\x84"
    assert cbor.decode_foreign(cwt, max_bytes=1 << 20, tags=(18,))
    found = read(jwt, path, desk.clock.now())
    assert found == read(cwt, path, desk.clock.now())
    assert found.aggregation_uri == f"{PUBLIC_URL}/status/{BUREAU}/lists"


@pytest.mark.parametrize("accept", ["text/html", f"{JWT};q=0", f"{JWT};q=0, {CWT};q=0.000", "application/jwt"])
def test_another_form_is_not_offered(desk: Desk, wallet: HttpWallet, accept: str) -> None:
    answer = wallet.client.get(a_path(desk), headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_the_jwt_form_is_packed_for_who_takes_gzip_and_the_cwt_form_never(desk: Desk, wallet: HttpWallet) -> None:
    path = a_path(desk)

    def raw(**headers: str) -> tuple[str | None, bytes, str]:
        answer = wallet.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return answer.headers.get("content-encoding"), answer.content, answer.headers["etag"]

    plain, packed = raw(Accept_Encoding="identity"), raw(Accept_Encoding="gzip, br")
    assert (plain[0], packed[0]) == (None, "gzip")
    # The client unpacks what says that it is packed.
    assert plain[1] == packed[1]
    assert plain[2] != packed[2]
    assert raw(Accept_Encoding="gzip;q=0")[0] is raw(Accept_Encoding="br")[0] is None
    assert raw(Accept_Encoding="gzip", Accept=CWT)[0] is None
    again = wallet.client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed[2]})
    assert (again.status_code, again.headers["etag"]) == (304, packed[2])
    other = wallet.client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": plain[2]})
    assert other.status_code == 200
    assert len(gzip.compress(plain[1])) < len(plain[1])


def test_an_unchanged_list_is_304_and_a_changed_one_comes_at_once(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    wallet.fetch(tokens["access_token"], wallet.proofs(1))
    changed = desk.rows("SELECT list_id FROM credential_copy")[0][0]
    path = f"/status/{BUREAU}/{changed}"
    for form in (JWT, CWT):
        first = wallet.client.get(path, headers={"Accept": form})
        asking = {"Accept": form, "If-None-Match": first.headers["etag"]}
        again = wallet.client.get(path, headers=asking)
        assert (again.status_code, again.content) == (304, b"")
        desk.clock.seconds += 1
        credential = desk.rows("SELECT credential_id FROM credential")[0][0]
        if form == JWT:
            desk.role.status.suspend(credential, by=REGISTRAR)
        else:
            desk.clock.seconds += DAY
            desk.role.status.publish_due()
        now = wallet.client.get(path, headers=asking)
        assert now.status_code == 200
        assert now.content != first.content


# --- the past


def past(desk: Desk, wallet: HttpWallet, path: str, time: object, form: str = JWT) -> tuple[int, StatusList | None]:
    answer = wallet.client.get(f"{path}?time={time}", headers={"Accept": form})
    if answer.status_code != 200:
        return answer.status_code, None
    assert answer.headers["content-type"] == form
    return 200, read(answer.content, path, int(str(time)))


@pytest.mark.parametrize("form", [JWT, CWT])
def test_the_list_that_was_in_force_is_given_for_any_time_it_was_published_for(
    desk: Desk, wallet: HttpWallet, form: str
) -> None:
    tokens = wallet.accept(desk.offer())
    wallet.fetch(tokens["access_token"], wallet.proofs(1))
    list_id, index = desk.rows("SELECT list_id, list_index FROM credential_copy")[0]
    path, start = f"/status/{BUREAU}/{list_id}", desk.clock.now()
    desk.clock.seconds += 100
    desk.role.status.suspend(desk.rows("SELECT credential_id FROM credential")[0][0], by=REGISTRAR)
    for time, issued_at, status in (
        (start, start, 0),
        (start + 99, start, 0),
        (start + 100, start + 100, 2),
        (start + 100 + DAY, start + 100, 2),
    ):
        code, found = past(desk, wallet, path, time, form)
        assert code == 200
        assert found is not None
        assert (found.issued_at, found.status_at(index)) == (issued_at, status)
        assert found.issued_at <= time <= found.expires_at
    for time in (start - 1, start + 101 + DAY, 0):
        assert past(desk, wallet, path, time, form) == (404, None)


@pytest.mark.parametrize("time", ["", "now", "-1", "1.5", "1e9", "%201795136400", "99999999999", "٣", "1&time=2"])
def test_a_time_that_is_none_is_refused(desk: Desk, wallet: HttpWallet, time: str) -> None:
    answer = wallet.client.get(f"{a_path(desk)}?time={time}")
    assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")


def test_a_list_that_never_was_has_no_past(desk: Desk, wallet: HttpWallet) -> None:
    answer = wallet.client.get(f"/status/{BUREAU}/ffff-00000000?time={desk.clock.now()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "history_missing")


def test_a_retired_list_is_gone_but_its_past_stays_for_a_while(desk: Desk, wallet: HttpWallet) -> None:
    path, start = a_path(desk), desk.clock.now()
    history = desk.role.context.policy.status_history
    desk.clock.seconds += 6 * 7 * DAY
    desk.role.status.publish_due()
    assert wallet.client.get(path).status_code == 404
    assert past(desk, wallet, path, start)[0] == 200
    desk.clock.seconds = start + DAY + history
    desk.role.status.publish_due()
    assert past(desk, wallet, path, start)[0] == 200
    desk.clock.seconds += 7 * DAY
    desk.role.status.publish_due()
    assert past(desk, wallet, path, start)[0] == 404
    assert not (desk.folder / "status" / BUREAU / "past" / path.rpartition("/")[2]).exists()


# --- the names of all lists


def test_the_aggregation_names_every_list_in_force_and_is_named_by_the_server(desk: Desk, wallet: HttpWallet) -> None:
    server = wallet.client.get("/.well-known/oauth-authorization-server/issuer").json()
    endpoint = server["status_list_aggregation_endpoint"].removeprefix(PUBLIC_URL)
    answer = wallet.client.get(endpoint)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"

    def named() -> set[str]:
        document = json.loads(wallet.client.get(endpoint).content)
        assert set(document) == {"status_lists"}
        return set(document["status_lists"])

    def published() -> set[str]:
        folder = desk.folder / "status" / BUREAU
        return {f"{PUBLIC_URL}/status/{BUREAU}/{path.name}" for path in folder.glob("*-*") if path.suffix != ".cwt"}

    first = published()
    assert named() == first
    desk.clock.seconds += 6 * 7 * DAY
    desk.role.status.publish_due()
    assert named() == published()
    assert not first & named()


def test_the_aggregation_is_written_only_when_it_changes(desk: Desk) -> None:
    desk.role.status.publish_due()
    path = desk.folder / "status" / BUREAU / "lists"
    before = path.stat().st_ino
    desk.role.status.publish_due()
    assert path.stat().st_ino == before


# --- everything else


@pytest.mark.parametrize(
    "path",
    [
        f"/status/{BUREAU}/..%2f..%2feid.db", f"/status/{BUREAU}/%2e%2e", "/status/../eid.db", f"/status/{BUREAU}/",
        f"/status/{BUREAU}", "/status", f"/status/{BUREAU}/ffff-00000000", f"/status/{BUREAU}/.hidden", "/status/1/2",
        "/status/690199000000/ffff-00000000", f"/status/{BUREAU}/past", f"/status/{BUREAU}/ffff-00000000.cwt",
        "/status/690199000000/lists", "/status/1/lists", f"/status/{BUREAU}/past/ffff-00000000",
    ],
)  # fmt: skip
def test_anything_else_is_404_in_json(wallet: HttpWallet, path: str) -> None:
    answer = wallet.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "route_unknown"


def test_nothing_is_served_from_a_folder_that_is_no_bureaus(desk: Desk, wallet: HttpWallet) -> None:
    folder: Path = desk.folder / "status" / "1"
    folder.mkdir()
    for name in ("lists", "ffff-00000000"):
        (folder / name).write_text("a.b.c")
        assert wallet.client.get(f"/status/1/{name}").status_code == 404


def test_the_trust_list_is_served_once_there_is_one(desk: Desk, wallet: HttpWallet) -> None:
    assert wallet.client.get("/trust/list").status_code == 404
    folder: Path = desk.folder / "trust"
    folder.mkdir()
    (folder / "list").write_text("signed list")
    answer = wallet.client.get("/trust/list")
    assert (answer.status_code, answer.text) == (200, "signed list")
    assert wallet.client.get("/trust/root.pem").status_code == 404


def test_the_list_for_readers_of_mdoc_is_served_as_cbor(desk: Desk, wallet: HttpWallet) -> None:
    assert wallet.client.get("/trust/vical").status_code == 404
    folder: Path = desk.folder / "trust"
    folder.mkdir()
    (folder / "vical").write_bytes(b"\x84")
    answer = wallet.client.get("/trust/vical")
    assert (answer.status_code, answer.content) == (200, b"\x84")
    assert answer.headers["content-type"] == "application/cbor"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_description_of_the_credential_type_is_served_beside_the_metadata(wallet: HttpWallet) -> None:
    answer = wallet.client.get("/issuer/type-metadata/resident-id-1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert read_type_metadata(answer.content, vct=VCT).names["en"] == "Electronic resident ID"
    assert wallet.client.get("/issuer/type-metadata/resident-id-2").status_code == 404
