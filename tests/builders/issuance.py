"""An issuer over a real database with one approved person, and a wallet that speaks with libraries not our own."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from sqlalchemy import Engine, text

from api.app import assemble
from api.routes import health, openid4vci, status_lists, trust
from api.wiring.issuer import IssuerRole, assemble_issuer
from formats.dataset import CredentialDataset
from issuer.authorization import PresentedToken
from issuer.catalogue import QR_ID, addresses
from issuer.context import IssuingContext
from issuer.offers import CreatedOffer
from issuer.policy import IssuancePolicy
from issuer.ports import BureauContext, IssuanceStore
from issuer.secrets import IssuanceSecret, stored_hash
from issuer.storage.issuance import SqlIssuanceStore
from issuer.storage.status import StatusFiles
from keys.certificates import validity_of
from keys.signing import Signer
from protocols.dpop import DpopProof
from protocols.oauth import PreAuthorizedTokenRequest, RefreshTokenRequest, TokenResponse
from protocols.openid4vci.credential import CredentialRequest
from tests.builders.bureau import BUREAU, NOW, REGISTRAR, an_office
from tests.builders.people import a_person
from tests.builders.trust import document_signer, national_root
from tests.fakes.issuance import MovableClock, PeopleInMemory
from tests.fakes.seeded_entropy import SeededEntropy

PUBLIC_URL = "https://id.example.test"
ISSUER = f"{PUBLIC_URL}/issuer"
RECORD = "0192e4b0-0000-7000-8000-000000000001"
OTHER_RECORD = "0192e4b0-0000-7000-8000-000000000002"
POLICY = IssuancePolicy(list_size=4096)
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


@dataclass
class Desk:
    """The issuing side under test and what a test may reach behind it."""

    role: IssuerRole
    clock: MovableClock
    people: PeopleInMemory
    engine: Engine
    folder: Path

    def rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def add_person(self, record_id: str, person: CredentialDataset) -> None:
        """Put an approved person into the registry, and the row everybody locks into the register."""
        self.people.people[record_id] = person
        row = {"bureau": BUREAU, "id": record_id, "hash": sha256(record_id.encode()).digest(), "now": NOW}
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO register_record (bureau, record_id, number_hash, name_birth_hash, content_hash, sealed,"
                    " warnings, imported_at) VALUES (:bureau, :id, :hash, :hash, :hash, :hash, '', :now)"
                ),
                row,
            )

    def offer(self, record_id: str = RECORD, *, with_tx_code: bool = True) -> CreatedOffer:
        return self.role.offers.create(record_id, by=REGISTRAR, with_tx_code=with_tx_code)

    def with_signer(self, signer: Signer) -> IssuerRole:
        return self._again(replace(self.role.context, signer=signer))

    def with_store(self, store: IssuanceStore) -> IssuerRole:
        return self._again(replace(self.role.context, store=store))

    def with_policy(self, policy: IssuancePolicy) -> IssuerRole:
        return self._again(replace(self.role.context, policy=policy))

    def _again(self, context: IssuingContext) -> IssuerRole:
        return assemble_issuer(context, StatusFiles(self.folder / "status" / BUREAU))


@contextmanager
def an_issuer(
    folder: Path, *, url: str | None = None, policy: IssuancePolicy = POLICY, person: CredentialDataset | None = None
) -> Iterator[Desk]:
    """Give an issuer over an empty database: SQLite in ``folder`` unless ``url`` names another one."""
    signer = document_signer(national_root(), public_url=PUBLIC_URL)
    clock = MovableClock(NOW + 3600)
    people = PeopleInMemory({})
    with an_office(url or f"sqlite:///{folder / 'eid.db'}") as office:
        context = IssuingContext(
            bureau=BureauContext(BUREAU, "样例市公安局", "Sample City Bureau", BUREAU[:6], "CN", specimen=True),
            where=addresses(PUBLIC_URL),
            policy=policy,
            store=SqlIssuanceStore(office.engine, BUREAU),
            registry=people,
            signer=signer,
            signer_valid_from=validity_of(signer.certificates[0]).not_before,
            earlier_signers=(),
            secret=IssuanceSecret(bytes(range(32))),
            clock=clock,
            entropy=SeededEntropy("issuer"),
        )
        role = assemble_issuer(context, StatusFiles(folder / "status" / BUREAU))
        desk = Desk(role, clock, people, office.engine, folder)
        for record_id in (RECORD, OTHER_RECORD):
            desk.add_person(record_id, person or a_person())
        yield desk


class AsgiClient:
    """A plain client of an application in this process: one request after the other."""

    def __init__(self, app: FastAPI, base_url: str) -> None:
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=base_url)
        self._lifespan = app.router.lifespan_context(app)

    def __enter__(self) -> Self:
        self._loop.run_until_complete(self._lifespan.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._lifespan.__aexit__(None, None, None))
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    def request(self, method: str, path: str, **parts: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, path, **parts))

    def get(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("GET", path, **parts)

    def post(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("POST", path, **parts)


@contextmanager
def a_server(desk: Desk) -> Iterator[AsgiClient]:
    """Give a client of the issuer's whole HTTP side."""
    routers = [
        openid4vci.router_for(desk.role),
        status_lists.router_for(desk.folder / "status", max_age=5),
        trust.router_for(desk.folder / "trust"),
        health.router_for(desk.role.is_ready),
    ]
    with AsgiClient(assemble(routers, publish=desk.role.keep_up), PUBLIC_URL) as client:
        yield client


