"""What a command prints: text for people by default, one JSON object with ``--json``, a progress bar only on a terminal."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from core.errors import EidError, Misconfigured
from core.reasons import Reason

PLAIN_STEPS = 10
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Output:
    """Prints results in the form the caller asked for.

    as_json: one JSON object (or JSON lines) on standard output, nothing else there.
    """

    as_json: bool

    def result(self, facts: Mapping[str, object], lines: Iterable[str]) -> None:
        """Print the outcome: ``facts`` as one JSON object, or ``lines`` as text."""
        if self.as_json:
            sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()

    def refusal(self, error: EidError) -> None:
        """Print why a command was refused and what to do next, in Chinese and English, on standard error."""
        self.problem(error.reason, error.detail)

    def problem(self, reason: Reason, detail: str) -> None:
        """Print one row of the table of reasons with its detail."""
        row = reason.value
        if self.as_json:
            facts = {
                "error": row.code,
                "detail": detail,
                "zh": row.zh,
                "en": row.en,
                "next_zh": row.next_zh,
                "next_en": row.next_en,
            }
            sys.stderr.write(json.dumps(facts, ensure_ascii=False) + "\n")
        else:
            sys.stderr.write(f"{row.zh}{row.next_zh}\n{row.en} {row.next_en}\n({row.code}: {detail})\n")

    @contextmanager
    def progress(self, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Give a function to be told how much is done so far: a bar on a terminal, ten plain lines elsewhere, none with JSON.

        total: how much there is in all, or None where it is not known.
        """
        if self.as_json:
            yield _say_nothing
        elif sys.stderr.isatty():
            with _bar(label, total) as advance:
                yield advance
        else:
            yield _plain_lines(label, total)


def write_file(path: Path, content: bytes) -> None:
    """Write a file a command was asked for; Misconfigured(FILE_UNWRITABLE) where that cannot be."""
    try:
        path.write_bytes(content)
    except OSError as err:
        raise unwritable(path, err) from err


def write_private_file(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whoever could read one that was there before; else as ``write_file``."""
    try:
        with _opened_private(path, "wb") as file:
            file.write(content)
    except OSError as err:
        raise unwritable(path, err) from err


def prepare_private_file(path: Path) -> None:
    """Make a file for its owner alone and leave what is in it; Misconfigured(FILE_UNWRITABLE) where that cannot be."""
    try:
        with _opened_private(path, "ab"):
            pass
    except OSError as err:
        raise unwritable(path, err) from err


def unwritable(path: Path, err: OSError) -> Misconfigured:
    """Return the refusal for a file or folder that cannot be written."""
    return Misconfigured(Reason.FILE_UNWRITABLE, f"{path} cannot be written: {err.strerror}")


@contextmanager
def _opened_private(path: Path, mode: Literal["ab", "wb"]) -> Iterator[BinaryIO]:
    with open(path, mode, opener=_for_the_owner) as file:
        # One that was there keeps its mode when it is opened; of a device it is not ours to change.
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            os.fchmod(file.fileno(), _PRIVATE)
        yield file


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, _PRIVATE)


def _say_nothing(done: int) -> None:
    del done


@contextmanager
def _bar(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.update(task, completed=done)


def _plain_lines(label: str, total: int | None) -> Callable[[int], None]:
    step = max(1, (total or 10_000) // PLAIN_STEPS)
    said = 0

    def advance(done: int) -> None:
        nonlocal said
        if done // step > said or (done == total and done // step >= said):
            said = done // step
            sys.stderr.write(f"{label}: {done}" + (f" / {total}\n" if total else "\n"))

    return advance
