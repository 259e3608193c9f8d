"""The audit log in the database: one unbroken chain, guarded, read in one view, and compared with what was signed."""

from __future__ import annotations

import multiprocessing
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from core.audit import AuditEvent
from core.entropy import SystemEntropy
from core.errors import NotFound
from core.reasons import Reason
from issuer.audit_chain import ChainVerdict, Fault, chain_start, extend
from issuer.audit_checkpoints import CheckpointDesk, verify_log
from issuer.cases.deciding import approve_cases
from issuer.cases.model import CaseVersion, submit
from issuer.identifiers import new_ids
from issuer.reconciliation import PLANNED, Alarm, Discrepancy, Reconciled, reconcile
from issuer.register.ports import NewPerson
from issuer.storage.audit_trail import SqlAuditTrail, bureaus_with_log
from issuer.storage.engine import begin
from issuer.storage.tables import BureauTable
from tests.builders.audit import KEYS, SIGNER, an_event
from tests.builders.bureau import (
    APPROVER,
    BUREAU,
    NOW,
    OTHER_BUREAU,
    REGISTRAR,
    Office,
    a_record,
    reopened,
)

TABLES = BureauTable.metadata.tables
WRITERS = 2
ROUNDS = 25


def trail_of(office: Office, bureau: str = BUREAU) -> SqlAuditTrail:
    return SqlAuditTrail(office.engine, bureau)


def verify(office: Office, bureau: str = BUREAU) -> ChainVerdict:
    with trail_of(office, bureau).reading() as log:
        return verify_log(log.events(), bureau=bureau, stored=log.checkpoints(), keys=KEYS, head=log.end())


def faults(office: Office) -> list[tuple[str, int, int]]:
    return [(found.fault.value, found.first, found.last) for found in verify(office).findings]


def record(office: Office, count: int, bureau: str = BUREAU) -> None:
    with office.store.transaction() as books:
        for place in range(count):
            books.audit.record(an_event(place, bureau=bureau))