def a_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _b64(numbers.x.to_bytes(32)), "y": _b64(numbers.y.to_bytes(32))}


def a_dpop_proof(
    key: ec.EllipticCurvePrivateKey, url: str, *, now: int, jti: str, method: str = "POST", token: str | None = None,
    header: dict[str, Any] | None = None, **claims: Any,
) -> str:  # fmt: skip
    """Make a DPoP proof with PyJWT, with these claims and header members instead of the right ones."""
    payload: dict[str, Any] = {"jti": jti, "htm": method, "htu": url, "iat": now}
    if token is not None:
        payload["ath"] = _b64(sha256(token.encode()).digest())
    return jwt.encode(
        payload | claims, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": jwk_of(key)} | (header or {})
    )


def a_key_proof(
    key: ec.EllipticCurvePrivateKey, fresh: str, *, now: int, header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """Make a key proof with PyJWT, with these claims and header members instead of the right ones."""
    payload = {"aud": ISSUER, "iat": now, "nonce": fresh} | claims
    members = {"typ": "openid4vci-proof+jwt", "jwk": jwk_of(key)} | (header or {})
    return jwt.encode(payload, key, algorithm="ES256", headers=members)


@dataclass
class HttpWallet:
    """A wallet over HTTP, written against the standards only."""

    client: AsgiClient
    clock: MovableClock
    key: ec.EllipticCurvePrivateKey = field(default_factory=a_key)
    count: int = 0

    def dpop(self, path: str, *, token: str | None = None, **claims: Any) -> str:
        self.count += 1
        jti = f"proof-{self.count:08}-{id(self)}"
        chosen = {"jti": jti} | claims
        return a_dpop_proof(self.key, f"{ISSUER}/{path}", now=self.clock.now(), token=token, **chosen)

    def redeem(self, code: str, tx_code: str | None = None, **more: str) -> Any:
        form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code, **more}
        if tx_code is not None:
            form["tx_code"] = tx_code
        return self.client.post("/issuer/token", data=form, headers={"DPoP": self.dpop("token")})

    def refresh(self, token: str) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.client.post("/issuer/token", data=form, headers={"DPoP": self.dpop("token")})

    def nonce(self) -> str:
        return str(self.client.post("/issuer/nonce").json()["c_nonce"])

    def proofs(self, count: int, nonce: str | None = None) -> list[str]:
        fresh = nonce or self.nonce()
        return [a_key_proof(a_key(), fresh, now=self.clock.now()) for _ in range(count)]

    def fetch(self, token: str, proofs: list[str], configuration: str = QR_ID, **headers: str) -> Any:
        body = {"credential_configuration_id": configuration, "proofs": {"jwt": proofs}}
        return self.post_credential(token, body, **headers)

    def post_credential(self, token: str, body: Any, **headers: str) -> Any:
        sent = {"Authorization": f"DPoP {token}", "DPoP": self.dpop("credential", token=token)} | headers
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            "/issuer/credential", content=content, headers={"Content-Type": "application/json"} | sent
        )

    def accept(self, offer: CreatedOffer) -> dict[str, Any]:
        """Redeem an offer and return the token answer."""
        assert offer.offer.grants is not None
        assert offer.offer.grants.pre_authorized_code is not None
        answer = self.redeem(offer.offer.grants.pre_authorized_code.pre_authorized_code, offer.tx_code)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def code_of(offer: CreatedOffer) -> str:
    assert offer.offer.grants is not None
    assert offer.offer.grants.pre_authorized_code is not None
    return offer.offer.grants.pre_authorized_code.pre_authorized_code


def _b64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


# --- the same wallet without HTTP, for what lies behind the routes


def a_proof_by(jkt: str, number: int, now: int) -> DpopProof:
    """A DPoP proof as the route hands it on: checked."""
    return DpopProof(jkt=jkt, proof_id=sha256(f"{jkt}{number}".encode()).digest(), remember_until=now + 90)


@dataclass
class DirectWallet:
    """Calls the use cases themselves."""

    role: IssuerRole
    clock: MovableClock
    jkt: str = "wallet-one"
    count: int = 0

    def proof(self) -> DpopProof:
        self.count += 1
        return a_proof_by(self.jkt, self.count, self.clock.now())

    def redeem(self, offer: CreatedOffer, tx_code: str | None = None) -> TokenResponse:
        request = PreAuthorizedTokenRequest.read(
            {"pre-authorized_code": code_of(offer), "tx_code": tx_code or offer.tx_code}
        )
        return self.role.tokens.answer(request, self.proof())

    def refresh(self, token: str | None) -> TokenResponse:
        return self.role.tokens.answer(RefreshTokenRequest.read({"refresh_token": token}), self.proof())

    def request(
        self, count: int, configuration: str = QR_ID, keys: Sequence[ec.EllipticCurvePrivateKey] | None = None
    ) -> CredentialRequest:
        nonce, now = self.role.issuance.new_nonce(), self.clock.now()
        proofs = [a_key_proof(key, nonce, now=now) for key in keys or [a_key() for _ in range(count)]]
        return CredentialRequest.read({"credential_configuration_id": configuration, "proofs": {"jwt": proofs}})

    def fetch(
        self,
        token: str,
        count: int = 1,
        configuration: str = QR_ID,
        keys: Sequence[ec.EllipticCurvePrivateKey] | None = None,
    ) -> tuple[str, ...]:
        presented = PresentedToken(stored_hash(token), self.proof())
        return self.role.issuance.issue(self.request(count, configuration, keys), presented)
