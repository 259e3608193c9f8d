"""``eid posts``: add and list posts at the bureau; enrol a kit at a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.session import session_of

app = typer.Typer(help="岗位 · Posts", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    post_id: Annotated[str, typer.Argument(help="Small letters, digits, hyphens; at most 16")],
    place: Annotated[str, typer.Option(help="Place name, as wallets show it")],
    site_kind: Annotated[str, typer.Option(help="For example police-spot-check, government-counter, hotel")],
    officer: Annotated[str, typer.Option(help="The bureau admin who adds it")],
) -> None:
    """登记岗位并制作密钥包 · Register a post and make its kit."""
    from api.wiring.posts import PostKits
    from issuer.posts import Post, add_post

    session = session_of(context)
    by = session.officer(officer)
    kits = PostKits(session.settings)
    now = session.clock.now()
    passphrase = session.unlocked.passphrase_bytes()
    with (
        session.bureau.store.transaction() as books,
        kits.making(post_id, passphrase, now=now, entropy=session.entropy) as point,
    ):
        add_post(Post(by.bureau, post_id, place, site_kind, point), by=by, book=books.posts, audit=books.audit, now=now)
    folder = kits.folder(post_id)
    session.output.result({"post": post_id, "post_kit": str(folder)}, [f"{post_id} ({place}): 密钥包 · kit {folder}"])


@app.command("list")
def list_(context: typer.Context) -> None:
    """列出岗位 · List posts."""
    session = session_of(context)
    with session.bureau.store.reading() as books:
        posts = books.posts.listing(session.bureau.bureau.bureau)
    rows = [{"post": post.post_id, "place": post.place, "site_kind": post.site_kind} for post in posts]
    session.output.result({"posts": rows}, [f"{row['post']:<16} {row['site_kind']:<20} {row['place']}" for row in rows])


@app.command()
def enrol(context: typer.Context, kit: Annotated[Path, typer.Argument(help="The kit's folder")]) -> None:
    """读取器装入岗位密钥包 · Take a post's kit into this reader, so that it can challenge."""
    from api.wiring.challenges import enrol as take_kit

    session = session_of(context)
    post_id = take_kit(session.settings.home, kit)
    session.output.result({"post": post_id}, [f"{post_id} 已装入 · enrolled"])
