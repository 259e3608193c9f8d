"""The database: opening it, its version, and transactions that end in a commit or in nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, inspect, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Conflict, EidError, Misconfigured, Unavailable
from core.reasons import Reason

REVISIONS: Final = ("0001", "0002", "0003")
"""Every revision under ``migrations/``, oldest first; the last is what this code works with."""

_SQLITE = "sqlite"
_POSTGRESQL = "postgresql"
_READ_ONLY = "eid_read_only"
_BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_UNIQUE_VIOLATION = "23505"
_SQLITE_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


def open_engine(url: str) -> Engine:
    """Return the engine of a database; nothing is opened before the first transaction.

    url: ``sqlite:///FILE`` or ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`` (``postgresql://`` means the same).
    What is acknowledged is durable: SQLite runs in WAL mode with synchronous=FULL, PostgreSQL with its own default.
    Raises Misconfigured for any other address.
    """
    address = _parse(url)
    if address.get_backend_name() == _SQLITE:
        engine = create_engine(address, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "eid"},
    )


@contextmanager
def begin(engine: Engine, *, read_only: bool = False) -> Iterator[Connection]:
    """Give a connection inside one transaction: committed at the end, rolled back by any error.

    On SQLite a writing transaction takes the write lock at once, so that what it has read is still so when it writes.
    Raises Conflict when another transaction stored the same unique thing first, and Unavailable when the database
    does not answer, is locked for long or cannot write.
    """
    try:
        with engine.connect() as connection:
            connection.info[_READ_ONLY] = read_only
            with connection.begin():
                yield connection
    except DBAPIError as err:
        translated = _translate(err.orig, engine)
        if translated is None:
            raise
        raise translated from err
    except _driver_errors(engine) as err:
        # What ran through the driver itself (storage/driver.py) fails with the driver's own errors.
        translated = _translate(err, engine)
        if translated is None:
            raise
        raise translated from err


def open_current(url: str) -> Engine:
    """Return the engine of a database that has the version of this code; raises as ``open_engine`` and ``check_version``."""
    engine = open_engine(url)
    try:
        check_version(engine)
    except EidError:
        engine.dispose()
        raise
    return engine


def check_version(engine: Engine) -> None:
    """Make sure that the database has the version of this code.

    Raises Misconfigured when it is newer or older, and Unavailable when it does not answer.
    """
    with begin(engine, read_only=True) as connection:
        revision = read_revision(connection)
    if revision == REVISIONS[-1]:
        return
    if revision is None or revision in REVISIONS:
        raise Misconfigured(Reason.DATABASE_OLDER, "the database has an older version; run: eid db upgrade")
    raise database_newer()


def read_revision(connection: Connection) -> str | None:
    """Return the revision the database is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    table = Table("alembic_version", MetaData(), autoload_with=connection)
    return connection.execute(select(table.c.version_num)).scalar()


def database_newer() -> Misconfigured:
    """The error for a database that a newer version of this software has changed."""
    return Misconfigured(
        Reason.DATABASE_NEWER, "the database was changed by a newer version; install that version, or use a backup"
    )


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as err:
        raise _bad_address() from err
    if address.drivername == _POSTGRESQL:
        address = address.set(drivername="postgresql+psycopg")
    file_backed = address.drivername in (_SQLITE, "sqlite+pysqlite") and address.database not in (None, "", ":memory:")
    if not file_backed and address.drivername != "postgresql+psycopg":
        raise _bad_address()
    return address


def _bad_address() -> Misconfigured:
    # The address itself is not repeated: it may hold a password.
    return Misconfigured(
        Reason.SETTING_INVALID, "EID_DATABASE_URL must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DB"
    )


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own transactions start late and not for reads; `_begin_sqlite` starts them instead.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.info.pop(_READ_ONLY, False)
    raw = connection.connection.driver_connection
    if raw is None:
        raise TypeError("a transaction begins on an open connection")
    raw.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _driver_errors(engine: Engine) -> type[Exception]:
    errors: type[Exception] = engine.dialect.loaded_dbapi.Error
    return errors


def _translate(err: BaseException | None, engine: Engine) -> EidError | None:
    driver = engine.dialect.loaded_dbapi
    if isinstance(err, driver.IntegrityError):
        return (
            Conflict(Reason.DATA_MOVED, "the same thing was stored by someone else meanwhile") if _unique(err) else None
        )
    if _unanswered(err, engine):
        return Unavailable(
            Reason.DATABASE_UNAVAILABLE, "the database does not answer; check EID_DATABASE_URL, its server and the disk"
        )
    return None


def _unanswered(err: BaseException | None, engine: Engine) -> bool:
    driver = engine.dialect.loaded_dbapi
    if isinstance(err, sqlite3.Error):
        # SQLITE_ERROR is a wrong statement: a mistake of ours, as ProgrammingError is with PostgreSQL. A plain
        # DatabaseError says that the file is no database.
        broken = isinstance(err, sqlite3.OperationalError) or type(err) is sqlite3.DatabaseError
        return broken and err.sqlite_errorcode != sqlite3.SQLITE_ERROR
    return isinstance(err, driver.OperationalError | driver.InterfaceError)


def _unique(err: BaseException) -> bool:
    if isinstance(err, sqlite3.Error):
        return err.sqlite_errorcode in _SQLITE_UNIQUE
    return getattr(err, "sqlstate", None) == _UNIQUE_VIOLATION
