"""Status without a network: what the snapshots of a bundle say, and the port that any other source fits too."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple, Protocol

from formats.bundle.status_snapshot import EntryClass, StatusSnapshot


class EntryState(Enum):
    """What a status list says of one copy."""

    VALID = "valid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REPORTED_LOST = "reported_lost"
    SUPERSEDED = "superseded"


class StatusAnswer(NamedTuple):
    """One entry, and the age of the list that holds it.

    as_of:      when the list was made by its bureau, not when it was packed, copied or fetched.
    expires_at: from then on it no longer proves that an entry is valid.
    number:     of the snapshot, to be read over the radio; None for a list without one.
    """

    state: EntryState
    as_of: int
    expires_at: int
    number: int | None


class StatusSource(Protocol):
    """Looks up the status of one copy."""

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        """Return the entry, or None where no list of this bureau under this address is at hand: unknown, not valid.

        bureau: of the verified issuer key; a list of another bureau never answers.
        Raises Refused(STATUS_INDEX_OUT_OF_RANGE) for an index beyond the list.
        """
        ...


_STATES: Final = {
    EntryClass.REVOKED: EntryState.REVOKED,
    EntryClass.SUSPENDED: EntryState.SUSPENDED,
    EntryClass.REPORTED_LOST: EntryState.REPORTED_LOST,
    EntryClass.SUPERSEDED: EntryState.SUPERSEDED,
}


class HasSnapshots(Protocol):
    """A verified ``Bundle``, as far as a look-up needs it."""

    @property
    def snapshots(self) -> Mapping[str, StatusSnapshot]:
        """The snapshots by bureau."""
        ...


class BundleStatus:
    """A StatusSource over the status snapshots of one verified bundle."""

    def __init__(self, bundle: HasSnapshots) -> None:
        self._snapshots = bundle.snapshots

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        snapshot = self._snapshots.get(bureau)
        entries = None if snapshot is None else snapshot.lists.get(uri)
        if snapshot is None or entries is None:
            return None
        found = entries.look_up(index)
        state = EntryState.VALID if found is None else _STATES[found]
        return StatusAnswer(state, snapshot.as_of, snapshot.expires_at, snapshot.number)
