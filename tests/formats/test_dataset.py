from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta

import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.dataset import (
    ATTRIBUTES,
    GROUPS,
    Glyph,
    Group,
    age_on,
    group_by_label,
    group_by_word,
    group_values,
    jose_claims,
    mdoc_elements,
    read_group,
)
from formats.encoding.cbor import CborMap, CborValue
from formats.licence import GROUNDS
from tests.builders.people import a_person, tiny_portrait
from tests.builders.refusals import refused

DAY = date(2026, 11, 30)
GOOD = group_values(a_person(), as_of=DAY)


def test_an_adult_fills_all_ten_groups() -> None:
    assert set(GOOD) == set(Group)
    assert GOOD[Group.NUMBER_TAIL] == {1: "**************0018"}
    assert GOOD[Group.AGE_18] == {18: True}
    assert GOOD[Group.OTHER_AGES] == {14: True, 16: True, 60: False, 65: False}


def test_groups_without_content_are_left_out() -> None:
    groups = group_values(a_person(qr_portrait=None, address="", division_code="690101"), as_of=DAY)
    assert set(Group) - set(groups) == {Group.PORTRAIT, Group.ADDRESS}


def test_long_term_documents_carry_no_expiry() -> None:
    assert 4 not in group_values(a_person(date_of_expiry=None), as_of=DAY)[Group.DOCUMENT]


def test_group_labels_are_in_the_order_of_the_table() -> None:
    assert [int(group) for group in Group] == list(range(-65537, -65547, -1))
    assert all(group_by_word(group.word) is group and group_by_label(int(group)) is group for group in Group)
    assert group_by_word("portraits") is None
    assert group_by_label(True) is None


def test_no_attribute_is_listed_twice() -> None:
    for column in ("name", "jose", "mdoc"):
        values = [getattr(row, column) for row in ATTRIBUTES if getattr(row, column) is not None]
        assert len(set(values)) == len(values)
    places = [(row.group, row.key) for row in ATTRIBUTES if row.group is not None]
    assert len(set(places)) == len(places)


