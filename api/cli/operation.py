"""``eid serve``, ``eid db``, ``eid doctor``: running a deployment."""

from __future__ import annotations

import errno
import logging
import os
import socket
from typing import Annotated

import typer

from api.cli.session import session_of
from core.errors import Misconfigured
from core.reasons import Reason

database = typer.Typer(help="数据库 · Database", no_args_is_help=True)


def serve(
    context: typer.Context,
    roles: Annotated[str | None, typer.Option(help="issuer,verifier")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; beyond this machine TLS is demanded")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one")] = None,
) -> None:
    """启动服务 · Serve the issuer and the verification API on this machine."""
    import uvicorn

    from api.app import create_app
    from api.settings import check_binding, load_settings
    from api.wiring.bureau import read_root

    session = session_of(context)
    given = {"home": session.settings.home, "roles": roles, "host": host, "passphrase": session.unlocked.passphrase}
    settings = load_settings(**given, port=port or None)
    check_binding(settings)
    if "issuer" in settings.roles:
        read_root(settings)
    with _listen(settings.host, 0 if port == 0 else settings.port) as listener:
        settings = load_settings(**given, port=listener.getsockname()[1])
        app = create_app(settings)
        session.output.result(
            {"url": settings.url, "port": settings.port, "roles": sorted(settings.roles), "pid": os.getpid()},
            [f"{settings.url}  ({', '.join(sorted(settings.roles))})  Ctrl-C 停止 · stops"],
        )
        # No access log: addresses of wallets and tokens in paths have no place on disk.
        config = uvicorn.Config(app, log_level=logging.WARNING, access_log=False, server_header=False, lifespan="on")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as err:
        listener.close()
        if err.errno == errno.EADDRINUSE:
            raise Misconfigured(Reason.PORT_IN_USE, f"port {port} is in use") from err
        raise Misconfigured(Reason.SETTING_INVALID, f"cannot listen on {host}:{port}: {err.strerror}") from err
    return listener


@database.command()
def upgrade(context: typer.Context) -> None:
    """升级数据库 · Bring the database to the version of this software."""
    from api.wiring.bureau import upgrade_database

    before, after = upgrade_database(session_of(context).settings)
    session = session_of(context)
    session.output.result({"before": before, "after": after}, [f"{before or '—'} → {after}"])


def doctor(context: typer.Context) -> None:
    """自检 · Look the home over: passphrase, keys, database, trust list; exit 1 where something is wrong."""
    from api.wiring.checkup import look_over

    session = session_of(context)
    looked = look_over(session.unlocked, session.clock, session.entropy)
    wrong = [one for one in looked if one.problem is not None]
    session.output.result(
        {"ok": not wrong, "checks": [{"what": one.what, "problem": one.problem} for one in looked]},
        [f"{'✗' if one.problem else '✓'} {one.what}  {one.problem or ''}".rstrip() for one in looked],
    )
    if wrong:
        raise typer.Exit(1)
