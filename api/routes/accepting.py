"""What a caller accepts: the ``Accept`` and ``Accept-Encoding`` headers (RFC 9110 12.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WEIGHT: Final = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", re.ASCII)


def quality(header: str, name: str) -> float:
    """Return how much a header wants this media type or coding, 0 for not at all; the most specific entry decides.

    >>> quality("text/html, */*;q=0.1", "a/b"), quality("a/*, a/b;q=0", "a/b"), quality("application/x", "a/b")
    (0.1, 0.0, 0.0)
    """
    kind = name.partition("/")[0]
    ranks = {name: 3, f"{kind}/*": 2, "*/*": 1, "*": 1}
    best = (0, 0.0)
    for entry in header.lower().split(","):
        wanted, *parameters = (part.strip() for part in entry.split(";"))
        weights = [match[1] for parameter in parameters if (match := _WEIGHT.fullmatch(parameter))]
        best = max(best, (ranks.get(wanted, 0), float(weights[0]) if weights else 1.0))
    rank, weight = best
    return min(weight, 1.0) if rank else 0.0


def preferred(header: str, offered: Sequence[str]) -> str | None:
    """Return the media type to answer with, the first of equals; None when the caller takes none. Empty takes all.

    >>> preferred("", ["a/b", "a/c"]), preferred("a/c, */*;q=0.5", ["a/b", "a/c"]), preferred("a/*", ["a/b", "a/c"])
    ('a/b', 'a/c', 'a/b')
    >>> preferred("text/html", ["a/b"]) is None
    True
    """
    if not header.strip():
        return offered[0]
    weights = [quality(header, name) for name in offered]
    return offered[weights.index(max(weights))] if max(weights) > 0 else None
