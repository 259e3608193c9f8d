"""Reconciliation: every signature on a credential belongs to an approved case and to a row of the audit log.

The audit log says how many copies were planned before the key was used; the table of copies says which exist. Neither
may hold what the other lacks. Whether the log itself is whole is told by its chain, not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Final, Protocol

from issuer.policy import Form

PLANNED: Final = "credential.plan"
PRINTED: Final = "card.print"
SIGNING: Final = (PLANNED, PRINTED)
"""The actions that say that credentials are about to be signed."""


@dataclass(frozen=True, slots=True)
class SigningRow:
    """One row of the audit log that announces signatures; the subject is the credential."""

    credential_id: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class CopyCount:
    """How many copies of one form the database holds for a credential, in whatever state."""

    credential_id: str
    form: str
    copies: int


class SignatureBooks(Protocol):
    """What is compared. Everything is given in one view of the database; what is ordered is so by its bytes."""

    def signing_rows(self) -> Iterable[SigningRow]:
        """Return the rows of ``SIGNING``, ordered by credential."""
        ...

    def copies(self) -> Iterable[CopyCount]:
        """Return the numbers of copies, ordered by credential."""
        ...

    def unapproved(self) -> Iterable[CopyCount]:
        """Return the signed copies of records without a case that another officer approved before they were planned,
        with that approval in the audit log.
        """
        ...

    def keys_used_twice(self) -> Iterable[str]:
        """Return a credential for each holder key that stands in more than one copy."""
        ...


class Alarm(StrEnum):
    """What does not agree. Stable codes."""

    NOT_RECORDED = "not_recorded"
    NOT_IN_DATABASE = "not_in_database"
    NOT_APPROVED = "not_approved"
    KEY_USED_TWICE = "key_used_twice"
    NOTE_UNREADABLE = "note_unreadable"


ALARMS: Final[Mapping[Alarm, tuple[str, str]]] = MappingProxyType(
    {
        Alarm.NOT_RECORDED: ("签发的副本多于审计记录", "more copies than the audit log announced"),
        Alarm.NOT_IN_DATABASE: ("审计记录的签名在库中无对应副本", "the audit log announced copies that are not there"),
        Alarm.NOT_APPROVED: ("签发的副本没有已批准的申请", "signed copies without an approved case"),
        Alarm.KEY_USED_TWICE: ("同一持有人密钥签发了多份", "one holder key stands in several copies"),
        Alarm.NOTE_UNREADABLE: ("审计记录中的签名数无法读取", "a row of the audit log does not say how many"),
    }
)
"""What is said of each alarm, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One alarm about one credential. recorded: what the log announced; found: what the database holds."""

    alarm: Alarm
    credential_id: str
    form: str = ""
    recorded: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many credentials and copies were compared, and what did not agree."""

    credentials: int
    copies: int
    discrepancies: tuple[Discrepancy, ...]


def reconcile(books: SignatureBooks) -> Reconciled:
    """Compare the copies of one bureau with its audit log and its cases. Memory stays flat however many there are."""
    credentials = copies = 0
    wrong: list[Discrepancy] = []
    for credential_id, recorded, found, unreadable in _side_by_side(books.signing_rows(), books.copies()):
        credentials += 1
        copies += found.total()
        if unreadable:
            wrong.append(Discrepancy(Alarm.NOTE_UNREADABLE, credential_id))
        for form in sorted(recorded.keys() | found.keys()):
            if recorded[form] != found[form]:
                alarm = Alarm.NOT_RECORDED if found[form] > recorded[form] else Alarm.NOT_IN_DATABASE
                wrong.append(Discrepancy(alarm, credential_id, form, recorded[form], found[form]))
    wrong += [Discrepancy(Alarm.NOT_APPROVED, row.credential_id, row.form, 0, row.copies) for row in books.unapproved()]
    wrong += [Discrepancy(Alarm.KEY_USED_TWICE, credential_id) for credential_id in books.keys_used_twice()]
    return Reconciled(credentials, copies, tuple(wrong))


def announced(row: SigningRow) -> tuple[str, int] | None:
    """Return the form and the number of signatures a row announces; None where it does not say.

    >>> announced(SigningRow("c", PLANNED, "eid1 x4")), announced(SigningRow("c", PRINTED, "any")), announced(
    ...     SigningRow("c", PLANNED, "some")
    ... )
    (('eid1', 4), ('card', 1), None)
    """
    if row.action == PRINTED:
        return Form.CARD.value, 1
    form, times, number = row.note.rpartition(" x")
    if not times or not number.isascii() or not number.isdecimal():
        return None
    return form, int(number)


_SideBySide = tuple[str, Counter[str], Counter[str], bool]


def _side_by_side(rows: Iterable[SigningRow], copies: Iterable[CopyCount]) -> Iterator[_SideBySide]:
    """Yield each credential once, with both counts by form: two ordered streams, merged."""
    logged = groupby(rows, key=lambda row: row.credential_id)
    stored = groupby(copies, key=lambda row: row.credential_id)
    one, other = next(logged, None), next(stored, None)
    while one is not None or other is not None:
        credential_id = min(side[0] for side in (one, other) if side is not None)
        recorded, found, unreadable = Counter[str](), Counter[str](), False
        if one is not None and one[0] == credential_id:
            for row in one[1]:
                said = announced(row)
                unreadable = unreadable or said is None
                if said is not None:
                    recorded[said[0]] += said[1]
            one = next(logged, None)
        if other is not None and other[0] == credential_id:
            for count in other[1]:
                found[count.form] += count.copies
            other = next(stored, None)
        yield credential_id, recorded, found, unreadable
