"""OAuth 2.0 messages: token request and answer, server metadata, error codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from protocols.wire import WireModel

PRE_AUTHORIZED_CODE: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
REFRESH_TOKEN: Final = "refresh_token"
AUTHORIZATION_CODE: Final = "authorization_code"

VALUE_MAX: Final = 1024
"""Characters in one form field we read: our own tokens and codes are far shorter."""


class OAuthCode(StrEnum):
    """Error codes of the token endpoint and of protected resources (RFC 6749 5.2, RFC 6750 3.1, RFC 9449 5 and 8)."""

    INVALID_REQUEST = "invalid_request"
    INVALID_GRANT = "invalid_grant"
    INVALID_CLIENT = "invalid_client"
    INVALID_SCOPE = "invalid_scope"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_TOKEN = "invalid_token"
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    USE_DPOP_NONCE = "use_dpop_nonce"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"


class PreAuthorizedTokenRequest(WireModel):
    """The token request of the pre-authorized code flow (OpenID4VCI 1.0, 6.1)."""

    grant_type: Literal["urn:ietf:params:oauth:grant-type:pre-authorized_code"] = PRE_AUTHORIZED_CODE
    pre_authorized_code: str = Field(alias="pre-authorized_code", min_length=1, max_length=VALUE_MAX)
    tx_code: str | None = Field(default=None, max_length=VALUE_MAX)
    resource: str | None = Field(default=None, max_length=VALUE_MAX)


class RefreshTokenRequest(WireModel):
    """The token request with a refresh token (RFC 6749, 6)."""

    grant_type: Literal["refresh_token"] = REFRESH_TOKEN
    refresh_token: str = Field(min_length=1, max_length=VALUE_MAX)
    scope: str | None = Field(default=None, max_length=VALUE_MAX)
    resource: str | None = Field(default=None, max_length=VALUE_MAX)


TokenRequest = PreAuthorizedTokenRequest | RefreshTokenRequest


def read_token_request(pairs: Iterable[tuple[str, str]]) -> TokenRequest:
    """Return the token request in decoded form fields.

    Unknown fields (``user_pin`` of older wallets among them) are ignored, repeated ones are not: RFC 6749 3.2.
    Raises Refused(GRANT_UNSUPPORTED) for another grant, MalformedInput(REQUEST_MALFORMED) for everything else.
    """
    fields = _once_each(pairs)
    grant = fields.get("grant_type")
    if grant == PRE_AUTHORIZED_CODE:
        return PreAuthorizedTokenRequest.read(fields)
    if grant == REFRESH_TOKEN:
        return RefreshTokenRequest.read(fields)
    if grant is None:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "grant_type is missing")
    raise Refused(Reason.GRANT_UNSUPPORTED, "this grant type is not offered")


def _once_each(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise MalformedInput(Reason.REQUEST_MALFORMED, "a form field appears twice")
        # RFC 6749 3.2: a parameter without a value counts as omitted.
        if value:
            fields[name] = value
    return fields


class TokenResponse(WireModel):
    """The answer of the token endpoint (RFC 6749 5.1, RFC 9449 5).

    expires_in: whole seconds.
    """

    access_token: str = Field(min_length=1, max_length=8192)
    token_type: Literal["DPoP", "Bearer"]
    expires_in: int = Field(gt=0)
    refresh_token: str | None = Field(default=None, max_length=8192)
    scope: str | None = None


class OAuthError(WireModel):
    """An error answer: RFC 6749 5.2, and every error of OpenID4VCI 1.0, which has the same shape."""

    error: str = Field(min_length=1, max_length=200)
    error_description: str | None = Field(default=None, max_length=1000)


class AuthorizationServerMetadata(WireModel):
    """What the authorization server says about itself (RFC 8414, with the members of RFC 9449, OpenID4VCI 1.0, status lists)."""

    issuer: str
    token_endpoint: str
    grant_types_supported: list[str] = Field(default_factory=lambda: [AUTHORIZATION_CODE])
    response_types_supported: list[str] = Field(default_factory=list)
    token_endpoint_auth_methods_supported: list[str] | None = None
    scopes_supported: list[str] | None = None
    dpop_signing_alg_values_supported: list[str] | None = None
    pre_authorized_grant_anonymous_access_supported: bool | None = Field(
        default=None, alias="pre-authorized_grant_anonymous_access_supported"
    )
    status_list_aggregation_endpoint: str | None = None
