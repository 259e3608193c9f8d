"""``eid cards``: printed cards for people without a phone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import prepare_private_file, unwritable, write_private_file
from api.cli.session import Session, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.wiring.cards import CardPrinting
    from issuer.cards import CardDesk, PrintedCard
    from issuer.officers import Officer

app = typer.Typer(help="纸质凭证 · Printed cards", no_args_is_help=True)


class CardFormat(StrEnum):
    """What a batch is written as; the ending of a file says the same."""

    PDF = "pdf"
    PNG = "png"


# A group with one command would take its name for itself.
@app.callback()
def _group() -> None:
    pass


@app.command("print")
def print_(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(help="Sheets: NAME.pdf. One card's picture: NAME.png. Pictures: a folder, with --format png")
    ],
    officer: Annotated[str, typer.Option(help="The officer who prints")],
    record: Annotated[list[str] | None, typer.Option(help="Record id of an approved record; may be repeated")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every approved record without a valid card")] = False,
    form: Annotated[
        CardFormat | None,
        typer.Option("--format", help="pdf: five to a sheet of A4; png. Without it as --out ends, else pdf"),
    ] = None,
) -> None:
    """制作纸质凭证 · Print cards: portrait, name and a QR code; valid one year, face to be compared at every check."""
    from api.wiring.cards import open_card_printing

    if bool(record) == every:
        raise typer.BadParameter("name records with --record, or --all")
    format_ = _format(form, out, is_one=not every and len(set(record or [])) == 1)
    session = session_of(context)
    acting = session.officer(officer)
    printing = open_card_printing(session.settings, session.issuer, session.keys)
    # A card counts from the moment it is signed: one that cannot be written must not be made.
    _prepare(out, format_)
    cards, left = _made(printing.desk, _approved(session) if every else record or [], acting, replacing=not every)
    files = _write(cards, printing, out, format_, session.clock.now())
    rows = [
        {"record_id": card.record_id, "credential_id": card.credential_id, "file": str(file)}
        for card, file in zip(cards, files, strict=True)
    ]
    lines = [f"{len(rows)} 张已制作 · cards made, {len(left)} 未制作 · left out: {out}"]
    lines += [f"  {row['credential_id']}  {row['record_id']}" for row in rows[:20]]
    lines += [f"  {row['record_id']}  {row['reason']}" for row in left[:20]]
    session.output.result({"cards": rows, "left": left}, lines)


def _made(
    desk: CardDesk, records: Sequence[str], acting: Officer, *, replacing: bool
) -> tuple[Sequence[PrintedCard], list[dict[str, str]]]:
    named = list(dict.fromkeys(records))
    if replacing and len(named) == 1:
        # Of one card it is said in full why it was not made.
        return [desk.print_card(named[0], by=acting)], []
    batch = desk.print_batch(named, by=acting, replacing=replacing)
    return batch.cards, [{"record_id": row.record_id, "reason": row.why.code} for row in batch.left]


def _approved(session: Session) -> list[str]:
    from issuer.cases.deciding import list_cases
    from issuer.cases.model import CaseState

    bureau = session.bureau
    found = [
        case.record_id
        for state in (CaseState.ISSUED, CaseState.APPROVED)
        for case in list_cases(bureau.bureau.bureau, store=bureau.store, state=state)
    ]
    return list(dict.fromkeys(found))


def _format(form: CardFormat | None, out: Path, *, is_one: bool) -> CardFormat:
    ending = out.suffix.lower().removeprefix(".")
    told = CardFormat(ending) if ending in set(CardFormat) else None
    if form is not None and told is not None and form is not told:
        raise typer.BadParameter(f"--out ends in .{told} and --format says {form}: leave --format out or change one")
    if told is CardFormat.PNG and not is_one:
        raise typer.BadParameter("a .png is one card's picture: name one --record, or a folder with --format png")
    return form or told or CardFormat.PDF


def _prepare(out: Path, format_: CardFormat) -> None:
    if not _is_folder(out, format_):
        # What is there stays until the new cards take its place.
        prepare_private_file(out)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise unwritable(out, err) from err


def _is_folder(out: Path, format_: CardFormat) -> bool:
    return format_ is CardFormat.PNG and out.suffix.lower() != ".png"


def _write(
    cards: Sequence[PrintedCard], printing: CardPrinting, out: Path, format_: CardFormat, now: int
) -> list[Path]:
    if not cards:
        return []
    if format_ is CardFormat.PDF:
        from issuer.printing.sheet import draw_sheets

        write_private_file(out, draw_sheets(cards, printing.font, now=now))
        return [out] * len(cards)
    from issuer.printing.picture import draw_card

    files = [out / f"{card.credential_id}.png" if _is_folder(out, format_) else out for card in cards]
    for card, file in zip(cards, files, strict=True):
        write_private_file(file, draw_card(card, printing.font))
    return files
