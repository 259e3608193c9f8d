"""The register in the database: every personal field sealed, found again by keyed hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from core.errors import Misconfigured, NotFound
from core.reasons import Reason
from formats.encoding import json
from issuer.register.citizen_number import DocumentType
from issuer.register.ports import (
    Bureau,
    ImportRun,
    NewPerson,
    Portraits,
    RecordSummary,
    Standing,
)
from issuer.register.record import IdentityRecord
from issuer.storage.bulk_insert import Value, insert_rows
from issuer.storage.bureaus import SqlBureaus
from issuer.storage.driver import Driver, Prepared
from issuer.storage.encryption import BureauCipher
from issuer.storage.tables import BureauTable

_RECORD = BureauTable.metadata.tables["register_record"]
_PORTRAIT = BureauTable.metadata.tables["portrait"]
_RUN = BureauTable.metadata.tables["import_run"]
_RECORD_COLUMNS: Final = (
    "bureau",
    "record_id",
    "run_id",
    "number_hash",
    "name_birth_hash",
    "content_hash",
    "sealed",
    "warnings",
    "imported_at",
)
_PORTRAIT_COLUMNS: Final = ("bureau", "record_id", "kind", "sealed")
_CHUNK: Final = 2_000
_RECORD_SIZE_MAX: Final = 16_384
_LAYOUT: Final = 1
_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DOCUMENT_NUMBER_LENGTH: Final = 12

# Read for every issue, so made once.
_SEALED: Final = Prepared(
    select(_RECORD.c.sealed).where(
        _RECORD.c.bureau == bindparam("bureau"), _RECORD.c.record_id == bindparam("record_id")
    )
)
_SMALL_PORTRAITS: Final = Prepared(
    select(_PORTRAIT.c.kind, _PORTRAIT.c.sealed).where(
        _PORTRAIT.c.bureau == bindparam("bureau"),
        _PORTRAIT.c.record_id == bindparam("record_id"),
        _PORTRAIT.c.kind != "master",
    )
)


class SqlRegisterBook:
    """Records of all bureaus, inside one transaction."""

    def __init__(self, connection: Connection, bureaus: SqlBureaus) -> None:
        self._connection = connection
        self._driver = Driver(connection)
        self._bureaus = bureaus

    def add_bureau(self, bureau: Bureau, *, now: int) -> None:
        """Store a bureau and make its keys. Raises Conflict when it exists."""
        self._bureaus.add(bureau, now=now)

    def bureau(self, bureau: str) -> Bureau:
        """Return a bureau. Raises NotFound."""
        return self._bureaus.get(bureau)

    def bureaus(self) -> tuple[Bureau, ...]:
        """Return all bureaus by their code."""
        return self._bureaus.listing()

    def standing(self, bureau: str, records: Sequence[IdentityRecord]) -> list[Standing]:
        """Tell for each record, in order, whether its number is registered and with the same content."""
        cipher = self._bureaus.cipher(bureau)
        hashes = [number_hash(cipher, record.citizen_number) for record in records]
        registered = self._contents(bureau, hashes)
        return [
            _standing(cipher, record, registered.get(hashed)) for record, hashed in zip(records, hashes, strict=True)
        ]

    def _contents(self, bureau: str, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        contents: dict[bytes, bytes] = {}
        for start in range(0, len(hashes), _CHUNK):
            query = select(_RECORD.c.number_hash, _RECORD.c.content_hash).where(
                _RECORD.c.bureau == bureau, _RECORD.c.number_hash.in_(hashes[start : start + _CHUNK])
            )
            contents.update((number, content) for number, content in self._connection.execute(query))
        return contents

    def add_run(self, run: ImportRun) -> None:
        """Store an import before its records."""
        self._connection.execute(
            insert(_RUN).values(
                bureau=run.bureau,
                run_id=run.run_id,
                officer_id=run.officer_id,
                started_at=run.started_at,
                rows_read=run.rows_read,
                rows_added=run.rows_added,
                rows_already_there=run.rows_already_there,
                rows_bad=run.rows_bad,
            )
        )

    def add(self, bureau: str, people: Sequence[NewPerson], *, run_id: str | None, now: int) -> None:
        """Store new records. Raises Conflict when one of the numbers is registered."""
        cipher = self._bureaus.cipher(bureau)
        for start in range(0, len(people), _CHUNK):
            chunk = people[start : start + _CHUNK]
            rows = [_record_row(bureau, cipher, person, run_id, now) for person in chunk]
            insert_rows(self._connection, "register_record", _RECORD_COLUMNS, rows)
            pictures = [row for person in chunk for row in _portrait_rows(bureau, cipher, person)]
            insert_rows(self._connection, "portrait", _PORTRAIT_COLUMNS, pictures)

    def record(self, bureau: str, record_id: str) -> IdentityRecord:
        """Return one record. Raises NotFound."""
        row = self._driver.run(_SEALED, {"bureau": bureau, "record_id": record_id}).fetchone()
        if row is None:
            raise _unknown()
        return _open_record(self._bureaus.cipher(bureau), record_id, row[0])

    def document_number(self, bureau: str, record_id: str) -> str:
        """Return the number of the e-ID of this record: 12 characters of Crockford's base 32.

        A keyed hash of the record's id: random to everybody without the bureau's key, and never the citizen number in
        another dress. 60 bits: among ten million people two share one with a chance of about one in twenty thousand.
        """
        hashed = int.from_bytes(self._bureaus.cipher(bureau).hash("document-number", record_id.encode()))
        return "".join(_BASE32[hashed >> 5 * place & 31] for place in range(_DOCUMENT_NUMBER_LENGTH))

    def portraits(self, bureau: str, record_id: str) -> Portraits | None:
        """Return the small pictures of one record, None where it has none."""
        rows = self._driver.run(_SMALL_PORTRAITS, {"bureau": bureau, "record_id": record_id}).fetchall()
        cipher = self._bureaus.cipher(bureau)
        opened = {kind: cipher.open("portrait", record_id, kind, sealed) for kind, sealed in rows}
        return Portraits(opened["qr"], opened["online"]) if opened else None

    def master_portrait(self, bureau: str, record_id: str) -> bytes | None:
        """Return the picture of one record as it was received, None where it has none."""
        query = select(_PORTRAIT.c.sealed).where(
            _PORTRAIT.c.bureau == bureau, _PORTRAIT.c.record_id == record_id, _PORTRAIT.c.kind == "master"
        )
        sealed = self._connection.execute(query).scalar_one_or_none()
        if sealed is None:
            return None
        return self._bureaus.cipher(bureau).open("portrait", record_id, "master", sealed)

    def warnings(self, bureau: str, record_id: str) -> tuple[str, ...]:
        """Return the codes of a record's warnings. Raises NotFound."""
        query = select(_RECORD.c.warnings).where(_RECORD.c.bureau == bureau, _RECORD.c.record_id == record_id)
        codes = self._connection.execute(query).scalar_one_or_none()
        if codes is None:
            raise _unknown()
        return _codes(codes)

    def find_by_number(self, bureau: str, citizen_number: str) -> str | None:
        """Return the id of the record with this document number."""
        hashed = number_hash(self._bureaus.cipher(bureau), citizen_number)
        query = select(_RECORD.c.record_id).where(_RECORD.c.bureau == bureau, _RECORD.c.number_hash == hashed)
        found: str | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def find_by_name(self, bureau: str, full_name: str, birth_date: date) -> tuple[str, ...]:
        """Return the ids of records with exactly this name and birth date."""
        hashed = name_birth_hash(self._bureaus.cipher(bureau), full_name, birth_date)
        query = select(_RECORD.c.record_id).where(_RECORD.c.bureau == bureau, _RECORD.c.name_birth_hash == hashed)
        return tuple(self._connection.execute(query.order_by(_RECORD.c.record_id)).scalars())

    def summaries(self, bureau: str, *, limit: int, after: str = "") -> tuple[RecordSummary, ...]:
        """Return a page of records in the order of their ids; after: the last record id of the page before."""
        query = (
            select(_RECORD.c.record_id, _RECORD.c.sealed, _RECORD.c.warnings, _RECORD.c.imported_at)
            .where(_RECORD.c.bureau == bureau, _RECORD.c.record_id > after)
            .order_by(_RECORD.c.record_id)
            .limit(limit)
        )
        cipher = self._bureaus.cipher(bureau)
        return tuple(
            _summary(record_id, _open_record(cipher, record_id, sealed), warnings, imported_at)
            for record_id, sealed, warnings, imported_at in self._connection.execute(query)
        )

    def count(self, bureau: str) -> int:
        """Return how many records a bureau has."""
        query = select(func.count()).select_from(_RECORD).where(_RECORD.c.bureau == bureau)
        return int(self._connection.execute(query).scalar_one())


