"""Officers in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.errors import NotFound
from core.reasons import Reason
from issuer.officers import Officer, Role
from issuer.storage.bureaus import SqlBureaus
from issuer.storage.tables import BureauTable

_OFFICER = BureauTable.metadata.tables["officer"]
_COLUMNS = (_OFFICER.c.bureau, _OFFICER.c.officer_id, _OFFICER.c.name_sealed, _OFFICER.c.roles, _OFFICER.c.active)


class SqlOfficerBook:
    """Officers of all bureaus, inside one transaction."""

    def __init__(self, connection: Connection, bureaus: SqlBureaus) -> None:
        self._connection = connection
        self._bureaus = bureaus

    def add(self, officer: Officer, *, now: int) -> None:
        """Store a new officer. Raises Conflict at the end of the transaction when the id is taken."""
        cipher = self._bureaus.cipher(officer.bureau)
        self._connection.execute(
            insert(_OFFICER).values(
                bureau=officer.bureau,
                officer_id=officer.officer_id,
                name_sealed=cipher.seal("officer", officer.officer_id, "name", officer.name.encode()),
                roles=",".join(sorted(officer.roles)),
                active=officer.active,
                created_at=now,
            )
        )

    def get(self, bureau: str, officer_id: str) -> Officer:
        """Return one officer, active or not. Raises NotFound."""
        query = select(*_COLUMNS).where(_OFFICER.c.bureau == bureau, _OFFICER.c.officer_id == officer_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(Reason.OFFICER_UNKNOWN, "there is no such officer in this bureau")
        return self._officer(row)

    def listing(self, bureau: str) -> tuple[Officer, ...]:
        """Return all officers of a bureau by id."""
        query = select(*_COLUMNS).where(_OFFICER.c.bureau == bureau).order_by(_OFFICER.c.officer_id)
        return tuple(map(self._officer, self._connection.execute(query)))

    def _officer(self, row: Row[*tuple[Any, ...]]) -> Officer:
        bureau, officer_id, name_sealed, roles, active = row
        name = self._bureaus.cipher(bureau).open("officer", officer_id, "name", name_sealed)
        return Officer(bureau, officer_id, name.decode(), frozenset(map(Role, roles.split(","))), active)
