"""Age in full years."""

from __future__ import annotations

from datetime import date


def age_on(birth_date: date, day: date) -> int:
    """Return the full years lived on ``day``; negative before birth.

    The birthday counts from its first moment. Who is born on 29 February turns a year older on 1 March of a common
    year: the day before is still 28 February, and 29 February has not come.

    >>> age_on(date(1949, 12, 31), date(2026, 11, 20))
    76
    >>> age_on(date(2008, 2, 29), date(2026, 2, 28)), age_on(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday
