"""Issuance over HTTP: token, nonce and credential, by the server's own CPU time, beside the floor issuer."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from bench.http.server import CPU_PATH
from bench.measuring import Base, Figure, Target, ratio
from bench.proving import prove
from core.entropy import SystemEntropy
from formats.sd_jwt_vc import check_issuer, check_issuer_signature, open_disclosures, read_credential
from issuer.catalogue import SD_JWT_VC_ID
from keys.signing import InProcessSigner
from protocols.dpop import sign_dpop
from protocols.openid4vci.proof import sign_key_proof
from tests.builders.bureau import NOW
from tests.builders.issuance import ISSUER, PRE_AUTHORIZED
from tests.builders.trust import bare_trust, national_root

_ROOT: Final = Path(__file__).resolve().parents[2]
_BLOCK: Final = 25
_ROUNDS: Final = 8
_SPARE: Final = 10
_CLOCK: Final = NOW + 3600


@dataclass
class Server:
    """A server in a process of its own; it ends when this one does, because its standard input closes."""

    connection: http.client.HTTPConnection
    offers: Iterator[Sequence[str | None]]

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def cpu_seconds(self) -> float:
        self.connection.request("GET", CPU_PATH)
        return float(self.connection.getresponse().read())


@contextmanager
def served(kind: str, folder: Path, count: int) -> Iterator[Server]:
    """Run a server with so many offers open."""
    folder.mkdir()
    command = [sys.executable, "-m", "bench.http.server", kind, str(folder), str(count)]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        prove(line, f"the {kind} server did not start")
        told = json.loads(line)
        connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=30)
        yield Server(connection, iter(told["offers"]))
        connection.close()
        # Its standard input closes here, and it ends.


@dataclass
class Wallet:
    """One wallet key; each credential gets a holder key of its own."""

    server: Server
    bound: bool
    key: InProcessSigner = field(default_factory=InProcessSigner.generate)

    def issued(self) -> str:
        """Redeem the next offer and fetch one credential. This is the exchange that is timed."""
        status, answer = self.token(*next(self.server.offers))
        prove(status == 200, f"an offer was not redeemed: {answer}")
        status, issued = self.credential(answer["access_token"], self.nonce())
        prove(status == 200, f"no credential was issued: {issued}")
        return str(issued["credentials"][0]["credential"])

    def token(self, code: str | None, tx_code: str | None) -> tuple[int, Any]:
        form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code}
        if tx_code is not None:
            form["tx_code"] = tx_code
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | self._dpop("token", None)
        return self.server.post("/issuer/token", urlencode(form).encode(), headers)

    def nonce(self) -> str:
        return str(self.server.post("/issuer/nonce", b"", {})[1]["c_nonce"])

    def credential(self, token: str, nonce: str, holder: InProcessSigner | None = None) -> tuple[int, Any]:
        proof = sign_key_proof(holder or InProcessSigner.generate(), audience=ISSUER, nonce=nonce, now=_CLOCK)
        body = json.dumps({"credential_configuration_id": SD_JWT_VC_ID, "proofs": {"jwt": [proof]}}).encode()
        scheme = "DPoP" if self.bound else "Bearer"
        headers = {"Content-Type": "application/json", "Authorization": f"{scheme} {token}"}
        return self.server.post("/issuer/credential", body, headers | self._dpop("credential", token))

    def _dpop(self, path: str, token: str | None) -> dict[str, str]:
        if not self.bound:
            return {}
        jti = SystemEntropy().random_bytes(12).hex()
        url = f"{ISSUER}/{path}"
        return {"DPoP": sign_dpop(self.key, method="POST", url=url, jti=jti, now=_CLOCK, access_token=token)}


def issuing(folder: Path, closing: ExitStack) -> list[Figure]:
    """Give the figure of issuance over HTTP: what is issued verifies, and nothing works twice."""
    count = _BLOCK * (_ROUNDS + 1) + _SPARE
    product = Wallet(closing.enter_context(served("product", folder / "product", count)), bound=True)
    floor = Wallet(closing.enter_context(served("floor", folder / "floor", count)), bound=False)
    prove_issuance(product)
    prove(floor.issued().count("~") == 13, "the floor issues something else")
    return [
        Figure(
            name="issuance-http",
            measures="uvicorn: token (tx_code, DPoP), nonce, credential (SD-JWT VC of a sealed record), SQLite FULL, audit; "
            "server CPU",
            sample=lambda: _cpu_of(product),
            score=ratio,
            target=Target("x", goal=2.5),
            base=Base("floor issuer", lambda: _cpu_of(floor)),
            rounds=_ROUNDS,
        )
    ]


def prove_issuance(wallet: Wallet) -> None:
    """Demand a credential that verifies, and that code, nonce and holder key work once, with the right keys only."""
    credential = read_credential(wallet.issued())
    check_issuer_signature(credential, check_issuer(credential, bare_trust(national_root()), now=_CLOCK))
    prove("full_name" in open_disclosures(credential), "the credential opens to nothing")
    offer, holder, nonce = next(wallet.server.offers), InProcessSigner.generate(), wallet.nonce()
    _, answer = wallet.token(*offer)
    token = answer["access_token"]
    thief = Wallet(wallet.server, bound=True)
    prove(thief.token(*offer)[1].get("error") == "invalid_grant", "a code works for two wallets")
    prove(wallet.credential(token, nonce, holder)[0] == 200, "a good proof is refused")
    prove(wallet.token(*offer)[1].get("error") == "invalid_grant", "a code works after its answer was used")
    prove(wallet.credential(token, nonce)[1].get("error") == "invalid_nonce", "a nonce works twice")
    prove(wallet.credential(token, wallet.nonce(), holder)[0] == 400, "a holder key works twice")
    bent = wallet.nonce()
    bent = ("A" if bent[9] != "A" else "B").join((bent[:9], bent[10:]))
    prove(wallet.credential(token, bent)[1].get("error") == "invalid_nonce", "a nonce not ours is taken")


def _cpu_of(wallet: Wallet) -> float:
    before = wallet.server.cpu_seconds()
    for _ in range(_BLOCK):
        wallet.issued()
    return (wallet.server.cpu_seconds() - before) / _BLOCK
