"""``eid verify`` and ``eid challenge``: what a post does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.batch import judge_lines
from api.cli.output import write_file
from api.cli.session import Session, session_of
from core.errors import MalformedInput
from core.reasons import Colour, Reason

if TYPE_CHECKING:
    from api.wiring.reading import Online, Readers
    from formats.site_policy import Mode
    from verifier.checkpoint.verdict import Verdict
    from verifier.checks.case import ExpectedBinding
    from verifier.checks.mdoc.case import ExpectedSession

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
    presentation: Annotated[
        str,
        typer.Argument(help="A picture file, the code's text, or - for standard input; with --batch a file of lines"),
    ] = "-",
    policy: Annotated[str | None, typer.Option(help="Site policy; without it the strictest")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Judge by this bundle file instead of the reader's own")] = None,
    online: Annotated[bool, typer.Option("--online", help="Fetch the status list now")] = False,
    mode: Annotated[str | None, typer.Option(help="challenge or one-way; by default reader and policy choose")] = None,
    now: Annotated[str | None, typer.Option("--now", help="Re-check as of this instant (RFC 3339)")] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="With --now: a GREEN as of then exits 0, not 2")] = False,
    nonce: Annotated[str | None, typer.Option(help="Of the request that an SD-JWT VC answers")] = None,
    audience: Annotated[str | None, typer.Option(help="Of the request that an SD-JWT VC answers")] = None,
    session_transcript: Annotated[str | None, typer.Option(help="That an mdoc answers, base64url")] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Judge JSON lines, each a presentation")] = False,
    trust_anchor: Annotated[Path | None, typer.Option(help="Trust this root (PEM) in place of a trust list")] = None,
    status_map: Annotated[
        Path | None, typer.Option(help="Status lists from this JSON file (address to token) in place of the network")
    ] = None,
) -> None:
    """核验证件 · Judge one presentation of any form: exit 0 GREEN, 1 RED, 2 AMBER. With --batch: 0 all lines judged."""
    session = session_of(context)
    if online and status_map is not None:
        raise typer.BadParameter("status lists come from the network or from --status-map, not from both")
    as_of = None if now is None else _instant(now)
    if batch:
        if mode or nonce or audience or session_transcript:
            raise typer.BadParameter("with --batch each line says what it answers")
        with _readers(session, bundle, trust_anchor, _online(online, status_map)) as readers:
            raise typer.Exit(judge_lines(session, presentation, readers, policy=policy, now=as_of))
    from verifier.checkpoint.report import to_json, to_lines
    from verifier.reading import Terms, read

    terms = Terms(policy_id=policy, mode=_mode(mode), as_of=as_of)
    binding, session_of_request = _binding(nonce, audience), _session(session_transcript)
    text = _text_of(presentation)
    with _readers(session, bundle, trust_anchor, _online(online, status_map)) as readers:
        verdict = read(text, readers.at(as_of), terms, binding, session_of_request).verdict
    lines = to_lines(verdict)
    if now is not None:
        lines.insert(0, f"复核时点 · re-check as of {now}")
    facts = {**to_json(verdict), "as_of": now}
    session.output.result(facts, lines)
    raise typer.Exit(_exit_code(verdict, is_recheck=now is not None and not evidence))


@contextmanager
def _readers(session: Session, bundle: Path | None, root: Path | None, online: Online | None) -> Iterator[Readers]:
    """Give the readers over this home, or over a root that stands in its place."""
    from api.wiring.reading import READER_FOLDER, ReaderHome, Readers, home_alone, read_bundle_file, read_root_file

    with ExitStack() as until_done:
        if root is None:
            home = ReaderHome(session.settings.home / READER_FOLDER)
            home.anchor()
        else:
            home = until_done.enter_context(home_alone(read_root_file(root)))
        data = None if bundle is None else read_bundle_file(bundle)
        yield Readers(home, clock=session.clock, bundle=data, online=online, alone=root is not None)


def _online(network: bool, status_map: Path | None) -> Online | None:
    if not network and status_map is None:
        return None
    from api.wiring.online import over_network, stated

    return over_network() if status_map is None else stated(status_map)


def _binding(nonce: str | None, audience: str | None) -> ExpectedBinding | None:
    from verifier.checks.case import ExpectedBinding

    if bool(nonce) is not bool(audience):
        raise typer.BadParameter("--nonce and --audience come together")
    return ExpectedBinding(nonce, audience) if nonce and audience else None


def _session(transcript: str | None) -> ExpectedSession | None:
    if transcript is None:
        return None
    from formats.encoding import base64url
    from formats.mdoc.session_transcript import read_transcript
    from verifier.checks.mdoc.case import ExpectedSession

    return ExpectedSession(read_transcript(base64url.decode(transcript)))


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
