"""What values may be shown, whatever form they came in: each rule returns the value or refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeAlias, TypeVar

from core.errors import MalformedInput
from core.reasons import Reason
from formats.dataset import Attribute, Group
from formats.encoding.cbor import CborValue
from formats.sd_cwt.display import check_online_portrait, check_text

LONGEST_TEXT: Final = 200

_AGES: Final = frozenset({Group.AGE_18, Group.OTHER_AGES})
_Value = TypeVar("_Value")
Rule: TypeAlias = Callable[[_Value], CborValue]


def text(value: object) -> str:
    """Return a text that may be shown as it is."""
    if type(value) is not str:
        raise malformed("a text is of another type")
    # Printable ASCII has nothing that could hide or turn round: only the rules on size and blanks are left of them.
    plain = value.isascii() and value.isprintable() and 0 < len(value) <= LONGEST_TEXT and value.strip() == value
    if not plain:
        check_text(value, longest=LONGEST_TEXT, marks_in_a_row=True)
    return value


def full_date(value: object) -> str:
    """Return a day of the calendar, spelled YYYY-MM-DD."""
    # The library reads ISO 8601 in all its forms; this is the one with ten characters and these two dashes.
    if type(value) is not str or len(value) != 10 or value[4] != "-" or value[7] != "-":
        raise malformed("a date is not YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError as err:
        raise malformed("a date is not one of the calendar") from err
    return value


def yes_or_no(value: object) -> bool:
    """Return the answer to a question of age."""
    if type(value) is not bool:
        raise malformed("an age answer is not true or false")
    return value


def sex(value: object) -> int:
    """Return a code of GB/T 2261.1."""
    if type(value) is not int or value not in {0, 1, 2, 9}:
        raise malformed("sex is not a code of GB/T 2261.1")
    return value


def picture(value: object) -> bytes:
    """Return a WebP file of one plain VP8 or VP8L chunk: shown as an image and nothing else."""
    if type(value) is not bytes:
        raise MalformedInput(Reason.PORTRAIT_BAD, "the picture is not a file")
    check_online_portrait(value)
    return value


def place(attribute: Attribute) -> tuple[Group, int]:
    """Return where an attribute stands among what is shown; the large portrait stands where the QR token has its small one."""
    return attribute.group or Group.PORTRAIT, attribute.key or 1


def rule_for(attribute: Attribute, rules: Mapping[str, Rule[_Value]]) -> Rule[_Value]:
    """Return the rule of an attribute: one of a form's own by its name, else that of an answer or a text."""
    own = rules.get(attribute.name)
    if own is not None:
        return own
    return yes_or_no if attribute.group in _AGES else text


def malformed(detail: str) -> MalformedInput:
    """Return the refusal of a value of another kind than its attribute's."""
    return MalformedInput(Reason.DISCLOSURE_MALFORMED, detail)
