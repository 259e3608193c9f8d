"""Officers of a bureau and what each role may do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from core.audit import AuditEvent, AuditLog
from core.errors import MalformedInput, NotFound, Refused
from core.reasons import Reason

_ID_SHAPE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAME_LENGTH_MAX = 60
_RESERVED: Final = ("system", "wallet")


class Role(StrEnum):
    """What an officer is for. Several may be held, yet nobody decides on a case of their own."""

    REGISTRAR = "registrar"
    APPROVER = "approver"
    AUDITOR = "auditor"
    BUREAU_ADMIN = "bureau_admin"
    NATIONAL_ADMIN = "national_admin"


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer of one bureau.

    officer_id: up to 64 small letters, digits, points, underscores and hyphens; named by ``--officer`` and in the
                audit log.
    """

    bureau: str
    officer_id: str
    name: str
    roles: frozenset[Role]
    active: bool = True

    def require(self, role: Role) -> None:
        """Raise Refused unless the officer is active and holds the role."""
        if not self.active or role not in self.roles:
            raise Refused(Reason.ROLE_MISSING, f"officer {self.officer_id} does not act as {role}")

    def require_of(self, bureau: str, role: Role) -> None:
        """Raise Refused unless the officer holds the role in this very bureau."""
        if self.bureau != bureau:
            raise Refused(Reason.ROLE_MISSING, f"officer {self.officer_id} belongs to another bureau")
        self.require(role)


class OfficerBook(Protocol):
    """Where officers are kept."""

    def add(self, officer: Officer, *, now: int) -> None:
        """Store a new officer. Raises Conflict at the end of the transaction when the id is taken."""
        ...

    def get(self, bureau: str, officer_id: str) -> Officer:
        """Return one officer, active or not. Raises NotFound."""
        ...

    def listing(self, bureau: str) -> tuple[Officer, ...]:
        """Return all officers of a bureau by id."""
        ...


def make_officer(bureau: str, officer_id: str, name: str, roles: Iterable[Role]) -> Officer:
    """Return a checked officer value. Raises MalformedInput for an id, a name or roles that cannot be."""
    chosen = frozenset(roles)
    if not _ID_SHAPE.fullmatch(officer_id) or officer_id in _RESERVED:
        raise MalformedInput(
            Reason.TEXT_NOT_ALLOWED, "an officer's id is 1 to 64 of a-z 0-9 . _ - and not a reserved word"
        )
    if not name.strip() or len(name) > _NAME_LENGTH_MAX or not name.isprintable():
        raise MalformedInput(Reason.TEXT_NOT_ALLOWED, "an officer's name has 1 to 60 printable characters")
    if not chosen:
        raise MalformedInput(Reason.TEXT_NOT_ALLOWED, "an officer has at least one role")
    return Officer(bureau, officer_id, name, chosen)


def add_officer(officer: Officer, *, by: Officer, book: OfficerBook, audit: AuditLog, now: int) -> None:
    """Store a new officer for a bureau admin, in the open transaction.

    Raises Refused when ``by`` is no admin of that bureau; only a national admin makes another national admin.
    """
    by.require_of(officer.bureau, Role.BUREAU_ADMIN)
    if Role.NATIONAL_ADMIN in officer.roles:
        by.require(Role.NATIONAL_ADMIN)
    book.add(officer, now=now)
    audit.record(_added(officer, by.officer_id, now))


def add_first_officer(officer: Officer, *, book: OfficerBook, audit: AuditLog, now: int) -> None:
    """Store one of the officers a bureau starts with: nobody could have added them.

    Raises Refused when the bureau already has a bureau admin: from then on officers are added by one.
    """
    if any(Role.BUREAU_ADMIN in other.roles for other in book.listing(officer.bureau)):
        raise Refused(Reason.ROLE_MISSING, "the bureau has an admin already, who adds further officers")
    book.add(officer, now=now)
    audit.record(_added(officer, "system", now))


def acting_officer(bureau: str, officer_id: str, *, book: OfficerBook) -> Officer:
    """Return the officer who acts now. Raises NotFound for an unknown or retired one alike."""
    officer = book.get(bureau, officer_id)
    if not officer.active:
        raise NotFound(Reason.OFFICER_UNKNOWN, "there is no such officer in this bureau")
    return officer


def _added(officer: Officer, actor: str, now: int) -> AuditEvent:
    return AuditEvent(officer.bureau, now, actor, "officer.add", officer.officer_id, ",".join(sorted(officer.roles)))
