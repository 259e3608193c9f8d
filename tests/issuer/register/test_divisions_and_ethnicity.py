from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.register.divisions import (
    county_divisions,
    division_existed,
    division_fits_birth_year,
    division_name,
    division_path,
    specimen_divisions,
)
from issuer.register.ethnicity import check_ethnicity, ethnicity_name, fold_ethnicity_code
from issuer.register.findings import FindingCode, Severity


@pytest.mark.parametrize("code", ["110103", "510200", "420122", "110105", "710000", "650000"])
def test_old_and_present_codes_existed(code: str) -> None:
    assert division_existed(code, specimen=False)


@pytest.mark.parametrize("code", ["690101", "999999", "000000", "", "11010", "１１０１０５"])
def test_other_codes_never_existed(code: str) -> None:
    assert not division_existed(code, specimen=False)


def test_the_invented_divisions_exist_for_specimens_only() -> None:
    assert division_existed("690101", specimen=True)
    assert division_name("690101", specimen=True) == "样例市示范区"
    assert division_name("690101", specimen=False) is None
    assert all(division.code.startswith("69") for division in specimen_divisions())


def test_an_abolished_code_does_not_fit_a_later_birth() -> None:
    assert division_fits_birth_year("110103", 2009, specimen=False)
    assert not division_fits_birth_year("110103", 2010, specimen=False)


def test_everybody_alive_in_1984_was_numbered_then() -> None:
    # 510200 was in force to 1996: born long before any code existed is no contradiction.
    assert division_fits_birth_year("510200", 1920, specimen=False)
    assert division_fits_birth_year("510200", 1996, specimen=False)
    assert not division_fits_birth_year("510200", 1997, specimen=False)


def test_a_code_does_not_fit_a_birth_before_it_began() -> None:
    assert division_fits_birth_year("500101", 1998, specimen=False)
    assert not division_fits_birth_year("500101", 1990, specimen=False)


def test_a_code_without_history_fits_every_year() -> None:
    assert division_fits_birth_year("350404", 1990, specimen=False)
    assert division_fits_birth_year("690101", 1990, specimen=True)


def test_an_address_begins_with_province_city_and_county() -> None:
    assert division_path("420106") == "湖北省武汉市武昌区"
    assert division_path("110105") == "北京市朝阳区"
    assert division_path("429004") == "湖北省仙桃市"


def test_there_are_2842_counties() -> None:
    assert len(county_divisions()) == 2842
    assert county_divisions()[0].name == "东城区"


def test_knows_the_56_and_the_two_of_the_registers() -> None:
    assert sum(ethnicity_name(f"{code:02}") is not None for code in range(100)) == 58
    assert [ethnicity_name(code) for code in ("01", "56", "97")] == ["汉族", "基诺族", "其他"]


@pytest.mark.parametrize(
    ("code", "text"),
    [("97", "穿青人"), ("97", "革家人"), ("58", "僜人"), ("27", "纳西族（摩梭人）"), ("98", "乌克兰（入籍）"), ("", "汉"), ("01", ""), ("01", "汉"), ("zz", "x")],
)  # fmt: skip
def test_text_outside_the_standard_is_not_odd(code: str, text: str) -> None:
    assert check_ethnicity(code, text, required=True) == ()


def test_remarks_on_text_of_another_ethnicity() -> None:
    (finding,) = check_ethnicity("01", "回族", required=True)
    assert (finding.code, finding.severity) == (FindingCode.ETHNICITY_TEXT_DIFFERS, Severity.WARNING)


def test_a_missing_ethnicity_is_a_warning_for_residents_only() -> None:
    (finding,) = check_ethnicity("", "", required=True)
    assert (finding.code, finding.severity) == (FindingCode.ETHNICITY_MISSING, Severity.WARNING)
    assert check_ethnicity("", "", required=False) == ()


@pytest.mark.parametrize(("code", "text"), [("00001", "汉族"), ("01", "汉" * 31)])
def test_refuses_endless_codes_and_texts(code: str, text: str) -> None:
    (finding,) = check_ethnicity(code, text, required=True)
    assert finding.code is FindingCode.ETHNICITY_TOO_LONG


def test_restores_the_zero_that_spreadsheets_drop() -> None:
    assert [fold_ethnicity_code(code) for code in ("1", "01", "", "²", "x")] == ["01", "01", "", "²", "x"]


@given(st.text(max_size=4), st.text(max_size=30), st.booleans())
def test_no_ethnicity_of_usual_length_is_ever_an_error(code: str, text: str, required: bool) -> None:
    assert all(finding.severity is Severity.WARNING for finding in check_ethnicity(code, text, required=required))
