"""The migrations make exactly the tables of the code, on either database, all or none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from core.audit import AuditEvent
from core.errors import Misconfigured, Unavailable
from core.reasons import Reason
from issuer.audit_chain import chain_start, verify_chain
from issuer.storage import issuance_tables, tables
from issuer.storage.audit_trail import SqlAuditTrail
from issuer.storage.engine import REVISIONS, begin, check_version, open_engine
from issuer.storage.upgrading import migration_config, upgrade

METADATA = {module.BureauTable.metadata for module in (tables, issuance_tables)}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def set_revision(engine: Engine, revision: str) -> None:
    with begin(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def differences(connection: Connection) -> list[object]:
    (metadata,) = METADATA
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def check_constraints(connection: Connection) -> set[str]:
    inspector = inspect(connection)
    return {
        str(check["name"]) for table in inspector.get_table_names() for check in inspector.get_check_constraints(table)
    }


def test_the_code_knows_every_revision_in_order() -> None:
    scripts = ScriptDirectory.from_config(migration_config())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_upgrading_makes_the_tables_of_the_code(database_url: str, engine: Engine) -> None:
    assert upgrade(database_url) == (None, REVISIONS[-1])
    check_version(engine)
    with begin(engine, read_only=True) as connection:
        assert differences(connection) == []


def test_upgrading_makes_the_checks_of_the_code(database_url: str, engine: Engine) -> None:
    upgrade(database_url)
    (metadata,) = METADATA
    # The naming convention is applied when the statement is made: compare by the word within the name.
    wanted = {
        f"ck_{table.name}_{str(constraint.name).removeprefix(f'ck_{table.name}_')}"
        for table in metadata.tables.values()
        for constraint in table.constraints
        if constraint.__visit_name__ in ("check_constraint", "table_or_column_check_constraint")
    }
    with begin(engine, read_only=True) as connection:
        assert check_constraints(connection) == wanted
    assert "ck_enrolment_case_two_persons" in wanted


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    upgrade(database_url)
    assert upgrade(database_url) == (REVISIONS[-1], REVISIONS[-1])


def test_lists_made_before_printed_cards_belong_to_copies(database_url: str, engine: Engine) -> None:
    with begin(engine) as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = "bureau, list_id, key_id, week, size, allotted, dirty, retired"
        values = "'690101000000', 'a-1', '0011223344556677', 0, 4096, 3, false, false"
        connection.execute(text(f"INSERT INTO status_list ({columns}) VALUES ({values})"))  # noqa: S608  # constants
    assert upgrade(database_url) == ("0001", REVISIONS[-1])
    with begin(engine, read_only=True) as connection:
        assert [bool(row[0]) for row in connection.execute(text("SELECT cards FROM status_list"))] == [False]


def test_refuses_a_database_of_a_newer_version(database_url: str, engine: Engine) -> None:
    upgrade(database_url)
    set_revision(engine, "9999")
    for act in (lambda: check_version(engine), lambda: upgrade(database_url)):
        with pytest.raises(Misconfigured) as refused:
            act()
        assert refused.value.reason is Reason.DATABASE_NEWER


def test_refuses_an_empty_database_until_it_is_upgraded(engine: Engine) -> None:
    with pytest.raises(Misconfigured) as refused:
        check_version(engine)
    assert refused.value.reason is Reason.DATABASE_OLDER


def test_an_upgrade_that_fails_leaves_nothing_behind(database_url: str, engine: Engine) -> None:
    with begin(engine) as connection:
        connection.execute(text("CREATE TABLE status_list (planted INTEGER)"))
    with pytest.raises(Exception, match="status_list"):
        upgrade(database_url)
    with begin(engine, read_only=True) as connection:
        assert inspect(connection).get_table_names() == ["status_list"]


def test_two_upgrades_at_once_both_succeed(database_url: str) -> None:
    done: list[str] = []
    runners = [threading.Thread(target=lambda: done.append(upgrade(database_url)[1])) for _ in range(2)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(timeout=60)
    assert done == [REVISIONS[-1]] * 2


def test_a_folder_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        upgrade(f"sqlite:///{tmp_path}/nowhere/eid.db")
    assert refused.value.reason is Reason.DATABASE_UNAVAILABLE


def test_events_written_before_the_chain_are_chained_in_their_order(database_url: str, engine: Engine) -> None:
    bureaus = ("690101000000", "690102000000", "690103000000")
    with begin(engine) as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for bureau, events in zip(bureaus, (5003, 2, 0), strict=True):
            _bureau_with_events(connection, bureau, events)
    assert upgrade(database_url) == ("0002", REVISIONS[-1])
    for bureau, events in zip(bureaus, (5003, 2, 0), strict=True):
        trail = SqlAuditTrail(engine, bureau)
        for continued in (0, 1):
            with trail.reading() as log:
                verdict = verify_chain(log.events(), bureau=bureau, head=log.end())
                assert (verdict.events, verdict.findings) == (events + continued, ())
            trail.record(AuditEvent(bureau, 9, "lin", "continued", "thing"))


def test_the_audit_log_is_guarded_after_the_upgrade(database_url: str, engine: Engine) -> None:
    upgrade(database_url)
    with begin(engine) as connection:
        _bureau_with_events(connection, "690101000000", 0)
    SqlAuditTrail(engine, "690101000000").record(AuditEvent("690101000000", 1, "lin", "a", "thing"))
    for statement in ("UPDATE audit_event SET note = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DBAPIError, match="only added to"), begin(engine) as connection:
            connection.execute(text(statement))


def _bureau_with_events(connection: Connection, bureau: str, events: int) -> None:
    hashed = any(column["name"] == "hash" for column in inspect(connection).get_columns("audit_head"))
    row = {"bureau": bureau, "key": b"wrapped", "seq": events, "hash": chain_start(bureau).hash}
    connection.execute(
        text(
            "INSERT INTO bureau (bureau, name_zh, name_en, division, created_at, wrapped_data_key, wrapped_lookup_key)"
            " VALUES (:bureau, '样例市公安局', 'Sample City Bureau', '690101', 0, :key, :key)"
        ),
        row,
    )
    more_columns, more_values = (", hash", ", :hash") if hashed else ("", "")
    insert_head = f"INSERT INTO audit_head (bureau, seq{more_columns}) VALUES (:bureau, :seq{more_values})"  # noqa: S608  # constants
    connection.execute(text(insert_head), row)
    rows = [{"bureau": bureau, "seq": seq, "subject": f"case-{seq}"} for seq in range(1, events + 1)]
    if rows:
        connection.execute(
            text(
                "INSERT INTO audit_event (bureau, seq, at, actor, action, subject, note)"
                " VALUES (:bureau, :seq, :seq, 'lin', 'case.submit', :subject, '样例')"
            ),
            rows,
        )
