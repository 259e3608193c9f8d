"""What holds for every answer of the application."""

from __future__ import annotations

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.app import assemble
from api.routes import health
from core.errors import Conflict, Unavailable
from core.reasons import Reason
from tests.builders.issuance import AsgiClient, Desk, HttpWallet


@pytest.mark.parametrize(
    "path",
    [
        "/", "/docs", "/redoc", "/openapi.json", "/issuer", "/issuer/", "/issuer/token/", "/admin/v1/cases", "/favicon.ico",
        "/.well-known/openid-credential-issuer", "/issuer/.well-known/openid-credential-issuer",
        "/.well-known/openid-configuration/issuer", "/.well-known/jwt-vc-issuer/issuer", "/.well-known/vct",
    ],
)  # fmt: skip
def test_unknown_addresses_are_404_in_json(wallet: HttpWallet, path: str) -> None:
    answer = wallet.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [("GET", "/issuer/token"), ("GET", "/issuer/nonce"), ("PUT", "/issuer/credential"), ("POST", "/health")])  # fmt: skip
def test_wrong_methods_are_405_in_json(wallet: HttpWallet, method: str, path: str) -> None:
    answer = wallet.client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_every_answer_carries_the_security_headers(wallet: HttpWallet) -> None:
    for path in ("/health", "/nowhere", "/.well-known/openid-credential-issuer/issuer"):
        headers = wallet.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_the_host_header_changes_nothing(desk: Desk, wallet: HttpWallet) -> None:
    answer = wallet.client.get("/.well-known/openid-credential-issuer/issuer", headers={"Host": "evil.test"})
    assert "evil.test" not in answer.text
    tokens = wallet.accept(desk.offer())
    assert wallet.fetch(tokens["access_token"], wallet.proofs(1), Host="evil.test").status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    sent = {"DPoP": wallet.dpop("token"), "Host": "evil.test"}
    assert wallet.client.post("/issuer/token", data=form, headers=sent).status_code == 200


def test_health_says_only_whether_it_works(desk: Desk, wallet: HttpWallet) -> None:
    answer = wallet.client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    with AsgiClient(assemble([health.router_for(lambda: False)], publish=None), "http://test") as client:
        assert client.get("/health").status_code == 503


def test_a_fault_of_ours_says_nothing_of_what_happened() -> None:
    router = APIRouter()

    async def broken(request: Request) -> Response:
        raise RuntimeError("secret detail")

    async def unavailable(request: Request) -> Response:
        raise Unavailable(Reason.DATABASE_UNAVAILABLE, "secret detail")

    async def moved(request: Request) -> Response:
        raise Conflict(Reason.DATA_MOVED, "secret detail")

    for name, endpoint in (("broken", broken), ("unavailable", unavailable), ("moved", moved)):
        router.add_route(f"/{name}", endpoint, methods=["GET"])
    with AsgiClient(assemble([router], publish=None), "http://test") as client:
        for name, status, code in (("broken", 500, "internal_fault"), ("unavailable", 503, "database_unavailable"), ("moved", 409, "data_moved")):  # fmt: skip
            answer = client.get(f"/{name}")
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert "secret" not in answer.text
