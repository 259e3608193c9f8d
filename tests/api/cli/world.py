"""Homes that commands are run on: a founded bureau with approved records, a wallet that accepted, a reader that is ready."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.cli.command import Ran, json_of

PEOPLE = 48
GOLDEN = 40
REGISTRAR = "registrar-1"
APPROVER = "approver-1"
POST = "post-1"
BUREAU = "690101000000"
GATE = ("--policy", "rail-gate")
GATE_GROUPS = "name,number_tail,portrait"


@dataclass(frozen=True, slots=True)
class Bureau:
    """A bureau's home and the address it issues under."""

    home: Path
    url: str

    def run(self, *arguments: str | Path, **variables: str | None) -> Ran:
        given: dict[str, Any] = {"EID_PUBLIC_URL": self.url, **variables}
        return json_of("--home", self.home, *arguments, **given)

    def plain_records(self) -> list[str]:
        """Ids of residents without any warning."""
        rows = self.run("records", "list", "--limit", "1000").done()["records"]
        return [str(row["record_id"]) for row in rows[GOLDEN:] if not row["warnings"]]

    def cases(self, state: str) -> list[dict[str, Any]]:
        found = self.run("cases", "list", "--state", state, "--limit", "1000").done()["cases"]
        assert isinstance(found, list)
        return found

    def copied_to(self, home: Path) -> Bureau:
        shutil.copytree(self.home, home)
        return Bureau(home, self.url)

    @property
    def root(self) -> Path:
        return self.home / "public" / "trust" / "root.pem"


@dataclass(frozen=True, slots=True)
class Issued:
    """A bureau that issued to one wallet and made a bundle after it."""

    bureau: Bureau
    wallet: Path
    credential: str
    record: str
    bundle: Path

    def show(self, *arguments: str | Path) -> str:
        """The text of a fresh code of the wallet; by default what a gate asks for."""
        asked = arguments or ("--groups", GATE_GROUPS)
        ran = json_of("wallet", "present", "--yes", *asked, EID_WALLET_HOME=str(self.wallet))
        return str(ran.done()["text"])


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader's home."""

    home: Path

    def run(self, *arguments: str | Path, given: bytes = b"", **variables: str | None) -> Ran:
        return json_of("--home", self.home, *arguments, given=given, **variables)

    def verdict(self, *arguments: str | Path, given: bytes = b"") -> tuple[int, str, list[str]]:
        """Exit code, verdict and reasons of one check at the gate."""
        ran = self.run("verify", *arguments, *GATE, given=given)
        return ran.code, ran.facts["verdict"], ran.facts["reasons"]


def a_bureau(folder: Path, url: str) -> Bureau:
    """Found a bureau and import a sample, which waits for a second officer."""
    bureau = Bureau(folder / "bureau", url)
    bureau.run("init").done()
    register = folder / "register.csv"
    bureau.run("records", "sample", str(PEOPLE), register, "--bad-share", "0.05").done()
    bureau.run("records", "import", register, "--officer", REGISTRAR).done()
    return bureau


def approve_all(bureau: Bureau) -> Bureau:
    """Let the second officer approve all that waits."""
    bureau.run("cases", "approve", "--all", "--officer", APPROVER, "--reason", "checked against the file").done()
    return bureau


def accepted(bureau: Bureau, folder: Path, *, place: int = 0) -> Issued:
    """Let a new wallet accept one resident's credential; the bureau must be serving."""
    record = bureau.plain_records()[place]
    offer = bureau.run("offers", "create", "--record", record, "--officer", REGISTRAR).done()
    wallet = folder / "wallet"
    json_of("wallet", "accept", offer["offer"], "--tx-code", offer["tx_code"], EID_WALLET_HOME=str(wallet)).done()
    bundle = folder / "post-1.eid"
    bureau.run("bundle", "make", bundle, "--post", POST).done()
    return Issued(bureau, wallet, str(offer["credential_id"]), record, bundle)


def a_reader(issued: Issued, home: Path) -> Reader:
    """A reader that pinned the root, took its post's kit and loaded the bundle."""
    reader = Reader(home)
    reader.run("trust", "pin", issued.bureau.root).done()
    reader.run("posts", "enrol", issued.bureau.home / "posts" / POST).done()
    reader.run("bundle", "update", issued.bundle).done()
    return reader
