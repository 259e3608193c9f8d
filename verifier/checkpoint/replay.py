"""The memory of one-way codes seen here."""

from __future__ import annotations

from threading import Lock
from typing import Final, Protocol

from core.errors import Unavailable
from core.reasons import Reason
from formats.sd_cwt.unpack import UnverifiedKbt

HOLDER_BYTES: Final = 8 + 33
"""The part of a key that names the holder's copy: issuer key id and holder point; the ``cti`` follows."""


class Seen(Protocol):
    """Remembers what was shown here. It is asked only after both signatures of a code hold."""

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:
        """Return when this key was first seen, or None and remember it from ``now`` to ``until``.

        Finding and storing are one step, so that of two lanes only one hears None.
        Raises Unavailable where it cannot remember: the verdict is then AMBER, because what is not remembered
        could be shown again.
        """
        ...


def replay_key(kbt: UnverifiedKbt) -> bytes:
    """Return what names one showing: issuer key id, holder point and ``cti``, all of fixed length.

    Never signature bytes: (r, s) and (r, n - s) are one showing.
    """
    sd_cwt = kbt.sd_cwt
    return sd_cwt.kid + sd_cwt.claims.holder_point33 + (kbt.claims.cti or b"")


class InMemorySeen:
    """A replay memory in this process, shared by its lanes, bounded in size.

    What has run out is forgotten when room is needed. When every place holds a code that could still be replayed, the
    newcomer is not remembered and Unavailable(REPLAY_MEMORY_FULL) says so: nothing alive is ever pushed out.
    """

    def __init__(self, size: int = 100_000) -> None:
        self._size = size
        self._entries: dict[bytes, tuple[int, int]] = {}
        self._lock = Lock()

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry[1] >= now:
                return entry[0]
            if entry is None and len(self._entries) >= self._size:
                self._forget_what_has_run_out(now)
            self._entries[key] = (now, until)
        return None

    def _forget_what_has_run_out(self, now: int) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if entry[1] >= now}
        if len(self._entries) >= self._size:
            raise Unavailable(Reason.REPLAY_MEMORY_FULL, "every place of the replay memory holds a live code")


class EvidenceMemory:
    """Remembers nothing: only for re-checking evidence as of a stated instant, which must leave no trace."""

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:  # noqa: ARG002  # the port's parameters
        return None
