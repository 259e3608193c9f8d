"""What characters a text of the register may hold; nothing is normalised (no NFC), nothing is dropped silently."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from issuer.register.code_tables import read_table
from issuer.register.findings import Finding, FindingCode, found

MARKS_MAX = 4
"""At most so many combining marks in a row."""

_PADDING = " \t\u3000\u00a0"
_LOST = re.compile("[\ufffd?？□■●〓＊*]")
_COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def strip_padding(text: str) -> str:
    """Return the text without the blanks that fixed-width registers leave at its ends."""
    return text.strip(_PADDING)


def fold_private_use(text: str) -> str:
    r"""Return the text with the private-use code points of older GB 18030 software as regular ones; others stay.

    Source: GB 18030-2022 against -2005, -2000 and GBK; Python's codec still writes most of the old ones.

    >>> fold_private_use("\ue863")
    '䶮'
    """
    return text.translate(_private_use_table()) if _PRIVATE_USE.search(text) else text


def check_characters(field: str, text: str) -> tuple[Finding, ...]:
    """Return the findings about the characters of one text as received, before private-use folding.

    field: the column, carried into the findings.
    Errors: control, format and direction characters, lost characters, private use without a regular code, too many
    combining marks. Warnings: private use that has a regular code, compatibility ideographs. ASCII without the signs
    of a lost character needs no closer look.
    """
    if text.isascii() and text.isprintable() and not _LOST.search(text):
        return ()
    codes = []
    if _has_forbidden(text):
        codes.append(FindingCode.CONTROL_CHARACTER)
    if _LOST.search(text):
        codes.append(FindingCode.CHARACTER_LOST)
    folded = fold_private_use(text)
    if _PRIVATE_USE.search(folded):
        codes.append(FindingCode.PRIVATE_USE_UNMAPPED)
    if folded != text:
        codes.append(FindingCode.PRIVATE_USE_MAPPED)
    if _COMPATIBILITY.search(text):
        codes.append(FindingCode.COMPATIBILITY_CHARACTER)
    if _longest_run_of_marks(text) > MARKS_MAX:
        codes.append(FindingCode.TOO_MANY_MARKS)
    return tuple(found(code, field, _places(code, text)) for code in codes)


def _places(code: FindingCode, text: str) -> str:
    # A code point that nobody can see or type is named; it says nothing about the person.
    if code is FindingCode.PRIVATE_USE_UNMAPPED:
        points = sorted({f"U+{ord(char):04X}" for char in fold_private_use(text) if _PRIVATE_USE.match(char)})
    elif code is FindingCode.CONTROL_CHARACTER:
        points = sorted({f"U+{ord(char):04X}" for char in text if _is_forbidden(char)})
    else:
        return ""
    return " ".join(points[:8])


def _has_forbidden(text: str) -> bool:
    return not text.isprintable() and any(_is_forbidden(char) for char in text)


def _is_forbidden(char: str) -> bool:
    # Unassigned code points pass: the ideographs of the newest extensions are unassigned to an older Python.
    point = ord(char)
    noncharacter = 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
    return noncharacter or unicodedata.category(char) in _FORBIDDEN_CATEGORIES


def _longest_run_of_marks(text: str) -> int:
    if text.isalnum():
        return 0  # letters and digits only
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char).startswith("M") else 0
        longest = max(longest, run)
    return longest


@cache
def _private_use_table() -> dict[int, int]:
    return {int(row["private_use"], 16): int(row["code_point"], 16) for row in read_table("gb18030_private_use")}
