"""``eid verify`` and ``eid challenge``: what a post does."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.output import write_file
from api.cli.session import Session, session_of
from core.errors import MalformedInput
from core.reasons import Colour, Reason

if TYPE_CHECKING:
    from api.wiring.reading import ReaderHome
    from formats.bundle.envelope import Bundle
    from formats.site_policy import Mode
    from verifier.checkpoint.verdict import Verdict

EXIT_CODES: Final = {Colour.GREEN: 0, Colour.RED: 1, Colour.AMBER: 2}
_TEXT_MAX_BYTES: Final = 128 * 1024
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")


def challenge(
    context: typer.Context,
    policy: Annotated[str | None, typer.Option(help="Site policy; without it the strictest")] = None,
    ground: Annotated[str | None, typer.Option(help="Ground of the licence, where the policy demands one")] = None,
    qr: Annotated[Path | None, typer.Option(help="Draw it as a PNG")] = None,
) -> None:
    """岗位出示质询码 · Show this post's challenge; its answer is judged by `eid verify` within 60 seconds."""
    from api.wiring.challenges import show_challenge
    from api.wiring.reading import READER_FOLDER, ReaderHome
    from formats.qr_picture import draw_png, draw_terminal, version_of
    from formats.site_policy import strictest

    session = session_of(context)
    home = session.settings.home
    shown = show_challenge(
        home,
        session.unlocked.passphrase_bytes(),
        ReaderHome(home / READER_FOLDER),
        policy_id=policy or strictest().policy_id,
        ground=ground,
        now=session.clock.now(),
        entropy=session.entropy,
    )
    if qr is not None:
        write_file(qr, draw_png(shown.text, error_correction="M"))
    groups = [group.word for group in sorted(shown.groups, reverse=True)]
    facts = {
        "text": shown.text,
        "post": shown.post_id,
        "place": shown.place,
        "policy": shown.policy.policy_id,
        "ground": ground,
        "groups": groups,
        "bytes": len(shown.data),
        "qr_version": version_of(shown.text),
        "qr": str(qr) if qr else None,
    }
    lines = [
        *([] if qr else [draw_terminal(shown.text)]),
        f"{shown.place} · {shown.policy.name_zh} · {shown.policy.name_en}",
        f"要求 · asks for: {', '.join(groups)}" + (f"; 依据 · ground: {ground}" if ground else ""),
        shown.text,
    ]
    session.output.result(facts, lines)


def verify(
    context: typer.Context,
    presentation: Annotated[str, typer.Argument(help="A picture file, the code's text, or - for standard input")] = "-",
    policy: Annotated[str | None, typer.Option(help="Site policy; without it the strictest")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Judge by this bundle file instead of the reader's own")] = None,
    online: Annotated[bool, typer.Option("--online", help="Fetch the status list now")] = False,
    mode: Annotated[str | None, typer.Option(help="challenge or one-way; by default reader and policy choose")] = None,
    now: Annotated[str | None, typer.Option("--now", help="Re-check as of this instant (RFC 3339)")] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="With --now: a GREEN as of then exits 0, not 2")] = False,
) -> None:
    """核验二维码 · Judge one presentation: exit 0 GREEN, 1 RED, 2 AMBER."""
    from api.wiring.reading import post_reader
    from verifier.checkpoint.report import to_json, to_lines
    from verifier.reading import Terms, read

    session = session_of(context)
    terms = Terms(policy_id=policy, mode=_mode(mode), as_of=None if now is None else _instant(now))
    text = _text_of(presentation)
    home, loaded = _bundle(session, bundle, terms.as_of)
    reader = post_reader(loaded, anchor=home.anchor(), memory=home.memory, clock=session.clock, online=online)
    verdict = read(text, reader, terms).verdict
    lines = to_lines(verdict)
    if now is not None:
        lines.insert(0, f"复核时点 · re-check as of {now}")
    facts = {**to_json(verdict), "as_of": now}
    session.output.result(facts, lines)
    raise typer.Exit(_exit_code(verdict, is_recheck=now is not None and not evidence))


def _bundle(session: Session, file: Path | None, as_of: int | None) -> tuple[ReaderHome, Bundle]:
    """Return the reader's home and the bundle to judge by: its own, or a file's, which then is accepted like any other."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, held_bundle_as_of, load_evidence_bundle, read_bundle_file
    from verifier.reading import accept_bundle

    home = ReaderHome(session.settings.home / READER_FOLDER)
    now, anchor = session.clock.now(), home.anchor()
    if file is None:
        return home, home.bundle(now=now) if as_of is None else held_bundle_as_of(home, now=as_of)
    data = read_bundle_file(file)
    if as_of is not None:
        return home, load_evidence_bundle(data, anchor=anchor, now=as_of)
    return home, accept_bundle(data, anchor=anchor, memory=home.memory, now=now)


def _exit_code(verdict: Verdict, *, is_recheck: bool) -> int:
    if verdict.colour is Colour.GREEN and is_recheck:
        return EXIT_CODES[Colour.AMBER]
    return EXIT_CODES[verdict.colour]


def _text_of(presentation: str) -> str:
    """Return the text to judge: of standard input, of a file (a picture is read by its first bytes), or as given."""
    if presentation == "-":
        return _strip_line_end(sys.stdin.buffer.read(_TEXT_MAX_BYTES + 1))
    path = Path(presentation)
    if not _is_file(path) and (":" in presentation[:6] or "~" in presentation or not path.suffix):
        return presentation
    try:
        with path.open("rb") as file:
            head = file.read(_TEXT_MAX_BYTES + 1)
    except OSError as err:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if path.suffix.lower() in {".txt", ".jwt"} and not head.startswith(_PICTURES):
        return _strip_line_end(head)
    from api.wiring.reading import read_picture

    return read_picture(path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a code's text is longer than any name
        return False


def _strip_line_end(data: bytes) -> str:
    """Return the text without one final line end; anything else stays as it is."""
    if len(data) > _TEXT_MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {_TEXT_MAX_BYTES} bytes of text")
    try:
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as err:
        raise MalformedInput(Reason.PREFIX_UNKNOWN, "the input is not text") from err


def _mode(word: str | None) -> Mode | None:
    from formats.site_policy import Mode

    if word is None:
        return None
    # The verdict writes it with an underscore, people and the wallet with a hyphen.
    named = word.replace("-", "_")
    if named not in set(Mode):
        raise typer.BadParameter("a mode is challenge or one-way")
    return Mode(named)


def _instant(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as err:
        raise typer.BadParameter("--now takes an RFC 3339 instant, for example 2026-11-20T08:00:00Z") from err
    if instant.tzinfo is None:
        raise typer.BadParameter("--now needs a time zone, for example a final Z")
    return int(instant.timestamp())
