"""The actors of the whole loop, each with a home of its own.

The server, every wallet that accepts and every reader that judges are processes. What only prepares them runs the same
command line inside the test's process, because starting Python a hundred times is most of what such a test would do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from core.clock import FixedClock
from core.entropy import SystemEntropy
from formats.qr_picture import draw_png
from tests.api.cli.command import PIN, PROCESS_SECONDS, ROOT, Ran, environment, json_of
from tests.api.cli.world import APPROVER, GATE_GROUPS, GOLDEN, PEOPLE, POST, REGISTRAR
from tests.flows import offline
from tests.flows.serving import Serving, free_port, serving
from wallet_client.presenting import groups_from_words
from wallet_client.store import WalletStore
from wallet_client.transport import HttpTransport
from wallet_client.wallet import Wallet

OTHER_POST = "post-2"
GATE_READER = "gate"
GATE = ("--policy", "rail-gate")
POLICE = ("--policy", "police-spot-check")
API = "/verifier/v1/verifications"


@dataclass(slots=True)
class Loop:
    """The stage: one folder with a home for each actor.

    said: all that any process of the run has written, to either output; the codes it was asked to show left out.
    """

    folder: Path
    url: str
    said: list[str] = field(default_factory=list)
    imported: dict[str, Any] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)
    server: Serving | None = None

    def home(self, actor: str) -> Path:
        return self.folder / actor

    def file(self, name: str) -> Path:
        return self.folder / name

    def run(self, actor: str, *arguments: str | Path, wallet: str = "wallet") -> Ran:
        """Let an actor run one command inside this process."""
        variables: dict[str, Any] = {"EID_PUBLIC_URL": self.url, "EID_WALLET_HOME": str(self.home(wallet))}
        ran = json_of("--home", self.home(actor), *arguments, **variables)
        self.said.append(ran.err)
        return ran

    def process(self, actor: str, *arguments: str | Path, wallet: str = "wallet", no_network: bool = False) -> Ran:
        """Let an actor run one command as a process of its own."""
        module = "tests.flows.offline" if no_network else "api.cli.main"
        done = subprocess.run(
            [
                *(offline.namespace() if no_network else ()),
                *(sys.executable, "-m", module, "--json", "--home", str(self.home(actor))),
                *map(str, arguments),
            ],
            input=b"",
            capture_output=True,
            env=environment(EID_PUBLIC_URL=self.url, EID_WALLET_HOME=str(self.home(wallet))),
            cwd=ROOT,
            timeout=PROCESS_SECONDS,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        self.said.append(ran.err)
        return ran

    def bureau(self, *arguments: str | Path) -> dict[str, Any]:
        return self.run("bureau", *arguments).done()

    def offer(self, record: str) -> dict[str, Any]:
        return self.bureau("offers", "create", "--record", record, "--officer", REGISTRAR)

    def accept(self, offer: dict[str, Any], wallet: str = "wallet") -> Ran:
        return self.process(wallet, "wallet", "accept", offer["offer"], "--tx-code", offer["tx_code"], wallet=wallet)

    def show(self, *arguments: str | Path, wallet: str = "wallet") -> str:
        """The text of a fresh code; by default what a gate asks for."""
        asked = arguments or ("--groups", GATE_GROUPS)
        return str(self.run(wallet, "wallet", "present", "--yes", *asked, wallet=wallet).done()["text"])

    def show_at(self, now: int, wallet: str = "wallet") -> str:
        """The code as the wallet makes it at another time: its library on that clock."""
        clock = FixedClock(now)
        store = WalletStore.open(self.home(wallet), PIN, clock=clock, entropy=SystemEntropy())
        try:
            holder = Wallet(store, clock=clock, entropy=SystemEntropy(), connect=HttpTransport)
            return holder.present(holder.choose(groups_from_words(GATE_GROUPS.split(",")))).text
        finally:
            store.close()

    def drawn(self, name: str, text: str) -> Path:
        path = self.file(name)
        path.write_bytes(draw_png(text))
        return path

    def verdict(
        self, reader: str, code: str | Path, *arguments: str, no_network: bool = True
    ) -> tuple[int, str, list[str]]:
        """Exit code, verdict and reasons at a reader, in a process without a network unless said otherwise."""
        ran = self.process(reader, "verify", code, *arguments, no_network=no_network)
        assert ran.out, ran
        return ran.code, ran.facts["verdict"], ran.facts["reasons"]

    def asked_of_the_server(self, **line: object) -> dict[str, Any]:
        """The answer of the verification API to one line."""
        answer = httpx.post(f"{self.url}{API}", json=line, timeout=PROCESS_SECONDS, trust_env=False)
        assert answer.status_code == 200, answer.text
        found = json.loads(answer.content)
        assert isinstance(found, dict)
        return found

    def bundle(self, name: str, post: str | None = None) -> Path:
        file = self.file(name)
        self.bureau("bundle", "make", file, *(() if post is None else ("--post", post)))
        return file

    def ready(self, reader: str, bundle: Path, post: str | None = None) -> None:
        """Pin the root, take the kit of a post, load a bundle."""
        root = self.home("bureau") / "public" / "trust" / "root.pem"
        self.run(reader, "trust", "pin", root).done()
        if post is not None:
            self.run(reader, "posts", "enrol", self.home("bureau") / "posts" / post).done()
        self.run(reader, "bundle", "update", bundle).done()


@contextmanager
def played(folder: Path) -> Iterator[Loop]:
    """Play the loop up to readers that are ready, and serve until the block ends."""
    loop = Loop(folder, f"http://127.0.0.1:{free_port()}")
    loop.bureau("init")
    register = loop.file("register.csv")
    loop.bureau("records", "sample", str(PEOPLE), register, "--bad-share", "0.05")
    loop.imported = loop.bureau("records", "import", register, "--officer", REGISTRAR)
    loop.bureau("cases", "approve", "--all", "--officer", APPROVER, "--reason", "checked against the file")
    rows = loop.bureau("records", "list", "--limit", str(PEOPLE))["records"]
    loop.records = [row["record_id"] for row in rows[GOLDEN:] if not row["warnings"]]
    loop.bureau(
        *("posts", "add", OTHER_POST, "--place", "样例站二号口"),
        *("--site-kind", "police-spot-check", "--officer", REGISTRAR),
    )
    with serving(loop.home("bureau"), loop.url) as server:
        loop.server = server
        loop.accept(loop.offer(loop.records[0])).done()
        loop.ready(GATE_READER, loop.bundle("gate.eid"))
        loop.ready(POST, loop.bundle(f"{POST}.eid", POST), POST)
        loop.ready(OTHER_POST, loop.bundle(f"{OTHER_POST}.eid", OTHER_POST), OTHER_POST)
        yield loop
