from __future__ import annotations

from datetime import date

import pytest

from issuer.register.citizen_number import DocumentType
from issuer.register.findings import FINDINGS, FindingCode, Severity
from issuer.register.record import IdentityRecord
from issuer.register.rules import check_record
from tests.issuer.register.rows import TODAY, a_foreigner, a_number, a_row, codes, codes_of, judged

C = FindingCode


def record_of(row: tuple[str, ...]) -> IdentityRecord:
    record = judged(row).record
    assert record is not None
    return record


def test_a_plain_row_becomes_a_record_without_findings() -> None:
    checked = judged(a_row())
    assert checked.findings == ()
    assert checked.record == IdentityRecord(
        full_name="张伟",
        name_latin="",
        sex=1,
        ethnicity_code="01",
        ethnicity="汉族",
        birth_date=date(1990, 1, 1),
        address="湖北省武汉市江岸区样例路1号",
        citizen_number="690101199001010018",
        document_type=DocumentType.RESIDENT_ID,
        issuing_authority="武汉市公安局江岸区分局",
        valid_from=date(2020, 1, 1),
        valid_until=date(2040, 1, 1),
        converted_from_15=False,
    )


def test_padding_is_cut_and_texts_are_folded() -> None:
    record = record_of(
        a_row(
            name=" 买买提•吐尔逊　",
            sex=" 1 ",
            ethnicity_code="5",
            ethnicity="",
            address=" 样例路 1 号 ",
            issuing_authority="样例公安局  ",
        )
    )
    assert record.full_name == "买买提·吐尔逊"
    assert (record.ethnicity_code, record.ethnicity) == ("05", "维吾尔族")
    assert (record.address, record.issuing_authority) == ("样例路 1 号", "样例公安局")


def test_an_empty_document_type_means_a_resident_card() -> None:
    assert record_of(a_row(document_type="")).document_type is DocumentType.RESIDENT_ID


def test_long_term_has_no_end() -> None:
    number = a_number("69010119600101001")
    assert record_of(a_row(birth_date="19600101", citizen_number=number, valid_until="长期")).valid_until is None


def test_a_foreigner_without_chinese_name_is_known_by_the_latin_one() -> None:
    record = record_of(a_foreigner())
    assert record.full_name == record.name_latin == "SPECIMEN JEAN-PIERRE"
    assert judged(a_foreigner()).findings == ()


def test_a_foreigner_with_chinese_name_keeps_both() -> None:
    record = record_of(a_foreigner(name="马样例"))
    assert (record.full_name, record.name_latin) == ("马样例", "SPECIMEN JEAN-PIERRE")


