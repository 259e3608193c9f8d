"""Published files over HTTP: what readers get, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.bureau import BUREAU, REGISTRAR
from tests.builders.issuance import Desk, HttpWallet


def a_path(desk: Desk) -> str:
    name = min(path.name for path in (desk.folder / "status" / BUREAU).iterdir())
    return f"/status/{BUREAU}/{name}"


def test_a_list_comes_with_its_type_for_any_caller_and_short_lived(desk: Desk, wallet: HttpWallet) -> None:
    for accept in ("application/statuslist+jwt", "*/*", "application/*", "text/html, application/statuslist+jwt;q=0.5"):
        answer = wallet.client.get(a_path(desk), headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/statuslist+jwt"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=5"


@pytest.mark.parametrize("accept", ["application/statuslist+cwt", "text/html", "application/statuslist+jwt;q=0"])
def test_another_form_is_not_offered(desk: Desk, wallet: HttpWallet, accept: str) -> None:
    answer = wallet.client.get(a_path(desk), headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_the_past_is_not_offered(desk: Desk, wallet: HttpWallet) -> None:
    answer = wallet.client.get(a_path(desk) + "?time=1795136400")
    assert (answer.status_code, answer.json()["code"]) == (501, "history_unsupported")


def test_an_unchanged_list_is_304_and_a_changed_one_comes_at_once(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    wallet.fetch(tokens["access_token"], wallet.proofs(1))
    changed = desk.rows("SELECT list_id FROM credential_copy")[0][0]
    path = f"/status/{BUREAU}/{changed}"
    first = wallet.client.get(path)
    again = wallet.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    credential = desk.rows("SELECT credential_id FROM credential")[0][0]
    desk.role.status.suspend(credential, by=REGISTRAR)
    now = wallet.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert now.status_code == 200
    assert now.content != first.content


@pytest.mark.parametrize(
    "path",
    [
        f"/status/{BUREAU}/..%2f..%2feid.db", f"/status/{BUREAU}/%2e%2e", "/status/../eid.db", f"/status/{BUREAU}/",
        f"/status/{BUREAU}", "/status", f"/status/{BUREAU}/ffff-00000000", f"/status/{BUREAU}/.hidden", "/status/1/2",
        "/status/690199000000/ffff-00000000",
    ],
)  # fmt: skip
def test_anything_else_is_404_in_json(wallet: HttpWallet, path: str) -> None:
    answer = wallet.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "route_unknown"


def test_the_trust_list_is_served_once_there_is_one(desk: Desk, wallet: HttpWallet) -> None:
    assert wallet.client.get("/trust/list").status_code == 404
    folder: Path = desk.folder / "trust"
    folder.mkdir()
    (folder / "list").write_text("signed list")
    answer = wallet.client.get("/trust/list")
    assert (answer.status_code, answer.text) == (200, "signed list")
    assert wallet.client.get("/trust/root.pem").status_code == 404
