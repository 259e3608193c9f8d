"""The bureau's store: transactions over all its books, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from issuer.storage.audit import SqlAuditLog
from issuer.storage.bureaus import Keyring, SqlBureaus
from issuer.storage.cases import SqlCaseBook
from issuer.storage.encryption import KeyWrap
from issuer.storage.engine import begin
from issuer.storage.officers import SqlOfficerBook
from issuer.storage.posts import SqlPostBook
from issuer.storage.records import SqlRegisterBook


class SqlTransaction:
    """The books inside one open transaction; ``connection`` is for books of other tables in the same transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self.connection = connection
        self.bureaus = SqlBureaus(connection, keyring)
        self.register = SqlRegisterBook(connection, self.bureaus)
        self.cases = SqlCaseBook(connection, self.bureaus)
        self.officers = SqlOfficerBook(connection, self.bureaus)
        self.posts = SqlPostBook(connection)
        self.audit = SqlAuditLog(connection)


class SqlBureauStore:
    """Opens transactions.

    wrap: made of the secret of the key store that wraps the keys of every bureau in this database.
    """

    def __init__(self, engine: Engine, wrap: KeyWrap) -> None:
        self._engine = engine
        self._keyring = Keyring(wrap)

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Open a transaction. The audit events are its last writes: if they fail, nothing of it is stored."""
        with begin(self._engine) as connection:
            transaction = SqlTransaction(connection, self._keyring)
            yield transaction
            transaction.audit.write()
        transaction.bureaus.keep_ciphers()

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """Open a transaction that only reads: what is recorded in its audit log is a mistake, not an act."""
        with begin(self._engine, read_only=True) as connection:
            transaction = SqlTransaction(connection, self._keyring)
            yield transaction
        transaction.bureaus.keep_ciphers()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._engine.dispose()
