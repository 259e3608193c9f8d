"""The audit log becomes a chain of hashes, gets signed checkpoints, and refuses to be changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from core.audit import AuditEvent
from issuer.audit_chain import ChainEnd, chain_start, extend

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROWS_AT_ONCE: Final = 5000
_REFUSAL: Final = "the audit log is only added to"


def upgrade() -> None:
    """Chain the events that are there in their order. Going back is restoring the backup made before."""
    op.add_column("audit_event", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.add_column("audit_head", sa.Column("hash", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    for (bureau,) in connection.execute(sa.text("SELECT bureau FROM audit_head ORDER BY bureau")).all():
        _chain(connection, bureau)
    for table in ("audit_event", "audit_head"):
        with op.batch_alter_table(table) as batch:
            batch.alter_column("hash", existing_type=sa.LargeBinary(), nullable=False)
    op.create_table(
        "audit_checkpoint",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["bureau"], ["bureau.bureau"], name=op.f("fk_audit_checkpoint_bureau")),
        sa.PrimaryKeyConstraint("bureau", "seq", name=op.f("pk_audit_checkpoint")),
    )
    if connection.dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _chain(connection: Connection, bureau: str) -> None:
    end = chain_start(bureau)
    store = sa.text("UPDATE audit_event SET hash = :hash WHERE bureau = :bureau AND seq = :seq")
    for events in _events(connection, bureau):
        chained = extend(end, events)
        end = ChainEnd(chained[-1].seq, chained[-1].hash)
        connection.execute(store, [{"bureau": bureau, "seq": row.seq, "hash": row.hash} for row in chained])
    connection.execute(
        sa.text("UPDATE audit_head SET hash = :hash WHERE bureau = :bureau"), {"bureau": bureau, "hash": end.hash}
    )


def _events(connection: Connection, bureau: str) -> Iterator[list[AuditEvent]]:
    """Yield the events in their order; their numbers have no gaps, so they are those that ``extend`` gives again."""
    query = sa.text(
        "SELECT at, actor, action, subject, note FROM audit_event"
        " WHERE bureau = :bureau AND seq > :after ORDER BY seq LIMIT :rows"
    )
    after = 0
    while found := connection.execute(query, {"bureau": bureau, "after": after, "rows": _ROWS_AT_ONCE}).all():
        yield [AuditEvent(bureau, *row) for row in found]
        after += len(found)


def _guard_sqlite() -> None:
    for table in ("audit_event", "audit_checkpoint"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in ("audit_event", "audit_checkpoint"):
        op.execute(
            f"CREATE TRIGGER {table}_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()"
        )