def unguarded(office: Office, *statements: str, table: str = "audit_event") -> None:
    """What somebody who owns the database can do."""
    with begin(office.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


class TestChain:
    def test_every_act_of_a_bureau_continues_its_chain(self, office: Office) -> None:
        record(office, 3)
        record(office, 2, OTHER_BUREAU)
        record(office, 1)
        for bureau in (BUREAU, OTHER_BUREAU):
            verdict = verify(office, bureau)
            assert verdict.findings == ()
            assert verdict.events == verdict.end.seq >= 3
            with trail_of(office, bureau).reading() as log:
                events = [row.event for row in log.events()]
                assert extend(chain_start(bureau), events)[-1].hash == log.end().hash

    def test_a_bureau_without_acts_has_an_empty_chain(self, office: Office) -> None:
        with begin(office.engine) as connection:
            row = connection.execute(text("SELECT * FROM bureau")).mappings().first()
            assert row is not None
            empty = {**row, "bureau": "690103000000"}
            connection.execute(insert(TABLES["bureau"]).values(empty))
            start = {"bureau": "690103000000", "seq": 0, "hash": chain_start("690103000000").hash}
            connection.execute(insert(TABLES["audit_head"]).values(start))
        assert verify(office, "690103000000").findings == ()
        assert bureaus_with_log(office.engine) == (BUREAU, OTHER_BUREAU, "690103000000")

    def test_an_unknown_bureau_has_no_log(self, office: Office) -> None:
        with pytest.raises(NotFound) as refused, trail_of(office, "690199000000").reading() as log:
            log.end()
        assert refused.value.reason is Reason.BUREAU_UNKNOWN

    def test_a_part_of_the_log_starts_behind_a_place(self, office: Office) -> None:
        record(office, 5)
        with trail_of(office).reading() as log:
            last = log.end().seq
            assert [row.seq for row in log.events(after=last - 2)] == [last - 1, last]
            assert log.place(last) == log.end()
            assert log.place(last + 1) is None

    def test_what_is_written_meanwhile_is_not_in_the_view(self, office: Office) -> None:
        record(office, 2)
        with trail_of(office).reading() as log:
            end = log.end()
            record(office, 2)
            assert [row.seq for row in log.events()][-1] == end.seq

    def test_processes_that_write_at_once_leave_one_chain(self, office: Office) -> None:
        before = verify(office).events
        office.engine.dispose()
        context = multiprocessing.get_context("spawn")
        writers = [context.Process(target=_write_many, args=(office.url, name)) for name in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(timeout=120)
        assert [writer.exitcode for writer in writers] == [0] * WRITERS
        verdict = verify(office)
        assert verdict.findings == ()
        assert verdict.events == before + WRITERS * ROUNDS * 2


def _write_many(url: str, name: int) -> None:
    with reopened(url) as office:
        for round_ in range(ROUNDS):
            with office.store.transaction() as books:
                for bureau in (BUREAU, OTHER_BUREAU, BUREAU):
                    books.audit.record(AuditEvent(bureau, NOW, f"writer-{name}", "race", str(round_)))


class TestGuard:
    @pytest.mark.parametrize("table", ["audit_event", "audit_checkpoint"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET at = at + 1", "DELETE FROM {}"])
    def test_a_hasty_change_is_refused(self, office: Office, table: str, statement: str) -> None:
        CheckpointDesk(BUREAU, trail_of(office), SIGNER).make(now=NOW)
        before = verify(office)
        with pytest.raises(DBAPIError, match="only added to"), begin(office.engine) as connection:
            connection.execute(text(statement.format(table)))
        assert verify(office) == before

    def test_postgresql_refuses_to_empty_the_log(self, office: Office) -> None:
        statement = "TRUNCATE audit_event" if office.engine.dialect.name == "postgresql" else "DELETE FROM audit_event"
        with pytest.raises(DBAPIError, match="only added to"), begin(office.engine) as connection:
            connection.execute(text(statement))

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE audit_event SET note = 'x' WHERE seq = 4", [("altered", 4, 4)]),
            ("UPDATE audit_event SET at = at + 1 WHERE seq = 1", [("altered", 1, 1)]),
            ("UPDATE audit_event SET actor = 'zhao' WHERE seq = 5", [("altered", 5, 5)]),
            ("DELETE FROM audit_event WHERE seq = 4", [("missing", 4, 4)]),
            ("DELETE FROM audit_event WHERE seq IN (4, 5)", [("missing", 4, 5)]),
            ("DELETE FROM audit_event WHERE seq >= 7", [("truncated", 7, 8)]),
            ("UPDATE audit_head SET seq = 7", [("added", 8, 8)]),
        ],
    )
    def test_a_determined_change_is_found_and_named(
        self, office: Office, statement: str, found: list[tuple[str, int, int]]
    ) -> None:
        record(office, 8 - verify(office).events)
        unguarded(office, f"{statement} {'AND' if 'WHERE' in statement else 'WHERE'} bureau = '{BUREAU}'")
        assert faults(office) == found

    def test_two_rows_that_changed_places_are_named(self, office: Office) -> None:
        record(office, 8 - verify(office).events)
        moves = [(5, 99), (6, 5), (99, 6)]
        unguarded(
            office,
            *(f"UPDATE audit_event SET seq = {to} WHERE seq = {of} AND bureau = '{BUREAU}'" for of, to in moves),  # noqa: S608  # constants
        )
        assert faults(office) == [("altered", 5, 7)]


class TestCheckpoints:
    def test_is_kept_and_covers_the_chain(self, office: Office) -> None:
        trail = trail_of(office)
        assert trail.newest() is None
        record(office, 2)
        made = CheckpointDesk(BUREAU, trail, SIGNER).make(now=NOW)
        assert trail.newest() == made
        verdict = verify(office)
        assert (verdict.covered, verdict.findings) == (verdict.end.seq, ())

    def test_signing_the_same_end_twice_keeps_the_first(self, office: Office) -> None:
        trail = trail_of(office)
        desk = CheckpointDesk(BUREAU, trail, SIGNER)
        made = desk.make(now=NOW)
        desk.make(now=NOW + 1)
        assert trail.newest() == made

    def test_a_log_hashed_anew_differs_from_its_checkpoint(self, office: Office) -> None:
        record(office, 4)
        CheckpointDesk(BUREAU, trail_of(office), SIGNER).make(now=NOW)
        with trail_of(office).reading() as log:
            events = [row.event for row in log.events()]
        events[2] = an_event(77)
        anew = extend(chain_start(BUREAU), events)
        sets = [
            f"UPDATE audit_event SET note = '{row.event.note}', action = '{row.event.action}',"  # noqa: S608  # constants
            f" subject = '{row.event.subject}', actor = '{row.event.actor}', at = {row.event.at},"
            f" hash = {_blob(office, row.hash)} WHERE bureau = '{BUREAU}' AND seq = {row.seq}"
            for row in anew
        ]
        head = f"UPDATE audit_head SET hash = {_blob(office, anew[-1].hash)} WHERE bureau = '{BUREAU}'"  # noqa: S608  # constants
        unguarded(office, *sets, head)
        (found,) = verify(office).findings
        assert found.fault is Fault.CHECKPOINT_DIFFERS
        assert found.first <= 3 <= found.last


def _blob(office: Office, value: bytes) -> str:
    postgresql = office.engine.dialect.name == "postgresql"
    return f"decode('{value.hex()}', 'hex')" if postgresql else f"X'{value.hex()}'"


def a_case(office: Office, place: int = 0, *, approved: bool = True) -> str:
    """Store a record with its case and return the record's id."""
    record_id, case_id = new_ids(2, now=NOW, entropy=SystemEntropy())
    with office.store.transaction() as books:
        books.register.add(BUREAU, [NewPerson(record_id, a_record(place), (), None)], run_id=None, now=NOW)
        books.cases.add([submit(case_id, record_id, officer=REGISTRAR, now=NOW)])
    if approved:
        approve_cases([CaseVersion(case_id, 1)], officer=APPROVER, store=office.store, now=NOW)
    return record_id


def issue(office: Office, record_id: str, credential_id: str, copies: int, *, announced: int | None = None) -> None:
    """Announce copies of a credential and put them in as signed."""
    rows: list[dict[str, Any]] = [
        {
            "bureau": BUREAU,
            "copy_id": f"{credential_id}-{place}",
            "credential_id": credential_id,
            "record_id": record_id,
            "form": "qr",
            "key_thumbprint": sha256(f"{credential_id}{place}".encode()).digest(),
            "list_id": f"list-{credential_id}",
            "list_index": place,
            "payload_hash": bytes(32),
            "state": "signed",
            "issued_at": NOW,
            "expires_at": NOW + 9,
            "planned_at": NOW + 1,
            "signed_at": NOW + 1,
            "status": 0,
            "reason_class": 0,
        }
        for place in range(copies)
    ]
    count = copies if announced is None else announced
    with office.store.transaction() as books:
        if rows:
            books.connection.execute(insert(TABLES["credential_copy"]), rows)
        if count:
            books.audit.record(AuditEvent(BUREAU, NOW + 1, "wallet", PLANNED, credential_id, f"qr x{count}"))


def reconciled(office: Office) -> Reconciled:
    with trail_of(office).reading() as books:
        return reconcile(books)


class TestReconciliation:
    def test_copies_of_approved_cases_with_their_rows_agree(self, office: Office) -> None:
        # Ids that a language would order otherwise than their bytes.
        for place, credential_id in enumerate(("b-1", "B-2", "a_3", "a-4")):
            issue(office, a_case(office, place), credential_id, place + 1)
        outcome = reconciled(office)
        assert (outcome.credentials, outcome.copies, outcome.discrepancies) == (4, 10, ())

    def test_a_copy_beside_the_log_and_a_row_without_a_copy_are_named(self, office: Office) -> None:
        issue(office, a_case(office, 0), "c-1", 3, announced=2)
        issue(office, a_case(office, 1), "c-2", 1, announced=2)
        assert reconciled(office).discrepancies == (
            Discrepancy(Alarm.NOT_RECORDED, "c-1", "qr", 2, 3),
            Discrepancy(Alarm.NOT_IN_DATABASE, "c-2", "qr", 2, 1),
        )

    def test_a_copy_without_an_approved_case_is_named(self, office: Office) -> None:
        issue(office, a_case(office, approved=False), "c-1", 2)
        assert reconciled(office).discrepancies == (Discrepancy(Alarm.NOT_APPROVED, "c-1", "qr", 0, 2),)

    @pytest.mark.parametrize(
        "change",
        [
            # An approval that is in the table alone, one by another officer than the log says, one after the fact.
            "UPDATE audit_event SET action = 'case.look' WHERE action = 'case.approve'",
            "UPDATE enrolment_case SET decided_by = 'qian'",
            f"UPDATE enrolment_case SET decided_at = {NOW + 2}",  # noqa: S608  # constants
            "UPDATE enrolment_case SET state = 'rejected', reason_sealed = name_sealed FROM officer",
        ],
    )
    def test_an_approval_that_is_none_is_named(self, office: Office, change: str) -> None:
        issue(office, a_case(office), "c-1", 1)
        unguarded(office, change)
        assert [found.alarm for found in reconciled(office).discrepancies] == [Alarm.NOT_APPROVED]

    def test_a_key_in_two_copies_is_named(self, office: Office) -> None:
        issue(office, a_case(office), "c-1", 2)
        unguarded(
            office,
            "DROP INDEX ix_credential_copy_bureau_key_thumbprint",
            f"UPDATE credential_copy SET key_thumbprint = {_blob(office, bytes(32))}",  # noqa: S608  # constants
        )
        assert reconciled(office).discrepancies == (Discrepancy(Alarm.KEY_USED_TWICE, "c-1"),)

    def test_other_bureaus_are_not_compared(self, office: Office) -> None:
        issue(office, a_case(office, approved=False), "c-1", 2)
        with trail_of(office, OTHER_BUREAU).reading() as books:
            assert reconcile(books).credentials == 0
