from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer.register.age import age_on
from issuer.register.bulk import check_rows, row_checker
from issuer.register.citizen_number import CHECK_CHARACTERS
from issuer.register.dates import format_date
from issuer.register.golden import golden_records
from issuer.register.record import COLUMNS
from issuer.register.rules import check_record
from issuer.register.samples import sample_rows
from issuer.register.validity import LONG_TERM, expected_valid_until
from tests.issuer.register.rows import TODAY, a_number, a_row, judged

NAMES = [
    "张伟",
    "买买提·吐尔逊",
    "王𠅤",
    "张 伟",
    "",
    "张\ue863",
    "张\uf9dc",
    "张" * 50,
    "张" * 51,
    "张•伟",
    "·",
    "张?",
    " 张伟",
    "张伟\n",
]
ADDRESSES = [
    "样例路1号",
    "样例路1号（东）#3-2",
    "",
    "路" * 200,
    "路" * 201,
    "样例路 1号",
    "样例路\u202e",
    "样例路1号\n",
]
AUTHORITIES = ["样例公安局", "", "局" * 60, "局" * 61, "公安局(东)", "公安局\ue5e5", "公安局\n"]
ETHNICITIES = [
    ("01", "汉族"),
    ("05", "维吾尔族"),
    ("97", "穿青人"),
    ("97", "其他"),
    ("1", "汉族"),
    ("01", ""),
    ("", ""),
    ("01", "回族"),
    ("01", "汉"),
    ("99", "x"),
]
DIVISIONS = ["690101", "690199", "110105", "110103", "510200", "810000", "820000", "840000", "999999", "969900"]
TODAYS = [TODAY, date(2024, 2, 29), date(2027, 3, 1)]

births = st.one_of(
    st.dates(date(1893, 1, 1), date(2028, 1, 1)),
    st.sampled_from([date(2000, 2, 29), date(2010, 11, 20), date(2000, 11, 20), date(1980, 11, 20), date(1896, 2, 28), date(1895, 11, 20), date(1895, 11, 21)]),
)  # fmt: skip
starts = st.one_of(st.dates(date(2005, 1, 1), date(2028, 1, 1)), st.sampled_from([*TODAYS, date(2020, 2, 29)]))


def wrong_checks(number: str) -> st.SearchStrategy[str]:
    return st.sampled_from([number[:-1] + check for check in CHECK_CHARACTERS] + [number, number, number])


@st.composite
def rows(draw: st.DrawFn) -> Sequence[str]:
    """Rows near the border between plain and not: mostly right, each column wrong now and then."""
    birth, start = draw(births), draw(starts)
    mostly = st.integers(0, 7).map(bool)
    sequence = draw(st.integers(0, 999))
    number = a_number(f"{draw(st.sampled_from(DIVISIONS[:1] * 6 + DIVISIONS))}{birth:%Y%m%d}{sequence:03}")
    end = expected_valid_until(birth, start) if start >= birth else None
    until = LONG_TERM if end is None else format_date(end)
    code, ethnicity = ETHNICITIES[0] if draw(mostly) else draw(st.sampled_from(ETHNICITIES))
    row = {
        "name": NAMES[0] if draw(mostly) else draw(st.sampled_from(NAMES)),
        "sex": str(2 - sequence % 2) if draw(mostly) else draw(st.sampled_from(["0", "1", "2", "9", "", " 1", "１", "x"])),
        "ethnicity_code": code,
        "ethnicity": ethnicity,
        "birth_date": format_date(birth if draw(mostly) else birth + timedelta(days=1)),
        "address": ADDRESSES[0] if draw(mostly) else draw(st.sampled_from(ADDRESSES)),
        "citizen_number": number if draw(mostly) else draw(wrong_checks(number)),
        "issuing_authority": AUTHORITIES[0] if draw(mostly) else draw(st.sampled_from(AUTHORITIES)),
        "valid_from": format_date(start),
        "valid_until": until if draw(mostly) else draw(st.sampled_from([LONG_TERM, "20400101", "20200101", "", "20240229"])),
        "portrait": "" if draw(mostly) else draw(st.sampled_from(["a/b.jpg", "p" * 255, "p" * 4096, "p" * 4097])),
        "document_type": "resident_id" if draw(mostly) else draw(st.sampled_from(["", "passport", "foreigner_permanent", " resident_id"])),
        "name_latin": "" if draw(mostly) else draw(st.sampled_from([" ", "JEAN", "张"])),
    }  # fmt: skip
    return [row[column] for column in COLUMNS]


@st.composite
def mutated_rows(draw: st.DrawFn) -> Sequence[str]:
    """A row with one character of one field changed, dropped or added, or a field too many or too few."""
    row = list(draw(rows()))
    column = draw(st.integers(0, len(row) - 1))
    place = draw(st.integers(0, len(row[column])))
    insert = draw(st.one_of(st.sampled_from(list('0123456789Xx９٣·\u3000\n"')), st.characters(), st.just("")))
    row[column] = row[column][:place] + insert + row[column][place + draw(st.integers(0, 1)) :]
    return [*row, "more"] if draw(st.integers(0, 30)) == 0 else row[: draw(st.sampled_from([12] + [13] * 30))]


