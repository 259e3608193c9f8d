"""An issuer in memory behind the transport port: the same messages, checks of its own, and faults on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.entropy import SystemEntropy
from core.errors import EidError, Unavailable
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole
from formats.cose import SD_CLAIMS, Sign1Draft
from formats.dataset import CredentialDataset, Group, jose_claims, mdoc_elements
from formats.encoding import base64url, cbor, json
from formats.mdoc.issuer_signed import draft_issuer_signed
from formats.mdoc.model import DOCTYPE, MdocTerms
from formats.sd_cwt.model import (
    Assurance,
    KeyStorage,
    SdCwtClaims,
    StatusReference,
    disclosure_digest,
    write_claims,
)
from formats.sd_cwt.pack import pack
from formats.sd_cwt.unpack import read_sd_cwt
from formats.sd_jwt_vc import VCT, CredentialTerms, pack_credential
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list
from keys.algorithms import ES256
from keys.certificates import Root, certificates_to_pem
from keys.lifecycle import KeyState
from keys.signing import InProcessSigner, KeyPurpose
from protocols.dpop import check_dpop
from protocols.oauth import PRE_AUTHORIZED_CODE, PreAuthorizedTokenRequest, read_token_request
from protocols.openid4vci.credential import CredentialRequest
from protocols.openid4vci.offer import CredentialOffer, reference_link
from protocols.openid4vci.proof import check_key_proof
from tests.builders import trust as trust_builder
from tests.builders.people import BUREAU, BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.builders.qr import DAY, MONDAY, NOW
from tests.wallet_client.homes import Watch
from wallet_client.ports import HttpAnswer, HttpRequest

PLACE = "https://eid.example"
ISSUER = f"{PLACE}/issuer"
CODE = "the-pre-authorized-code"
TX_CODE = "493817"


def answer(status: int, body: dict[str, json.JsonValue], **headers: str) -> HttpAnswer:
    return HttpAnswer(status, "application/json", json.encode(body), **headers)


def refusal(reason: Reason, code: str, status: int = 400) -> HttpAnswer:
    return answer(status, {"error": code, "error_description": reason.value.en})


@dataclass
class FakeIssuer:
    """Everything one issuer knows, and how it misbehaves.

    lose:   paths whose request never arrives (each loses one request, then works).
    forget: paths whose answer is lost after the request was handled, likewise.
    tamper: changes the credentials of an answer on their way.
    """

    watch: Watch = field(default_factory=Watch)
    code: str = CODE
    tx_code: str | None = TX_CODE
    configurations: tuple[str, ...] = ("resident_id_qr", "resident_id_sd_jwt_vc", "resident_id_mdoc")
    person: CredentialDataset = field(default_factory=a_person)
    root: Root = field(default_factory=trust_builder.national_root)
    list_number: int = 7
    list_issued_at: int = NOW - 3600
    specimen: bool = True
    batch_size: int = 10
    wants_dpop_nonce: bool = False
    lose: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    tamper: Callable[[list[str]], list[str]] = list
    replies: dict[str, HttpAnswer] = field(default_factory=dict)
    requests: list[HttpRequest] = field(default_factory=list)

    code_used: bool = False
    codes_tried: int = 0
    frozen: bool = False
    refusing: HttpAnswer | None = None
    nonces: set[str] = field(default_factory=set)
    keys_seen: set[bytes] = field(default_factory=set)
    access: set[str] = field(default_factory=set)
    current_refresh: str = ""
    spent_refresh: dict[str, str] = field(default_factory=dict)
    refresh_used: set[str] = field(default_factory=set)
    jkt: str = ""
    issued: int = 0
    signer: InProcessSigner = field(init=False)
    list_signer: InProcessSigner = field(init=False)
    policy_signer: InProcessSigner = field(init=False)
    reader_root: Root = field(init=False)

    def __post_init__(self) -> None:
        self.signer = trust_builder.document_signer(self.root)
        self.list_signer = trust_builder.other_signer(self.root, KeyPurpose.LIST_SIGNER)
        self.reader_root = trust_builder.reader_root()
        self.policy_signer = trust_builder.other_signer(self.reader_root, KeyPurpose.POLICY_SIGNER)

    # --- what people get

    def offer(self) -> str:
        return self._offer().link()

    def offer_by_reference(self) -> str:
        return reference_link(f"{ISSUER}/offers/one")

    def _offer(self) -> CredentialOffer:
        grant: dict[str, object] = {"pre-authorized_code": CODE}
        if self.tx_code is not None:
            grant["tx_code"] = {"length": len(self.tx_code)}
        return CredentialOffer.read(
            {
                "credential_issuer": ISSUER,
                "credential_configuration_ids": list(self.configurations),
                "grants": {PRE_AUTHORIZED_CODE: grant},
            }
        )

    # --- the transport port

    @contextmanager
    def connect(self) -> Iterator[FakeIssuer]:
        yield self

    def send(self, request: HttpRequest) -> HttpAnswer:
        self.requests.append(request)
        path = urlsplit(request.url).path
        if path in self.lose:
            self.lose.remove(path)
            raise Unavailable(Reason.ISSUER_UNREACHABLE, "the request was lost")
        result = self.replies.get(path) or self._handle(path, request)
        if path in self.forget:
            self.forget.remove(path)
            raise Unavailable(Reason.ISSUER_UNREACHABLE, "the answer was lost")
        return result

    def asked(self, path: str) -> int:
        return sum(urlsplit(request.url).path == path for request in self.requests)

    def _handle(self, path: str, request: HttpRequest) -> HttpAnswer:
        if path == "/.well-known/openid-credential-issuer/issuer":
            return answer(200, self._issuer_metadata())
        if path == "/.well-known/oauth-authorization-server/issuer":
            return answer(200, {
                "issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "dpop_signing_alg_values_supported": ["ES256"],
            })  # fmt: skip
        if path == "/issuer/offers/one":
            return answer(200, self._offer().to_wire())
        if path == "/trust/list":
            return HttpAnswer(200, "application/jose", self._trust_list().encode())
        if path == "/trust/root.pem":
            return HttpAnswer(200, "text/plain", certificates_to_pem([self.root.certificate]))
        if path == "/issuer/token":
            return self._token(request)
        if path == "/issuer/nonce":
            self.nonces.add(nonce := f"nonce-{len(self.requests)}")
            return answer(200, {"c_nonce": nonce})
        if path == "/issuer/credential":
            return self._credential(request)
        return answer(404, {})

    # --- documents

    def _issuer_metadata(self) -> dict[str, json.JsonValue]:
        return {
            "credential_issuer": ISSUER,
            "credential_endpoint": f"{ISSUER}/credential",
            "nonce_endpoint": f"{ISSUER}/nonce",
            "batch_credential_issuance": {"batch_size": self.batch_size},
            "credential_configurations_supported": {
                "resident_id_qr": {"format": "sd-cwt-eid1"},
                "resident_id_sd_jwt_vc": {"format": "dc+sd-jwt", "vct": VCT},
                "resident_id_mdoc": {"format": "mso_mdoc", "doctype": DOCTYPE},
                "something_else": {"format": "a-format-of-the-future"},
            },
        }

    def _trust_list(self) -> str:
        def service(role: KeyRole, signer: InProcessSigner) -> Service:
            is_credential = role is KeyRole.CREDENTIAL
            return Service(
                role=role,
                certificate=signer.certificates[0],
                forms=frozenset({"eid1", "dc+sd-jwt"}) if is_credential else frozenset(),
                vcts=frozenset({VCT, "urn:eid:cn:other:1", DOCTYPE, "cn.eid.other.1"})
                if is_credential
                else frozenset(),
                valid_from=trust_builder.NOW,
                retired_at=None,
                state=KeyState.ACTIVE,
            )

        services = (service(KeyRole.CREDENTIAL, self.signer), service(KeyRole.POLICY, self.policy_signer))
        bureau = BureauEntry(BUREAU, BUREAU_NAME_ZH, BUREAU_NAME_EN, "CN", ("6901",), services)
        content = TrustListContent(
            self.list_number,
            self.list_issued_at,
            self.list_issued_at + 30 * DAY,
            self.specimen,
            "CN",
            "样例部",
            "Ministry of Specimens",
            (bureau,),
        )
        return sign_trust_list(
            content, self.list_signer, national_root=self.root.certificate, reader_root=self.reader_root.certificate
        )

    # --- tokens

    def _token(self, request: HttpRequest) -> HttpAnswer:
        proof = self._dpop(request, None)
        if isinstance(proof, HttpAnswer):
            return proof
        message = read_token_request(parse_qsl(request.body.decode(), keep_blank_values=True))
        if isinstance(message, PreAuthorizedTokenRequest):
            self.codes_tried += 1
            if message.pre_authorized_code != self.code:
                return refusal(Reason.OFFER_UNKNOWN, "invalid_grant")
            if self.code_used:
                return refusal(Reason.OFFER_USED, "invalid_grant")
            if message.tx_code != self.tx_code:
                return refusal(Reason.TX_CODE_WRONG, "invalid_grant")
            self.code_used, self.jkt = True, proof
            return self._new_tokens("")
        return self._renewed(message.refresh_token, proof)

    def _renewed(self, token: str, jkt: str) -> HttpAnswer:
        if self.frozen or jkt != self.jkt:
            return refusal(Reason.WALLET_FROZEN, "invalid_grant")
        if token == self.current_refresh:
            return self._new_tokens(token)
        following = self.spent_refresh.get(token)
        if following is not None and following == self.current_refresh and following not in self.refresh_used:
            return self._new_tokens(token)
        self.frozen = True
        return refusal(Reason.REFRESH_REUSED, "invalid_grant")

    def _new_tokens(self, parent: str) -> HttpAnswer:
        number = len(self.requests)
        if parent:
            self.refresh_used.add(parent)
        self.current_refresh = f"refresh-{number}"
        self.spent_refresh[parent] = self.current_refresh
        self.access.add(access := f"access-{number}")
        return answer(200, {
            "access_token": access, "token_type": "DPoP", "expires_in": 300, "refresh_token": self.current_refresh,
        })  # fmt: skip

    def _dpop(self, request: HttpRequest, access_token: str | None) -> str | HttpAnswer:
        text = request.headers["DPoP"]
        checked = check_dpop(
            text, method=request.method, url=request.url, now=self.watch.now(), access_token=access_token
        )
        claims = json.decode(base64url.decode(text.split(".")[1]), max_bytes=4096)
        assert isinstance(claims, dict)
        if self.wants_dpop_nonce and claims.get("nonce") != f"server-nonce-{request.url}":
            nonce = f"server-nonce-{request.url}"
            if access_token is None:
                return answer(400, {"error": "use_dpop_nonce"}, dpop_nonce=nonce)
            return answer(401, {}, dpop_nonce=nonce, authenticate='DPoP error="use_dpop_nonce", algs="ES256"')
        return checked.jkt

    # --- credentials

    def _credential(self, request: HttpRequest) -> HttpAnswer:
        token = request.headers["Authorization"].removeprefix("DPoP ")
        proof = self._dpop(request, token)
        if isinstance(proof, HttpAnswer):
            return proof
        if token not in self.access or proof != self.jkt:
            return refusal(Reason.TOKEN_INVALID, "invalid_token", 401)
        self.refresh_used.add(self.current_refresh)
        if self.refusing is not None:
            return self.refusing
        message = CredentialRequest.read_json(request.body, max_bytes=1 << 17)
        try:
            proofs = [check_key_proof(text, audience=ISSUER, now=self.watch.now()) for text in message.proof_texts()]
        except EidError as err:
            return refusal(err.reason, "invalid_proof")
        assert len(proofs) <= self.batch_size
        nonces = {one.nonce for one in proofs}
        if not nonces <= self.nonces:
            return refusal(Reason.PROOF_NONCE_INVALID, "invalid_nonce")
        self.nonces -= nonces
        points = [one.point for one in proofs]
        if len(set(points)) != len(points) or self.keys_seen & set(points):
            return refusal(Reason.KEY_SEEN_BEFORE, "invalid_proof")
        self.keys_seen |= set(points)
        issue = self.makes(message.credential_configuration_id)
        credentials = self.tamper([issue(point) for point in points])
        return answer(200, {"credentials": [{"credential": text} for text in credentials]})

    def makes(self, configuration: str) -> Callable[[bytes], str]:
        """Return what makes an honest copy of a configuration."""
        others: dict[str, Callable[[bytes], str]] = {
            "resident_id_qr": self.qr_copy,
            "resident_id_mdoc": self.mdoc_copy,
        }
        return others.get(configuration, self.online_copy)

    def claims(self, point: bytes, *, days: int) -> SdCwtClaims:
        self.issued += 1
        return SdCwtClaims(
            subject=base64url.encode(self.issued.to_bytes(8, "big")),
            issued_at=MONDAY,
            expires_at=MONDAY + days * DAY,
            status=StatusReference(f"{PLACE}/status/{BUREAU}/{days}", self.issued),
            holder_point33=point,
            key_storage=KeyStorage.SOFTWARE,
            assurance=Assurance.FULL,
            specimen=self.specimen,
        )

    def qr_copy(self, point: bytes, *, signer: InProcessSigner | None = None, **changes: object) -> str:
        by = signer or self.signer
        claims = replace(self.claims(point, days=14), **changes)  # type: ignore[arg-type]  # fields by name
        salts = [SystemEntropy().random_bytes(16) for _ in range(10)]
        draft = pack(self.person, claims, as_of=date(2026, 11, 30), salts=salts, signer_kid=by.key_id, algorithm=ES256)
        return base64url.encode(draft.finish(by.sign(draft.to_be_signed())))

    def qr_copy_without(self, point: bytes, group: Group) -> str:
        """Return a copy that has a decoy where everybody has this group, properly signed."""
        issued = read_sd_cwt(base64url.decode(self.qr_copy(point)))
        position = list(Group).index(group)
        disclosures = list(issued.disclosures)
        disclosures[position] = cbor.encode([SystemEntropy().random_bytes(16)])
        payload = write_claims(issued.claims, [disclosure_digest(disclosure) for disclosure in disclosures])
        draft = Sign1Draft(issued.sign1.protected, payload)
        listed: cbor.CborValue = list(disclosures)
        return base64url.encode(draft.finish(self.signer.sign(draft.to_be_signed()), {SD_CLAIMS: listed}))

    def online_copy(self, point: bytes, *, signer: InProcessSigner | None = None, **changes: Any) -> str:
        claims = self.claims(point, days=28)
        terms = CredentialTerms(
            vct=VCT,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
            holder_point=point,
            status=claims.status,
            issuer=None,
            key_storage=claims.key_storage,
            assurance=claims.assurance,
            specimen=claims.specimen,
        )
        terms = terms._replace(**changes)
        facts = jose_claims(self.person, as_of=date(2026, 11, 30))
        return pack_credential(facts, terms, entropy=SystemEntropy(), signer=signer or self.signer)

    def mdoc_copy(
        self, point: bytes, *, signer: InProcessSigner | None = None, without: str = "", **changes: Any
    ) -> str:
        by, claims = signer or self.signer, self.claims(point, days=28)
        terms = MdocTerms(
            doctype=DOCTYPE,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
            holder_point=point,
            status=claims.status,
            key_storage=claims.key_storage,
            assurance=claims.assurance,
            specimen=claims.specimen,
        )._replace(**changes)
        elements = mdoc_elements(self.person, as_of=date(2026, 11, 30))
        elements.pop(without, None)
        draft = draft_issuer_signed(elements, terms, entropy=SystemEntropy(), signer=by)
        return base64url.encode(draft.finish(by.sign(draft.to_be_signed())))
