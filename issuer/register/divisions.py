"""GB/T 2260 administrative division codes, today's and earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from issuer.register.code_tables import read_table

FIRST_NUMBERING_YEAR = 1984
"""Numbers were given to everybody alive from this year on, so an older birth says nothing about the code's period."""


@dataclass(frozen=True, slots=True)
class Division:
    """One county, city or province of today."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class _Period:
    start_year: int
    end_year: int


def division_name(code: str, *, specimen: bool) -> str | None:
    """Return the present name of a code, or None. ``specimen`` adds the invented divisions of prefix 69."""
    return _current().get(code) or (_specimen().get(code) if specimen else None)


def division_existed(code: str, *, specimen: bool) -> bool:
    """True when the code was ever in force: a number keeps the code of its numbering for life (GB 11643)."""
    return code in _periods() or code in _current() or (specimen and code in _specimen())


def division_fits_birth_year(code: str, birth_year: int, *, specimen: bool) -> bool:
    """True when the code was in force when somebody born in that year could have been numbered.

    For births from 1985 on that is the birth year, before that 1984 or any later year. Years are inclusive; an unknown start or end counts as
    open, and a code without history (too new for the table) fits.
    """
    periods = _periods().get(code)
    if periods is None or (specimen and code in _specimen()):
        return True
    if birth_year <= FIRST_NUMBERING_YEAR:
        return any(period.end_year >= FIRST_NUMBERING_YEAR for period in periods)
    return any(period.start_year <= birth_year <= period.end_year for period in periods)


@cache
def county_divisions() -> tuple[Division, ...]:
    """Return today's county-level divisions in the order of their codes."""
    return tuple(Division(code, name) for code, name in sorted(_current().items()) if not code.endswith("00"))


def division_path(code: str) -> str:
    """Return province, city and county of a present code written together, as an address begins.

    >>> division_path("420106")
    '湖北省武汉市武昌区'
    """
    current = _current()
    names = [current.get(code[:2] + "0000", ""), current.get(code[:4] + "00", ""), current.get(code, "")]
    return "".join(name for name in names if name not in ("市辖区", "县", "省直辖县级行政区划"))


@cache
def specimen_divisions() -> tuple[Division, ...]:
    """Return the invented divisions; numbers that begin with their codes cannot belong to anybody."""
    return tuple(Division(code, name) for code, name in _specimen().items())


@cache
def _current() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read_table("gbt2260")}


@cache
def _specimen() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read_table("specimen_divisions")}


@cache
def _periods() -> dict[str, tuple[_Period, ...]]:
    periods: dict[str, tuple[_Period, ...]] = {}
    for row in read_table("gbt2260_history"):
        period = _Period(int(row["start_year"] or 0), int(row["end_year"] or 9999))
        periods[row["code"]] = (*periods.get(row["code"], ()), period)
    return periods
