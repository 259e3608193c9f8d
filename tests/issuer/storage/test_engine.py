from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from core.errors import Conflict, Misconfigured, Unavailable
from core.reasons import Reason
from issuer.storage.engine import begin, check_version, open_engine
from tests.builders.bureau import Office


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://somebody:secret@host/db",
        "postgresql+asyncpg://somebody:secret@host/db",
        "sqlite+aiosqlite:///file.db",
        "postgresql://host:port/db",
    ],
)
def test_refuses_an_address_of_another_kind(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        open_engine(url)
    assert refused.value.reason is Reason.SETTING_INVALID
    assert "secret" not in refused.value.detail


def test_a_postgresql_address_without_a_driver_gets_ours() -> None:
    assert open_engine("postgresql://host/db").url.drivername == "postgresql+psycopg"


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    engine = open_engine("postgresql+psycopg://somebody:secret@127.0.0.1:1/db")
    with pytest.raises(Unavailable) as refused:
        check_version(engine)
    assert refused.value.reason is Reason.DATABASE_UNAVAILABLE
    assert "secret" not in refused.value.detail


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "eid.db").write_bytes(b"this is no database, whatever its name says" * 100)
    engine = open_engine(f"sqlite:///{tmp_path}/eid.db")
    with pytest.raises(Unavailable) as refused:
        check_version(engine)
    engine.dispose()
    assert refused.value.reason is Reason.DATABASE_UNAVAILABLE


def test_sqlite_writes_ahead_forces_to_disk_and_keeps_foreign_keys(office: Office) -> None:
    with begin(office.engine, read_only=True) as connection:
        settings = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert settings == ["wal", 2, 1]


def test_a_writer_takes_the_lock_at_once(office: Office) -> None:
    database = office.engine.url.database
    assert database is not None
    with begin(office.engine):
        other = sqlite3.connect(database, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("SELECT count(*) FROM bureau")
        other.close()


def test_an_error_in_the_block_rolls_back(office: Office) -> None:
    with pytest.raises(LookupError):
        write_and_fail(office.engine)
    with begin(office.engine, read_only=True) as connection:
        assert connection.execute(text("SELECT max(seq) FROM audit_head")).scalar_one() < 99


def write_and_fail(engine: Engine) -> None:
    with begin(engine) as connection:
        connection.execute(text("UPDATE audit_head SET seq = 99"))
        raise LookupError


def test_only_a_unique_key_is_a_conflict(office: Office) -> None:
    statement = "INSERT INTO audit_head (bureau, seq, hash) VALUES (:bureau, 0, '')"
    with pytest.raises(Conflict) as refused, begin(office.engine) as connection:
        connection.execute(text(statement), {"bureau": "690101000000"})
    assert refused.value.reason is Reason.DATA_MOVED


def test_a_failing_statement_does_not_repeat_its_values(office: Office) -> None:
    with pytest.raises(Exception, match="no_such_table") as failed, begin(office.engine) as connection:
        connection.execute(text("INSERT INTO no_such_table VALUES (:name)"), {"name": "样小明"})
    assert "样小明" not in f"{failed.value} {failed.value.__cause__}"
