"""Status lists as files: what the server hands out and any static host can."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import Unavailable
from core.reasons import Reason


class StatusFiles:
    """A bureau's folder of published status lists.

    folder: ``{home}/public/status/{bureau}``; each file in it is named after its list and holds the signed token.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, list_id: str, token: str) -> None:
        """Replace the list in one step: a reader sees the old file or the new one, after a power cut too."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".new", delete=False) as file:
                file.write(token.encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            written = Path(file.name)
            written.chmod(0o644)
            written.replace(self._folder / list_id)
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "the status list could not be written") from err

    def withdraw(self, list_id: str) -> None:
        try:
            (self._folder / list_id).unlink(missing_ok=True)
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "the status list could not be removed") from err
