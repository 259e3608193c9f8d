"""How long a copy lives and which week it belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.reasons import Reason
from issuer.policy import DAY, WEEK, Form, IssuancePolicy, day_of, expiry_week, monday, validity

POLICY = IssuancePolicy()
BORN = date(1990, 7, 3)
NOW = 1_795_136_400  # Friday 2026-11-20, 01:00 UTC
WEEK_START = 1_794_787_200  # Monday 2026-11-16


def ends(day: date | None, *, form: Form = Form.QR, now: int = NOW, born: date = BORN) -> int:
    return validity(POLICY, form, now=now, document_ends=day, birth_date=born).expires_at


def at(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@given(st.integers(345_600, 1 << 33))
def test_a_week_starts_on_monday_at_midnight_utc(now: int) -> None:
    start = monday(now)
    assert start <= now < start + WEEK
    assert datetime.fromtimestamp(start, UTC).weekday() == 0
    assert start % DAY == 0


@given(st.integers(345_600, 1 << 33))
def test_the_expiry_week_is_the_first_monday_not_before_the_end(instant: int) -> None:
    week = expiry_week(instant)
    assert week - WEEK < instant <= week
    assert monday(week) == week


def test_a_qr_copy_lives_a_fortnight_and_an_online_copy_four_weeks_from_monday() -> None:
    assert ends(None) == WEEK_START + 14 * DAY
    assert ends(None, form=Form.SD_JWT_VC) == WEEK_START + 28 * DAY
    assert ends(date(2040, 1, 1)) == WEEK_START + 14 * DAY


@pytest.mark.parametrize("now", [WEEK_START, WEEK_START + 1, NOW, WEEK_START + WEEK - 1])
def test_everybody_gets_the_same_times_all_week(now: int) -> None:
    period = validity(POLICY, Form.QR, now=now, document_ends=None, birth_date=BORN)
    assert (period.issued_at, period.expires_at) == (WEEK_START, WEEK_START + 2 * WEEK)


def test_the_card_ends_a_copy_early_and_only_in_its_last_fortnight() -> None:
    assert ends(date(2026, 11, 29)) == at(date(2026, 11, 29))
    assert ends(date(2026, 11, 30)) == WEEK_START + 14 * DAY
    assert ends(date(2026, 12, 10), form=Form.SD_JWT_VC) == at(date(2026, 12, 10))


def test_an_early_end_never_falls_on_the_birthday() -> None:
    assert ends(date(2026, 11, 28), born=date(1990, 11, 28)) == at(date(2026, 11, 27))
    # Born on 29 February: the birthday of a common year is 1 March.
    now = at(date(2027, 2, 25))
    assert ends(date(2027, 3, 1), born=date(2000, 2, 29), now=now) == at(date(2027, 2, 28))
    # The common end is everybody's and stays: moving it would show whose birthday it is.
    assert ends(None, born=date(1990, 11, 30)) == at(date(2026, 11, 30))


@pytest.mark.parametrize("last_day", [date(2026, 11, 20), date(2026, 11, 19), date(2000, 1, 1)])
def test_an_ended_card_gets_no_copy(last_day: date) -> None:
    with pytest.raises(Refused) as caught:
        ends(last_day)
    assert caught.value.reason is Reason.DOCUMENT_EXPIRED


def test_the_copy_of_a_card_that_ends_tomorrow_ends_with_it() -> None:
    assert ends(date(2026, 11, 21)) == at(date(2026, 11, 21))


@given(st.dates(date(2026, 11, 22), date(2060, 1, 1)), st.dates(date(1930, 1, 1), date(2026, 1, 1)))
def test_no_copy_outlives_the_card_or_its_own_limit(last_day: date, born: date) -> None:
    for form in Form:
        end = ends(last_day, form=form, born=born)
        assert NOW < end <= min(at(last_day), WEEK_START + POLICY.lifetime(form))
        assert end % DAY == 0
        if end != WEEK_START + POLICY.lifetime(form):
            assert (day_of(end).month, day_of(end).day) != (born.month, born.day)
