"""``eid bundle``: make one for a post, load one into a reader, look into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import write_file
from api.cli.session import session_of
from core.clock import rfc3339

if TYPE_CHECKING:
    from formats.bundle.envelope import Bundle

app = typer.Typer(help="离线数据包 · Offline bundles", no_args_is_help=True)


@app.command()
def make(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write")],
    post: Annotated[str | None, typer.Option(help="The post whose licence goes in")] = None,
) -> None:
    """制作数据包 · Make a bundle: trust table, status snapshot, policies, and one post's licence."""
    from api.wiring.bundles import make_bundle

    session = session_of(context)
    found = None
    if post is not None:
        with session.bureau.store.reading() as books:
            found = books.posts.get(session.bureau.bureau.bureau, post)
    made = make_bundle(session.settings, session.issuer, session.keys, session.clock, post=found)
    write_file(file, made.data)
    facts = {
        "file": str(file),
        "bytes": len(made.data),
        "number": made.number,
        "trust_number": made.trust_number,
        "as_of": rfc3339(made.as_of),
        "expires_at": rfc3339(made.expires_at),
        "lists": made.lists,
        "not_valid": made.not_valid,
        "post": post,
    }
    session.output.result(
        facts,
        [
            f"{file}: 第 {made.number} 号 · number {made.number}, {len(made.data)} 字节 · bytes",
            f"  信任列表 · trust list {made.trust_number}, 状态截至 · status as of {facts['as_of']}",
            f"  有效至 · until {facts['expires_at']}",
            f"  {made.lists} 个状态列表 · status lists, {made.not_valid} 项无效 · entries not valid",
        ],
    )


@app.command()
def update(context: typer.Context, file: Annotated[Path, typer.Argument(help="The bundle")]) -> None:
    """读取器载入数据包 · Load a bundle into this reader; an older one is refused."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, read_bundle_file

    session = session_of(context)
    home = ReaderHome(session.settings.home / READER_FOLDER)
    bundle = home.update(read_bundle_file(file), now=session.clock.now())
    _print(context, bundle_facts(bundle))


@app.command()
def show(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A bundle file; without it the one this reader holds")] = None,
) -> None:
    """查看数据包 · Show what a bundle says; its number can be read over the radio."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, held_bundle_as_of, load_evidence_bundle, read_bundle_file

    session = session_of(context)
    home = ReaderHome(session.settings.home / READER_FOLDER)
    now = session.clock.now()
    if file is None:
        bundle = held_bundle_as_of(home, now=now)
    else:
        bundle = load_evidence_bundle(read_bundle_file(file), anchor=home.anchor(), now=now)
    _print(context, bundle_facts(bundle))


def bundle_facts(bundle: Bundle) -> dict[str, object]:
    """Return what a verified bundle says, as plain facts."""
    return {
        "number": bundle.number,
        "issued_at": rfc3339(bundle.issued_at),
        "expires_at": rfc3339(bundle.expires_at),
        "specimen": bundle.trust.specimen,
        "trust_number": bundle.trust.number,
        "trust_issued_at": rfc3339(bundle.trust.issued_at),
        "bureaus": {
            code: {"number": snapshot.number, "as_of": rfc3339(snapshot.as_of), "lists": len(snapshot.lists)}
            for code, snapshot in bundle.snapshots.items()
        },
        "policies": sorted(bundle.policies),
        "post": bundle.licence.post_id if bundle.licence else None,
    }


def _print(context: typer.Context, facts: dict[str, object]) -> None:
    session_of(context).output.result(facts, [f"{name:<18} {value}" for name, value in facts.items()])
