"""``eid offers``: make and withdraw credential offers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import write_file
from api.cli.session import session_of
from core.clock import rfc3339

app = typer.Typer(help="领证码 · Credential offers", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    record: Annotated[str, typer.Option(help="Record id of one approved record")],
    officer: Annotated[str, typer.Option(help="The officer who hands it out")],
    tx_code: Annotated[bool, typer.Option("--tx-code/--no-tx-code", help="Demand a code sent another way")] = True,
    by_value: Annotated[bool, typer.Option(help="Put the whole offer into the link")] = False,
    qr: Annotated[Path | None, typer.Option(help="Also draw the link as a PNG")] = None,
) -> None:
    """生成领证码 · Offer the e-ID to one approved resident: valid 14 days, one use."""
    session = session_of(context)
    if qr is not None:
        # An offer is shown once: one whose picture cannot be written must not be made.
        write_file(qr, b"")
    created = session.issuer.offers.create(record, by=session.officer(officer), with_tx_code=tx_code)
    link = created.link if by_value else created.reference_link
    if qr is not None:
        from formats.qr_picture import draw_png

        write_file(qr, draw_png(link, error_correction="M"))
    facts = {
        "offer": link,
        "offer_id": created.offer_id,
        "credential_id": created.credential_id,
        "expires_at": rfc3339(created.expires_at),
        "tx_code": created.tx_code,
        "qr": str(qr) if qr else None,
    }
    lines = [
        f"领证链接 · offer:       {link}",
        f"验证码 · code:          {created.tx_code or '—'}   （另行告知 · tell it another way）",
        f"证件编号 · credential:  {created.credential_id}",
        f"有效至 · valid until:   {facts['expires_at']}",
    ]
    session.output.result(facts, lines)


@app.command()
def withdraw(
    context: typer.Context,
    offer: Annotated[str, typer.Argument(help="Offer id")],
    officer: Annotated[str, typer.Option(help="The officer who withdraws it")],
) -> None:
    """作废领证码 · Withdraw an open offer."""
    session = session_of(context)
    session.issuer.offers.withdraw(offer, by=session.officer(officer))
    session.output.result({"withdrawn": offer}, [f"{offer} 已作废 · withdrawn"])
