"""``eid officers``: add and list officers."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.session import session_of

app = typer.Typer(help="民警账户 · Officers", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    officer_id: Annotated[str, typer.Argument(help="Small letters, digits, . _ -")],
    name: Annotated[str, typer.Option(help="Name")],
    role: Annotated[list[str], typer.Option(help="registrar, approver, auditor, bureau_admin; may be repeated")],
    officer: Annotated[str, typer.Option(help="The bureau admin who adds")],
) -> None:
    """添加民警账户 · Add an officer."""
    from issuer.officers import Role, add_officer, make_officer

    session = session_of(context)
    if not set(role) <= set(Role):
        raise typer.BadParameter(f"roles are {', '.join(Role)}")
    by = session.officer(officer)
    new = make_officer(by.bureau, officer_id, name, [Role(word) for word in role])
    with session.bureau.store.transaction() as books:
        add_officer(new, by=by, book=books.officers, audit=books.audit, now=session.clock.now())
    session.output.result(
        {"officer": officer_id, "roles": sorted(new.roles)}, [f"{officer_id}: {', '.join(sorted(new.roles))}"]
    )


@app.command("list")
def list_(context: typer.Context) -> None:
    """列出民警账户 · List officers."""
    session = session_of(context)
    with session.bureau.store.reading() as books:
        officers = books.officers.listing(session.bureau.bureau.bureau)
    rows = [
        {"officer": each.officer_id, "name": each.name, "roles": sorted(each.roles), "active": each.active}
        for each in officers
    ]
    session.output.result(
        {"officers": rows}, [f"{each.officer_id:<20} {each.name}  {', '.join(sorted(each.roles))}" for each in officers]
    )
