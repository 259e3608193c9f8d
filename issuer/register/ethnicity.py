"""GB/T 3304 ethnicity: a code and the text of the card, of which the text decides what is shown."""

from __future__ import annotations

from functools import cache

from issuer.register.code_tables import read_table
from issuer.register.findings import Finding, FindingCode, found

CODE_LENGTH_MAX = 4
TEXT_LENGTH_MAX = 30


def ethnicity_name(code: str) -> str | None:
    """Return the name of a code of GB/T 3304, or None for a code the standard does not list."""
    return _names().get(code)


def fold_ethnicity_code(text: str) -> str:
    """Return the code with the leading zero that spreadsheets drop."""
    return f"0{text}" if len(text) == 1 and text.isascii() and text.isdigit() else text


def check_ethnicity(code: str, text: str, *, required: bool) -> tuple[Finding, ...]:
    """Return what is odd about an ethnicity; a code or text nobody knows is not odd.

    Real cards carry text outside the 56 (穿青人, 乌克兰（入籍）), and systems that refused it shut people out, so neither an
    unknown code nor an unknown text is ever reported. Permits and foreigners' cards have none: ``required`` False.
    """
    if len(code) > CODE_LENGTH_MAX or len(text) > TEXT_LENGTH_MAX:
        return (found(FindingCode.ETHNICITY_TOO_LONG),)
    if not code and not text:
        return (found(FindingCode.ETHNICITY_MISSING),) if required else ()
    standard = _standard().get(code)
    if standard and text and not _same_group(standard, text):
        return (found(FindingCode.ETHNICITY_TEXT_DIFFERS),)
    return ()


def _same_group(standard: str, text: str) -> bool:
    # Cards say 汉 or 汉族, and 纳西族（摩梭人） for a branch.
    return text.startswith(standard.removesuffix("族"))


@cache
def _names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read_table("gbt3304")}


@cache
def _standard() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read_table("gbt3304") if row["in_standard"] == "1"}
