from __future__ import annotations

import pytest

from core.reasons import Reason
from formats.dataset import ATTRIBUTES, Attribute, Group
from tests.builders.refusals import refused
from verifier.checks.values import full_date, place, rule_for, sex, text, yes_or_no

TIBETAN = "བཀྲ་ཤིས་བདེ་ལེགས་ཕུན་སུམ་ཚོགས"


def named(name: str) -> Attribute:
    return next(attribute for attribute in ATTRIBUTES if attribute.name == name)


@pytest.mark.parametrize("value", ["x", "x" * 200, "Sample Road 69", "样小明", TIBETAN])
def test_shows_a_text_as_it_is(value: str) -> None:
    assert text(value) == value


@pytest.mark.parametrize(
    "value", ["", "x" * 201, " x", "x ", "a\nb", "a\x7fb", "样\u202e明", "样" * 201, "e" + "\u0301" * 5]
)
def test_refuses_a_text_that_is_not_shown_as_itself(value: str) -> None:
    with refused(Reason.TEXT_BAD):
        text(value)


def test_reads_a_day_of_the_calendar() -> None:
    assert full_date("2028-02-29") == "2028-02-29"


@pytest.mark.parametrize(
    "value",
    [
        "2027-02-29",
        "2026-W01-1",
        "2026-001-1",
        "20260101",
        "20260101xx",
        "2026-01-1",
        "2026/01-01",
        "2026-01/01",
        "",
        20260101,
        None,
    ],
)
def test_refuses_every_other_spelling_of_a_day(value: object) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        full_date(value)


@pytest.mark.parametrize("value", [0, 1, 2, 9])
def test_reads_the_codes_of_sex(value: int) -> None:
    assert sex(value) == value


@pytest.mark.parametrize("value", [3, 8, 10, -1, True, False, "1", 1.0, None])
def test_refuses_other_codes_of_sex(value: object) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        sex(value)


def test_an_attribute_has_its_own_rule_or_that_of_an_answer_or_a_text() -> None:
    rules = {"sex": sex}
    assert rule_for(named("sex"), rules) is sex
    assert rule_for(named("full_name"), rules) is text
    of_age = [attribute for attribute in ATTRIBUTES if attribute.group in {Group.AGE_18, Group.OTHER_AGES}]
    assert len(of_age) == 5
    assert all(rule_for(attribute, rules) is yes_or_no for attribute in of_age)


def test_the_large_portrait_stands_where_the_small_one_has_its_place() -> None:
    assert place(named("full_name")) == (Group.NAME, 1)
    without = [attribute for attribute in ATTRIBUTES if attribute.group is None]
    assert [place(attribute) for attribute in without] == [(Group.PORTRAIT, 1)] * len(without)
