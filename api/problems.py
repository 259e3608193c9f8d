"""The one table from our errors to wire errors: OAuth and OpenID4VCI codes for wallets, problem details for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.errors import Conflict, EidError, MalformedInput, Misconfigured, NotFound, Refused, Unavailable
from core.reasons import Reason
from formats.encoding import json
from formats.encoding.json import JsonValue
from protocols.oauth import OAuthCode
from protocols.openid4vci.errors import CredentialErrorCode

PROBLEM_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class WireError:
    """What leaves: a status, a code, a sentence in ASCII, and the challenge of a 401."""

    status: int
    code: str
    description: str
    challenge: str | None = None


# --- the token endpoint: RFC 6749 5.2, RFC 9449 5, OpenID4VCI 1.0 6.3
_TOKEN_CODES: Final[Mapping[Reason, OAuthCode]] = MappingProxyType(
    {
        Reason.OFFER_UNKNOWN: OAuthCode.INVALID_GRANT,
        Reason.OFFER_EXPIRED: OAuthCode.INVALID_GRANT,
        Reason.OFFER_USED: OAuthCode.INVALID_GRANT,
        Reason.OFFER_DEAD: OAuthCode.INVALID_GRANT,
        Reason.TX_CODE_WRONG: OAuthCode.INVALID_GRANT,
        Reason.TOKEN_INVALID: OAuthCode.INVALID_GRANT,
        Reason.REFRESH_REUSED: OAuthCode.INVALID_GRANT,
        Reason.WALLET_FROZEN: OAuthCode.INVALID_GRANT,
        Reason.CREDENTIAL_STATE: OAuthCode.INVALID_GRANT,
        Reason.CREDENTIAL_UNKNOWN: OAuthCode.INVALID_GRANT,
        Reason.TX_CODE_MISSING: OAuthCode.INVALID_REQUEST,
        Reason.TX_CODE_UNEXPECTED: OAuthCode.INVALID_REQUEST,
        Reason.REQUEST_MALFORMED: OAuthCode.INVALID_REQUEST,
        Reason.TOO_LARGE: OAuthCode.INVALID_REQUEST,
        Reason.GRANT_UNSUPPORTED: OAuthCode.UNSUPPORTED_GRANT_TYPE,
        Reason.DPOP_INVALID: OAuthCode.INVALID_DPOP_PROOF,
        Reason.DPOP_NONCE_NEEDED: OAuthCode.USE_DPOP_NONCE,
    }
)

# --- the credential endpoint: OpenID4VCI 1.0 8.3.1.2
_CREDENTIAL_CODES: Final[Mapping[Reason, CredentialErrorCode]] = MappingProxyType(
    {
        Reason.REQUEST_MALFORMED: CredentialErrorCode.INVALID_CREDENTIAL_REQUEST,
        Reason.TOO_LARGE: CredentialErrorCode.INVALID_CREDENTIAL_REQUEST,
        Reason.TOO_MANY_PROOFS: CredentialErrorCode.INVALID_CREDENTIAL_REQUEST,
        Reason.CONFIGURATION_UNKNOWN: CredentialErrorCode.UNKNOWN_CREDENTIAL_CONFIGURATION,
        Reason.CREDENTIAL_IDENTIFIER_UNKNOWN: CredentialErrorCode.UNKNOWN_CREDENTIAL_IDENTIFIER,
        Reason.ENCRYPTION_UNSUPPORTED: CredentialErrorCode.INVALID_ENCRYPTION_PARAMETERS,
        Reason.PROOF_INVALID: CredentialErrorCode.INVALID_PROOF,
        Reason.KEY_SEEN_BEFORE: CredentialErrorCode.INVALID_PROOF,
        Reason.PROOF_NONCE_INVALID: CredentialErrorCode.INVALID_NONCE,
        Reason.COPIES_EXHAUSTED: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.WALLET_FROZEN: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.CREDENTIAL_STATE: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.CREDENTIAL_UNKNOWN: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.DOCUMENT_EXPIRED: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.NOT_APPROVED: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
        Reason.RECORD_UNKNOWN: CredentialErrorCode.CREDENTIAL_REQUEST_DENIED,
    }
)

# --- the credential endpoint's 401: RFC 6750 3.1, RFC 9449 7.1
_BEARER_CODES: Final[Mapping[Reason, OAuthCode]] = MappingProxyType(
    {
        Reason.TOKEN_INVALID: OAuthCode.INVALID_TOKEN,
        Reason.DPOP_INVALID: OAuthCode.INVALID_DPOP_PROOF,
        Reason.DPOP_NONCE_NEEDED: OAuthCode.USE_DPOP_NONCE,
    }
)

# --- problem details: what a family says unless the reason says more
_FAMILY_STATUS: Final[tuple[tuple[type[EidError], int], ...]] = (
    (MalformedInput, 400),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (Misconfigured, 500),
    (Refused, 422),
)
_REASON_STATUS: Final[Mapping[Reason, int]] = MappingProxyType(
    {
        Reason.TOO_LARGE: 413,
        Reason.METHOD_NOT_ALLOWED: 405,
        Reason.NOT_ACCEPTABLE: 406,
        Reason.ROLE_MISSING: 403,
        Reason.SAME_OFFICER: 403,
    }
)
_OUR_FAULTS: Final = (Unavailable, Misconfigured)


def token_error(error: EidError) -> WireError:
    """Return what the token endpoint answers; every fault of the caller without a code of its own is invalid_request."""
    if isinstance(error, _OUR_FAULTS):
        return _our_fault(error)
    code = _TOKEN_CODES.get(error.reason, OAuthCode.INVALID_REQUEST)
    return WireError(413 if error.reason is Reason.TOO_LARGE else 400, code.value, error.reason.value.en)


def credential_error(error: EidError) -> WireError:
    """Return what the credential endpoint answers: 401 where the token is at fault, else 400."""
    if isinstance(error, _OUR_FAULTS):
        return _our_fault(error)
    sentence = error.reason.value.en
    bearer = _BEARER_CODES.get(error.reason)
    if bearer is not None:
        challenge = f'DPoP error="{bearer.value}", error_description="{sentence}", algs="ES256"'
        return WireError(401, bearer.value, sentence, challenge)
    code = _CREDENTIAL_CODES.get(error.reason, CredentialErrorCode.INVALID_CREDENTIAL_REQUEST)
    return WireError(413 if error.reason is Reason.TOO_LARGE else 400, code.value, sentence)


def problem_status(error: EidError) -> int:
    """Return the HTTP status of an error outside the wallet endpoints."""
    if not isinstance(error, _OUR_FAULTS) and error.reason in _REASON_STATUS:
        return _REASON_STATUS[error.reason]
    return next((status for family, status in _FAMILY_STATUS if isinstance(error, family)), 500)


def problem_body(reason: Reason, status: int, *, accepted: Sequence[str] = ()) -> bytes:
    """Return problem details (RFC 9457): the row of the table of reasons, and nothing of what the caller sent.

    accepted: what would have been taken, where the caller named something that is not known.
    """
    row = reason.value
    body: dict[str, JsonValue] = {
        "type": f"urn:eid:problem:{row.code}",
        "title": row.en,
        "status": status,
        "code": row.code,
        "title_zh": row.zh,
        "next": row.next_en,
        "next_zh": row.next_zh,
    }
    if accepted:
        body["accepted"] = list[JsonValue](accepted)
    return json.encode(body)


def _our_fault(error: EidError) -> WireError:
    if isinstance(error, Unavailable):
        return WireError(503, OAuthCode.TEMPORARILY_UNAVAILABLE.value, "Try again later.")
    return WireError(500, OAuthCode.SERVER_ERROR.value, "A fault of this system.")
