"""The credential configurations we offer, and the metadata that says so; made once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.errors import Misconfigured, NotFound
from core.reasons import Reason
from formats.dataset import ATTRIBUTES, GROUPS
from formats.mdoc import model as mdoc
from formats.sd_jwt_vc import VCT
from issuer.policy import Form, IssuancePolicy
from issuer.ports import BureauContext
from keys.algorithms import ES256, Algorithm
from protocols.oauth import PRE_AUTHORIZED_CODE, REFRESH_TOKEN, AuthorizationServerMetadata
from protocols.openid4vci.metadata import (
    BatchIssuance,
    Claim,
    CredentialConfiguration,
    CredentialIssuerMetadata,
    CredentialMetadata,
    Display,
    ProofType,
)

SD_JWT_VC_ID: Final = "resident_id_sd_jwt_vc"
MDOC_ID: Final = "resident_id_mdoc"
QR_ID: Final = "resident_id_qr"
SD_JWT_VC_FORMAT: Final = "dc+sd-jwt"
QR_FORMAT: Final = "sd-cwt-eid1"

FORMS: Final[Mapping[str, Form]] = MappingProxyType({SD_JWT_VC_ID: Form.SD_JWT_VC, MDOC_ID: Form.MDOC, QR_ID: Form.QR})


@dataclass(frozen=True, slots=True)
class Addresses:
    """The issuer's own addresses, all made from ``public_url``.

    identifier: the credential issuer identifier, which is also the authorization server's.
    """

    public_url: str

    @property
    def identifier(self) -> str:
        return f"{self.public_url}/issuer"

    @property
    def token(self) -> str:
        return f"{self.identifier}/token"

    @property
    def nonce(self) -> str:
        return f"{self.identifier}/nonce"

    @property
    def credential(self) -> str:
        return f"{self.identifier}/credential"

    @property
    def certificate_issuer(self) -> str | None:
        """The ``iss`` of credentials: the identifier where it is https, else none, for wallets accept only https."""
        return self.identifier if self.public_url.startswith("https://") else None

    def offer(self, reference: str) -> str:
        """Return where an offer is fetched."""
        return f"{self.identifier}/offers/{reference}"

    def status_list(self, bureau: str, list_id: str) -> str:
        """Return the URI of a status list: the ``uri`` of credentials and the ``sub`` of the list, byte for byte."""
        return f"{self.public_url}/status/{bureau}/{list_id}"

    def status_aggregation(self, bureau: str) -> str:
        """Return where all status lists of a bureau are named (Token Status List, 9)."""
        return f"{self.public_url}/status/{bureau}/lists"


def addresses(public_url: str) -> Addresses:
    """Return the issuer's addresses; Misconfigured(SETTING_INVALID) for a URL that is none or ends in a slash."""
    if not public_url.startswith(("https://", "http://")) or public_url.endswith("/") or set(public_url) & set("?# "):
        raise Misconfigured(Reason.SETTING_INVALID, "EID_PUBLIC_URL must be an http(s) URL without a slash at its end")
    return Addresses(public_url)


def form_of(configuration_id: str) -> Form:
    """Return the form a configuration is issued in; NotFound(CONFIGURATION_UNKNOWN)."""
    form = FORMS.get(configuration_id)
    if form is None:
        raise NotFound(Reason.CONFIGURATION_UNKNOWN, "this issuer has no such configuration")
    return form


def issuer_metadata(
    where: Addresses, bureau: BureauContext, policy: IssuancePolicy, *, suite: Algorithm = ES256
) -> CredentialIssuerMetadata:
    """Return the credential issuer metadata (OpenID4VCI 1.0, 12.2.4); suite: what the online forms are signed in."""
    return CredentialIssuerMetadata(
        credential_issuer=where.identifier,
        credential_endpoint=where.credential,
        nonce_endpoint=where.nonce,
        batch_credential_issuance=BatchIssuance(batch_size=policy.batch_size),
        display=_display(bureau.name_zh, bureau.name_en),
        credential_configurations_supported={
            SD_JWT_VC_ID: _sd_jwt_vc(suite),
            MDOC_ID: _mdoc(suite),
            QR_ID: _qr(),
        },
    )


def server_metadata(where: Addresses, bureau: BureauContext) -> AuthorizationServerMetadata:
    """Return the authorization server metadata (RFC 8414; OpenID4VCI 1.0, 12.3)."""
    return AuthorizationServerMetadata.model_validate(
        {
            "issuer": where.identifier,
            "token_endpoint": where.token,
            "grant_types_supported": [PRE_AUTHORIZED_CODE, REFRESH_TOKEN],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": sorted(FORMS),
            "dpop_signing_alg_values_supported": [ES256.jose],
            "pre-authorized_grant_anonymous_access_supported": True,
            "status_list_aggregation_endpoint": where.status_aggregation(bureau.bureau),
        }
    )


def _sd_jwt_vc(suite: Algorithm) -> CredentialConfiguration:
    claims = [
        Claim(path=list(attribute.jose), display=_display(attribute.zh, attribute.en))
        for attribute in ATTRIBUTES
        if attribute.jose is not None
    ]
    return CredentialConfiguration(
        format=SD_JWT_VC_FORMAT,
        scope=SD_JWT_VC_ID,
        vct=VCT,
        cryptographic_binding_methods_supported=["jwk"],
        credential_signing_alg_values_supported=[suite.jose],
        proof_types_supported=_PROOFS,
        credential_metadata=CredentialMetadata(
            display=_display("居民电子身份证", "Electronic resident ID"), claims=claims
        ),
    )


def _mdoc(suite: Algorithm) -> CredentialConfiguration:
    claims = [
        Claim(path=[mdoc.NAMESPACE, attribute.mdoc], display=_display(attribute.zh, attribute.en))
        for attribute in ATTRIBUTES
        if attribute.mdoc is not None
    ]
    return CredentialConfiguration(
        format=mdoc.FORM,
        scope=MDOC_ID,
        doctype=mdoc.DOCTYPE,
        cryptographic_binding_methods_supported=["cose_key"],
        credential_signing_alg_values_supported=[suite.cose_usual],
        proof_types_supported=_PROOFS,
        credential_metadata=CredentialMetadata(
            display=_display("居民电子身份证（mdoc）", "Electronic resident ID, mdoc"), claims=claims
        ),
    )


def _qr() -> CredentialConfiguration:
    # In the QR token the parts that can be shown by themselves are the groups: a path is the name of one.
    claims = [Claim(path=[group.word], display=_display(group.zh, group.en)) for group in GROUPS]
    return CredentialConfiguration(
        format=QR_FORMAT,
        scope=QR_ID,
        cryptographic_binding_methods_supported=["cose_key"],
        credential_signing_alg_values_supported=[ES256.cose],
        proof_types_supported=_PROOFS,
        credential_metadata=CredentialMetadata(
            display=_display("居民电子身份证二维码", "Electronic resident ID, QR code"), claims=claims
        ),
    )


def _display(zh: str, en: str) -> list[Display]:
    return [Display(name=zh, locale="zh-CN"), Display(name=en, locale="en")]


_PROOFS: Final = {"jwt": ProofType(proof_signing_alg_values_supported=[ES256.jose])}
