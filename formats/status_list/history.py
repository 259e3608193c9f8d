"""Which of the lists published before was in force at a time (Token Status List, 8.4): names of kept tokens, and the choice.

A kept token is named after the seconds it counts from and to, so that the choice needs no token to be opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NAME: Final = re.compile(r"([0-9]{1,10})-([0-9]{1,10})", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_LATEST: Final = 1 << 33


def past_name(issued_at: int, expires_at: int) -> str:
    """Return the name a token is kept under.

    >>> past_name(1795136400, 1795222800)
    '1795136400-1795222800'
    """
    return f"{issued_at}-{expires_at}"


def life_of(name: str) -> tuple[int, int] | None:
    """Return from when to when the token of this name counts; None for any other name."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match[1]), int(match[2]))


def in_force(names: Iterable[str], at: int) -> str | None:
    """Return the name of the newest token whose ``iat`` .. ``exp`` contains the time, or None.

    >>> in_force(["10-30", "20-40", "50-70"], 25), in_force(["10-30", "50-70"], 40)
    ('20-40', None)
    """
    lives = ((life, name) for name in names if (life := life_of(name)) is not None)
    return max(((life, name) for life, name in lives if life[0] <= at <= life[1]), default=(None, None))[1]


def read_time(text: str) -> int | None:
    """Return the ``time`` parameter of a request, or None where it is no whole number of seconds since 1970.

    >>> read_time("1795136400"), read_time("-1"), read_time("1e9"), read_time("99999999999")
    (1795136400, None, None, None)
    """
    time = int(text) if _TIME.fullmatch(text) else _LATEST
    return time if time < _LATEST else None
