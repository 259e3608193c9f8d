"""Dates as a register writes them, and the arithmetic of full years."""

from __future__ import annotations

from datetime import date

EARLIEST_YEAR = 1800
"""No living person was born before it; an earlier year is a typing mistake."""


def parse_date(text: str) -> date | None:
    """Return the day written ``YYYYMMDD``, or None for anything else.

    Only eight ASCII digits are read: ``date.fromisoformat`` alone also takes ISO weeks, and ``int`` other scripts.
    Source: GA/T 490 (birth date, validity).

    >>> parse_date("20000229"), parse_date("19000229"), parse_date("2020W011")
    (datetime.date(2000, 2, 29), None, None)
    """
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if day.year >= EARLIEST_YEAR else None


def format_date(day: date) -> str:
    """Return the day as ``YYYYMMDD``."""
    return day.strftime("%Y%m%d")


def add_years(day: date, years: int) -> date:
    """Return the same day so many years later (earlier when negative); 29 February becomes 28 February in a common year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
