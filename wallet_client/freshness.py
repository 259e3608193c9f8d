"""When new copies are fetched: at half of their life, or when fewer than three unshown ones are left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wallet_client.records import Copy, Issuance
from wallet_client.store import HeldCopy

COPIES_MIN: Final = 3
RETRY_SECONDS: Final = 300
_DAY_SECONDS: Final = 86_400


def forms_due(issuance: Issuance, copies: Sequence[HeldCopy], now: int) -> tuple[str, ...]:
    """Return the forms of one credential that need new copies now.

    copies: the credential's own.
    """
    return tuple(form for _, form in issuance.wanted if _fresh_unspent(form, copies, now) < COPIES_MIN)


def may_try(issuance: Issuance, now: int) -> bool:
    """Say whether an automatic refresh makes sense now: after a failed one the wallet waits five minutes."""
    return not issuance.tried_in_vain or not 0 <= now - issuance.tried_at < RETRY_SECONDS


def _fresh_unspent(form: str, copies: Sequence[HeldCopy], now: int) -> int:
    return sum(held.record.form == form and not held.spent and now < _half_life(held.record) for held in copies)


def _half_life(copy: Copy) -> int:
    # Counted from receipt: copies are dated back to their week. Never sooner than a day after it, for copies that end
    # with the plastic card would otherwise be asked for ever more often.
    return copy.received_at + max((copy.expires_at - copy.received_at) // 2, _DAY_SECONDS)
