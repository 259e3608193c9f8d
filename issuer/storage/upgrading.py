"""Bringing a database to the version of this code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from issuer.storage.engine import REVISIONS, begin, database_newer, open_engine, read_revision

_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_UPGRADE_LOCK = 0x65_69_64


def upgrade(url: str) -> tuple[str | None, str]:
    """Run the migrations the database lacks, all or none; return its revision before and after.

    Two upgrades at once wait for each other. Raises Misconfigured when the database is newer than this code, and
    Unavailable when it does not answer.
    """
    engine = open_engine(url)
    try:
        with begin(engine) as connection:
            _lock(connection)
            before = read_revision(connection)
            if before is not None and before not in REVISIONS:
                raise database_newer()
            config = migration_config()
            config.attributes["connection"] = connection
            command.upgrade(config, REVISIONS[-1])
    finally:
        engine.dispose()
    return before, REVISIONS[-1]


def migration_config() -> Config:
    """Return where the migrations are, for Alembic."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _lock(connection: Connection) -> None:
    # SQLite's BEGIN IMMEDIATE is the lock already.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
