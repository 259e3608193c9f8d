"""The tables of issuing: credentials, offers, tokens, copies, status lists. Rows only; nothing in clear about a person."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, false, text
from sqlmodel import Field

from issuer.storage.tables import BureauTable

IssuanceTable = BureauTable
"""The base these tables share with the bureau's own: one metadata, one line of migrations."""

NOT_VALID = "status <> 0"
PLANNED = "state = 'planned'"
"""What two indexes of copies are limited to."""


class CredentialRow(BureauTable, table=True):
    """One issued set for one person in one wallet."""

    __tablename__ = "credential"
    __table_args__: ClassVar = (Index(None, "bureau", "record_id"),)

    bureau: str = Field(primary_key=True, max_length=12)
    credential_id: str = Field(primary_key=True, max_length=36)
    record_id: str = Field(max_length=36)
    state: str = Field(max_length=12)
    frozen: bool
    jkt: str | None = Field(default=None, max_length=43)
    created_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)


class OfferRow(BureauTable, table=True):
    """One credential offer; codes as keyed hashes."""

    __tablename__ = "credential_offer"
    __table_args__: ClassVar = (
        Index(None, "bureau", "code_hash", unique=True),
        Index(None, "bureau", "reference_hash", unique=True),
        Index(None, "bureau", "credential_id"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    offer_id: str = Field(primary_key=True, max_length=36)
    credential_id: str = Field(max_length=36)
    record_id: str = Field(max_length=36)
    reference_hash: bytes
    code_hash: bytes
    tx_code_hash: bytes | None = None
    tries_left: int
    state: str = Field(max_length=12)
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)


class AccessTokenRow(BureauTable, table=True):
    """One access token, by its hash."""

    __tablename__ = "access_token"
    __table_args__: ClassVar = (
        Index(None, "bureau", "credential_id"),
        Index(None, "bureau", "refresh_hash"),
        Index(None, "bureau", "expires_at"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    token_hash: bytes = Field(primary_key=True)
    credential_id: str = Field(max_length=36)
    jkt: str | None = Field(default=None, max_length=43)
    refreshing: bool
    refresh_hash: bytes | None = None
    void: bool
    expires_at: int = Field(sa_type=BigInteger)


class RefreshTokenRow(BureauTable, table=True):
    """One refresh token, by its hash, with the one it replaced."""

    __tablename__ = "refresh_token"
    __table_args__: ClassVar = (
        Index(None, "bureau", "credential_id"),
        Index(None, "bureau", "parent_hash"),
        Index(None, "bureau", "expires_at"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    token_hash: bytes = Field(primary_key=True)
    parent_hash: bytes | None = None
    credential_id: str = Field(max_length=36)
    jkt: str = Field(max_length=43)
    state: str = Field(max_length=8)
    used: bool
    expires_at: int = Field(sa_type=BigInteger)


class OneTimeValueRow(BureauTable, table=True):
    """A DPoP proof or key-proof nonce that was used, until it is too old anyway."""

    __tablename__ = "one_time_value"
    __table_args__: ClassVar = (Index(None, "bureau", "expires_at"),)

    bureau: str = Field(primary_key=True, max_length=12)
    kind: str = Field(primary_key=True, max_length=8)
    value_hash: bytes = Field(primary_key=True)
    expires_at: int = Field(sa_type=BigInteger)


class CopyRow(BureauTable, table=True):
    """One copy: planned, then signed, or abandoned. Its holder key and its place in a status list are unique for ever."""

    __tablename__ = "credential_copy"
    __table_args__: ClassVar = (
        Index(None, "bureau", "key_thumbprint", unique=True),
        Index(None, "bureau", "list_id", "list_index", unique=True),
        Index(None, "bureau", "credential_id"),
        Index(None, "bureau", "record_id", "form", "expires_at"),
        Index(
            "ix_credential_copy_not_valid",
            "bureau",
            "list_id",
            sqlite_where=text(NOT_VALID),
            postgresql_where=text(NOT_VALID),
        ),
        Index(
            "ix_credential_copy_planned",
            "bureau",
            "planned_at",
            sqlite_where=text(PLANNED),
            postgresql_where=text(PLANNED),
        ),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    copy_id: str = Field(primary_key=True, max_length=36)
    credential_id: str = Field(max_length=36)
    record_id: str = Field(max_length=36)
    form: str = Field(max_length=12)
    key_thumbprint: bytes
    list_id: str = Field(max_length=40)
    list_index: int
    payload_hash: bytes
    state: str = Field(max_length=12)
    issued_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    planned_at: int = Field(sa_type=BigInteger)
    signed_at: int | None = Field(default=None, sa_type=BigInteger)
    status: int
    reason_class: int


class StatusListTableRow(BureauTable, table=True):
    """One status list: its signing key, the week it retires, how full it is, when it was last published, for what."""

    __tablename__ = "status_list"
    __table_args__: ClassVar = (Index(None, "bureau", "key_id", "week"),)

    bureau: str = Field(primary_key=True, max_length=12)
    list_id: str = Field(primary_key=True, max_length=40)
    key_id: str = Field(max_length=16)
    week: int = Field(sa_type=BigInteger)
    size: int
    allotted: int
    published_at: int | None = Field(default=None, sa_type=BigInteger)
    dirty: bool
    retired: bool
    cards: bool = Field(sa_column_kwargs={"server_default": false()})


class SnapshotCounterRow(BureauTable, table=True):
    """The number of a bureau's last status snapshot."""

    __tablename__ = "snapshot_counter"

    bureau: str = Field(primary_key=True, max_length=12)
    number: int = Field(sa_type=BigInteger)


class StatusActRow(BureauTable, table=True):
    """A resumption or revocation and its two officers; that they are two, the table itself keeps."""

    __tablename__ = "status_act"
    __table_args__: ClassVar = (
        CheckConstraint("state <> 'approved' OR decided_by <> requested_by", name="two_officers"),
        Index(None, "bureau", "state"),
    )

    bureau: str = Field(primary_key=True, max_length=12)
    act_id: str = Field(primary_key=True, max_length=36)
    credential_id: str = Field(max_length=36)
    verb: str = Field(max_length=8)
    reason: str = Field(max_length=32)
    requested_by: str = Field(max_length=64)
    requested_at: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=12)
    decided_by: str | None = Field(default=None, max_length=64)
    decided_at: int | None = Field(default=None, sa_type=BigInteger)