@settings(max_examples=300)
@given(st.lists(rows(), max_size=12), st.booleans(), st.sampled_from(TODAYS))
def test_the_fast_way_gives_what_the_rules_give(some: list[Sequence[str]], specimen: bool, today: date) -> None:
    expected = [check_record(row, today=today, specimen=specimen) for row in some]
    assert list(check_rows(some, today=today, specimen=specimen)) == expected


@settings(max_examples=300)
@given(st.lists(mutated_rows(), max_size=12), st.booleans(), st.sampled_from(TODAYS))
def test_the_fast_way_gives_what_the_rules_give_for_mutated_rows(
    some: list[Sequence[str]], specimen: bool, today: date
) -> None:
    expected = [check_record(row, today=today, specimen=specimen) for row in some]
    assert list(check_rows(some, today=today, specimen=specimen)) == expected


@pytest.mark.parametrize("specimen", [True, False])
def test_the_fast_way_agrees_on_golden_and_sample_rows(specimen: bool) -> None:
    some = [golden.row for golden in golden_records(today=TODAY)] + list(sample_rows(400, seed=5, today=TODAY))
    expected = [check_record(row, today=TODAY, specimen=specimen) for row in some]
    assert list(check_rows(some, today=TODAY, specimen=specimen)) == expected


@pytest.mark.parametrize("years", [0, 15, 16, 25, 26, 45, 46, 129, 130, 131])
def test_the_fast_way_agrees_around_every_birthday(years: int) -> None:
    for days in (-1, 0, 1):
        birth = TODAY.replace(year=TODAY.year - years) + timedelta(days=days)
        for until in (*(format_date(TODAY.replace(year=TODAY.year + term)) for term in (5, 10, 20)), LONG_TERM):
            row = a_row(birth_date=format_date(birth), citizen_number=a_number(f"690101{birth:%Y%m%d}001"), valid_from="20261120", valid_until=until)  # fmt: skip
            assert row_checker(today=TODAY, specimen=True)(row) == judged(row), age_on(birth, TODAY)


def test_the_fast_way_sees_a_birth_date_that_differs_from_the_number() -> None:
    # Every eleventh of these days adds the same to the weighted sum as the right one.
    check = row_checker(today=TODAY, specimen=True)
    for days in range(1, 60):
        row = a_row(birth_date=format_date(date(1990, 1, 1) + timedelta(days=days)))
        assert check(row) == judged(row)
        assert check(row).record is None


ODD = {
    "name": NAMES,
    "sex": ["0", "2", "9", "", " 1", "１"],
    "ethnicity_code": ["", "1", "02", "99", "x"],
    "ethnicity": ["", "汉", "回族", "汉族 "],
    "birth_date": ["", "19900102", "19900230", "１９９００１０１", "20261121", " 19900101"],
    "address": ADDRESSES,
    "citizen_number": ["", "690101199001010019", "690101900101001", "810000199001010019", "６90101199001010018", "69010119900101001８"],
    "issuing_authority": AUTHORITIES,
    "valid_from": ["", "20200102", "20261121", "19891231", "2020W011"],
    "valid_until": ["", "长期", "20400102", "20200101", "20260101"],
    "portrait": ["a.jpg", "p" * 255, "p" * 256, "p" * 4097],
    "document_type": ["", "passport", " resident_id", "foreigner_permanent", "hk_macau_taiwan_permit"],
    "name_latin": [" ", "JEAN", "张"],
}  # fmt: skip


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in ODD.items() for value in values])
def test_the_fast_way_sees_each_odd_value_in_a_plain_row(column: str, value: str) -> None:
    row = a_row(**{column: value})
    for specimen in (True, False):
        assert row_checker(today=TODAY, specimen=specimen)(row) == judged(row, specimen=specimen)


@pytest.mark.parametrize("division", DIVISIONS)
@pytest.mark.parametrize("specimen", [True, False])
def test_the_fast_way_sees_odd_divisions(division: str, specimen: bool) -> None:
    for year in ("1990", "2012"):
        row = a_row(
            birth_date=f"{year}0101",
            citizen_number=a_number(f"{division}{year}0101001"),
            valid_from="20260101",
            valid_until="20460101" if year == "1990" else "20310101",
        )
        assert row_checker(today=TODAY, specimen=specimen)(row) == judged(row, specimen=specimen)


@pytest.mark.parametrize(
    ("birth", "start", "until"),
    [
        ("19900101", "20261120", "20461120"),
        ("19900101", "20261121", "20461121"),
        ("19900101", "19891231", "长期"),
        ("19900101", "20110101", "20210101"),
        ("20050601", "20161119", "20211119"),
        ("18951120", "20200101", "长期"),
        ("18951121", "20200101", "长期"),
        ("20000229", "20240229", "20340228"),
        ("20000229", "20240229", "20340229"),
        ("20150601", "20240229", "20290228"),
        ("19800601", "20240229", "20440229"),
    ],
)
def test_the_fast_way_sees_odd_dates(birth: str, start: str, until: str) -> None:
    number = a_number(f"690101{birth}001")
    row = a_row(birth_date=birth, citizen_number=number, valid_from=start, valid_until=until)
    assert row_checker(today=TODAY, specimen=True)(row) == judged(row)
