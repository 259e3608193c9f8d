"""The first tables: bureaus, officers, register, cases, audit; credentials, offers, tokens, copies, status lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables; going back is restoring the backup made before."""
    op.create_table(
        "access_token",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("refreshing", sa.Boolean(), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "token_hash", name=op.f("pk_access_token")),
    )
    op.create_index(
        op.f("ix_access_token_bureau_credential_id"), "access_token", ["bureau", "credential_id"], unique=False
    )
    op.create_index(op.f("ix_access_token_bureau_expires_at"), "access_token", ["bureau", "expires_at"], unique=False)
    op.create_index(
        op.f("ix_access_token_bureau_refresh_hash"), "access_token", ["bureau", "refresh_hash"], unique=False
    )
    op.create_table(
        "bureau",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_data_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_lookup_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", name=op.f("pk_bureau")),
    )
    op.create_table(
        "credential",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "credential_id", name=op.f("pk_credential")),
    )
    op.create_index(op.f("ix_credential_bureau_record_id"), "credential", ["bureau", "record_id"], unique=False)
    op.create_table(
        "credential_copy",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("copy_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("key_thumbprint", sa.LargeBinary(), nullable=False),
        sa.Column("list_id", sa.String(length=40), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason_class", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "copy_id", name=op.f("pk_credential_copy")),
    )
    op.create_index(
        op.f("ix_credential_copy_bureau_credential_id"), "credential_copy", ["bureau", "credential_id"], unique=False
    )
    op.create_index(
        op.f("ix_credential_copy_bureau_key_thumbprint"), "credential_copy", ["bureau", "key_thumbprint"], unique=True
    )
    op.create_index(
        op.f("ix_credential_copy_bureau_list_id_list_index"),
        "credential_copy",
        ["bureau", "list_id", "list_index"],
        unique=True,
    )
    op.create_index(
        op.f("ix_credential_copy_bureau_record_id_form_expires_at"),
        "credential_copy",
        ["bureau", "record_id", "form", "expires_at"],
        unique=False,
    )
    op.create_index(
        "ix_credential_copy_not_valid",
        "credential_copy",
        ["bureau", "list_id"],
        unique=False,
        sqlite_where=sa.text("status <> 0"),
        postgresql_where=sa.text("status <> 0"),
    )
    op.create_index(
        "ix_credential_copy_planned",
        "credential_copy",
        ["bureau", "planned_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "credential_offer",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("reference_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tx_code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "offer_id", name=op.f("pk_credential_offer")),
    )
    op.create_index(
        op.f("ix_credential_offer_bureau_code_hash"), "credential_offer", ["bureau", "code_hash"], unique=True
    )
    op.create_index(
        op.f("ix_credential_offer_bureau_credential_id"), "credential_offer", ["bureau", "credential_id"], unique=False
    )
    op.create_index(
        op.f("ix_credential_offer_bureau_reference_hash"), "credential_offer", ["bureau", "reference_hash"], unique=True
    )
    op.create_table(
        "one_time_value",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "kind", "value_hash", name=op.f("pk_one_time_value")),
    )
    op.create_index(
        op.f("ix_one_time_value_bureau_expires_at"), "one_time_value", ["bureau", "expires_at"], unique=False
    )
    op.create_table(
        "refresh_token",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(), nullable=True),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index(
        op.f("ix_refresh_token_bureau_credential_id"), "refresh_token", ["bureau", "credential_id"], unique=False
    )
    op.create_index(op.f("ix_refresh_token_bureau_expires_at"), "refresh_token", ["bureau", "expires_at"], unique=False)
    op.create_index(
        op.f("ix_refresh_token_bureau_parent_hash"), "refresh_token", ["bureau", "parent_hash"], unique=False
    )
    op.create_table(
        "snapshot_counter",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", name=op.f("pk_snapshot_counter")),
    )
    op.create_table(
        "status_act",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("act_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("verb", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state <> 'approved' OR decided_by <> requested_by", name=op.f("ck_status_act_two_officers")
        ),
        sa.PrimaryKeyConstraint("bureau", "act_id", name=op.f("pk_status_act")),
    )
    op.create_index(op.f("ix_status_act_bureau_state"), "status_act", ["bureau", "state"], unique=False)
    op.create_table(
        "status_list",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("list_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("week", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("allotted", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bureau", "list_id", name=op.f("pk_status_list")),
    )
    op.create_index(
        op.f("ix_status_list_bureau_key_id_week"), "status_list", ["bureau", "key_id", "week"], unique=False
    )
    op.create_table(
        "audit_event",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bureau"], ["bureau.bureau"], name=op.f("fk_audit_event_bureau")),
        sa.PrimaryKeyConstraint("bureau", "seq", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_bureau_subject"), "audit_event", ["bureau", "subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bureau"], ["bureau.bureau"], name=op.f("fk_audit_head_bureau")),
        sa.PrimaryKeyConstraint("bureau", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "officer",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bureau"], ["bureau.bureau"], name=op.f("fk_officer_bureau")),
        sa.PrimaryKeyConstraint("bureau", "officer_id", name=op.f("pk_officer")),
    )
    op.create_table(
        "import_run",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_added", sa.Integer(), nullable=False),
        sa.Column("rows_already_there", sa.Integer(), nullable=False),
        sa.Column("rows_bad", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bureau", "officer_id"],
            ["officer.bureau", "officer.officer_id"],
            name=op.f("fk_import_run_bureau_officer_id"),
        ),
        sa.PrimaryKeyConstraint("bureau", "run_id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "post",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("post_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("site_kind", sa.String(length=32), nullable=False),
        sa.Column("point", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bureau", "added_by"], ["officer.bureau", "officer.officer_id"], name=op.f("fk_post_bureau_added_by")
        ),
        sa.PrimaryKeyConstraint("bureau", "post_id", name=op.f("pk_post")),
    )
    op.create_table(
        "register_record",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name_birth_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bureau", "run_id"],
            ["import_run.bureau", "import_run.run_id"],
            name=op.f("fk_register_record_bureau_run_id"),
        ),
        sa.PrimaryKeyConstraint("bureau", "record_id", name=op.f("pk_register_record")),
    )
    op.create_index(
        op.f("ix_register_record_bureau_name_birth_hash"),
        "register_record",
        ["bureau", "name_birth_hash"],
        unique=False,
    )
    op.create_index(
        op.f("ix_register_record_bureau_number_hash"), "register_record", ["bureau", "number_hash"], unique=True
    )
    op.create_table(
        "enrolment_case",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_by", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(decided_by IS NOT NULL) = (state IN ('approved', 'rejected', 'issued'))",
            name=op.f("ck_enrolment_case_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "state <> 'rejected' OR reason_sealed IS NOT NULL", name=op.f("ck_enrolment_case_rejected_with_reason")
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'rejected', 'expired', 'issued')", name=op.f("ck_enrolment_case_state")
        ),
        sa.CheckConstraint("decided_by <> submitted_by", name=op.f("ck_enrolment_case_two_persons")),
        sa.ForeignKeyConstraint(
            ["bureau", "decided_by"],
            ["officer.bureau", "officer.officer_id"],
            name=op.f("fk_enrolment_case_bureau_decided_by"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau", "record_id"],
            ["register_record.bureau", "register_record.record_id"],
            name=op.f("fk_enrolment_case_bureau_record_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau", "submitted_by"],
            ["officer.bureau", "officer.officer_id"],
            name=op.f("fk_enrolment_case_bureau_submitted_by"),
        ),
        sa.PrimaryKeyConstraint("bureau", "case_id", name=op.f("pk_enrolment_case")),
    )
    op.create_index(
        op.f("ix_enrolment_case_bureau_record_id_case_id"),
        "enrolment_case",
        ["bureau", "record_id", "case_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_enrolment_case_bureau_state_case_id"), "enrolment_case", ["bureau", "state", "case_id"], unique=False
    )
    op.create_index(
        "uq_enrolment_case_open",
        "enrolment_case",
        ["bureau", "record_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('submitted', 'approved', 'issued')"),
        postgresql_where=sa.text("state IN ('submitted', 'approved', 'issued')"),
    )
    op.create_table(
        "portrait",
        sa.Column("bureau", sa.String(length=12), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('qr', 'online', 'master')", name=op.f("ck_portrait_kind")),
        sa.ForeignKeyConstraint(
            ["bureau", "record_id"],
            ["register_record.bureau", "register_record.record_id"],
            name=op.f("fk_portrait_bureau_record_id"),
        ),
        sa.PrimaryKeyConstraint("bureau", "record_id", "kind", name=op.f("pk_portrait")),
    )
