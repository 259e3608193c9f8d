"""What every store of the bureau's books must keep to."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.queues import Queue
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from core.audit import AuditEvent
from core.entropy import SystemEntropy
from core.errors import Conflict, EidError, Misconfigured, NotFound
from core.reasons import Reason
from issuer.cases.deciding import approve_all, approve_cases
from issuer.cases.model import CaseState, CaseVersion, EnrolmentCase, approve, submit
from issuer.identifiers import new_ids
from issuer.register.ports import Bureau, ImportRun, NewPerson, Portraits, Standing
from issuer.storage.engine import begin
from issuer.storage.tables import BureauTable
from tests.builders.bureau import (
    APPROVER,
    BOTH,
    BUREAU,
    MASTER_PORTRAIT,
    NOW,
    OTHER_APPROVER,
    OTHER_BUREAU,
    PORTRAITS,
    REGISTRAR,
    Office,
    a_number,
    a_record,
    reopened,
)

TABLES = BureauTable.metadata.tables


def store_people(
    office: Office, count: int = 1, *, warnings: tuple[str, ...] = (), portraits: Portraits | None = None
) -> list[str]:
    ids = new_ids(count, now=NOW, entropy=SystemEntropy())
    people = [
        NewPerson(record_id, a_record(place), warnings, portraits, MASTER_PORTRAIT if portraits else None)
        for place, record_id in enumerate(ids)
    ]
    with office.store.transaction() as books:
        books.register.add(BUREAU, people, run_id=None, now=NOW)
    return ids


def store_cases(office: Office, count: int = 1) -> list[EnrolmentCase]:
    record_ids = store_people(office, count)
    case_ids = new_ids(count, now=NOW, entropy=SystemEntropy())
    cases = [
        submit(case_id, record_id, officer=REGISTRAR, now=NOW)
        for case_id, record_id in zip(case_ids, record_ids, strict=True)
    ]
    with office.store.transaction() as books:
        books.cases.add(cases)
    return cases


def audit_rows(office: Office, bureau: str = BUREAU) -> list[tuple[int, str, str]]:
    event = TABLES["audit_event"]
    query = select(event.c.seq, event.c.action, event.c.subject).where(event.c.bureau == bureau).order_by(event.c.seq)
    with begin(office.engine, read_only=True) as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def use_a_bureau_and_fail(office: Office, bureau: Bureau) -> None:
    with office.store.transaction() as books:
        books.register.add_bureau(bureau, now=NOW)
        books.register.find_by_number(bureau.bureau, a_number(0))
        books.register.record(bureau.bureau, "none")


def record_and_fail(office: Office) -> None:
    with office.store.transaction() as books:
        books.audit.record(AuditEvent(BUREAU, NOW, "lin", "lost", "thing"))
        books.audit.write()
        books.register.bureau("690199000000")


def add_with_audit_for(office: Office, person: NewPerson, bureau: str) -> None:
    with office.store.transaction() as books:
        books.register.add(BUREAU, [person], run_id=None, now=NOW)
        books.audit.record(AuditEvent(bureau, NOW, "lin", "a", "thing"))


class TestRegister:
    def test_gives_back_the_record_that_was_stored(self, office: Office) -> None:
        (record_id,) = store_people(office, warnings=("sex_number_mismatch", "division_unknown"))
        with office.store.reading() as books:
            assert books.register.record(BUREAU, record_id) == a_record()
            assert books.register.warnings(BUREAU, record_id) == ("sex_number_mismatch", "division_unknown")
            assert books.register.portraits(BUREAU, record_id) is None
            assert books.register.master_portrait(BUREAU, record_id) is None
            assert books.register.count(BUREAU) == 1

    def test_gives_back_a_long_term_record_converted_from_15_digits(self, office: Office) -> None:
        (record_id,) = new_ids(1, now=NOW, entropy=SystemEntropy())
        record = a_record()._replace(valid_until=None, converted_from_15=True, name_latin="YANG", full_name="𠮷·样")
        with office.store.transaction() as books:
            books.register.add(BUREAU, [NewPerson(record_id, record, (), None)], run_id=None, now=NOW)
        with office.store.reading() as books:
            assert books.register.record(BUREAU, record_id) == record

    def test_gives_back_the_pictures(self, office: Office) -> None:
        (record_id,) = store_people(office, portraits=PORTRAITS)
        with office.store.reading() as books:
            assert books.register.portraits(BUREAU, record_id) == PORTRAITS
            assert books.register.master_portrait(BUREAU, record_id) == MASTER_PORTRAIT

    def test_finds_a_record_by_number_and_by_name_with_birth_date(self, office: Office) -> None:
        first, second = store_people(office, 2)
        born = a_record().birth_date
        with office.store.reading() as books:
            assert books.register.find_by_number(BUREAU, a_number(1)) == second
            assert books.register.find_by_number(BUREAU, a_number(2)) is None
            assert books.register.find_by_name(BUREAU, "样小明", born) == (first, second)
            assert books.register.find_by_name(BUREAU, "样小", born) == ()
            assert books.register.find_by_name(BUREAU, "样小明", born.replace(day=2)) == ()

    def test_another_bureau_sees_nothing_of_it(self, office: Office) -> None:
        (record_id,) = store_people(office)
        with office.store.reading() as books:
            assert books.register.find_by_number(OTHER_BUREAU, a_number(0)) is None
            assert books.register.count(OTHER_BUREAU) == 0
            assert books.register.summaries(OTHER_BUREAU, limit=9) == ()
            assert books.register.standing(OTHER_BUREAU, [a_record()]) == [Standing.NEW]
            with pytest.raises(NotFound) as refused:
                books.register.record(OTHER_BUREAU, record_id)
        assert refused.value.reason is Reason.RECORD_UNKNOWN

    def test_two_bureaus_may_hold_the_same_number(self, office: Office) -> None:
        store_people(office)
        (record_id,) = new_ids(1, now=NOW, entropy=SystemEntropy())
        with office.store.transaction() as books:
            books.register.add(OTHER_BUREAU, [NewPerson(record_id, a_record(), (), None)], run_id=None, now=NOW)
        with office.store.reading() as books:
            assert books.register.find_by_number(OTHER_BUREAU, a_number(0)) == record_id

    def test_tells_new_same_and_changed_rows_apart(self, office: Office) -> None:
        store_people(office, 2)
        moved = a_record(1, address="样例市示范区新址1号")
        with office.store.reading() as books:
            standings = books.register.standing(BUREAU, [a_record(2), a_record(0), moved])
        assert standings == [Standing.NEW, Standing.SAME, Standing.DIFFERS]

    def test_looks_up_more_rows_than_one_statement_takes(self, office: Office) -> None:
        store_people(office, 3)
        records = [a_record(place % 500) for place in range(4_500)]
        with office.store.reading() as books:
            standings = books.register.standing(BUREAU, records)
        assert standings.count(Standing.SAME) == 27

    def test_refuses_a_number_that_is_registered(self, office: Office) -> None:
        store_people(office)
        with pytest.raises(Conflict) as refused:
            store_people(office)
        assert refused.value.reason is Reason.DATA_MOVED
        with office.store.reading() as books:
            assert books.register.count(BUREAU) == 1

    def test_lists_records_masked_and_page_by_page(self, office: Office) -> None:
        ids = store_people(office, 3, warnings=("division_unknown",))
        with office.store.reading() as books:
            page = books.register.summaries(BUREAU, limit=2)
            rest = books.register.summaries(BUREAU, limit=2, after=page[-1].record_id)
        assert [line.record_id for line in (*page, *rest)] == ids
        assert (page[0].masked_name, page[0].masked_number) == ("样**", "*" * 14 + a_number(0)[-4:])
        assert (page[0].warnings, page[0].imported_at) == (("division_unknown",), NOW)

    def test_unknown_records_are_not_found(self, office: Office) -> None:
        with office.store.reading() as books:
            for look in (books.register.record, books.register.warnings):
                with pytest.raises(NotFound) as refused:
                    look(BUREAU, "0192e4b0-0000-7000-8000-000000000000")
                assert refused.value.reason is Reason.RECORD_UNKNOWN

    def test_keeps_an_import_run_with_its_records(self, office: Office) -> None:
        run_id, record_id = new_ids(2, now=NOW, entropy=SystemEntropy())
        with office.store.transaction() as books:
            books.register.add_run(ImportRun(BUREAU, run_id, "lin", NOW, 3, 1, 1, 1))
            books.register.add(BUREAU, [NewPerson(record_id, a_record(), (), None)], run_id=run_id, now=NOW)
        with begin(office.engine, read_only=True) as connection:
            assert connection.execute(select(TABLES["register_record"].c.run_id)).scalar_one() == run_id

    def test_a_sealed_field_moved_to_another_row_does_not_open(self, office: Office) -> None:
        first, second = store_people(office, 2)
        record = TABLES["register_record"]
        with begin(office.engine) as connection:
            stolen = connection.execute(select(record.c.sealed).where(record.c.record_id == first)).scalar_one()
            connection.execute(update(record).where(record.c.record_id == second).values(sealed=stolen))
        with office.store.reading() as books, pytest.raises(Misconfigured) as refused:
            books.register.record(BUREAU, second)
        assert refused.value.reason is Reason.RECORD_DAMAGED


class TestBureaus:
    def test_lists_the_bureaus(self, office: Office) -> None:
        with office.store.reading() as books:
            assert [bureau.bureau for bureau in books.register.bureaus()] == [BUREAU, OTHER_BUREAU]
            assert books.register.bureau(BUREAU) == Bureau(BUREAU, "样例市公安局", "Sample City Bureau", "690101")

    def test_an_unknown_bureau_is_not_found(self, office: Office) -> None:
        with office.store.reading() as books:
            with pytest.raises(NotFound) as refused:
                books.register.bureau("690199000000")
            with pytest.raises(NotFound):
                books.register.find_by_number("690199000000", a_number(0))
        assert refused.value.reason is Reason.BUREAU_UNKNOWN

    def test_refuses_a_bureau_that_exists(self, office: Office) -> None:
        with pytest.raises(Conflict), office.store.transaction() as books:
            books.register.add_bureau(Bureau(BUREAU, "样例", "Sample", "690101"), now=NOW)

    def test_another_secret_opens_nothing(self, office: Office) -> None:
        store_people(office)
        with (
            reopened(office.url, secret=bytes(32)) as stranger,
            stranger.store.reading() as books,
            pytest.raises(Misconfigured) as refused,
        ):
            books.register.find_by_number(BUREAU, a_number(0))
        assert refused.value.reason is Reason.REGISTER_KEY_WRONG

    def test_keys_of_a_bureau_that_was_rolled_back_are_forgotten(self, office: Office) -> None:
        bureau = Bureau("690103000000", "样例", "Sample", "690103")
        with pytest.raises(NotFound):
            use_a_bureau_and_fail(office, bureau)
        with office.store.transaction() as books:
            books.register.add_bureau(bureau, now=NOW)
        (record_id,) = new_ids(1, now=NOW, entropy=SystemEntropy())
        with office.store.transaction() as books:
            books.register.add(bureau.bureau, [NewPerson(record_id, a_record(), (), None)], run_id=None, now=NOW)
        with reopened(office.url) as later, later.store.reading() as books:
            assert books.register.find_by_number(bureau.bureau, a_number(0)) == record_id


class TestOfficers:
    def test_gives_back_the_officers(self, office: Office) -> None:
        with office.store.reading() as books:
            assert books.officers.get(BUREAU, "qian") == BOTH
            assert books.officers.listing(BUREAU) == (REGISTRAR, BOTH, APPROVER)

    def test_the_same_id_in_another_bureau_is_another_officer(self, office: Office) -> None:
        with office.store.reading() as books:
            assert books.officers.get(OTHER_BUREAU, "zhao") == OTHER_APPROVER
            with pytest.raises(NotFound) as refused:
                books.officers.get(OTHER_BUREAU, "lin")
        assert refused.value.reason is Reason.OFFICER_UNKNOWN

    def test_refuses_an_id_that_is_taken(self, office: Office) -> None:
        with pytest.raises(Conflict), office.store.transaction() as books:
            books.officers.add(REGISTRAR, now=NOW)


class TestCases:
    def test_gives_back_the_cases_in_the_order_asked_for(self, office: Office) -> None:
        first, second, third = store_cases(office, 3)
        with office.store.reading() as books:
            assert books.cases.get(BUREAU, [third.case_id, first.case_id]) == (third, first)
            assert books.cases.of_record(BUREAU, second.record_id) == second
            assert books.cases.of_record(OTHER_BUREAU, second.record_id) is None

    def test_lists_by_state_and_page_by_page(self, office: Office) -> None:
        first, second, third = store_cases(office, 3)
        approved = approve(second, version=1, officer=APPROVER, now=NOW)
        with office.store.transaction() as books:
            books.cases.move([approved])
        with office.store.reading() as books:
            assert books.cases.listing(BUREAU, state=CaseState.SUBMITTED) == (first, third)
            assert books.cases.listing(BUREAU, state=CaseState.APPROVED) == (approved,)
            assert books.cases.listing(BUREAU, state=None, limit=1, after=first.case_id) == (approved,)
            assert books.cases.listing(OTHER_BUREAU, state=None) == ()
            assert books.cases.count(BUREAU) == {CaseState.SUBMITTED: 2, CaseState.APPROVED: 1}

    def test_a_case_of_another_bureau_is_not_found(self, office: Office) -> None:
        (case,) = store_cases(office)
        with office.store.reading() as books, pytest.raises(NotFound) as refused:
            books.cases.get(OTHER_BUREAU, [case.case_id])
        assert refused.value.reason is Reason.CASE_UNKNOWN

    def test_refuses_a_second_open_case_for_one_record(self, office: Office) -> None:
        (case,) = store_cases(office)
        (case_id,) = new_ids(1, now=NOW, entropy=SystemEntropy())
        with pytest.raises(Conflict), office.store.transaction() as books:
            books.cases.add([replace(case, case_id=case_id)])

    def test_moves_nothing_when_one_of_the_cases_has_moved(self, office: Office) -> None:
        first, second = store_cases(office, 2)
        with office.store.transaction() as books:
            books.cases.move([approve(second, version=1, officer=APPROVER, now=NOW)])
        with pytest.raises(Conflict) as refused, office.store.transaction() as books:
            books.cases.move([approve(case, version=1, officer=BOTH, now=NOW) for case in (first, second)])
        assert refused.value.reason is Reason.CASE_MOVED
        with office.store.reading() as books:
            assert books.cases.get(BUREAU, [first.case_id]) == (first,)

    def test_gives_back_the_reason_and_keeps_it_sealed(self, office: Office) -> None:
        (case,) = store_cases(office)
        reasoned = replace(
            case, state=CaseState.REJECTED, version=2, decided_by="zhao", decided_at=NOW, reason="照片不清"
        )
        with office.store.transaction() as books:
            books.cases.move([reasoned])
        with office.store.reading() as books:
            assert books.cases.get(BUREAU, [case.case_id]) == (reasoned,)
        with begin(office.engine, read_only=True) as connection:
            sealed = connection.execute(select(TABLES["enrolment_case"].c.reason_sealed)).scalar_one()
        assert "照片不清".encode() not in sealed

    @pytest.mark.parametrize(
        "broken",
        [
            {"state": "approved", "decided_by": "lin"},
            {"state": "approved", "decided_by": None},
            {"state": "submitted", "decided_by": "zhao"},
            {"state": "rejected", "decided_by": "zhao", "reason_sealed": None},
            {"state": "unheard"},
            {"state": "approved", "decided_by": "nobody"},
        ],
        ids=["own case", "approved by nobody", "decided yet submitted", "no reason", "unknown state", "no officer"],
    )
    def test_the_table_itself_refuses(self, office: Office, broken: dict[str, Any]) -> None:
        store_cases(office)
        with pytest.raises(IntegrityError), begin(office.engine) as connection:
            connection.execute(update(TABLES["enrolment_case"]).values(**broken))


class TestTransactions:
    def test_numbers_the_audit_events_of_each_bureau_without_gaps(self, office: Office) -> None:
        before = [len(audit_rows(office, bureau)) for bureau in (BUREAU, OTHER_BUREAU)]
        with office.store.transaction() as books:
            for bureau, action in ((BUREAU, "a"), (OTHER_BUREAU, "b"), (BUREAU, "c")):
                books.audit.record(AuditEvent(bureau, NOW, "lin", action, "thing"))
        with pytest.raises(NotFound):
            record_and_fail(office)
        with office.store.transaction() as books:
            books.audit.record(AuditEvent(BUREAU, NOW, "lin", "d", "thing"))
        ours, theirs = audit_rows(office), audit_rows(office, OTHER_BUREAU)
        assert [row[0] for row in ours] == list(range(1, len(ours) + 1))
        assert [row[1] for row in ours[before[0] :]] == ["a", "c", "d"]
        assert [row[1] for row in theirs[before[1] :]] == ["b"]

    def test_stores_nothing_when_the_audit_row_cannot_be_written(self, office: Office) -> None:
        (case,) = store_cases(office)
        with begin(office.engine) as connection:
            _break_audit(connection)
        with pytest.raises(office.engine.dialect.loaded_dbapi.IntegrityError):
            approve_cases([CaseVersion(case.case_id, 1)], officer=APPROVER, store=office.store, now=NOW)
        with office.store.reading() as books:
            assert books.cases.get(BUREAU, [case.case_id]) == (case,)

    def test_stores_nothing_for_an_audit_event_of_an_unknown_bureau(self, office: Office) -> None:
        (record_id,) = new_ids(1, now=NOW, entropy=SystemEntropy())
        with pytest.raises(NotFound):
            add_with_audit_for(office, NewPerson(record_id, a_record(), (), None), "690199000000")
        with office.store.reading() as books:
            assert books.register.count(BUREAU) == 0

    def test_a_transaction_that_only_reads_writes_nothing(self, office: Office) -> None:
        before = audit_rows(office)
        with office.store.reading() as books:
            books.audit.record(AuditEvent(BUREAU, NOW, "lin", "a", "thing"))
        assert audit_rows(office) == before

    def test_what_is_acknowledged_is_there_after_a_restart(self, office: Office) -> None:
        (record_id,) = store_people(office)
        with reopened(office.url) as later, later.store.reading() as books:
            assert books.register.record(BUREAU, record_id) == a_record()

    def test_the_bureau_comes_first_in_every_key_and_index(self, office: Office) -> None:
        inspector = inspect(office.engine)
        for table in set(inspector.get_table_names()) - {"alembic_version"}:
            keys: Sequence[Sequence[str | None]] = [
                inspector.get_pk_constraint(table)["constrained_columns"],
                *(index["column_names"] for index in inspector.get_indexes(table)),
            ]
            assert all(columns[0] == "bureau" for columns in keys), table


class TestTwoProcesses:
    def test_exactly_one_of_two_officers_approves_a_case(self, office: Office) -> None:
        (case,) = store_cases(office)
        office.engine.dispose()
        answers = _race(office.url, case.case_id, ["zhao", "qian"])
        assert sorted(answers) == ["approved", Reason.CASE_MOVED.code]
        with office.store.reading() as books:
            (decided,) = books.cases.get(BUREAU, [case.case_id])
        assert (decided.state, decided.version) == (CaseState.APPROVED, 2)
        assert [row[1] for row in audit_rows(office)].count("case.approve") == 1

    def test_bulk_approval_of_five_hundred_is_one_act(self, office: Office) -> None:
        cases = store_cases(office, 500)
        result = approve_all(officer=APPROVER, store=office.store, now=NOW)
        assert [case.case_id for case in result.approved] == [case.case_id for case in cases]
        assert [row[1] for row in audit_rows(office)].count("case.approve") == 500


def _break_audit(connection: Connection) -> None:
    """Let the database refuse the audit row of an approval."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit_event ADD CONSTRAINT planted CHECK (action <> 'case.approve')"))
        return
    connection.execute(
        text(
            "CREATE TRIGGER planted BEFORE INSERT ON audit_event WHEN new.action = 'case.approve'"
            " BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    )


def _race(url: str, case_id: str, officer_ids: list[str]) -> list[str]:
    """Let each officer approve the same case in a process of its own; they start together."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(len(officer_ids)), context.Queue()
    runners = [
        context.Process(target=_approve_in_process, args=(url, case_id, name, gate, answers)) for name in officer_ids
    ]
    for runner in runners:
        runner.start()
    collected = [answers.get(timeout=60) for _ in runners]
    for runner in runners:
        runner.join(timeout=60)
    answers.close()
    answers.join_thread()
    return collected


def _approve_in_process(url: str, case_id: str, officer_id: str, gate: Any, answers: Queue[str]) -> None:
    with reopened(url) as office:
        with office.store.reading() as books:
            officer = books.officers.get(BUREAU, officer_id)
        gate.wait(timeout=60)
        try:
            approve_cases([CaseVersion(case_id, 1)], officer=officer, store=office.store, now=NOW)
        except EidError as err:
            answers.put(err.reason.code)
        else:
            answers.put("approved")
