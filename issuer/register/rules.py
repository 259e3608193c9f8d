"""All rules of the identity record, run over one row of a register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from issuer.register.age import age_on
from issuer.register.characters import check_characters, fold_private_use, strip_padding
from issuer.register.citizen_number import DocumentNumber, DocumentType, parse_number
from issuer.register.dates import parse_date
from issuer.register.divisions import division_existed, division_fits_birth_year
from issuer.register.ethnicity import check_ethnicity, ethnicity_name, fold_ethnicity_code
from issuer.register.findings import FINDINGS, Finding, FindingCode, Severity, found
from issuer.register.names import check_latin_name, check_name, fold_latin_name, fold_name
from issuer.register.record import COLUMNS, FIELD_LENGTH_MAX, CheckedRow, IdentityRecord
from issuer.register.validity import LONG_TERM, expected_valid_until, is_expired

ADDRESS_LENGTH_MAX = 200
AUTHORITY_LENGTH_MAX = 60
"""The printed text of the longest known authority has 18 characters; the field takes 40 and some."""
AGE_MAX = 130

_SEXES = {"0": 0, "1": 1, "2": 2, "9": 9}
_STATED = (1, 2)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    sex: str
    ethnicity_code: str
    ethnicity: str
    birth_date: str
    address: str
    citizen_number: str
    issuing_authority: str
    valid_from: str
    valid_until: str
    portrait: str
    document_type: str
    name_latin: str


@dataclass(frozen=True, slots=True)
class _Validity:
    valid_from: date | None
    valid_until: date | None


def check_record(
    row: Sequence[str],
    *,
    today: date,
    specimen: bool,
    overrides: frozenset[FindingCode] = frozenset(),
) -> CheckedRow:
    """Return the record of one row, if no error stands against it, and everything the rules found.

    row:       the texts of ``COLUMNS``, as received; an empty document type means a resident ID card.
    today:     the day at the bureau; births after it are refused.
    specimen:  True only under a SPECIMEN root; elsewhere the reserved numbers are refused.
    overrides: codes of overridable errors that two officers let through; they stay among the findings.
    Raises ValueError when an override names a code that nobody may override.
    Source: Resident Identity Card Law; GB 11643; GA/T 490; notice of twelve ministries of 2016 on names.
    """
    _refuse_other_overrides(overrides)
    refusal = _check_shape(row)
    if refusal:
        return CheckedRow(None, refusal)
    texts = _Row(*row)
    document_type = _document_type(texts.document_type)
    if document_type is None:
        return CheckedRow(None, (found(FindingCode.DOCUMENT_TYPE_UNKNOWN),))
    number = parse_number(texts.citizen_number, document_type)
    birth_date = parse_date(strip_padding(texts.birth_date))
    validity, validity_findings = _check_validity(texts, document_type, birth_date, today)
    findings = (
        *_check_texts(texts, document_type),
        *_check_sex(texts.sex, number),
        *_check_birth_date(birth_date, number, today),
        *_check_number(number, specimen=specimen),
        *validity_findings,
    )
    if any(f.severity is Severity.ERROR and f.code not in overrides for f in findings):
        return CheckedRow(None, findings)
    return CheckedRow(_make_record(texts, document_type, number, birth_date, validity), findings)


def _refuse_other_overrides(overrides: frozenset[FindingCode]) -> None:
    for code in overrides:
        if not FINDINGS[code].overridable:
            raise ValueError(f"{code} may not be overridden")


def _check_shape(row: Sequence[str]) -> tuple[Finding, ...]:
    if len(row) != len(COLUMNS):
        return (found(FindingCode.ROW_RAGGED, detail=f"{len(row)} fields instead of {len(COLUMNS)}"),)
    return tuple(
        found(FindingCode.FIELD_TOO_LONG, field, f"{len(text)} characters, at most {FIELD_LENGTH_MAX}")
        for field, text in zip(COLUMNS, row, strict=True)
        if len(text) > FIELD_LENGTH_MAX
    )


def _document_type(text: str) -> DocumentType | None:
    code = strip_padding(text)
    if not code:
        return DocumentType.RESIDENT_ID
    try:
        return DocumentType(code)
    except ValueError:
        return None


def _check_texts(texts: _Row, document_type: DocumentType) -> tuple[Finding, ...]:
    foreigner = document_type is DocumentType.FOREIGNER_PERMANENT
    resident = document_type is DocumentType.RESIDENT_ID
    return (
        *check_name(texts.name, required=not foreigner),
        *check_latin_name(texts.name_latin, required=foreigner),
        *_check_ethnicity(texts, required=resident),
        *_check_address(strip_padding(texts.address), required=not foreigner),
        *_check_authority(strip_padding(texts.issuing_authority)),
    )


def _check_ethnicity(texts: _Row, *, required: bool) -> tuple[Finding, ...]:
    code, text = _fold_ethnicity(texts)
    received = strip_padding(texts.ethnicity)
    return (
        *check_characters("ethnicity_code", strip_padding(texts.ethnicity_code)),
        *check_characters("ethnicity", received),
        *check_ethnicity(code, text if received else "", required=required),
    )


def _fold_ethnicity(texts: _Row) -> tuple[str, str]:
    code = fold_ethnicity_code(strip_padding(texts.ethnicity_code))
    text = fold_private_use(strip_padding(texts.ethnicity))
    return code, text or ethnicity_name(code) or ""


def _check_address(address: str, *, required: bool) -> tuple[Finding, ...]:
    if not address:
        return (found(FindingCode.ADDRESS_MISSING),) if required else ()
    if len(address) > ADDRESS_LENGTH_MAX:
        return (found(FindingCode.ADDRESS_TOO_LONG),)
    return check_characters("address", address)


def _check_authority(authority: str) -> tuple[Finding, ...]:
    if not authority:
        return (found(FindingCode.AUTHORITY_MISSING),)
    if len(authority) > AUTHORITY_LENGTH_MAX:
        return (found(FindingCode.AUTHORITY_TOO_LONG),)
    return check_characters("issuing_authority", authority)


def _check_sex(text: str, number: DocumentNumber | FindingCode) -> tuple[Finding, ...]:
    sex = _SEXES.get(strip_padding(text))
    if sex is None:
        return (found(FindingCode.SEX_INVALID),)
    if isinstance(number, FindingCode) or number.sex is None or sex not in _STATED or sex == number.sex:
        return ()
    return (found(FindingCode.SEX_NUMBER_MISMATCH),)


def _check_birth_date(
    birth_date: date | None, number: DocumentNumber | FindingCode, today: date
) -> tuple[Finding, ...]:
    if birth_date is None:
        return (found(FindingCode.BIRTH_DATE_INVALID),)
    findings = []
    if birth_date > today:
        findings.append(found(FindingCode.BIRTH_DATE_IN_FUTURE))
    if age_on(birth_date, today) > AGE_MAX:
        findings.append(found(FindingCode.AGE_IMPLAUSIBLE))
    if isinstance(number, DocumentNumber) and number.birth_date not in (None, birth_date):
        findings.append(found(FindingCode.BIRTH_DATE_NUMBER_MISMATCH))
    return tuple(findings)


def _check_number(number: DocumentNumber | FindingCode, *, specimen: bool) -> tuple[Finding, ...]:
    if isinstance(number, FindingCode):
        return (found(number),)
    findings = []
    if number.synthetic and not specimen:
        findings.append(found(FindingCode.SYNTHETIC_NUMBER))
    if not number.checksum_holds:
        findings.append(found(FindingCode.NUMBER_CHECKSUM))
    if number.converted_from_15:
        findings.append(found(FindingCode.CONVERTED_FROM_15))
    if number.division is not None and number.birth_date is not None:
        findings += _check_division(number.division, number.birth_date.year, specimen=specimen)
    return tuple(findings)


def _check_division(division: str, birth_year: int, *, specimen: bool) -> tuple[Finding, ...]:
    if not division_existed(division, specimen=specimen):
        return (found(FindingCode.DIVISION_UNKNOWN),)
    if not division_fits_birth_year(division, birth_year, specimen=specimen):
        return (found(FindingCode.DIVISION_PERIOD),)
    return ()


def _check_validity(
    texts: _Row, document_type: DocumentType, birth_date: date | None, today: date
) -> tuple[_Validity, tuple[Finding, ...]]:
    valid_from = parse_date(strip_padding(texts.valid_from))
    until_text = strip_padding(texts.valid_until)
    valid_until = parse_date(until_text)
    codes = []
    if valid_from is None:
        codes.append(FindingCode.VALID_FROM_INVALID)
    elif valid_from > today:
        codes.append(FindingCode.VALID_FROM_IN_FUTURE)
    if valid_until is None and until_text != LONG_TERM:
        codes.append(FindingCode.VALID_UNTIL_INVALID)
    elif is_expired(valid_until, today):
        codes.append(FindingCode.CARD_EXPIRED)
    if not {FindingCode.VALID_FROM_INVALID, FindingCode.VALID_UNTIL_INVALID} & set(codes):
        codes += _compare_dates(_Validity(valid_from, valid_until), document_type, birth_date)
    return _Validity(valid_from, valid_until), tuple(map(found, codes))


def _compare_dates(validity: _Validity, document_type: DocumentType, birth_date: date | None) -> list[FindingCode]:
    valid_from, valid_until = validity.valid_from, validity.valid_until
    if valid_from is None:
        return []
    if valid_until is not None and valid_until <= valid_from:
        return [FindingCode.VALID_UNTIL_NOT_AFTER_FROM]
    if birth_date is None:
        return []
    if valid_from < birth_date:
        return [FindingCode.VALID_FROM_BEFORE_BIRTH]
    # The terms by age are law for resident cards only.
    resident = document_type is DocumentType.RESIDENT_ID
    if resident and valid_until != expected_valid_until(birth_date, valid_from):
        return [FindingCode.VALIDITY_NOT_BY_AGE]
    return []


def _make_record(
    texts: _Row,
    document_type: DocumentType,
    number: DocumentNumber | FindingCode,
    birth_date: date | None,
    validity: _Validity,
) -> IdentityRecord:
    # Without errors these are all there; the guard is for the type checker and for a rule that forgets one.
    if isinstance(number, FindingCode) or birth_date is None or validity.valid_from is None:
        raise ValueError("a row without errors lacks a date or its number")
    name_latin = fold_latin_name(texts.name_latin)
    code, ethnicity = _fold_ethnicity(texts)
    return IdentityRecord(
        full_name=fold_name(texts.name) or name_latin,
        name_latin=name_latin,
        sex=_SEXES[strip_padding(texts.sex)],
        ethnicity_code=code,
        ethnicity=ethnicity,
        birth_date=birth_date,
        address=fold_private_use(strip_padding(texts.address)),
        citizen_number=number.text,
        document_type=document_type,
        issuing_authority=fold_private_use(strip_padding(texts.issuing_authority)),
        valid_from=validity.valid_from,
        valid_until=validity.valid_until,
        converted_from_15=number.converted_from_15,
    )
