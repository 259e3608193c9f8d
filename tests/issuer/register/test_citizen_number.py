from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.register.citizen_number import (
    DocumentNumber,
    DocumentType,
    check_character,
    clean_number,
    convert_15,
    is_synthetic,
    mask_number,
    number_tail,
    parse_number,
)
from issuer.register.findings import FindingCode

RESIDENT, PERMIT, FOREIGNER = DocumentType
VALID = "11010519491231002X"


def parsed(text: str, document_type: DocumentType = RESIDENT) -> DocumentNumber:
    number = parse_number(text, document_type)
    assert isinstance(number, DocumentNumber)
    return number


@pytest.mark.parametrize(
    ("text", "birth_date", "sex"),
    [
        (VALID, date(1949, 12, 31), 2),
        ("440524188001010014", date(1880, 1, 1), 1),
        ("690101200002290010", date(2000, 2, 29), 1),
        ("690101199001010018", date(1990, 1, 1), 1),
        ("69010119900101019X", date(1990, 1, 1), 1),
        ("690101196912310034", date(1969, 12, 31), 1),
    ],
)
def test_takes_a_valid_number_apart(text: str, birth_date: date, sex: int) -> None:
    number = parsed(text)
    assert (number.text, number.birth_date, number.sex, number.division) == (text, birth_date, sex, text[:6])
    assert number.checksum_holds
    assert not number.converted_from_15


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "11010519491231002\u2169",
        "11010519491231002\u2179",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ",
        "110105\u300019491231\u00a0002X\t",
    ],
)
def test_accepts_after_cleaning_up(text: str) -> None:
    assert parsed(text).text == VALID


def test_reports_a_wrong_check_character_without_judging_it() -> None:
    assert not parsed("110105194912310021").checksum_holds


@pytest.mark.parametrize("check", "0123456789X")
def test_refuses_29_february_1900_with_any_check_character(check: str) -> None:
    assert parse_number("690101190002290" + "01" + check, RESIDENT) is FindingCode.NUMBER_DATE_INVALID


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002",
        "11010519491231002XX",
        "1101051949123100X2",
        "11010519491231002-",
        "1101051949123100２²",
        "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",
        "𝟏𝟏𝟎𝟏𝟎𝟓𝟏𝟗𝟒𝟗𝟏𝟐𝟑𝟏𝟎𝟎𝟐X",
        "010105194912310021",
        "1101054912310020",
        "11010549123100X",
        "110105194912310\n02X",
        "QZZ1234567890123",
    ],
)
def test_refuses_what_is_no_number_at_all(text: str) -> None:
    assert parse_number(text, RESIDENT) is FindingCode.NUMBER_FORMAT


@pytest.mark.parametrize("text", ["", "   ", "\u3000"])
def test_refuses_a_missing_number(text: str) -> None:
    assert parse_number(text, RESIDENT) is FindingCode.NUMBER_MISSING


def test_converts_15_digits() -> None:
    number = parsed("110105491231002")
    assert (number.text, number.converted_from_15, number.sex) == (VALID, True, 2)


@pytest.mark.parametrize(("sequence", "century"), [("995", "19"), ("996", "18"), ("997", "18"), ("999", "18")])
def test_sequences_from_996_meant_born_before_1900(sequence: str, century: str) -> None:
    converted = convert_15("110105950101" + sequence)
    assert converted[6:10] == century + "95"
    assert converted[17] == check_character(converted[:17])


def test_converts_the_vector_of_the_old_rule() -> None:
    assert parsed("110105950101997").text == "110105189501019979"


def test_refuses_15_digits_with_a_date_that_does_not_exist() -> None:
    assert parse_number("110105490229002", RESIDENT) is FindingCode.NUMBER_DATE_INVALID


@pytest.mark.parametrize("prefix", ["810000", "820000", "830000", "840000"])
def test_permits_have_no_division(prefix: str) -> None:
    first17 = prefix + "19900101001"
    number = parsed(first17 + check_character(first17), PERMIT)
    assert (number.division, number.birth_date, number.sex) == (None, date(1990, 1, 1), 1)


def test_reads_the_permit_vector() -> None:
    assert parsed("810000199001010019", PERMIT).checksum_holds


def test_reads_the_foreigner_vector() -> None:
    number = parsed("911124198108030024", FOREIGNER)
    assert number.checksum_holds
    assert (number.birth_date, number.sex, number.division) == (date(1981, 8, 3), None, None)


def test_reads_the_foreigners_card_of_2017() -> None:
    number = parsed("qzz110190010101", FOREIGNER)
    assert (number.text, number.birth_date, number.checksum_holds) == ("QZZ110190010101", None, True)


@pytest.mark.parametrize(
    ("text", "document_type"),
    [
        (VALID, PERMIT),
        (VALID, FOREIGNER),
        ("110105491231002", FOREIGNER),
        ("810000199001010019", RESIDENT),
        ("911124198108030024", RESIDENT),
        ("QZZ110190010101", PERMIT),
    ],
)
def test_refuses_the_number_of_another_document(text: str, document_type: DocumentType) -> None:
    assert parse_number(text, document_type) is FindingCode.NUMBER_DOCUMENT_MISMATCH


@pytest.mark.parametrize(
    "text", ["690101199001010018", "840000199001010011", "969900199001010027", "QMA110190010101", "QZZ110190010101"]
)
def test_knows_the_reserved_ranges(text: str) -> None:
    assert is_synthetic(text)


@pytest.mark.parametrize(
    "text",
    [VALID, "810000199001010019", "911124198108030024", "QLZ110190010101", "FRA110190010101", "196901199001010018"],
)
def test_other_numbers_are_not_reserved(text: str) -> None:
    assert not is_synthetic(text)


def test_masks_the_middle_of_a_number() -> None:
    assert mask_number("420102199001010011") == "420102********0011"
    assert mask_number("QZZ110190010101") == "QZZ********0101"
    assert number_tail("420102199001010011") == "**************0011"


first17s = st.tuples(
    st.sampled_from(["690101", "690121", "110105"]), st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 999)
).map(lambda parts: f"{parts[0]}{parts[1]:%Y%m%d}{parts[2]:03}")


@given(first17s, st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_changes_the_check_character(first17: str, place: int, shift: int) -> None:
    wrong = first17[:place] + str((int(first17[place]) + shift) % 10) + first17[place + 1 :]
    assert check_character(wrong) != check_character(first17)


@given(first17s, st.integers(0, 15))
def test_every_swap_of_neighbours_changes_the_check_character(first17: str, place: int) -> None:
    swapped = first17[:place] + first17[place + 1] + first17[place] + first17[place + 2 :]
    assert (swapped == first17) == (check_character(swapped) == check_character(first17))


@given(st.text(max_size=25))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    for document_type in DocumentType:
        result = parse_number(text, document_type)
        assert isinstance(result, FindingCode) or (result.text.isascii() and result.text == clean_number(result.text))
