"""The issuer on the wire: metadata, offers by reference, token, nonce and credential endpoints (OpenID4VCI 1.0)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.problems import WireError, credential_error, token_error
from api.wiring.issuer import IssuerRole
from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import json
from formats.encoding.json import JsonValue
from formats.type_metadata import RESIDENT_ID, resident_id_metadata
from issuer.authorization import PresentedToken
from issuer.secrets import stored_hash
from protocols.dpop import DpopProof, check_dpop
from protocols.oauth import read_token_request
from protocols.openid4vci.credential import REQUEST_MAX_BYTES, CredentialRequest
from protocols.openid4vci.metadata import AUTHORIZATION_SERVER, CREDENTIAL_ISSUER

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_FORM_MAX_BYTES: Final = 16 * 1024
_FORM_MAX_FIELDS: Final = 32
_NO_STORE: Final = {"Cache-Control": "no-store"}
_METADATA_HEADERS: Final = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}

_Endpoint = Callable[[Request], Awaitable[Response]]


def router_for(role: IssuerRole) -> APIRouter:
    """Return the issuer's routes. ``async def`` throughout: the use cases are short and have one writer."""
    router = APIRouter()
    where, clock = role.context.where, role.context.clock
    issuer_metadata = json.encode(role.issuer_metadata.to_wire())
    server_metadata = json.encode(role.server_metadata.to_wire())
    type_metadata = resident_id_metadata()

    async def show_issuer_metadata(request: Request) -> Response:
        del request
        return Response(issuer_metadata, media_type=_JSON, headers=_METADATA_HEADERS)

    async def show_server_metadata(request: Request) -> Response:
        del request
        return Response(server_metadata, media_type=_JSON, headers=_METADATA_HEADERS)

    async def show_type_metadata(request: Request) -> Response:
        del request
        return Response(type_metadata, media_type=_JSON, headers=_METADATA_HEADERS)

    async def offer(request: Request) -> Response:
        found = role.offers.fetch(request.path_params["reference"])
        return Response(json.encode(found.to_wire()), media_type=_JSON, headers=_NO_STORE)

    async def token(request: Request) -> Response:
        pairs = await _read_form(request)
        message = read_token_request(pairs)
        proof = _dpop(request, url=where.token, now=clock.now(), access_token=None)
        return _json(role.tokens.answer(message, proof).to_wire())

    async def nonce(request: Request) -> Response:
        del request
        return _json({"c_nonce": role.issuance.new_nonce()})

    async def credential(request: Request) -> Response:
        presented = _presented_token(request, url=where.credential, now=clock.now())
        message = CredentialRequest.read_json(await _read_json_body(request), max_bytes=REQUEST_MAX_BYTES)
        issued = role.issuance.issue(message, presented)
        return _json({"credentials": [{"credential": text} for text in issued]})

    router.add_route(f"/.well-known/{CREDENTIAL_ISSUER}/issuer", show_issuer_metadata, methods=["GET"])
    router.add_route(f"/.well-known/{AUTHORIZATION_SERVER}/issuer", show_server_metadata, methods=["GET"])
    router.add_route(f"/issuer/type-metadata/{RESIDENT_ID}", show_type_metadata, methods=["GET"])
    router.add_route("/issuer/offers/{reference}", offer, methods=["GET"])
    router.add_route("/issuer/token", _with_errors(token, token_error), methods=["POST"])
    router.add_route("/issuer/nonce", nonce, methods=["POST"])
    router.add_route("/issuer/credential", _with_errors(credential, credential_error), methods=["POST"])
    return router


def _with_errors(endpoint: _Endpoint, to_wire: Callable[[EidError], WireError]) -> _Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except EidError as err:
            return _error(to_wire(err))

    return guarded


def _error(error: WireError) -> Response:
    headers = dict(_NO_STORE)
    if error.challenge is not None:
        headers["WWW-Authenticate"] = error.challenge
    body = json.encode({"error": error.code, "error_description": error.description})
    return Response(body, status_code=error.status, media_type=_JSON, headers=headers)


def _json(body: dict[str, JsonValue]) -> Response:
    return Response(json.encode(body), media_type=_JSON, headers=_NO_STORE)


async def _read_form(request: Request) -> list[tuple[str, str]]:
    _demand_type(request, _FORM)
    body = await request.body()
    if len(body) > _FORM_MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, "the form is larger than allowed")
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=_FORM_MAX_FIELDS,
        )  # fmt: skip
    except ValueError as err:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "the body is not a form") from err


async def _read_json_body(request: Request) -> bytes:
    _demand_type(request, _JSON)
    return await request.body()


def _demand_type(request: Request, media_type: str) -> None:
    if request.headers.get("content-type", "").split(";", 1)[0].strip().lower() != media_type:
        raise MalformedInput(Reason.REQUEST_MALFORMED, f"the body must be {media_type}")


def _dpop(request: Request, *, url: str, now: int, access_token: str | None) -> DpopProof | None:
    headers = request.headers.getlist("dpop")
    if not headers:
        return None
    if len(headers) != 1:
        raise Refused(Reason.DPOP_INVALID, "more than one DPoP header")
    return check_dpop(headers[0], method=request.method, url=url, now=now, access_token=access_token)


def _presented_token(request: Request, *, url: str, now: int) -> PresentedToken:
    """Return the token of a request with its DPoP proof checked; nowhere but in the Authorization header."""
    if "access_token" in request.query_params:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "an access token in the address is refused")
    headers = request.headers.getlist("authorization")
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() == "dpop" and token:
        proof = _dpop(request, url=url, now=now, access_token=token)
        if proof is None:
            raise Refused(Reason.DPOP_INVALID, "the DPoP proof is missing")
        return PresentedToken(stored_hash(token), proof)
    if scheme.lower() == "bearer" and token:
        # A bound token sent this way meets a refusal: its row says that it needs a proof.
        return PresentedToken(stored_hash(token), None)
    raise Refused(Reason.TOKEN_INVALID, "the access token is missing")
