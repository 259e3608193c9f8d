"""The one verdict a screen keeps open: showing the same code again is not a replay until it is closed."""

from __future__ import annotations

from core.reasons import Colour
from verifier.checkpoint.replay import HOLDER_BYTES, Seen
from verifier.checkpoint.verdict import Verdict


class OpenVerdict:
    """A replay memory with a screen in front of it.

    While a verdict is open the camera meets the same code again and again, and the wallet redraws it every 30 s with a
    new ``cti`` under the same holder key: both give the verdict on the screen once more. After ``close`` they are what
    they are: seen here, so many seconds ago. Every question still reaches the memory, so that a photograph of any redraw
    is known later. A reader that shows nothing between two codes (a command) needs only the memory.

    For each code: ``again(text)``; if that is None, ``judge(..., seen=self)`` and show what ``show`` returns.
    Source: qr-trust-bundle 5.
    """

    def __init__(self, memory: Seen) -> None:
        self._memory = memory
        self._text: str | None = None
        self._holder: bytes | None = None
        self._verdict: Verdict | None = None
        self._judged: bytes | None = None

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:
        """Answer as the memory does, except for the copy whose verdict is on the screen."""
        earlier = self._memory.first_seen(key, now, until)
        self._judged = key[:HOLDER_BYTES]
        return None if self._judged == self._holder else earlier

    def again(self, text: str) -> Verdict | None:
        """Return the open verdict if this very text gave it, else None; call it before each judgement."""
        self._judged = None
        return self._verdict if self._verdict is not None and text == self._text else None

    def show(self, text: str, verdict: Verdict) -> Verdict:
        """Return what the screen shows now: the open verdict for a redraw by the same copy, else the new one, opened.

        A redraw that is RED is never hidden behind the verdict before it; nor is a code of another copy.
        """
        redraw = self._judged is not None and self._judged == self._holder and verdict.colour is not Colour.RED
        if redraw and self._verdict is not None:
            return self._verdict
        self._text, self._holder, self._verdict = text, self._judged, verdict
        return verdict

    def close(self) -> None:
        """Clear the screen: from now on the same code has been seen here."""
        self._text = self._holder = self._verdict = self._judged = None
