from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.register.age import age_on
from issuer.register.dates import add_years, format_date, parse_date
from issuer.register.validity import expected_valid_until, is_expired, term_years

BIRTH = date(1990, 6, 15)


@pytest.mark.parametrize("years", [14, 16, 18, 26, 46, 60, 65])
def test_age_turns_on_the_birthday_and_not_the_day_before(years: int) -> None:
    birthday = add_years(BIRTH, years)
    assert age_on(BIRTH, birthday - timedelta(days=1)) == years - 1
    assert age_on(BIRTH, birthday) == years
    assert age_on(BIRTH, birthday + timedelta(days=1)) == years


def test_age_counts_full_years() -> None:
    assert age_on(date(1949, 12, 31), date(2026, 11, 20)) == 76


def test_a_29_february_birthday_is_on_1_march_of_a_common_year() -> None:
    born = date(2008, 2, 29)
    assert [age_on(born, date(2026, 2, 28)), age_on(born, date(2026, 3, 1))] == [17, 18]
    assert [age_on(born, date(2028, 2, 28)), age_on(born, date(2028, 2, 29))] == [19, 20]


def test_age_before_birth_is_negative() -> None:
    assert age_on(BIRTH, BIRTH - timedelta(days=1)) == -1


@given(st.dates(date(1800, 1, 1), date(2100, 1, 1)), st.dates(date(1800, 1, 1), date(2100, 1, 1)))
def test_age_of_whole_numbers_is_the_age(birth_date: date, day: date) -> None:
    assert (int(format_date(day)) - int(format_date(birth_date))) // 10_000 == age_on(birth_date, day)


@pytest.mark.parametrize(
    ("age", "years"), [(0, 5), (15, 5), (16, 10), (25, 10), (26, 20), (45, 20), (46, None), (90, None)]
)
def test_term_follows_the_age_at_issue(age: int, years: int | None) -> None:
    assert term_years(age) == years


@pytest.mark.parametrize(("years", "before", "after"), [(16, 5, 10), (26, 10, 20), (46, 20, None)])
def test_term_changes_on_the_birthday(years: int, before: int, after: int | None) -> None:
    birthday = add_years(BIRTH, years)
    eve, morrow = birthday - timedelta(days=1), birthday + timedelta(days=1)
    assert expected_valid_until(BIRTH, eve) == add_years(eve, before)
    for day in (birthday, morrow):
        assert expected_valid_until(BIRTH, day) == (add_years(day, after) if after else None)


def test_a_card_of_29_february_ends_on_28_february() -> None:
    assert expected_valid_until(date(2012, 6, 1), date(2024, 2, 29)) == date(2029, 2, 28)
    assert expected_valid_until(date(1990, 6, 1), date(2024, 2, 29)) == date(2044, 2, 29)


def test_a_card_expires_after_its_last_day() -> None:
    assert not is_expired(date(2026, 11, 20), date(2026, 11, 20))
    assert is_expired(date(2026, 11, 20), date(2026, 11, 21))
    assert not is_expired(None, date(2999, 1, 1))


@pytest.mark.parametrize(
    "text",
    ["", "2020010", "202001011", "20201301", "20200230", "19000229", "00010101", "17991231", "2020W011", "2020-1-1", "２０２００１０１", "٢٠٢٠٠١٠١", " 2020101", "+2020101", "2020 101", "长期"],
)  # fmt: skip
def test_refuses_what_is_not_yyyymmdd(text: str) -> None:
    assert parse_date(text) is None


@given(st.dates(date(1800, 1, 1), date(9999, 12, 31)))
def test_a_date_written_is_read_back(day: date) -> None:
    assert parse_date(format_date(day)) == day
