"""What the register needs from its store, and the transaction that holds all of a bureau's books together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol

from core.audit import AuditLog
from issuer.cases.model import EnrolmentCase
from issuer.cases.ports import CaseBook
from issuer.officers import OfficerBook
from issuer.posts import PostBook
from issuer.register.record import IdentityRecord


class Standing(Enum):
    """How a row read from a file stands to what is registered under its number."""

    NEW = "new"
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Bureau:
    """One bureau: the 12-digit organ code, its names as in the trust list, its 6-digit division."""

    bureau: str
    name_zh: str
    name_en: str
    division: str


@dataclass(frozen=True, slots=True)
class Portraits:
    """The pictures of one person that go into credentials: WebP for the QR code and for online use."""

    qr: bytes = field(repr=False)
    online: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """One record on its way into the register.

    warnings:        codes of ``FindingCode``.
    master_portrait: the picture as received, which never leaves the issuer.
    """

    record_id: str
    record: IdentityRecord = field(repr=False)
    warnings: tuple[str, ...]
    portraits: Portraits | None
    master_portrait: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ApprovedRecord:
    """What is issued for: the record, its pictures, and the approved case it was opened under.

    document_number: of the e-ID, the same for as long as the record is there; it has nothing to do with other numbers.
    """

    record: IdentityRecord = field(repr=False)
    portraits: Portraits | None
    case: EnrolmentCase
    document_number: str


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """One line of an officer's list: enough to know a person again, not enough to copy."""

    record_id: str
    masked_name: str
    masked_number: str
    warnings: tuple[str, ...]
    imported_at: int


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import for the books: who, when and how many rows."""

    bureau: str
    run_id: str
    officer_id: str
    started_at: int
    rows_read: int
    rows_added: int
    rows_already_there: int
    rows_bad: int


class RegisterBook(Protocol):
    """The register of one deployment, inside one open transaction."""

    def add_bureau(self, bureau: Bureau, *, now: int) -> None:
        """Store a bureau and make its keys. Raises Conflict when it exists."""
        ...

    def bureau(self, bureau: str) -> Bureau:
        """Return a bureau. Raises NotFound."""
        ...

    def bureaus(self) -> tuple[Bureau, ...]:
        """Return all bureaus by their code."""
        ...

    def standing(self, bureau: str, records: Sequence[IdentityRecord]) -> list[Standing]:
        """Tell for each record, in order, whether its number is registered and with the same content."""
        ...

    def add_run(self, run: ImportRun) -> None:
        """Store an import before its records."""
        ...

    def add(self, bureau: str, people: Sequence[NewPerson], *, run_id: str | None, now: int) -> None:
        """Store new records. Raises Conflict when one of the numbers is registered."""
        ...

    def record(self, bureau: str, record_id: str) -> IdentityRecord:
        """Return one record. Raises NotFound."""
        ...

    def document_number(self, bureau: str, record_id: str) -> str:
        """Return the number of the e-ID of this record: 12 characters that only the bureau's own key can derive."""
        ...

    def portraits(self, bureau: str, record_id: str) -> Portraits | None:
        """Return the small pictures of one record, None where it has none."""
        ...

    def master_portrait(self, bureau: str, record_id: str) -> bytes | None:
        """Return the picture of one record as it was received, None where it has none."""
        ...

    def warnings(self, bureau: str, record_id: str) -> tuple[str, ...]:
        """Return the codes of a record's warnings. Raises NotFound."""
        ...

    def find_by_number(self, bureau: str, citizen_number: str) -> str | None:
        """Return the id of the record with this document number."""
        ...

    def find_by_name(self, bureau: str, full_name: str, birth_date: date) -> tuple[str, ...]:
        """Return the ids of records with exactly this name and birth date."""
        ...

    def summaries(self, bureau: str, *, limit: int, after: str = "") -> tuple[RecordSummary, ...]:
        """Return a page of records in the order of their ids; after: the last record id of the page before."""
        ...

    def count(self, bureau: str) -> int:
        """Return how many records a bureau has."""
        ...


class BureauTransaction(Protocol):
    """The books of the bureaus, all inside one transaction."""

    @property
    def register(self) -> RegisterBook: ...

    @property
    def cases(self) -> CaseBook: ...

    @property
    def officers(self) -> OfficerBook: ...

    @property
    def posts(self) -> PostBook: ...

    @property
    def audit(self) -> AuditLog: ...


class BureauStore(Protocol):
    """Opens transactions; a use case owns its commits."""

    def transaction(self) -> AbstractContextManager[BureauTransaction]:
        """Open a transaction: everything in it is stored at the end of the block, or, after an error, nothing."""
        ...

    def reading(self) -> AbstractContextManager[BureauTransaction]:
        """Open a transaction that only reads: it holds up nobody."""
        ...
