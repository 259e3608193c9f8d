"""Checks of what was disclosed: every disclosure, every value that will be shown, and the bureau's scope."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import date
from typing import Final

from core.errors import EidError, MalformedInput
from core.reasons import Reason
from formats.dataset import ATTRIBUTES, Group
from formats.encoding.cbor import CborMap, CborValue
from formats.encoding.json import JsonValue
from formats.sd_cwt.display import check_text
from formats.sd_jwt_vc import open_disclosures
from verifier.checkpoint.verdict import Check, ShownPerson
from verifier.checks.case import SdJwtCase

AUTHORITY, COUNTRY, DIVISION = 5, 6, 7
_LONGEST_TEXT: Final = 200
_MOST_NATIONALITIES: Final = 8
_PICTURE_PREFIX: Final = "data:image/webp;base64,"

Rule = Callable[[JsonValue], CborValue]


def check_disclosures(case: SdJwtCase) -> None:
    """Every disclosure is one of the credential's own, once, in its place, and every value may be shown."""
    try:
        case.person = ShownPerson(read_person(open_disclosures(case.shown.credential)))
    except EidError as err:
        case.refuse_because(Check.DISCLOSURES, err)
    case.passed(Check.DISCLOSURES)


def check_scope(case: SdJwtCase) -> None:
    """The authority named in the credential is the bureau of its signer, and lies within the bureau's powers.

    With a bare root the certificate alone speaks: its country must be the credential's.
    """
    document, signer, leaf = case.person.groups.get(Group.DOCUMENT, {}), case.issuer.signer, case.issuer.leaf
    fits = document.get(COUNTRY, leaf.country) == leaf.country
    if signer is not None:
        named, division = document.get(AUTHORITY, signer.name_zh), document.get(DIVISION)
        fits = fits and signer.country == leaf.country and named == signer.name_zh
        fits = fits and (division is None or (isinstance(division, str) and division.startswith(signer.scope)))
    if not fits:
        case.refuse(Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE, "the authority named is outside the signer's scope")
    case.passed(Check.SCOPE)


def read_person(claims: dict[str, JsonValue]) -> dict[Group, CborMap]:
    """Return the processed claims about the person by group; claims of others' making are left out.

    Raises MalformedInput: DISCLOSURE_MALFORMED for a value of another kind, TEXT_BAD, PORTRAIT_BAD.
    """
    groups: dict[Group, CborMap] = {}
    for name, value in claims.items():
        field = _FLAT.get(name)
        if field is not None:
            group, key, rule = field
            groups.setdefault(group, {})[key] = rule(value)
        elif name in _NESTED:
            if not isinstance(value, dict):
                raise _malformed("a claim that has parts is not an object")
            for part, held in value.items():
                inner = _NESTED[name].get(part)
                if inner is not None:
                    group, key, rule = inner
                    groups.setdefault(group, {})[key] = rule(held)
    return groups


def _text(value: JsonValue) -> CborValue:
    if type(value) is not str:
        raise _malformed("a text is of another type")
    # Printable ASCII has nothing that could hide or turn round: only the rules on size and blanks are left of them.
    plain = value.isascii() and value.isprintable() and 0 < len(value) <= _LONGEST_TEXT and value.strip() == value
    if not plain:
        check_text(value, longest=_LONGEST_TEXT, marks_in_a_row=True)
    return value


def _date(value: JsonValue) -> CborValue:
    # The library reads ISO 8601 in all its forms; this is the one with ten characters and these two dashes.
    if type(value) is not str or len(value) != 10 or value[4] != "-" or value[7] != "-":
        raise _malformed("a date is not YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError as err:
        raise _malformed("a date is not one of the calendar") from err
    return value


def _yes_or_no(value: JsonValue) -> CborValue:
    if type(value) is not bool:
        raise _malformed("an age answer is not true or false")
    return value


def _sex(value: JsonValue) -> CborValue:
    if type(value) is not int or value not in {0, 1, 2, 9}:
        raise _malformed("sex is not a code of GB/T 2261.1")
    return value


def _nationalities(value: JsonValue) -> CborValue:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_NATIONALITIES:
        raise _malformed("nationalities are a short list")
    return ", ".join(str(_text(nationality)) for nationality in value)


def _picture(value: JsonValue) -> CborValue:
    """Return the WebP file in a ``data:`` URI: one plain VP8 or VP8L chunk, shown as an image and nothing else."""
    if type(value) is not str or not value.startswith(_PICTURE_PREFIX):
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not a data URI of image/webp")
    try:
        picture = b64decode(value[len(_PICTURE_PREFIX) :], validate=True)
    except (Base64Error, ValueError) as err:
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not base64") from err
    size = int.from_bytes(picture[16:20], "little")
    framed = picture[:4] == b"RIFF" and int.from_bytes(picture[4:8], "little") == len(picture) - 8
    one_chunk = picture[8:16] in {b"WEBPVP8 ", b"WEBPVP8L"} and len(picture) == 20 + size + (size & 1)
    if not (framed and one_chunk):
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not a WebP file of one plain chunk")
    return picture


_RULES: Final[dict[str, Rule]] = {
    "birth_date": _date,
    "date_of_issuance": _date,
    "date_of_expiry": _date,
    "sex": _sex,
    "nationality": _nationalities,
    "portrait": _picture,
}


def _rule(name: str) -> Rule:
    return _yes_or_no if name.startswith("age_") else _RULES.get(name, _text)


# The large portrait of this form stands where the QR token has its small one.
_PLACES: Final = tuple(
    (attribute.jose, attribute.group or Group.PORTRAIT, attribute.key or 1, _rule(attribute.name))
    for attribute in ATTRIBUTES
    if attribute.jose is not None
)
_FLAT: Final = {path[0]: (group, key, rule) for path, group, key, rule in _PLACES if len(path) == 1}
_NESTED: Final[dict[str, dict[str, tuple[Group, int, Rule]]]] = {
    parent: {path[1]: (group, key, rule) for path, group, key, rule in _PLACES if path[0] == parent and len(path) == 2}
    for parent in {path[0] for path, _, _, _ in _PLACES if len(path) == 2}
}


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.DISCLOSURE_MALFORMED, detail)