def test_a_permit_needs_no_ethnicity() -> None:
    row = a_row(
        document_type="hk_macau_taiwan_permit",
        citizen_number=a_number("84000019900101001"),
        ethnicity_code="",
        ethnicity="",
        valid_until="20300101",
    )
    assert judged(row).findings == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, C.NAME_MISSING),
        ({"name": "张" * 51}, C.NAME_TOO_LONG),
        ({"name": "张\u202e伟"}, C.CONTROL_CHARACTER),
        ({"name": "张?"}, C.CHARACTER_LOST),
        ({"name": "张\ue5e5"}, C.PRIVATE_USE_UNMAPPED),
        ({"name": "张" + "\u0301" * 5}, C.TOO_MANY_MARKS),
        ({"name_latin": "张"}, C.LATIN_NAME_INVALID),
        ({"name_latin": "A" * 61}, C.LATIN_NAME_TOO_LONG),
        ({"sex": ""}, C.SEX_INVALID),
        ({"sex": "3"}, C.SEX_INVALID),
        ({"sex": "男"}, C.SEX_INVALID),
        ({"sex": "１"}, C.SEX_INVALID),
        ({"ethnicity": "汉\u0007"}, C.CONTROL_CHARACTER),
        ({"ethnicity_code": "0\u200b1"}, C.CONTROL_CHARACTER),
        ({"ethnicity": "汉" * 31}, C.ETHNICITY_TOO_LONG),
        ({"birth_date": ""}, C.BIRTH_DATE_INVALID),
        ({"birth_date": "19900230"}, C.BIRTH_DATE_INVALID),
        ({"birth_date": "1990-01-01"}, C.BIRTH_DATE_INVALID),
        ({"address": ""}, C.ADDRESS_MISSING),
        ({"address": "路" * 201}, C.ADDRESS_TOO_LONG),
        ({"address": "样例路\x00"}, C.CONTROL_CHARACTER),
        ({"address": "样例路\ue5e5"}, C.PRIVATE_USE_UNMAPPED),
        ({"issuing_authority": " "}, C.AUTHORITY_MISSING),
        ({"issuing_authority": "局" * 61}, C.AUTHORITY_TOO_LONG),
        ({"issuing_authority": "局\u2066"}, C.CONTROL_CHARACTER),
        ({"citizen_number": ""}, C.NUMBER_MISSING),
        ({"citizen_number": "6901011990010100"}, C.NUMBER_FORMAT),
        ({"citizen_number": "810000199001010019"}, C.NUMBER_DOCUMENT_MISMATCH),
        ({"citizen_number": "690101190002290019", "birth_date": "19000229"}, C.NUMBER_DATE_INVALID),
        ({"citizen_number": "690101199001010019"}, C.NUMBER_CHECKSUM),
        ({"valid_from": "20200230"}, C.VALID_FROM_INVALID),
        ({"valid_until": ""}, C.VALID_UNTIL_INVALID),
        ({"valid_until": "long term"}, C.VALID_UNTIL_INVALID),
        ({"valid_until": "20200101"}, C.VALID_UNTIL_NOT_AFTER_FROM),
        ({"valid_until": "20190101"}, C.VALID_UNTIL_NOT_AFTER_FROM),
        ({"valid_from": "19891231"}, C.VALID_FROM_BEFORE_BIRTH),
        ({"document_type": "passport"}, C.DOCUMENT_TYPE_UNKNOWN),
        ({"document_type": "RESIDENT_ID"}, C.DOCUMENT_TYPE_UNKNOWN),
        ({"address": "路" * 4097}, C.FIELD_TOO_LONG),
        ({"portrait": "p" * 4097}, C.FIELD_TOO_LONG),
    ],
)
def test_an_error_keeps_the_row_out(changes: dict[str, str], code: FindingCode) -> None:
    checked = judged(a_row(**changes))
    assert code in codes(checked)
    assert FINDINGS[code].severity is Severity.ERROR
    assert checked.record is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sex": "2"}, C.SEX_NUMBER_MISMATCH),
        ({"ethnicity_code": "", "ethnicity": ""}, C.ETHNICITY_MISSING),
        ({"ethnicity": "回族"}, C.ETHNICITY_TEXT_DIFFERS),
        ({"name": "张\uf9dc"}, C.COMPATIBILITY_CHARACTER),
        ({"name": "张\ue863"}, C.PRIVATE_USE_MAPPED),
        ({"name": "张 伟"}, C.NAME_SPACED),
        ({"citizen_number": a_number("69990119900101001")}, C.DIVISION_UNKNOWN),
        ({"valid_from": "20261121", "valid_until": "20461121"}, C.VALID_FROM_IN_FUTURE),
        ({"valid_until": "20300101"}, C.VALIDITY_NOT_BY_AGE),
        ({"valid_until": "长期"}, C.VALIDITY_NOT_BY_AGE),
        ({"valid_from": "20110101", "valid_until": "20210101"}, C.CARD_EXPIRED),
        ({"citizen_number": "690101900101001"}, C.CONVERTED_FROM_15),
        ({"birth_date": "18960101", "citizen_number": a_number("69010118960101001"), "valid_until": "长期"}, None),
        (
            {"birth_date": "18890101", "citizen_number": a_number("69010118890101001"), "valid_until": "长期"},
            C.AGE_IMPLAUSIBLE,
        ),
    ],
)
def test_a_warning_lets_the_row_in(changes: dict[str, str], code: FindingCode | None) -> None:
    checked = judged(a_row(**changes))
    assert codes(checked) == ({code} if code else set())
    assert checked.record is not None


def test_a_birth_in_the_future_is_an_error_though_the_checksum_holds() -> None:
    changes = {"citizen_number": "110105202612310025", "birth_date": "20261231", "sex": "2"}
    assert C.BIRTH_DATE_IN_FUTURE in codes_of(**changes)
    assert C.NUMBER_CHECKSUM not in codes_of(**changes)
    assert C.BIRTH_DATE_IN_FUTURE not in codes(judged(a_row(**changes), today=date(2026, 12, 31)))


