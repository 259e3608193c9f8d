"""The check of what was shown: every element that an officer will read, under the rule of its attribute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.errors import EidError
from formats.dataset import ATTRIBUTES, Group, inside_full_date
from formats.encoding.cbor import CborMap, CborValue, ForeignValue
from formats.mdoc.model import DOCTYPE, NAMESPACE, UnverifiedItem
from verifier.checkpoint.verdict import Check, ShownPerson
from verifier.checks.mdoc.case import MdocCase
from verifier.checks.values import Rule, full_date, picture, place, rule_for, sex

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_DISCLOSURES: Final = Check.DISCLOSURES


def check_elements(case: MdocCase) -> None:
    """Every element of our namespace may be shown: of the issuer's items alone, never of the device's own word.

    A document of another type has no elements of ours, whatever it calls them.
    """
    shown = case.shown
    items = shown.issued.namespaces.get(NAMESPACE, ()) if shown.doctype == DOCTYPE else ()
    try:
        case.person = ShownPerson(read_person(items))
    except EidError as err:
        case.refuse_because(Check.DISCLOSURES, err)
    case.passed(_DISCLOSURES)


def read_person(items: Iterable[UnverifiedItem]) -> dict[Group, CborMap]:
    """Return the elements of our namespace by group; those that are not in the dataset's table are left out.

    items: of one namespace, as ``formats.mdoc.items`` reads them: no element stands twice.
    Raises MalformedInput: DISCLOSURE_MALFORMED for a value of another kind, TEXT_BAD, PORTRAIT_BAD.
    """
    groups: dict[Group, CborMap] = {}
    for item in items:
        field = _PLACES.get(item.element)
        if field is not None:
            group, key, rule = field
            groups.setdefault(group, {})[key] = rule(item.value)
    return groups


def _full_date(value: ForeignValue) -> CborValue:
    return full_date(inside_full_date(value))


_RULES: Final[dict[str, Rule[ForeignValue]]] = {
    "birth_date": _full_date,
    "date_of_issuance": _full_date,
    "date_of_expiry": _full_date,
    "sex": sex,
    "portrait": picture,
}
_PLACES: Final = {
    attribute.mdoc: (*place(attribute), rule_for(attribute, _RULES))
    for attribute in ATTRIBUTES
    if attribute.mdoc is not None
}
