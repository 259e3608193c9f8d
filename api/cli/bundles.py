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
    delta_from: Annotated[
        Path | None, typer.Option("--delta-from", help="Write the delta from this bundle, not the full one")
    ] = None,
    since: Annotated[
        int | None, typer.Option(min=1, help="Write the delta from the bundle of this number, made here before")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Hand it out to readers over HTTP, with deltas from the earlier ones")
    ] = False,
) -> None:
    """制作数据包 · Make a bundle: trust table, status snapshot, policies, one post's licence; or the delta to it."""
    from api.wiring.bundle_shelf import BundleShelf
    from api.wiring.bundles import make_bundle
    from api.wiring.reading import read_bundle_file

    if delta_from is not None and since is not None:
        raise typer.BadParameter("--delta-from and --since name the same thing: give one")
    session = session_of(context)
    bureau = session.bureau.bureau.bureau
    base = None if delta_from is None else read_bundle_file(delta_from)
    if since is not None:
        base = BundleShelf(session.settings.home, bureau).read(since)
    found = None
    if post is not None:
        with session.bureau.store.reading() as books:
            found = books.posts.get(bureau, post)
    made = make_bundle(
        session.settings, session.issuer, session.keys, session.clock, post=found, base=base, published=publish
    )
    written = made.data if made.delta is None else made.delta
    write_file(file, written)
    facts = {
        "file": str(file),
        "bytes": len(written),
        "full_bytes": len(made.data),
        "number": made.number,
        "base_number": made.base_number,
        "trust_number": made.trust_number,
        "as_of": rfc3339(made.as_of),
        "expires_at": rfc3339(made.expires_at),
        "lists": made.lists,
        "not_valid": made.not_valid,
        "post": post,
        "published": publish,
    }
    lines = [
        f"{file}: 第 {made.number} 号 · number {made.number}, {len(written)} 字节 · bytes",
        f"  信任列表 · trust list {made.trust_number}, 状态截至 · status as of {facts['as_of']}",
        f"  有效至 · until {facts['expires_at']}",
        f"  {made.lists} 个状态列表 · status lists, {made.not_valid} 项无效 · entries not valid",
    ]
    if made.base_number is not None:
        lines.append(f"  增量，自第 {made.base_number} 号起 · delta from number {made.base_number}")
    session.output.result(facts, lines)


@app.command()
def update(context: typer.Context, file: Annotated[Path, typer.Argument(help="The bundle, or a delta")]) -> None:
    """读取器载入数据包 · Load a bundle, or a delta to the one held, into this reader; an older one is refused."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, read_bundle_file

    session = session_of(context)
    home = ReaderHome(session.settings.home / READER_FOLDER)
    now, data = session.clock.now(), read_bundle_file(file)
    updated = home.update(data, now=now)
    _print(context, {**_file_facts(data, updated.data), **bundle_facts(updated.bundle), **_ages(updated.bundle, now)})


@app.command()
def show(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A bundle or delta file; else the one this reader holds")] = None,
) -> None:
    """查看数据包 · Show what a bundle says, or the one a delta leads to; its number can be read over the radio."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, held_bundle_as_of, look_into, read_bundle_file

    session = session_of(context)
    home = ReaderHome(session.settings.home / READER_FOLDER)
    now = session.clock.now()
    if file is None:
        bundle = held_bundle_as_of(home, now=now)
        _print(context, {**bundle_facts(bundle), **_ages(bundle, now)})
        return
    data = read_bundle_file(file)
    found = look_into(data, home, now=now)
    _print(context, {**_file_facts(data, found.data), **bundle_facts(found.bundle), **_ages(found.bundle, now)})


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


def _file_facts(data: bytes, full: bytes) -> dict[str, object]:
    from formats.bundle.bundle_delta import base_number, is_delta

    delta = is_delta(data)
    return {
        "kind": "delta" if delta else "full",
        "base_number": base_number(data) if delta else None,
        "bytes": len(data),
        "full_bytes": len(full),
    }


def _ages(bundle: Bundle, now: int) -> dict[str, object]:
    """Return how old, in seconds, what the bundle says is: counted from when each bureau and the list signer said it."""
    return {
        "trust_age_seconds": now - bundle.trust.issued_at,
        "status_age_seconds": {code: now - snapshot.as_of for code, snapshot in bundle.snapshots.items()},
    }


def _print(context: typer.Context, facts: dict[str, object]) -> None:
    session_of(context).output.result(facts, [f"{name:<18} {value}" for name, value in facts.items()])
