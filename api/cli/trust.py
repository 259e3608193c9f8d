"""``eid trust``: show and publish the trust list; pin a root in a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.session import session_of
from core.clock import rfc3339

app = typer.Typer(help="信任数据 · Trust data", no_args_is_help=True)


@app.command()
def show(context: typer.Context) -> None:
    """查看信任列表 · Show the published trust list."""
    from api.wiring.trust import TrustFolder

    session = session_of(context)
    content = TrustFolder(session.settings).current(now=session.clock.now())
    keys = [
        {
            "bureau": bureau.bureau_id,
            "name_zh": bureau.name_zh,
            "name_en": bureau.name_en,
            "role": service.role.name.lower(),
            "kid": service.kid.hex(),
            "forms": sorted(service.forms),
            "types": sorted(service.vcts),
            "state": service.state.value,
            "valid_from": rfc3339(service.valid_from),
        }
        for bureau in content.bureaus
        for service in bureau.services
    ]
    facts = {
        "number": content.number,
        "specimen": content.specimen,
        "issued_at": rfc3339(content.issued_at),
        "next_update": rfc3339(content.next_update),
        "keys": keys,
    }
    lines = [f"第 {content.number} 号 · number {content.number}, {facts['issued_at']} … {facts['next_update']}"]
    lines += [f"  {key['bureau']} {key['role']:<10} {key['kid']} {key['state']:<8} {key['name_zh']}" for key in keys]
    session.output.result(facts, lines)


@app.command()
def publish(context: typer.Context) -> None:
    """重新发布信任列表 · Issue the trust list again under the next number."""
    from api.wiring.audit import open_audit
    from api.wiring.trust import TrustFolder

    session = session_of(context)
    with open_audit(session.settings, session.clock) as audit:
        issue = TrustFolder(session.settings).publish_next(session.keys, session.clock, announce=audit.announce)
    session.output.result(
        {"number": issue.number}, [f"第 {issue.number} 号已发布 · number {issue.number} is published"]
    )


@app.command()
def pin(context: typer.Context, root: Annotated[Path, typer.Argument(help="The national root, PEM")]) -> None:
    """在读取器中设定信任根 · Pin the national root in this reader; its mode follows from it."""
    from hashlib import sha256

    from api.wiring.reading import READER_FOLDER, ReaderHome, read_root_file

    session = session_of(context)
    pinned = ReaderHome(session.settings.home / READER_FOLDER).pin_root(read_root_file(root))
    fingerprint = sha256(pinned.certificate).hexdigest()
    mark = "训练模式（样证）· training mode (SPECIMEN)" if pinned.specimen else "正式模式 · real mode"
    session.output.result(
        {"sha256": fingerprint, "specimen": pinned.specimen},
        [mark, f"SHA-256 {fingerprint}"],
    )
