"""How long a card is valid, by the age of its holder at issue."""

from __future__ import annotations

from datetime import date

from issuer.register.age import age_on
from issuer.register.dates import add_years

LONG_TERM = "长期"
"""What a card without an end date says instead of one (GA/T 490)."""

_TERMS = ((16, 5), (26, 10), (46, 20))
"""Below this age at issue, so many years (Resident Identity Card Law, article 5)."""


def term_years(age_at_issue: int) -> int | None:
    """Return the years of validity for an age in full years; None means long term."""
    for below, years in _TERMS:
        if age_at_issue < below:
            return years
    return None


def expected_valid_until(birth_date: date, valid_from: date) -> date | None:
    """Return the end date by law for a card issued on ``valid_from``; None means long term.

    The end is the same day so many years later; a card of 29 February ends on 28 February of a common year.
    """
    years = term_years(age_on(birth_date, valid_from))
    return None if years is None else add_years(valid_from, years)


def is_expired(valid_until: date | None, today: date) -> bool:
    """True after the last day of validity; that day itself still counts. Long term never expires."""
    return valid_until is not None and valid_until < today
