"""``eid verify --batch``: JSON lines in, JSON lines out, however many."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from api.cli.session import Session
from core.errors import MalformedInput
from core.reasons import Reason

if TYPE_CHECKING:
    from api.wiring.reading import Readers

_SKIP_BYTES: Final = 64 * 1024


def judge_lines(session: Session, file: str, readers: Readers, *, policy: str | None, now: int | None) -> int:
    """Judge the lines of a file, or of standard input for ``-``; return 0 where every line was judged, else 1.

    One line is held at a time, and its answer is written out before the next is read. An empty line is no line.
    policy, now: for lines that name none.
    """
    from verifier.lines import LINE_MAX_BYTES, answer_line, not_judged

    too_large = not_judged(MalformedInput(Reason.TOO_LARGE, f"a line is at most {LINE_MAX_BYTES} bytes"))
    asked = refused = 0
    # Answers on a terminal are progress themselves.
    shows = sys.stderr.isatty() and not sys.stdout.isatty()
    with _opened(file) as source, session.output.progress("verify", None) if shows else nullcontext() as progress:
        for line in _lines(source, LINE_MAX_BYTES):
            answer = too_large if line is None else answer_line(line, readers.at, policy=policy, now=now)
            sys.stdout.write(json.dumps(answer.members, ensure_ascii=False, separators=(",", ":")) + "\n")
            sys.stdout.flush()
            asked += 1
            refused += not answer.judged
            if progress is not None:
                progress(asked)
    if refused:
        session.output.problem(Reason.REQUEST_MALFORMED, f"{refused} of {asked} lines were not judged")
    return 1 if refused else 0


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    path = Path(file)
    try:
        source = path.open("rb")
    except OSError as err:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    with source:
        yield source


def _lines(source: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield each line without its end, None for one that is too large to be held."""
    while line := source.readline(max_bytes + 2):
        text = line.removesuffix(b"\n").removesuffix(b"\r")
        if line.endswith(b"\n") or len(line) < max_bytes + 2:
            if text.strip():
                yield text
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(_SKIP_BYTES)
        yield None
