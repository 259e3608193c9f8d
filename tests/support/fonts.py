"""The font printed cards are set in: a test without one is listed as not exercised."""

from __future__ import annotations

from core.errors import Misconfigured
from issuer.printing.fonts import CardFont, find_font
from tests.support import not_exercised


def card_font() -> CardFont:
    """Return the system's font with Chinese characters."""
    try:
        return find_font(None)
    except Misconfigured:
        not_exercised.leave_out(
            "printed cards",
            why="no font with Chinese characters is installed.",
            remedy="apt-get install fonts-noto-cjk",
        )
