"""Credential issuer metadata and where metadata is found (OpenID4VCI 1.0, 12.2; RFC 8414 3.1)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from core.errors import MalformedInput
from core.reasons import Reason
from protocols.wire import WireModel

CREDENTIAL_ISSUER: Final = "openid-credential-issuer"
AUTHORIZATION_SERVER: Final = "oauth-authorization-server"
MAX_BYTES: Final = 256 * 1024


class Display(WireModel):
    """A name in one language (BCP 47)."""

    name: str
    locale: str | None = None
    background_color: str | None = None
    text_color: str | None = None


class Claim(WireModel):
    """One claim of a credential: where it is and what people call it."""

    path: list[str | int | None] = Field(min_length=1)
    mandatory: bool | None = None
    display: list[Display] | None = None


class CredentialMetadata(WireModel):
    """How a configuration is shown."""

    display: list[Display] | None = None
    claims: list[Claim] | None = None


class ProofType(WireModel):
    """What a key proof of one type may be signed with."""

    proof_signing_alg_values_supported: list[str] = Field(min_length=1)


class CredentialConfiguration(WireModel):
    """One kind of credential in one format. Algorithms are names in JOSE formats and numbers in COSE formats."""

    format: str
    scope: str | None = None
    vct: str | None = None
    doctype: str | None = None
    cryptographic_binding_methods_supported: list[str] | None = None
    credential_signing_alg_values_supported: list[str] | list[int] | None = None
    proof_types_supported: dict[str, ProofType] | None = None
    credential_metadata: CredentialMetadata | None = None


class BatchIssuance(WireModel):
    """How many key proofs one request may carry."""

    batch_size: int = Field(ge=2)


class CredentialIssuerMetadata(WireModel):
    """What a credential issuer says about itself."""

    credential_issuer: str
    credential_endpoint: str
    nonce_endpoint: str | None = None
    authorization_servers: list[str] | None = None
    batch_credential_issuance: BatchIssuance | None = None
    display: list[Display] | None = None
    credential_configurations_supported: dict[str, CredentialConfiguration]


def well_known_url(identifier: str, name: str) -> str:
    """Return the address of a metadata document: the well-known part goes between host and path.

    >>> well_known_url("https://eid.example/issuer", "openid-credential-issuer")
    'https://eid.example/.well-known/openid-credential-issuer/issuer'
    """
    try:
        parts = urlsplit(identifier)
    except ValueError as err:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the issuer identifier is not a URL") from err
    return urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path.rstrip('/')}", "", ""))