@given(st.dates(date(1900, 1, 1), date(2030, 1, 1)), st.integers(0, 100))
def test_age_grows_by_one_on_the_anniversary(born: date, years: int) -> None:
    year = born.year + years
    leapling = (born.month, born.day) == (2, 29) and not isleap(year)
    anniversary = date(year, 3, 1) if leapling else born.replace(year=year)
    assert age_on(born, anniversary) == years
    assert age_on(born, anniversary - timedelta(days=1)) == years - 1


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(1949, 12, 31), date(2026, 11, 20), 76),
        (date(2008, 12, 1), date(2026, 11, 30), 17),
        (date(2008, 11, 30), date(2026, 11, 30), 18),
    ],
)
def test_counts_full_years(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_jose_claims_use_the_words_and_shapes_of_the_form() -> None:
    claims = jose_claims(a_person(name_latin=None), as_of=DAY)
    assert claims["full_name"] == "样小明"
    assert "name_latin" not in claims
    assert claims["nationalities"] == ["CN"]
    assert claims["address"] == {"formatted": "样例省样例市示范区样例路69号", "division_code": "690101"}
    assert claims["age_equal_or_over"] == {"14": True, "16": True, "18": True, "60": False, "65": False}
    assert str(claims["picture"]).startswith("data:image/webp;base64,")
    assert claims["birthdate"] == "1990-01-01"
    assert claims["sex"] == 1


def test_foreigners_and_permit_holders_have_no_ethnicity() -> None:
    person = a_person(ethnicity=None, ethnicity_code=None, nationality=None)
    assert group_values(person, as_of=DAY)[Group.CIVIL] == {1: 1}
    assert "nationalities" not in jose_claims(person, as_of=DAY)


@pytest.mark.parametrize(
    "number", ["690101199001010018", "911124198108030024", "ABC123456789012", "69010119900101019X"]
)
def test_never_judges_a_checksum_again(number: str) -> None:
    assert read_group(Group.CITIZEN_NUMBER, {1: number}) == {1: number}


@pytest.mark.parametrize(
    ("group", "values"),
    [
        (Group.NAME, []),
        (Group.NAME, {}),
        (Group.NAME, {2: "LATIN ONLY"}),
        (Group.NAME, {1: 5}),
        (Group.NAME, {1: "样", 7: "x"}),
        (Group.NAME, {1: "样", "1": "x"}),
        (Group.NAME, {1: "样", 3: "x"}),
        (Group.NAME, {1: "样", 3: [[0x20000]]}),
        (Group.NAME, {1: "样", 3: [["𠀀", bytes(72)]]}),
        (Group.NAME, {1: "样", 3: [[0x20000, "x"]]}),
        (Group.BIRTH_DATE, {1: "19900101"}),
        (Group.BIRTH_DATE, {1: "1990-02-30"}),
        (Group.BIRTH_DATE, {1: "1990-W01-1"}),
        (Group.BIRTH_DATE, {1: 19900101}),
        (Group.CITIZEN_NUMBER, {1: "69010119900101001x"}),
        (Group.CITIZEN_NUMBER, {1: "６90101199001010018"}),
        (Group.CITIZEN_NUMBER, {1: "690101199001010018\n"}),
        (Group.CITIZEN_NUMBER, {1: 690101199001010018}),
        (Group.CITIZEN_NUMBER, {1: "6" * 19}),
        (Group.NUMBER_TAIL, {1: "690101199001010018"}),
        (Group.NUMBER_TAIL, {1: "*************10018"}),
        (Group.CIVIL, {1: 3}),
        (Group.CIVIL, {1: True}),
        (Group.CIVIL, {1: "1"}),
        (Group.CIVIL, {2: "CN"}),
        (Group.CIVIL, {1: 1, 2: "CHN"}),
        (Group.CIVIL, {1: 1, 4: "汉"}),
        (Group.ADDRESS, {2: "690101"}),
        (Group.ADDRESS, {1: "样例路", 2: "69010"}),
        (Group.DOCUMENT, {key: value for key, value in GOOD[Group.DOCUMENT].items() if key != 5}),
        (Group.DOCUMENT, {**GOOD[Group.DOCUMENT], 4: "long term"}),
        (Group.DOCUMENT, {**GOOD[Group.DOCUMENT], 6: "cn"}),
        (Group.DOCUMENT, {**GOOD[Group.DOCUMENT], 9: "x"}),
        (Group.PORTRAIT, {1: "x"}),
        (Group.PORTRAIT, {}),
        (Group.AGE_18, {18: 1}),
        (Group.AGE_18, {18: "true"}),
        (Group.AGE_18, {}),
        (Group.AGE_18, {18: True, 16: True}),
        (Group.OTHER_AGES, {14: True, 16: True, 60: False}),
        (Group.OTHER_AGES, {14: True, 16: True, 60: False, 65: 0}),
    ],
)
def test_refuses_values_of_another_shape(group: Group, values: CborValue) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_group(group, values)


@pytest.mark.parametrize(
    ("group", "key"),
    [
        *((Group.NAME, key) for key in (1, 2, 4, 5, 6)),
        *((Group.DOCUMENT, key) for key in (1, 5, 8)),
        (Group.ADDRESS, 1),
        (Group.CIVIL, 3),
    ],
)
def test_every_shown_text_obeys_the_rules_of_display(group: Group, key: int) -> None:
    values: CborMap = {**GOOD[group], key: "样\u202e明"}
    with refused(Reason.TEXT_BAD):
        read_group(group, values)


def test_a_portrait_obeys_the_rules_of_display() -> None:
    with refused(Reason.PORTRAIT_BAD):
        read_group(Group.PORTRAIT, {1: tiny_portrait(size=(64, 81))})


def test_a_glyph_belongs_to_a_rare_character_of_the_name() -> None:
    person = a_person(full_name="样𠅤", glyphs=(Glyph(0x20164, bytes(72)),))
    assert group_values(person, as_of=DAY)[Group.NAME][3] == [[0x20164, bytes(72)]]
    for glyph in (Glyph(0x20165, bytes(72)), Glyph(ord("样"), bytes(72))):
        with refused(Reason.GLYPH_BAD):
            group_values(a_person(full_name="样𠅤", glyphs=(glyph,)), as_of=DAY)


def test_does_not_issue_what_no_reader_accepts() -> None:
    with refused(Reason.TEXT_BAD):
        group_values(a_person(full_name="样" * 51), as_of=DAY)
    with refused(Reason.PORTRAIT_BAD):
        group_values(a_person(qr_portrait=b"RIFF"), as_of=DAY)


def test_mdoc_elements_have_the_types_of_the_standard() -> None:
    elements = mdoc_elements(a_person(), as_of=DAY)
    assert elements["birth_date"] == CBORTag(1004, "1990-01-01")
    assert elements["issue_date"] == CBORTag(1004, "2020-05-01")
    assert elements["expiry_date"] == CBORTag(1004, "2040-05-01")
    assert elements["portrait"] == tiny_portrait(size=(240, 296))
    assert (elements["sex"], elements["age_over_18"], elements["age_over_60"]) == (1, True, False)
    assert (elements["nationality"], elements["resident_address"]) == ("CN", "样例省样例市示范区样例路69号")


def test_mdoc_leaves_out_what_is_absent_and_what_it_does_not_carry() -> None:
    person = a_person(name_latin=None, address="", date_of_expiry=None, portrait=None, nationality=None)
    elements = mdoc_elements(person, as_of=DAY)
    absent = {"name_latin", "resident_address", "resident_division", "expiry_date", "portrait", "nationality"}
    assert not absent & elements.keys()
    assert not {"glyphs", "qr_portrait"} & elements.keys()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"full_name": "样" * 51}, Reason.TEXT_BAD),
        ({"full_name": "样\u202e明"}, Reason.TEXT_BAD),
        ({"address": "样" * 121}, Reason.TEXT_BAD),
        ({"card_authority": ""}, Reason.TEXT_BAD),
        ({"sex": 3}, Reason.DISCLOSURE_MALFORMED),
        ({"nationality": "CHN"}, Reason.DISCLOSURE_MALFORMED),
        ({"portrait": "text"}, Reason.DISCLOSURE_MALFORMED),
        ({"portrait": b"<svg/>"}, Reason.PORTRAIT_BAD),
    ],
)
def test_issues_no_mdoc_element_that_no_reader_accepts(changes: dict[str, object], reason: Reason) -> None:
    with refused(reason):
        mdoc_elements(a_person(**changes), as_of=DAY)


def test_every_attribute_and_group_has_a_name_in_both_languages() -> None:
    rows = [(attribute.zh, attribute.en) for attribute in ATTRIBUTES] + [(group.zh, group.en) for group in GROUPS]
    assert all(any(ord(letter) > 0x4E00 for letter in zh) and en.isascii() and en for zh, en in rows)


def test_every_ground_fits_a_challenge_and_has_words_in_both_languages() -> None:
    assert all(len(code) <= 8 and zh and en.isascii() for code, (zh, en) in GROUNDS.items())
