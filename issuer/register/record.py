"""The identity record: what the plastic card says about one person, checked."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from issuer.register.citizen_number import DocumentType
from issuer.register.findings import Finding

COLUMNS = (
    "name",
    "sex",
    "ethnicity_code",
    "ethnicity",
    "birth_date",
    "address",
    "citizen_number",
    "issuing_authority",
    "valid_from",
    "valid_until",
    "portrait",
    "document_type",
    "name_latin",
)
"""The columns of a register file, in this order; a row is a sequence of so many texts."""

FIELD_LENGTH_MAX = 4096
"""Code points in one field, before any rule looks at it."""


# Named tuples, because millions of rows are read at a time: a frozen data class takes five times as long to make.
class IdentityRecord(NamedTuple):
    """One person as the register and the card hold it; made by ``check_record`` only.

    full_name:       the Han name as registered (separators folded, not normalised); a foreigner's Latin name where
                     the card has no Chinese one.
    name_latin:      empty but for foreigners.
    sex:             0 unknown, 1 male, 2 female, 9 not stated (GB/T 2261.1).
    ethnicity_code:  GB/T 3304, two digits, or what the register has; empty for permits and foreigners.
    address:         the registered residence; empty only for foreigners.
    citizen_number:  18 characters (GB 11643); for permits and foreigners the number of their document.
    valid_until:     the last day of validity; None for long term.
    converted_from_15: the register held a 15-digit number.
    """

    full_name: str
    name_latin: str
    sex: int
    ethnicity_code: str
    ethnicity: str
    birth_date: date
    address: str
    citizen_number: str
    document_type: DocumentType
    issuing_authority: str
    valid_from: date
    valid_until: date | None
    converted_from_15: bool


class CheckedRow(NamedTuple):
    """What the rules make of one row: the record where no error stands against it, and every finding."""

    record: IdentityRecord | None
    findings: tuple[Finding, ...]
