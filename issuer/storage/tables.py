"""The tables of the bureau: officers, register, cases, audit. Rows only; values are checked before they come here."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, MetaData, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

# Every constraint has a name, so that a migration can change it on either database.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

OPEN_CASE = "state IN ('submitted', 'approved', 'issued')"
"""A record has at most one case in these states."""


class BureauTable(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of all tables of the issuing side; its ``metadata`` is what the migrations are compared with.

    The bureau comes first in every primary key and index, so that tables can be partitioned by bureau. Instants are
    whole seconds since 1970 UTC. ``sealed`` columns hold nonce and AES-256-GCM ciphertext, ``*_hash`` columns keyed
    hashes: no clear column says anything of a person.
    """


class BureauRow(BureauTable, table=True):
    """One bureau and its own two keys, wrapped by the key store's secret."""

    __tablename__ = "bureau"

    bureau: str = Field(primary_key=True, max_length=12)
    name_zh: str
    name_en: str
    division: str = Field(max_length=6)
    created_at: int = Field(sa_type=BigInteger)
    wrapped_data_key: bytes
    wrapped_lookup_key: bytes


class OfficerRow(BureauTable, table=True):
    """One officer; the name is sealed, the roles are words of ``Role`` parted by commas."""

    __tablename__ = "officer"
    __table_args__: ClassVar = (ForeignKeyConstraint(["bureau"], ["bureau.bureau"]),)

    bureau: str = Field(primary_key=True, max_length=12)
    officer_id: str = Field(primary_key=True, max_length=64)
    name_sealed: bytes
    roles: str
    active: bool
    created_at: int = Field(sa_type=BigInteger)


class PostRow(BureauTable, table=True):
    """One post: a place where codes are checked, and the public key of its challenges."""

    __tablename__ = "post"
    __table_args__: ClassVar = (ForeignKeyConstraint(["bureau", "added_by"], ["officer.bureau", "officer.officer_id"]),)

    bureau: str = Field(primary_key=True, max_length=12)
    post_id: str = Field(primary_key=True, max_length=16)
    place: str = Field(max_length=40)
    site_kind: str = Field(max_length=32)
    point: bytes
    added_by: str = Field(max_length=64)
    added_at: int = Field(sa_type=BigInteger)


class ImportRunRow(BureauTable, table=True):
    """One import of a register file: who, when, how many."""

    __tablename__ = "import_run"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["bureau", "officer_id"], ["officer.bureau", "officer.officer_id"]),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    run_id: str = Field(primary_key=True, max_length=36)
    officer_id: str = Field(max_length=64)
    started_at: int = Field(sa_type=BigInteger)
    rows_read: int
    rows_added: int
    rows_already_there: int
    rows_bad: int


class RegisterRecordRow(BureauTable, table=True):
    """One identity record.

    sealed:       all personal fields in one piece.
    content_hash: keyed hash of those fields: tells a row read again from a changed one without opening either.
    warnings:     codes of the warnings an officer must look at, parted by commas.
    """

    __tablename__ = "register_record"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["bureau", "run_id"], ["import_run.bureau", "import_run.run_id"]),
        Index(None, "bureau", "number_hash", unique=True),
        Index(None, "bureau", "name_birth_hash"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    record_id: str = Field(primary_key=True, max_length=36)
    run_id: str | None = Field(default=None, max_length=36)
    number_hash: bytes
    name_birth_hash: bytes
    content_hash: bytes
    sealed: bytes
    warnings: str = Field(sa_type=Text)
    imported_at: int = Field(sa_type=BigInteger)


class PortraitRow(BureauTable, table=True):
    """One picture of one person; kind: qr, online or master."""

    __tablename__ = "portrait"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["bureau", "record_id"], ["register_record.bureau", "register_record.record_id"]),
        CheckConstraint("kind IN ('qr', 'online', 'master')", name="kind"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    record_id: str = Field(primary_key=True, max_length=36)
    kind: str = Field(primary_key=True, max_length=8)
    sealed: bytes


class EnrolmentCaseRow(BureauTable, table=True):
    """One enrolment case. The table itself keeps the two-person rule, whatever the code above it does."""

    __tablename__ = "enrolment_case"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["bureau", "record_id"], ["register_record.bureau", "register_record.record_id"]),
        ForeignKeyConstraint(["bureau", "submitted_by"], ["officer.bureau", "officer.officer_id"]),
        ForeignKeyConstraint(["bureau", "decided_by"], ["officer.bureau", "officer.officer_id"]),
        CheckConstraint("state IN ('submitted', 'approved', 'rejected', 'expired', 'issued')", name="state"),
        CheckConstraint("decided_by <> submitted_by", name="two_persons"),
        CheckConstraint(
            "(decided_by IS NOT NULL) = (state IN ('approved', 'rejected', 'issued'))", name="decided_by_somebody"
        ),
        CheckConstraint("state <> 'rejected' OR reason_sealed IS NOT NULL", name="rejected_with_reason"),
        Index(
            "uq_enrolment_case_open",
            "bureau",
            "record_id",
            unique=True,
            sqlite_where=text(OPEN_CASE),
            postgresql_where=text(OPEN_CASE),
        ),
        Index(None, "bureau", "record_id", "case_id"),
        Index(None, "bureau", "state", "case_id"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    case_id: str = Field(primary_key=True, max_length=36)
    record_id: str = Field(max_length=36)
    state: str = Field(max_length=12)
    version: int
    submitted_by: str = Field(max_length=64)
    submitted_at: int = Field(sa_type=BigInteger)
    decided_by: str | None = Field(default=None, max_length=64)
    decided_at: int | None = Field(default=None, sa_type=BigInteger)
    reason_sealed: bytes | None = None


class AuditHeadRow(BureauTable, table=True):
    """Number and hash of a bureau's last audit event; its row is the lock that keeps the chain without gaps."""

    __tablename__ = "audit_head"
    __table_args__: ClassVar = (ForeignKeyConstraint(["bureau"], ["bureau.bureau"]),)

    bureau: str = Field(primary_key=True, max_length=12)
    seq: int = Field(sa_type=BigInteger)
    hash: bytes


class AuditEventRow(BureauTable, table=True):
    """One act, numbered from 1 within its bureau, hashed onto the one before. Triggers refuse changes and removals."""

    __tablename__ = "audit_event"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["bureau"], ["bureau.bureau"]),
        Index(None, "bureau", "subject"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=64)
    subject: str = Field(max_length=128)
    note: str = Field(sa_type=Text)
    hash: bytes


class AuditCheckpointRow(BureauTable, table=True):
    """One signed checkpoint of a bureau's audit chain, guarded as the events are; the token says all there is to it."""

    __tablename__ = "audit_checkpoint"
    __table_args__: ClassVar = (ForeignKeyConstraint(["bureau"], ["bureau.bureau"]),)

    bureau: str = Field(primary_key=True, max_length=12)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    token: bytes
