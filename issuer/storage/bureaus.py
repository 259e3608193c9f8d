"""Bureaus in the database, and their ciphers, unwrapped once each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.errors import NotFound
from core.reasons import Reason
from issuer.audit_chain import chain_start
from issuer.register.ports import Bureau
from issuer.storage.encryption import BureauCipher, KeyWrap, WrappedKeys
from issuer.storage.tables import BureauTable

_BUREAU = BureauTable.metadata.tables["bureau"]
_HEAD = BureauTable.metadata.tables["audit_head"]
_COLUMNS = (_BUREAU.c.bureau, _BUREAU.c.name_zh, _BUREAU.c.name_en, _BUREAU.c.division)


class Keyring:
    """The ciphers known to this process; a bureau's keys never change once they are committed."""

    def __init__(self, wrap: KeyWrap) -> None:
        self.wrap = wrap
        self.kept: dict[str, BureauCipher] = {}


class SqlBureaus:
    """Bureaus and their ciphers, inside one transaction.

    A cipher goes to the keyring only after the commit: a bureau that was rolled back may come again with other keys.
    """

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._opened: dict[str, BureauCipher] = {}

    def add(self, bureau: Bureau, *, now: int) -> None:
        """Store a bureau with fresh keys and an empty audit log."""
        keys = self._keyring.wrap.create(bureau.bureau)
        self._connection.execute(
            insert(_BUREAU).values(
                bureau=bureau.bureau,
                name_zh=bureau.name_zh,
                name_en=bureau.name_en,
                division=bureau.division,
                created_at=now,
                wrapped_data_key=keys.data_key,
                wrapped_lookup_key=keys.lookup_key,
            )
        )
        self._connection.execute(
            insert(_HEAD).values(bureau=bureau.bureau, seq=0, hash=chain_start(bureau.bureau).hash)
        )

    def get(self, bureau: str) -> Bureau:
        """Return a bureau. Raises NotFound."""
        row = self._connection.execute(select(*_COLUMNS).where(_BUREAU.c.bureau == bureau)).one_or_none()
        if row is None:
            raise _unknown(bureau)
        return _bureau(row)

    def listing(self) -> tuple[Bureau, ...]:
        """Return all bureaus by their code."""
        return tuple(map(_bureau, self._connection.execute(select(*_COLUMNS).order_by(_BUREAU.c.bureau))))

    def cipher(self, bureau: str) -> BureauCipher:
        """Return a bureau's cipher. Raises NotFound for an unknown bureau and Misconfigured for a wrong secret."""
        cipher = self._keyring.kept.get(bureau) or self._opened.get(bureau)
        if cipher is None:
            cipher = self._opened[bureau] = self._keyring.wrap.cipher(bureau, self._read_keys(bureau))
        return cipher

    def keep_ciphers(self) -> None:
        """Hand the ciphers to the keyring: to be called after the commit."""
        self._keyring.kept.update(self._opened)

    def _read_keys(self, bureau: str) -> WrappedKeys:
        query = select(_BUREAU.c.wrapped_data_key, _BUREAU.c.wrapped_lookup_key).where(_BUREAU.c.bureau == bureau)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise _unknown(bureau)
        return WrappedKeys(*row)


def _bureau(row: Row[*tuple[Any, ...]]) -> Bureau:
    return Bureau(*row)


def _unknown(bureau: str) -> NotFound:
    return NotFound(Reason.BUREAU_UNKNOWN, f"there is no bureau {bureau} in this database")
