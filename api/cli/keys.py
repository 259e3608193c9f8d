"""``eid keys``: what keys a home holds."""

from __future__ import annotations

import typer

from api.cli.session import session_of
from core.clock import rfc3339

app = typer.Typer(help="密钥 · Keys", no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context) -> None:
    """列出密钥（无需口令）· List the keys; no passphrase is needed."""
    from api.wiring.keys import list_keys

    session = session_of(context)
    keys = list_keys(session.settings)
    rows = [
        {"purpose": key.purpose.value, "kid": key.key_id.hex(), "created_at": rfc3339(key.created_at)} for key in keys
    ]
    session.output.result({"keys": rows}, [f"{row['purpose']:<18} {row['kid']}  {row['created_at']}" for row in rows])
