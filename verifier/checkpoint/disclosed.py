"""Checks of what was disclosed: the disclosures themselves, which groups may be shown, and the bureau's scope."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.dataset import Group
from formats.sd_cwt.unpack import open_disclosures
from verifier.checkpoint.case import QrCase
from verifier.checkpoint.expected import Answer
from verifier.checkpoint.verdict import Check, ShownPerson

_AUTHORITY, _COUNTRY, _DIVISION = 5, 6, 7
# Anyone within a minute may read a one-way code: what identifies for life stays out of it.
NEVER_ONE_WAY: Final = frozenset({Group.CITIZEN_NUMBER, Group.ADDRESS})


def check_disclosures(case: QrCase) -> None:
    """Every disclosure is one of the credential's own, once, of the right kind, with a harmless picture and text."""
    try:
        groups = open_disclosures(case.kbt.sd_cwt)
    except EidError as err:
        case.refuse_because(Check.DISCLOSURES, err)
    case.person = ShownPerson(groups)
    case.passed(Check.DISCLOSURES)


def check_groups(case: QrCase) -> None:
    """An answer shows nothing that was not asked; a one-way code never the full number or the address."""
    shown = case.person.groups.keys()
    if isinstance(case.expected, Answer):
        if not shown <= case.expected.groups:
            case.refuse(Check.GROUPS, Reason.GROUP_NOT_ASKED, "a group was shown that was not asked for")
    elif not shown.isdisjoint(NEVER_ONE_WAY):
        case.refuse(Check.GROUPS, Reason.GROUP_TOO_SENSITIVE, "the full number or the address in a one-way code")
    case.passed(Check.GROUPS)


def check_scope(case: QrCase) -> None:
    """The authority named in the credential is the key's bureau, and lies within the bureau's powers."""
    document, issuer = case.person.groups.get(Group.DOCUMENT), case.issuer
    if document is not None:
        authority, country, division = document.get(_AUTHORITY), document.get(_COUNTRY), document.get(_DIVISION)
        if authority != issuer.name_zh or country != issuer.country or not _within(division, issuer.scope):
            case.refuse(Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE, "the authority named is outside the key's scope")
    case.passed(Check.SCOPE)


def _within(division: object, scope: tuple[str, ...]) -> bool:
    return isinstance(division, str) and division.startswith(scope)