def number_hash(cipher: BureauCipher, citizen_number: str) -> bytes:
    """Return the keyed hash a document number is found by."""
    return cipher.hash("number", citizen_number.encode())


def name_birth_hash(cipher: BureauCipher, full_name: str, birth_date: date) -> bytes:
    """Return the keyed hash a name with its birth date is found by."""
    return cipher.hash("name-birth", f"{birth_date.isoformat()} {full_name}".encode())


def _standing(cipher: BureauCipher, record: IdentityRecord, registered: bytes | None) -> Standing:
    if registered is None:
        return Standing.NEW
    same = registered == cipher.hash("content", _encode(record))
    return Standing.SAME if same else Standing.DIFFERS


def _record_row(
    bureau: str, cipher: BureauCipher, person: NewPerson, run_id: str | None, now: int
) -> tuple[Value, ...]:
    record, content = person.record, _encode(person.record)
    return (
        bureau,
        person.record_id,
        run_id,
        number_hash(cipher, record.citizen_number),
        name_birth_hash(cipher, record.full_name, record.birth_date),
        cipher.hash("content", content),
        cipher.seal("register_record", person.record_id, "sealed", content),
        ",".join(person.warnings),
        now,
    )


def _portrait_rows(bureau: str, cipher: BureauCipher, person: NewPerson) -> Iterator[tuple[Value, ...]]:
    for kind, picture in _pictures(person):
        sealed = cipher.seal("portrait", person.record_id, kind, picture)
        yield bureau, person.record_id, kind, sealed


