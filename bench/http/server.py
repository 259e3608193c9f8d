"""A server in its own process: the product's issuer or the floor's, with a path that tells the CPU time it took.

``python -m bench.http.server product|floor FOLDER OFFERS`` prints one line of JSON (port, offers) and serves until its
standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import assemble
from api.routes import openid4vci
from api.wiring.issuer import RegistryOverCases, assemble_issuer
from bench.http.floor_issuer import FloorIssuer, app_for
from bench.scenes.register import resident_rows
from bench.scenes.sd_jwt_vc import TWELVE, the_issuer
from core.entropy import SystemEntropy
from issuer.cases.deciding import approve_all
from issuer.policy import IssuancePolicy
from issuer.register.importing import Pictures, import_register
from issuer.register.reading import open_register
from issuer.register.record import COLUMNS
from issuer.storage.encryption import KeyWrap
from issuer.storage.status import StatusFiles
from issuer.storage.store import SqlBureauStore
from tests.builders.bureau import APPROVER, BUREAU, NOW, REGISTRAR, SECRET, TODAY
from tests.builders.issuance import an_issuer

CPU_PATH: Final = "/bench-cpu"
_ENDS: Final = COLUMNS.index("valid_until")

Offers = list[tuple[str, str | None]]


class WithCpuTime:
    """An application, and what its process has used so far."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CPU_PATH:
            await self._app(scope, receive, send)
            return
        body = repr(time.process_time()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def product(folder: Path, count: int) -> Iterator[tuple[ASGIApp, Offers]]:
    """The issuer as it is wired for service: register with sealed fields, approved cases, SQLite (FULL), audit, DPoP."""
    register = folder / "people.csv"
    # A card near its end gets no credential, so such people are left at home.
    rows = islice((row for row in resident_rows() if row[_ENDS] > "2028"), count + 1)
    register.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    with an_issuer(folder, policy=IssuancePolicy()) as desk:
        store = SqlBureauStore(desk.engine, KeyWrap(SECRET, SystemEntropy()))
        context = replace(desk.role.context, entropy=SystemEntropy())
        context = replace(context, registry=RegistryOverCases(store, context.bureau, context.clock))
        import_register(
            open_register(register), officer=REGISTRAR, store=store, entropy=SystemEntropy(), now=NOW, today=TODAY,
            specimen=True, pictures=Pictures(portraits=False),
        )  # fmt: skip
        approved = approve_all(officer=APPROVER, store=store, now=NOW, reason="bench").approved
        role = assemble_issuer(context, StatusFiles(folder / "status" / BUREAU))
        made = [role.offers.create(case.record_id, by=REGISTRAR) for case in approved]
        offers: Offers = []
        for offer in made:
            grants = offer.offer.to_wire()["grants"]
            code = grants["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["pre-authorized_code"]
            offers.append((code, offer.tx_code))
        yield assemble([openid4vci.router_for(role)], publish=role.status.publish_due), offers


@contextmanager
def floor(folder: Path, count: int) -> Iterator[tuple[ASGIApp, Offers]]:
    """The floor: SQLite (NORMAL)."""
    issuer = FloorIssuer(folder / "floor.db", the_issuer().certificates[0], dict(TWELVE))
    yield app_for(issuer), [(code, None) for code in issuer.offers(count)]


def main(kind: str, folder: Path, count: int) -> None:
    """Serve on a free port of this machine until standard input closes."""
    with ExitStack() as stack:
        app, offers = stack.enter_context({"product": product, "floor": floor}[kind](folder, count))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        print(json.dumps({"port": listener.getsockname()[1], "offers": offers}), flush=True)
        asyncio.run(_serve(WithCpuTime(app), listener))


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_keep_alive=600))
    serving = asyncio.create_task(server.serve([listener]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