def test_a_birth_today_is_not_in_the_future() -> None:
    number = a_number("69010120261120001")
    assert (
        codes_of(birth_date="20261120", citizen_number=number, valid_from="20261120", valid_until="20311120") == set()
    )


def test_dates_and_numbers_must_agree_unless_two_officers_override() -> None:
    row = a_row(birth_date="19900102", valid_until="20400101")
    assert codes(judged(row)) == {C.BIRTH_DATE_NUMBER_MISMATCH}
    checked = check_record(row, today=TODAY, specimen=True, overrides=frozenset({C.BIRTH_DATE_NUMBER_MISMATCH}))
    assert checked.record is not None
    assert codes(checked) == {C.BIRTH_DATE_NUMBER_MISMATCH}


def test_a_wrong_official_number_enters_by_override_only() -> None:
    row = a_row(citizen_number="690101199001010019", sex="1")
    assert judged(row).record is None
    checked = check_record(row, today=TODAY, specimen=True, overrides=frozenset({C.NUMBER_CHECKSUM}))
    assert checked.record is not None
    assert checked.record.citizen_number == "690101199001010019"


def test_an_override_covers_no_other_error() -> None:
    row = a_row(citizen_number="690101199001010019", name="")
    assert check_record(row, today=TODAY, specimen=True, overrides=frozenset({C.NUMBER_CHECKSUM})).record is None


@pytest.mark.parametrize("code", [code for code, rule in FINDINGS.items() if not rule.overridable])
def test_nobody_may_override_other_errors(code: FindingCode) -> None:
    with pytest.raises(ValueError, match="may not be overridden"):
        check_record(a_row(), today=TODAY, specimen=True, overrides=frozenset({code}))


@pytest.mark.parametrize(
    "row",
    [
        a_row(),
        a_row(citizen_number="690101900101001"),
        a_row(document_type="hk_macau_taiwan_permit", citizen_number=a_number("84000019900101001")),
        a_foreigner(),
        a_foreigner(citizen_number="QZZ110190010101"),
    ],
)
def test_synthetic_numbers_are_refused_outside_specimen(row: tuple[str, ...]) -> None:
    checked = judged(row, specimen=False)
    assert C.SYNTHETIC_NUMBER in codes(checked)
    assert checked.record is None
    assert C.SYNTHETIC_NUMBER not in codes(judged(row, specimen=True))


def test_published_samples_pass_outside_specimen() -> None:
    row = a_row(citizen_number="11010519491231002X", birth_date="19491231", sex="2", valid_until="长期")
    assert judged(row, specimen=False).findings == ()


@pytest.mark.parametrize("sex", ["0", "9"])
def test_a_sex_not_stated_never_contradicts_the_number(sex: str) -> None:
    assert codes_of(sex=sex) == set()
    assert record_of(a_row(sex=sex)).sex == int(sex)


def test_a_division_before_its_time_is_a_warning() -> None:
    number = a_number("11010320120101001")
    changes = {"citizen_number": number, "birth_date": "20120101", "valid_from": "20260101", "valid_until": "20310101"}
    assert codes_of(**changes) == {C.DIVISION_PERIOD}


def test_permits_and_foreigners_have_no_term_by_age() -> None:
    assert C.VALIDITY_NOT_BY_AGE not in codes(judged(a_foreigner(valid_until="20290101")))


def test_a_foreigner_needs_the_latin_name_and_no_address() -> None:
    assert codes(judged(a_foreigner(name_latin=""))) == {C.LATIN_NAME_MISSING}


@pytest.mark.parametrize("length", [0, 1, 12, 14])
def test_refuses_a_row_with_another_number_of_fields(length: int) -> None:
    checked = judged((*a_row(), "more")[:length])
    assert codes(checked) == {C.ROW_RAGGED}
    assert checked.record is None


def test_every_wrong_field_is_listed_at_once() -> None:
    found = codes_of(name="", sex="x", birth_date="x", citizen_number="x", valid_from="x", valid_until="x", address="")
    assert found == {
        C.NAME_MISSING,
        C.SEX_INVALID,
        C.BIRTH_DATE_INVALID,
        C.NUMBER_FORMAT,
        C.VALID_FROM_INVALID,
        C.VALID_UNTIL_INVALID,
        C.ADDRESS_MISSING,
    }


def test_findings_name_the_field_they_are_about() -> None:
    (finding,) = judged(a_row(address="样例路\ue5e5")).findings
    assert (finding.field, finding.detail) == ("address", "U+E5E5")
