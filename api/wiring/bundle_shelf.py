"""Where a home keeps the bundles it made, as bases of deltas, and what it hands out to readers.

``bundles/{bureau}/{number}.eid`` are the bundles made in the last days; ``bundles/published`` holds what is handed out:
``current``, and ``since-{number}`` for readers that hold an earlier one. Reason classes stand in them, which the public
status lists never carry: the folder is not below ``public``, and only a role that serves readers answers from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.errors import EidError, Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle.envelope import UnverifiedEnvelope, read_envelope

FOLDER: Final = "bundles"
CURRENT: Final = "current"
KEPT_SECONDS: Final = 8 * 86_400
"""A reader that was away for a week still gets a delta."""
KEPT_MOST: Final = 64


def published_folder(home: Path) -> Path:
    """Return the folder of what a home hands out."""
    return home / FOLDER / "published"


def since(number: int) -> str:
    """Return the name of the delta that starts from a bundle."""
    return f"since-{number}"


class BundleShelf:
    """The bundles one bureau made. home: of the deployment."""

    def __init__(self, home: Path, bureau: str) -> None:
        self._kept = home / FOLDER / bureau
        self._published = published_folder(home)

    def read(self, number: int) -> bytes:
        """Return a bundle made before; NotFound(BUNDLE_MISSING)."""
        try:
            return (self._kept / f"{number}.eid").read_bytes()
        except OSError as err:
            raise NotFound(Reason.BUNDLE_MISSING, f"no bundle number {number} is kept here") from err

    def newest(self) -> UnverifiedEnvelope | None:
        """Return the envelope of the bundle made last, None before the first."""
        numbers = self._numbers()
        return read_envelope(self.read(numbers[-1])) if numbers else None

    def keep(self, number: int, data: bytes, *, now: int) -> None:
        """Keep a bundle, and drop those that are too old or too many."""
        _write(self._kept / f"{number}.eid", data)
        numbers = self._numbers()
        for old in numbers[:-1]:
            if old in numbers[:-KEPT_MOST] or now - self._issued_at(old) > KEPT_SECONDS:
                (self._kept / f"{old}.eid").unlink(missing_ok=True)

    def open_to_all(self) -> Iterable[tuple[int, bytes]]:
        """Give the kept bundles without a post's licence, by number: what a reader may have from here."""
        for number in self._numbers():
            data = self.read(number)
            if read_envelope(data).licence is None:
                yield number, data

    def publish(self, full: bytes, deltas: dict[int, bytes]) -> None:
        """Hand out a bundle and the deltas to it, by the number each starts from; those to earlier ones are dropped.

        A delta that is found beside an older ``current`` leads further than it, which no reader minds.
        """
        for number, delta in deltas.items():
            _write(self._published / since(number), delta)
        _write(self._published / CURRENT, full)
        wanted = {CURRENT, *map(since, deltas)}
        for path in self._published.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def _issued_at(self, number: int) -> int:
        try:
            return read_envelope(self.read(number)).issued_at
        except EidError:
            # What cannot be read is no base of anything.
            return -KEPT_SECONDS

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self._kept.glob("*.eid") if path.stem.isdecimal())


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNWRITABLE, f"{path.name}: {err.strerror}") from err
