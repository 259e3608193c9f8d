"""The least an issuer can do: the floor the product's own is measured beside. Written by hand, for the bench alone.

Single-use code and token kept as hashes, nonce by HMAC with single use, the proof's signature, an SD-JWT VC of twelve
claims, a random status index used once, one commit before each answer. No transaction code, DPoP, audit or encryption.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fastapi import FastAPI, Request, Response

_SHA256 = ec.ECDSA(hashes.SHA256())
_SCHEMA = """
CREATE TABLE offer (code BLOB PRIMARY KEY, person INTEGER, used INTEGER DEFAULT 0) WITHOUT ROWID;
CREATE TABLE token (hash BLOB PRIMARY KEY, person INTEGER) WITHOUT ROWID;
CREATE TABLE nonce (hash BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE person (id INTEGER PRIMARY KEY, claims TEXT);
CREATE TABLE status (place INTEGER PRIMARY KEY, person INTEGER);
"""


class FloorIssuer:
    """Its whole state: one connection, one key."""

    def __init__(self, path: Path, certificate: bytes, claims: dict[str, Any]) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._claims = claims
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = secrets.token_bytes(32)
        header = {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": [base64.b64encode(certificate).decode()]}
        self._header = _b64(json.dumps(header).encode())

    def offers(self, count: int) -> list[str]:
        """Return the codes of so many offers, each for a person of its own."""
        codes = [secrets.token_urlsafe(24) for _ in range(count)]
        text = json.dumps(self._claims)
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO person VALUES (?, ?)", [(place, text) for place in range(count)])
        rows = [(_hash(code), place) for place, code in enumerate(codes)]
        self._db.executemany("INSERT INTO offer (code, person) VALUES (?, ?)", rows)
        self._db.execute("COMMIT")
        return codes

    def token(self, code: str) -> str | None:
        """Exchange a code for a token, once."""
        self._db.execute("BEGIN IMMEDIATE")
        spent = self._db.execute(
            "UPDATE offer SET used = 1 WHERE code = ? AND used = 0 RETURNING person", (_hash(code),)
        ).fetchone()
        if spent is None:
            self._db.execute("ROLLBACK")
            return None
        token = secrets.token_urlsafe(24)
        self._db.execute("INSERT INTO token VALUES (?, ?)", (_hash(token), spent[0]))
        self._db.execute("COMMIT")
        return token

    def nonce(self) -> str:
        """Return a nonce that proves itself."""
        head = int(time.time() + 300).to_bytes(5, "big") + secrets.token_bytes(12)
        return _b64(head + hmac.digest(self._secret, head, "sha256")[:16])

    def credential(self, token: str, proof: str) -> str | None:
        """Check the proof and issue."""
        row = self._db.execute("SELECT person FROM token WHERE hash = ?", (_hash(token),)).fetchone()
        header, payload, signature = proof.split(".")
        jwk = json.loads(_unb64(header))["jwk"]
        nonce = json.loads(_unb64(payload))["nonce"]
        raw = _unb64(nonce)
        if row is None or not hmac.compare_digest(raw[17:], hmac.digest(self._secret, raw[:17], "sha256")[:16]):
            return None
        if int.from_bytes(raw[:5], "big") < time.time():
            return None
        key = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), b"\x04" + _unb64(jwk["x"]) + _unb64(jwk["y"])
        )
        rs = _unb64(signature)
        try:
            der = encode_dss_signature(int.from_bytes(rs[:32], "big"), int.from_bytes(rs[32:], "big"))
            key.verify(der, f"{header}.{payload}".encode(), _SHA256)
        except InvalidSignature:
            return None
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO nonce VALUES (?)", (_hash(nonce),))
        place = secrets.randbelow(1 << 20)
        while self._db.execute("INSERT OR IGNORE INTO status VALUES (?, ?)", (place, row[0])).rowcount == 0:
            place = secrets.randbelow(1 << 20)
        (claims,) = self._db.execute("SELECT claims FROM person WHERE id = ?", (row[0],)).fetchone()
        issued = self._issue(json.loads(claims), jwk, place)
        self._db.execute("COMMIT")
        return issued

    def _issue(self, claims: dict[str, Any], jwk: dict[str, str], place: int) -> str:
        disclosures = [
            _b64(json.dumps([_b64(secrets.token_bytes(16)), name, value]).encode()) for name, value in claims.items()
        ]
        now = int(time.time())
        payload = {
            "vct": "urn:eid:cn:resident-id:1",
            "iat": now,
            "exp": now + 28 * 86_400,
            "cnf": {"jwk": {name: jwk[name] for name in ("kty", "crv", "x", "y")}},
            "status": {"status_list": {"idx": place, "uri": "https://id.example.test/status/1"}},
            "_sd_alg": "sha-256",
            "_sd": sorted(_b64(hashlib.sha256(text.encode()).digest()) for text in disclosures),
        }
        message = f"{self._header}.{_b64(json.dumps(payload).encode())}"
        r, s = decode_dss_signature(self._key.sign(message.encode(), _SHA256))
        return "~".join([f"{message}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}", *disclosures, ""])


def app_for(issuer: FloorIssuer) -> FastAPI:
    """Return the three endpoints."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        made = issuer.token(form.get("pre-authorized_code", ""))
        return _refused() if made is None else _json({"access_token": made, "token_type": "Bearer", "expires_in": 300})

    async def nonce(_: Request) -> Response:
        return _json({"c_nonce": issuer.nonce()})

    async def credential(request: Request) -> Response:
        body = json.loads(await request.body())
        presented = request.headers.get("authorization", "").partition(" ")[2]
        made = issuer.credential(presented, body["proofs"]["jwt"][0])
        return _refused() if made is None else _json({"credentials": [{"credential": made}]})

    app.add_route("/issuer/token", token, methods=["POST"])
    app.add_route("/issuer/nonce", nonce, methods=["POST"])
    app.add_route("/issuer/credential", credential, methods=["POST"])
    return app


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})


def _refused() -> Response:
    return Response('{"error":"invalid_request"}', status_code=400, media_type="application/json")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
