"""The clock as a port: UTC, whole seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> int:
        """Return the seconds since 1970-01-01T00:00:00Z."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return int(time.time())


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that always says the same: for tests and for re-checking evidence as of a stated instant."""

    seconds: int

    def now(self) -> int:
        return self.seconds


def rfc3339(seconds: int) -> str:
    """Return an instant as RFC 3339 text in UTC.

    >>> rfc3339(1_700_000_000)
    '2023-11-14T22:13:20Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
