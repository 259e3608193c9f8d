"""The check of what was disclosed: every disclosure, and every value that will be shown."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from core.errors import EidError, MalformedInput
from core.reasons import Reason
from formats.dataset import ATTRIBUTES, Group
from formats.encoding.cbor import CborMap, CborValue
from formats.encoding.json import JsonValue
from formats.sd_jwt_vc import VCT, open_disclosures
from verifier.checkpoint.verdict import Check, ShownPerson
from verifier.checks.case import SdJwtCase
from verifier.checks.values import Rule, full_date, malformed, picture, place, rule_for, sex, text

_MOST_NATIONALITIES: Final = 8
_PICTURE_PREFIX: Final = "data:image/webp;base64,"

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_DISCLOSURES: Final = Check.DISCLOSURES


def check_disclosures(case: SdJwtCase) -> None:
    """Every disclosure is one of the credential's own, once, in its place, and every value may be shown.

    A credential of another type has no claims of ours, whatever it calls them.
    """
    credential = case.shown.credential
    try:
        claims = open_disclosures(credential)
        case.person = ShownPerson(read_person(claims) if credential.terms.vct == VCT else {})
    except EidError as err:
        case.refuse_because(Check.DISCLOSURES, err)
    case.passed(_DISCLOSURES)


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
                raise malformed("a claim that has parts is not an object")
            for part, held in value.items():
                inner = _NESTED[name].get(part)
                if inner is not None:
                    group, key, rule = inner
                    groups.setdefault(group, {})[key] = rule(held)
    return groups


def _nationalities(value: JsonValue) -> CborValue:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_NATIONALITIES:
        raise malformed("nationalities are a short list")
    return ", ".join(text(nationality) for nationality in value)


def _picture(value: JsonValue) -> CborValue:
    """Return the WebP file in a ``data:`` URI."""
    if type(value) is not str or not value.startswith(_PICTURE_PREFIX):
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not a data URI of image/webp")
    try:
        file = b64decode(value[len(_PICTURE_PREFIX) :], validate=True)
    except (Base64Error, ValueError) as err:
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not base64") from err
    return picture(file)


_RULES: Final[dict[str, Rule[JsonValue]]] = {
    "birth_date": full_date,
    "date_of_issuance": full_date,
    "date_of_expiry": full_date,
    "sex": sex,
    "nationality": _nationalities,
    "portrait": _picture,
}
_PLACES: Final = tuple(
    (attribute.jose, *place(attribute), rule_for(attribute, _RULES))
    for attribute in ATTRIBUTES
    if attribute.jose is not None
)
_FLAT: Final = {path[0]: (group, key, rule) for path, group, key, rule in _PLACES if len(path) == 1}
_NESTED: Final[dict[str, dict[str, tuple[Group, int, Rule[JsonValue]]]]] = {
    parent: {path[1]: (group, key, rule) for path, group, key, rule in _PLACES if path[0] == parent and len(path) == 2}
    for parent in {path[0] for path, _, _, _ in _PLACES if len(path) == 2}
}
