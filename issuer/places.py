"""Places in status lists: random, and never used twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.entropy import Entropy
from core.errors import Conflict
from core.reasons import Reason
from issuer.policy import IssuancePolicy
from issuer.ports import IssuanceTransaction

_INDEX_BYTES: Final = 8


def draw_places(
    tx: IssuanceTransaction, list_id: str, count: int, *, policy: IssuancePolicy, entropy: Entropy
) -> Sequence[int]:
    """Return random places of the list that were never used; Conflict(DATA_MOVED) when it is full."""
    if not tx.reserve(list_id, count, policy.list_capacity):
        raise Conflict(Reason.DATA_MOVED, "the status list is full")
    size = policy.list_size
    chosen: dict[int, None] = {}
    # At most half of a list is used: each round finds half of what is missing, on average, or more.
    while len(chosen) < count:
        wanted = 2 * (count - len(chosen))
        drawn = entropy.random_bytes(_INDEX_BYTES * wanted)
        candidates = dict.fromkeys(
            int.from_bytes(drawn[at : at + _INDEX_BYTES]) % size for at in range(0, len(drawn), _INDEX_BYTES)
        )
        taken = tx.taken(list_id, list(candidates))
        chosen.update(dict.fromkeys(index for index in candidates if index not in taken))
    return list(chosen)[:count]
