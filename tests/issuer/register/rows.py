"""Rows of a register with readable defaults."""

from __future__ import annotations

from datetime import date

from issuer.register.citizen_number import check_character
from issuer.register.findings import FindingCode
from issuer.register.record import COLUMNS, CheckedRow
from issuer.register.rules import check_record

TODAY = date(2026, 11, 20)

PLAIN = {
    "name": "张伟",
    "sex": "1",
    "ethnicity_code": "01",
    "ethnicity": "汉族",
    "birth_date": "19900101",
    "address": "湖北省武汉市江岸区样例路1号",
    "citizen_number": "690101199001010018",
    "issuing_authority": "武汉市公安局江岸区分局",
    "valid_from": "20200101",
    "valid_until": "20400101",
    "portrait": "",
    "document_type": "resident_id",
    "name_latin": "",
}
FOREIGNER = {
    "name": "",
    "ethnicity_code": "",
    "ethnicity": "",
    "address": "",
    "citizen_number": "969900199001010027",
    "valid_until": "20300101",
    "document_type": "foreigner_permanent",
    "name_latin": "SPECIMEN JEAN-PIERRE",
}


def a_number(first17: str) -> str:
    return first17 + check_character(first17)


def a_row(**changes: str) -> tuple[str, ...]:
    """A plain man of 36 with the columns given changed."""
    values = PLAIN | changes
    return tuple(values[column] for column in COLUMNS)


def a_foreigner(**changes: str) -> tuple[str, ...]:
    return a_row(**(FOREIGNER | changes))


def judged(row: tuple[str, ...], *, today: date = TODAY, specimen: bool = True) -> CheckedRow:
    return check_record(row, today=today, specimen=specimen)


def codes(checked: CheckedRow) -> set[FindingCode]:
    return {finding.code for finding in checked.findings}


def codes_of(**changes: str) -> set[FindingCode]:
    """The codes found in a plain row with the columns given changed."""
    return codes(judged(a_row(**changes)))
