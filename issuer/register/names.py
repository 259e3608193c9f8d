"""Names: the Han name as registered, and the Latin name of foreigners."""

from __future__ import annotations

import re
import unicodedata

from issuer.register.characters import MARKS_MAX, check_characters, fold_private_use, strip_padding
from issuer.register.findings import Finding, FindingCode, found

NAME_LENGTH_MAX = 50
"""Code points: twice the 25 Han characters that the notice of twelve ministries (2016) demands at least."""

LATIN_NAME_LENGTH_MAX = 60

SEPARATOR = "\u00b7"
"""The one separator between the parts of a name (GB 18030 A1A4)."""

_SEPARATORS = dict.fromkeys(map(ord, "\u2022\u2027\u30fb\uff65\u2219\u0387"), SEPARATOR)
_HAN_SPACED = re.compile(r"[^\x00-\x7f][ \u3000\u00a0]|[ \u3000\u00a0][^\x00-\x7f]")
_LATIN_SIGNS = frozenset(" -'.,/\u2019")


def fold_name(text: str) -> str:
    """Return the name as it is stored: padding cut off, separators folded to U+00B7, old private-use codes replaced.

    No normalisation: NFC would turn a compatibility ideograph into another character.

    >>> fold_name(" 买买提•吐尔逊 ")
    '买买提·吐尔逊'
    """
    return fold_private_use(strip_padding(text)).translate(_SEPARATORS)


def check_name(text: str, *, required: bool) -> tuple[Finding, ...]:
    """Return the findings about a Han name as received; ``required`` False allows an empty one."""
    name = fold_name(text)
    if not name:
        return (found(FindingCode.NAME_MISSING),) if required else ()
    findings = check_characters("name", strip_padding(text))
    if len(name) > NAME_LENGTH_MAX:
        findings += (found(FindingCode.NAME_TOO_LONG),)
    if _HAN_SPACED.search(name):
        findings += (found(FindingCode.NAME_SPACED),)
    return findings


def fold_latin_name(text: str) -> str:
    """Return the Latin name as it is stored: padding cut off."""
    return strip_padding(text)


def check_latin_name(text: str, *, required: bool) -> tuple[Finding, ...]:
    """Return the findings about a name in Latin letters, with or without diacritics; at most 60 characters."""
    name = fold_latin_name(text)
    if not name:
        return (found(FindingCode.LATIN_NAME_MISSING),) if required else ()
    if len(name) > LATIN_NAME_LENGTH_MAX:
        return (found(FindingCode.LATIN_NAME_TOO_LONG),)
    if not (_is_latin(name[0]) and all(map(_belongs_to_latin_name, name))):
        return (found(FindingCode.LATIN_NAME_INVALID),)
    if re.search(rf"[\u0300-\u036f]{{{MARKS_MAX + 1}}}", name):
        return (found(FindingCode.TOO_MANY_MARKS, "name_latin"),)
    return ()


def _belongs_to_latin_name(char: str) -> bool:
    return char in _LATIN_SIGNS or _is_latin(char) or "\u0300" <= char <= "\u036f"


def _is_latin(char: str) -> bool:
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN ")
