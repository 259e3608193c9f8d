"""Status lists as files: what the server hands out and any static host can."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from core.errors import Unavailable
from core.reasons import Reason
from formats.status_list.history import life_of, past_name
from issuer.ports import ListIssue

AGGREGATION: Final = "lists"
PAST: Final = "past"
CWT_SUFFIX: Final = ".cwt"
"""Names in a bureau's folder beside its lists: ``lists``, ``past/{list}/{iat}-{exp}``, and ``.cwt`` behind the other form."""


class StatusFiles:
    """A bureau's folder of published status lists.

    folder: ``{home}/public/status/{bureau}``; each file in it is named after its list and holds the signed token, the
            CWT form with ``.cwt`` behind the name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, list_id: str, issue: ListIssue) -> None:
        """Replace the list: a reader sees the old file or the new one of each form, after a power cut too."""
        past = self._folder / PAST / list_id
        name = past_name(issue.issued_at, issue.expires_at)
        try:
            past.mkdir(parents=True, exist_ok=True)
            for suffix, token in (("", issue.jwt.encode("ascii")), (CWT_SUFFIX, issue.cwt)):
                kept = past / f"{name}{suffix}"
                _write(kept, token)
                _link(kept, self._folder / f"{list_id}{suffix}")
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "the status list could not be written") from err

    def withdraw(self, list_id: str) -> None:
        try:
            for suffix in ("", CWT_SUFFIX):
                (self._folder / f"{list_id}{suffix}").unlink(missing_ok=True)
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "the status list could not be removed") from err

    def announce(self, document: bytes) -> None:
        path = self._folder / AGGREGATION
        try:
            if path.exists() and path.read_bytes() == document:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(path, document)
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "the names of the status lists could not be written") from err

    def forget(self, before: int) -> None:
        try:
            for folder in (self._folder / PAST).glob("*"):
                kept = 0
                for path in folder.iterdir():
                    life = life_of(path.name.removesuffix(CWT_SUFFIX))
                    if life is not None and life[1] < before:
                        path.unlink(missing_ok=True)
                    else:
                        kept += 1
                if not kept:
                    folder.rmdir()
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "past status lists could not be removed") from err


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".new", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    written = Path(file.name)
    written.chmod(0o644)
    written.replace(path)


def _link(kept: Path, path: Path) -> None:
    # The issue in force is the newest of those kept: one file with two names.
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.hardlink_to(kept)
    temporary.replace(path)
