"""The five states of an issuing key, the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class KeyState(StrEnum):
    """planned -> active -> status_only -> destroyed; compromised from any of them, and for ever."""

    PLANNED = "planned"
    ACTIVE = "active"
    STATUS_ONLY = "status_only"
    DESTROYED = "destroyed"
    COMPROMISED = "compromised"


_NEXT: Final[dict[KeyState, frozenset[KeyState]]] = {
    KeyState.PLANNED: frozenset({KeyState.ACTIVE, KeyState.DESTROYED, KeyState.COMPROMISED}),
    KeyState.ACTIVE: frozenset({KeyState.STATUS_ONLY, KeyState.COMPROMISED}),
    KeyState.STATUS_ONLY: frozenset({KeyState.DESTROYED, KeyState.COMPROMISED}),
    KeyState.DESTROYED: frozenset({KeyState.COMPROMISED}),
    KeyState.COMPROMISED: frozenset(),
}


def may_become(state: KeyState, following: KeyState) -> bool:
    """Say whether a key may pass from one state to the other.

    A destroyed key may still turn out to have been copied before, so it can become compromised; nothing leaves that.

    >>> may_become(KeyState.ACTIVE, KeyState.STATUS_ONLY), may_become(KeyState.COMPROMISED, KeyState.ACTIVE)
    (True, False)
    """
    return following in _NEXT[state]


def may_sign_credentials(state: KeyState) -> bool:
    """Say whether a key in this state signs new credentials."""
    return state is KeyState.ACTIVE


def may_sign_status(state: KeyState) -> bool:
    """Say whether a key in this state signs its status lists: until its last credential expires."""
    return state in {KeyState.ACTIVE, KeyState.STATUS_ONLY}
