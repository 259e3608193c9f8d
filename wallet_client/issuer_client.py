"""The wallet's conversation with one credential issuer: metadata, tokens, nonces, credentials (OpenID4VCI 1.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from core.clock import Clock
from core.entropy import Entropy
from core.errors import EidError, MalformedInput, Refused, Unavailable
from core.reasons import Reason
from formats.encoding import base64url, json
from keys.signing import InProcessSigner
from protocols.dpop import sign_dpop
from protocols.oauth import (
    PRE_AUTHORIZED_CODE,
    REFRESH_TOKEN,
    AuthorizationServerMetadata,
    OAuthCode,
    OAuthError,
    TokenResponse,
)
from protocols.openid4vci.credential import PROOF_TYPE, RESPONSE_MAX_BYTES, CredentialRequest, CredentialResponse
from protocols.openid4vci.errors import CredentialErrorCode
from protocols.openid4vci.metadata import (
    AUTHORIZATION_SERVER,
    CREDENTIAL_ISSUER,
    CredentialIssuerMetadata,
    well_known_url,
)
from protocols.openid4vci.metadata import MAX_BYTES as METADATA_MAX_BYTES
from protocols.openid4vci.nonce import NonceResponse
from protocols.openid4vci.offer import MAX_BYTES as OFFER_MAX_BYTES
from protocols.openid4vci.offer import CredentialOffer, read_offer
from wallet_client.addresses import check_address, origin
from wallet_client.ports import FORM, JSON, HttpAnswer, HttpRequest, Transport

_SMALL_MAX_BYTES: Final = 64 * 1024
_JTI_BYTES: Final = 16
_ANSWER: Final = Reason.ISSUER_ANSWER_INVALID

# What the codes of the wire can mean to the person with the wallet, the likeliest reason first. The codes are coarse; an
# issuer that uses the sentences of our table of reasons as descriptions says which of them it was.
# RFC 6749 5.2; OpenID4VCI 1.0, 6.3 and 8.3.1.2.
_Reasons = Mapping[str, tuple[Reason, ...]]
_OFFER_FAULTS: Final = (Reason.OFFER_UNKNOWN, Reason.OFFER_EXPIRED, Reason.OFFER_USED, Reason.OFFER_DEAD)
_REDEEM_REASONS: Final[_Reasons] = {
    OAuthCode.INVALID_GRANT: _OFFER_FAULTS,
    OAuthCode.INVALID_REQUEST: (Reason.TX_CODE_MISSING, Reason.TX_CODE_UNEXPECTED),
    OAuthCode.INVALID_DPOP_PROOF: (Reason.DPOP_INVALID,),
}
_REDEEM_WITH_CODE_REASONS: Final[_Reasons] = {
    **_REDEEM_REASONS,
    OAuthCode.INVALID_GRANT: (Reason.TX_CODE_WRONG, *_OFFER_FAULTS),
    OAuthCode.INVALID_REQUEST: (Reason.TX_CODE_UNEXPECTED, Reason.TX_CODE_MISSING),
}
_RENEW_REASONS: Final[_Reasons] = {
    OAuthCode.INVALID_GRANT: (
        Reason.REFRESH_ENDED,
        Reason.REFRESH_REUSED,
        Reason.WALLET_FROZEN,
        Reason.CREDENTIAL_STATE,
    ),
    OAuthCode.INVALID_DPOP_PROOF: (Reason.DPOP_INVALID,),
}
_CREDENTIAL_REASONS: Final[_Reasons] = {
    CredentialErrorCode.INVALID_NONCE: (Reason.PROOF_NONCE_INVALID,),
    CredentialErrorCode.INVALID_PROOF: (Reason.PROOF_INVALID, Reason.KEY_SEEN_BEFORE),
    CredentialErrorCode.UNKNOWN_CREDENTIAL_CONFIGURATION: (Reason.CONFIGURATION_UNKNOWN,),
    CredentialErrorCode.CREDENTIAL_REQUEST_DENIED: (
        Reason.ISSUANCE_DENIED,
        Reason.COPIES_EXHAUSTED,
        Reason.WALLET_FROZEN,
        Reason.CREDENTIAL_STATE,
        Reason.DOCUMENT_EXPIRED,
    ),
    OAuthCode.INVALID_TOKEN: (Reason.TOKEN_INVALID,),
    OAuthCode.INVALID_DPOP_PROOF: (Reason.DPOP_INVALID,),
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token answer gave; ``refresh_token`` is empty where none was given."""

    access_token: str
    access_expires_at: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One issuer's checked metadata: where to go and what it offers.

    formats: credential format by configuration id. batch_size: key proofs one request may carry.
    """

    credential_issuer: str
    token: str
    nonce: str
    credential: str
    batch_size: int
    formats: Mapping[str, str]


def fetch_offer(transport: Transport, uri: str) -> CredentialOffer:
    """Return the offer behind a reference; its issuer must be at the same origin as the reference itself."""
    answer = transport.send(HttpRequest("GET", uri, max_bytes=OFFER_MAX_BYTES))
    if answer.status == 404:
        raise Refused(Reason.OFFER_UNKNOWN, "the issuer knows no such offer, or it is not open any more")
    _expect(answer, 200)
    if answer.media_type != JSON:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the offer does not say that it is JSON")
    offer = read_offer(answer.body)
    if origin(offer.credential_issuer) != origin(uri):
        raise Refused(Reason.OFFER_MALFORMED, "the offer names an issuer at another place than its own")
    return offer


def discover(transport: Transport, credential_issuer: str) -> Endpoints:
    """Return where an issuer's endpoints are, from its metadata and its authorization server's.

    The identifiers inside must equal the one asked for, character by character, and every endpoint must be at the
    issuer's own origin: the only address the person consented to.
    Source: OpenID4VCI 1.0, 12.2; RFC 8414 3.
    """
    check_address(credential_issuer)
    metadata = CredentialIssuerMetadata.read(_document(transport, credential_issuer, CREDENTIAL_ISSUER), reason=_ANSWER)
    if metadata.credential_issuer != credential_issuer:
        raise Refused(_ANSWER, "the metadata is another issuer's")
    servers = metadata.authorization_servers or [credential_issuer]
    if servers != [credential_issuer]:
        raise Refused(_ANSWER, "the issuer leaves authorization to another server")
    server = AuthorizationServerMetadata.read(
        _document(transport, credential_issuer, AUTHORIZATION_SERVER), reason=_ANSWER
    )
    if server.issuer != credential_issuer:
        raise Refused(_ANSWER, "the authorization server's metadata is another server's")
    if metadata.nonce_endpoint is None:
        raise Refused(_ANSWER, "the issuer has no nonce endpoint")
    if "ES256" not in (server.dpop_signing_alg_values_supported or []):
        raise Refused(_ANSWER, "the issuer does not bind its tokens to a key")
    batch = metadata.batch_credential_issuance
    endpoints = Endpoints(
        credential_issuer=credential_issuer,
        token=server.token_endpoint,
        nonce=metadata.nonce_endpoint,
        credential=metadata.credential_endpoint,
        batch_size=1 if batch is None else batch.batch_size,
        formats={name: one.format for name, one in metadata.credential_configurations_supported.items()},
    )
    for address in (endpoints.token, endpoints.nonce, endpoints.credential):
        if origin(address) != origin(credential_issuer):
            raise Refused(_ANSWER, "an endpoint is not at the issuer's own address")
    return endpoints


class IssuerClient:
    """Requests to one issuer under one DPoP key. Nothing here is stored; the caller stores answers before using them."""

    def __init__(
        self, transport: Transport, endpoints: Endpoints, dpop_key: InProcessSigner, clock: Clock, entropy: Entropy
    ) -> None:
        self._transport = transport
        self._endpoints = endpoints
        self._dpop_key = dpop_key
        self._clock = clock
        self._entropy = entropy
        self._dpop_nonces: dict[str, str] = {}

    def redeem(self, code: str, tx_code: str | None) -> Tokens:
        """Exchange the pre-authorized code.

        Raises Refused: TX_CODE_..., OFFER_...; an issuer that only says ``invalid_grant`` gives TX_CODE_WRONG where a
        transaction code was sent, OFFER_UNKNOWN where none was.
        """
        fields = {"grant_type": PRE_AUTHORIZED_CODE, "pre-authorized_code": code}
        if tx_code is not None:
            fields["tx_code"] = tx_code
        return self._tokens(fields, _REDEEM_REASONS if tx_code is None else _REDEEM_WITH_CODE_REASONS)

    def renew(self, refresh_token: str) -> Tokens:
        """Exchange the refresh token; Refused(REFRESH_ENDED) when the issuer does not take it any more."""
        fields = {"grant_type": REFRESH_TOKEN, "refresh_token": refresh_token}
        tokens = self._tokens(fields, _RENEW_REASONS)
        if not tokens.refresh_token:
            raise Refused(_ANSWER, "the refresh token was not replaced")
        return tokens

    def nonce(self) -> str:
        """Return a fresh ``c_nonce``."""
        answer = self._transport.send(HttpRequest("POST", self._endpoints.nonce, max_bytes=_SMALL_MAX_BYTES))
        self._remember_nonce(self._endpoints.nonce, answer)
        _expect(answer, 200)
        return NonceResponse.read(answer.json(), reason=_ANSWER).c_nonce

    def credentials(self, access_token: str, configuration: str, proofs: Sequence[str]) -> tuple[str, ...]:
        """Return one credential for each key proof, in their order.

        Raises Refused: PROOF_NONCE_INVALID, PROOF_INVALID, TOKEN_INVALID, CONFIGURATION_UNKNOWN, ISSUANCE_DENIED;
        ISSUER_ANSWER_INVALID for another number of credentials, or a promise to deliver later.
        """
        asked = CredentialRequest(credential_configuration_id=configuration, proofs={PROOF_TYPE: list(proofs)})
        request = HttpRequest(
            "POST",
            self._endpoints.credential,
            media_type=JSON,
            body=json.encode(asked.to_wire()),
            headers={"Authorization": f"DPoP {access_token}"},
            max_bytes=RESPONSE_MAX_BYTES,
        )
        answer = self._send_with_dpop(request, access_token)
        _refuse_error(answer, _CREDENTIAL_REASONS)
        _expect(answer, 200)
        response = CredentialResponse.read(answer.json(max_bytes=RESPONSE_MAX_BYTES), reason=_ANSWER)
        if len(response.credentials) != len(proofs):
            raise Refused(_ANSWER, "not one credential for each key")
        return tuple(issued.credential for issued in response.credentials)

    def _tokens(self, fields: Mapping[str, str], reasons: _Reasons) -> Tokens:
        request = HttpRequest(
            "POST",
            self._endpoints.token,
            media_type=FORM,
            body=urlencode(fields).encode("ascii"),
            max_bytes=_SMALL_MAX_BYTES,
        )
        answer = self._send_with_dpop(request, None)
        _refuse_error(answer, reasons)
        _expect(answer, 200)
        response = TokenResponse.read(answer.json(), reason=_ANSWER)
        # Whoever answers a DPoP proof with a Bearer token has dropped the protection on the way.
        if response.token_type != "DPoP":
            raise Refused(_ANSWER, "the token is not bound to the wallet's key")
        return Tokens(response.access_token, self._clock.now() + response.expires_in, response.refresh_token or "")

    def _send_with_dpop(self, request: HttpRequest, access_token: str | None) -> HttpAnswer:
        """Send with a DPoP proof; once more when the server wants its own nonce in it (RFC 9449, 8 and 9)."""
        answer = self._send_once(request, access_token)
        if _wants_dpop_nonce(answer):
            answer = self._send_once(request, access_token)
        return answer

    def _send_once(self, request: HttpRequest, access_token: str | None) -> HttpAnswer:
        proof = sign_dpop(
            self._dpop_key,
            method=request.method,
            url=request.url,
            jti=base64url.encode(self._entropy.random_bytes(_JTI_BYTES)),
            now=self._clock.now(),
            access_token=access_token,
            nonce=self._dpop_nonces.get(request.url),
        )
        with_proof = HttpRequest(
            request.method,
            request.url,
            request.accept,
            request.media_type,
            request.body,
            {**request.headers, "DPoP": proof},
            request.max_bytes,
        )
        answer = self._transport.send(with_proof)
        self._remember_nonce(request.url, answer)
        return answer

    def _remember_nonce(self, url: str, answer: HttpAnswer) -> None:
        # Token endpoint and protected resources keep nonces of their own; the nonce endpoint speaks for the resources.
        if answer.dpop_nonce:
            resource = self._endpoints.credential if url == self._endpoints.nonce else url
            self._dpop_nonces[resource] = answer.dpop_nonce


def _document(transport: Transport, credential_issuer: str, name: str) -> object:
    request = HttpRequest("GET", well_known_url(credential_issuer, name), max_bytes=METADATA_MAX_BYTES)
    answer = transport.send(request)
    _expect(answer, 200)
    return answer.json(max_bytes=METADATA_MAX_BYTES)


def _expect(answer: HttpAnswer, status: int) -> None:
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable(Reason.ISSUER_UNREACHABLE, f"the issuer answers with status {answer.status}")
    if answer.status != status:
        raise Refused(_ANSWER, f"the issuer answers with status {answer.status}")


def _wants_dpop_nonce(answer: HttpAnswer) -> bool:
    if not answer.dpop_nonce:
        return False
    if answer.status == 401:
        return f'error="{OAuthCode.USE_DPOP_NONCE}"' in answer.authenticate
    said = _error(answer)
    return answer.status == 400 and said is not None and said.error == OAuthCode.USE_DPOP_NONCE


def _refuse_error(answer: HttpAnswer, reasons: _Reasons) -> None:
    if answer.status not in {400, 401, 403}:
        return
    said = _error(answer)
    if said is None:
        code = next((name for name in reasons if f'error="{name}"' in answer.authenticate), "")
        description = None
    else:
        code, description = said.error, said.error_description
    possible = reasons.get(code, (_ANSWER,))
    reason = next((reason for reason in possible if reason.value.en == description), possible[0])
    raise Refused(reason, f"the issuer refuses: {_plain(code)}")


def _error(answer: HttpAnswer) -> OAuthError | None:
    try:
        return OAuthError.read(answer.json(), reason=_ANSWER)
    except EidError:
        return None


def _plain(code: str) -> str:
    """Return a code as it may be printed: it came from outside."""
    return code if code.isascii() and code.replace("_", "").isalnum() else "with a code that is none"
