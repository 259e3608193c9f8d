"""Citizen numbers (GB 11643-1999) and the numbers of the other documents that residents carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from issuer.register.dates import parse_date
from issuer.register.findings import FindingCode


class DocumentType(StrEnum):
    """The kind of plastic card a record stands for."""

    RESIDENT_ID = "resident_id"
    HK_MACAU_TAIWAN_PERMIT = "hk_macau_taiwan_permit"
    FOREIGNER_PERMANENT = "foreigner_permanent"


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
"""Check character by weighted sum modulo 11 (ISO 7064 MOD 11-2)."""

SPECIMEN_DIVISION_PREFIX = "69"
SPECIMEN_PERMIT_PREFIX = "840000"
SPECIMEN_FOREIGNER_PREFIX = "969"

_FOLD = str.maketrans(
    {
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **{chr(0xFF21 + letter): chr(0x41 + letter) for letter in range(26)},
        **{chr(0xFF41 + letter): chr(0x41 + letter) for letter in range(26)},
        **{chr(0x61 + letter): chr(0x41 + letter) for letter in range(26)},
        "\u2169": "X",
        "\u2179": "X",
        **dict.fromkeys(" \t\u3000\u00a0", ""),
    }
)

# [0-9], never \d: that takes digits of other scripts.
_RESIDENT = re.compile(r"[1-8][0-9]{16}[0-9X]")
_RESIDENT_15 = re.compile(r"[1-8][0-9]{14}")
_PERMIT = re.compile(r"8[1-4]0000[0-9]{11}[0-9X]")
_FOREIGNER = re.compile(r"9[0-9]{16}[0-9X]")
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")
_FOREIGNER_2017_SPECIMEN = re.compile(r"Q[M-Z][A-Z]")
_BORN_BEFORE_1900 = frozenset({"996", "997", "998", "999"})


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number taken apart.

    text:       the number as it is stored: 18 characters, or 15 on a foreigner's card of 2017.
    birth_date: the date inside, None where the kind of number has none that we can read.
    sex:        1 male, 2 female by the parity of the sequence; None where unknown.
    division:   the six digits of GB/T 2260 at numbering; None for permits and foreigners.
    """

    text: str
    birth_date: date | None
    sex: int | None
    division: str | None
    converted_from_15: bool
    checksum_holds: bool
    synthetic: bool


def clean_number(text: str) -> str:
    """Return the number without blanks, in ASCII capitals: full-width forms, lower case and U+2169 are folded.

    Anything else stays and is refused by the shape that follows.

    >>> clean_number(" 110105 19491231 002ⅹ "), clean_number("１１０１０５19491231002Ⅹ")
    ('11010519491231002X', '11010519491231002X')
    """
    return text.translate(_FOLD)


def check_character(first17: str) -> str:
    """Return the check character of 17 ASCII digits (GB 11643, ISO 7064 MOD 11-2).

    >>> check_character("11010519491231002")
    'X'
    """
    return CHECK_CHARACTERS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first17, strict=True)) % 11]


def convert_15(number: str) -> str:
    """Return the 18 characters of a 15-digit number; sequences 996 to 999 were kept for those born before 1900.

    >>> convert_15("110105491231002"), convert_15("110105950101997")
    ('11010519491231002X', '110105189501019979')
    """
    century = "18" if number[12:] in _BORN_BEFORE_1900 else "19"
    first17 = number[:6] + century + number[6:]
    return first17 + check_character(first17)


def parse_number(text: str, document_type: DocumentType) -> DocumentNumber | FindingCode:
    """Return the number of a document taken apart, or the code of what keeps it from being one.

    The check character is reported, not judged: a register can hold a wrong but official number.
    Returns NUMBER_MISSING, NUMBER_FORMAT, NUMBER_DOCUMENT_MISMATCH or NUMBER_DATE_INVALID.
    """
    number = clean_number(text)
    if not number:
        return FindingCode.NUMBER_MISSING
    kinds = _kinds(number)
    if document_type in kinds:
        return _take_apart(number, document_type)
    return FindingCode.NUMBER_DOCUMENT_MISMATCH if kinds else FindingCode.NUMBER_FORMAT


def is_synthetic(number: str) -> bool:
    """True for the ranges that belong to nobody: prefix 69, 840000 and 969, and user-assigned country letters QMA-QZZ.

    Source: province 69 is not in GB/T 2260; ISO 3166-1 leaves 900-999 and QM-QZ to users.
    """
    prefixes = (SPECIMEN_DIVISION_PREFIX, SPECIMEN_PERMIT_PREFIX, SPECIMEN_FOREIGNER_PREFIX)
    return number.startswith(prefixes) or _FOREIGNER_2017_SPECIMEN.match(number) is not None


def mask_number(number: str) -> str:
    """Return the number as officers see it: the first six and last four characters; three and four of a 15-character one.

    >>> mask_number("420102199001010011")
    '420102********0011'
    """
    shown = 6 if len(number) == 18 else 3
    return number[:shown] + "*" * (len(number) - shown - 4) + number[-4:]


def number_tail(number: str) -> str:
    """Return the number with all but its last four characters masked, for matching a ticket.

    >>> number_tail("420102199001010011")
    '**************0011'
    """
    return "*" * (len(number) - 4) + number[-4:]


def _kinds(number: str) -> frozenset[DocumentType]:
    kinds = set()
    if _PERMIT.fullmatch(number):
        kinds.add(DocumentType.HK_MACAU_TAIWAN_PERMIT)
    elif _RESIDENT.fullmatch(number) or _RESIDENT_15.fullmatch(number):
        kinds.add(DocumentType.RESIDENT_ID)
    if _FOREIGNER.fullmatch(number) or _FOREIGNER_2017.fullmatch(number):
        kinds.add(DocumentType.FOREIGNER_PERMANENT)
    return frozenset(kinds)


def _take_apart(number: str, document_type: DocumentType) -> DocumentNumber | FindingCode:
    if _FOREIGNER_2017.fullmatch(number):
        return DocumentNumber(number, None, None, None, False, True, is_synthetic(number))
    converted = len(number) == 15
    full = convert_15(number) if converted else number
    birth_date = parse_date(full[6:14])
    if birth_date is None:
        return FindingCode.NUMBER_DATE_INVALID
    foreigner = document_type is DocumentType.FOREIGNER_PERMANENT
    return DocumentNumber(
        text=full,
        birth_date=birth_date,
        sex=None if foreigner else 2 - int(full[16]) % 2,
        division=full[:6] if document_type is DocumentType.RESIDENT_ID else None,
        converted_from_15=converted,
        checksum_holds=full[17] == check_character(full[:17]),
        synthetic=is_synthetic(full),
    )