def _pictures(person: NewPerson) -> Iterator[tuple[str, bytes]]:
    if person.portraits is not None:
        yield "qr", person.portraits.qr
        yield "online", person.portraits.online
    if person.master_portrait is not None:
        yield "master", person.master_portrait


def _encode(record: IdentityRecord) -> bytes:
    """The fields of a record in one fixed order; equal records give equal bytes."""
    return json.encode(
        [
            _LAYOUT,
            record.full_name,
            record.name_latin,
            record.sex,
            record.ethnicity_code,
            record.ethnicity,
            record.birth_date.isoformat(),
            record.address,
            record.citizen_number,
            record.document_type,
            record.issuing_authority,
            record.valid_from.isoformat(),
            None if record.valid_until is None else record.valid_until.isoformat(),
            record.converted_from_15,
        ]
    )


def _open_record(cipher: BureauCipher, record_id: str, sealed: bytes) -> IdentityRecord:
    content = cipher.open("register_record", record_id, "sealed", sealed)
    fields = json.decode(content, max_bytes=_RECORD_SIZE_MAX)
    match fields:
        case [
            1,
            str(full_name),
            str(name_latin),
            int(sex),
            str(ethnicity_code),
            str(ethnicity),
            str(birth_date),
            str(address),
            str(citizen_number),
            str(document_type),
            str(issuing_authority),
            str(valid_from),
            str() | None as valid_until,
            bool(converted_from_15),
        ]:
            return IdentityRecord(
                full_name,
                name_latin,
                sex,
                ethnicity_code,
                ethnicity,
                date.fromisoformat(birth_date),
                address,
                citizen_number,
                DocumentType(document_type),
                issuing_authority,
                date.fromisoformat(valid_from),
                None if valid_until is None else date.fromisoformat(valid_until),
                converted_from_15,
            )
    raise Misconfigured(Reason.RECORD_DAMAGED, "a stored record has another layout; restore a backup")


def _summary(record_id: str, record: IdentityRecord, warnings: str, imported_at: int) -> RecordSummary:
    name, number = record.full_name, record.citizen_number
    return RecordSummary(
        record_id=record_id,
        masked_name=name[:1] + "*" * (len(name) - 1),
        masked_number="*" * (len(number) - 4) + number[-4:],
        warnings=_codes(warnings),
        imported_at=imported_at,
    )


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _unknown() -> NotFound:
    return NotFound(Reason.RECORD_UNKNOWN, "there is no such record in this bureau")
