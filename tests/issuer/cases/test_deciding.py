from __future__ import annotations

from pathlib import Path
from re import fullmatch

import pytest
from sqlalchemy import select

from core.entropy import SystemEntropy
from core.errors import Conflict, NotFound, Refused
from core.reasons import Reason
from issuer.cases.deciding import (
    LeftCase,
    approve_all,
    approve_cases,
    approved_record,
    expire_cases,
    list_cases,
    reject_cases,
    submit_case,
)
from issuer.cases.model import CaseState, CaseVersion, EnrolmentCase
from issuer.storage.engine import begin
from issuer.storage.issuance import SqlIssuanceStore
from issuer.storage.tables import BureauTable
from tests.builders.bureau import (
    APPROVER,
    BOTH,
    BUREAU,
    DAY,
    NOW,
    OTHER_APPROVER,
    OTHER_BUREAU,
    REGISTRAR,
    Office,
    a_record,
    a_register,
    a_row,
    imported,
)

LATE = NOW + 8 * DAY


@pytest.fixture
def cases(office: Office, tmp_path: Path) -> tuple[EnrolmentCase, ...]:
    """Three submitted cases; the record of the last has a warning."""
    imported(a_register(tmp_path, [a_row(0), a_row(1), a_row(2, sex="2")]), office)
    return list_cases(BUREAU, store=office.store)


def seen(case: EnrolmentCase) -> CaseVersion:
    return CaseVersion(case.case_id, case.version)


def states(office: Office) -> list[CaseState]:
    return [case.state for case in list_cases(BUREAU, store=office.store)]


def acts(office: Office, action: str) -> list[tuple[str, str, str]]:
    event = BureauTable.metadata.tables["audit_event"]
    query = select(event.c.actor, event.c.subject, event.c.note).where(event.c.action == action)
    with begin(office.engine, read_only=True) as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(event.c.seq))]


def resubmit(office: Office, record_id: str, now: int) -> EnrolmentCase:
    return submit_case(record_id, officer=REGISTRAR, store=office.store, entropy=SystemEntropy(), now=now)


class TestApproving:
    def test_approves_one(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        (approved,) = approve_cases([seen(cases[1])], officer=APPROVER, store=office.store, now=NOW)
        assert states(office) == [CaseState.SUBMITTED, CaseState.APPROVED, CaseState.SUBMITTED]
        assert list_cases(BUREAU, store=office.store, state=CaseState.APPROVED) == (approved,)
        assert acts(office, "case.approve") == [("zhao", cases[1].case_id, "version 2")]

    def test_approves_many_in_one_act(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(case) for case in cases], officer=APPROVER, store=office.store, now=NOW, reason="已核对")
        after = list_cases(BUREAU, store=office.store)
        assert {case.state for case in after} == {CaseState.APPROVED}
        assert [case.reason for case in after] == ["", "", "已核对"]
        assert [note for _, _, note in acts(office, "case.approve")] == [
            "version 2",
            "version 2",
            "version 2, with a reason",
        ]

    def test_one_that_may_not_be_approved_stops_all(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        with pytest.raises(Refused) as refused:
            approve_cases([seen(case) for case in cases], officer=APPROVER, store=office.store, now=NOW)
        assert refused.value.reason is Reason.REASON_NEEDED
        assert states(office) == [CaseState.SUBMITTED] * 3
        assert acts(office, "case.approve") == []

    def test_refuses_the_officer_who_submitted(self, office: Office, tmp_path: Path) -> None:
        imported(a_register(tmp_path, [a_row(0)]), office, officer=BOTH)
        (case,) = list_cases(BUREAU, store=office.store)
        with pytest.raises(Refused) as refused:
            approve_cases([seen(case)], officer=BOTH, store=office.store, now=NOW)
        assert refused.value.reason is Reason.SAME_OFFICER
        assert states(office) == [CaseState.SUBMITTED]

    def test_refuses_a_case_that_has_moved(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW)
        with pytest.raises(Conflict) as refused:
            approve_cases([seen(cases[0])], officer=BOTH, store=office.store, now=NOW)
        assert refused.value.reason is Reason.CASE_MOVED

    def test_refuses_a_case_named_twice(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        with pytest.raises(Conflict):
            approve_cases([seen(cases[0])] * 2, officer=APPROVER, store=office.store, now=NOW)
        assert states(office) == [CaseState.SUBMITTED] * 3

    def test_refuses_a_case_of_another_bureau(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        with pytest.raises(NotFound) as refused:
            approve_cases([seen(cases[0])], officer=OTHER_APPROVER, store=office.store, now=NOW)
        assert refused.value.reason is Reason.CASE_UNKNOWN
        assert list_cases(OTHER_BUREAU, store=office.store) == ()

    def test_refuses_a_registrar(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        for act in (
            lambda: approve_cases([seen(cases[0])], officer=REGISTRAR, store=office.store, now=NOW),
            lambda: approve_all(officer=REGISTRAR, store=office.store, now=NOW),
            lambda: reject_cases([seen(cases[0])], officer=REGISTRAR, store=office.store, now=NOW, reason="x"),
        ):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.reason is Reason.ROLE_MISSING


class TestApprovingAll:
    def test_leaves_what_needs_a_reason(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        result = approve_all(officer=APPROVER, store=office.store, now=NOW)
        assert [case.case_id for case in result.approved] == [case.case_id for case in cases[:2]]
        assert result.left == (LeftCase(cases[2].case_id, Reason.REASON_NEEDED),)
        assert len(approve_all(officer=APPROVER, store=office.store, now=NOW, reason="已核对").approved) == 1
        assert states(office) == [CaseState.APPROVED] * 3

    def test_leaves_the_officers_own_cases(
        self, office: Office, cases: tuple[EnrolmentCase, ...], tmp_path: Path
    ) -> None:
        imported(a_register(tmp_path, [a_row(3)]), office, officer=BOTH)
        result = approve_all(officer=BOTH, store=office.store, now=NOW, reason="已核对")
        assert len(result.approved) == 3
        assert [left.why for left in result.left] == [Reason.SAME_OFFICER]

    def test_refuses_an_officer_who_submitted_all_there_is(self, office: Office, tmp_path: Path) -> None:
        imported(a_register(tmp_path, [a_row(0), a_row(1)]), office, officer=BOTH)
        with pytest.raises(Refused) as refused:
            approve_all(officer=BOTH, store=office.store, now=NOW)
        assert refused.value.reason is Reason.SAME_OFFICER

    def test_leaves_what_is_too_old(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        result = approve_all(officer=APPROVER, store=office.store, now=LATE)
        assert (result.approved, {left.why for left in result.left}) == ((), {Reason.CASE_EXPIRED})

    def test_with_nothing_to_do_does_nothing(self, office: Office) -> None:
        assert approve_all(officer=APPROVER, store=office.store, now=NOW).approved == ()


class TestRejecting:
    def test_the_reason_goes_back(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        reject_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW, reason=" 照片不清 ")
        (rejected,) = list_cases(BUREAU, store=office.store, state=CaseState.REJECTED)
        assert (rejected.reason, rejected.decided_by) == ("照片不清", "zhao")
        assert acts(office, "case.reject") == [("zhao", cases[0].case_id, "version 2, with a reason")]

    def test_refuses_without_a_reason(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        with pytest.raises(Refused) as refused:
            reject_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW, reason=" ")
        assert refused.value.reason is Reason.REASON_NEEDED
        assert states(office) == [CaseState.SUBMITTED] * 3


class TestSubmittingAgain:
    def test_after_a_rejection(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        reject_cases([seen(cases[2])], officer=APPROVER, store=office.store, now=NOW, reason="照片不清")
        again = resubmit(office, cases[2].record_id, NOW + 1)
        assert (again.state, again.version, again.warnings) == (CaseState.SUBMITTED, 1, ("sex_number_mismatch",))
        assert acts(office, "case.submit")[-1] == ("lin", again.case_id, f"record {again.record_id}")

    def test_what_counts_is_the_newest_case(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        reject_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW, reason="照片不清")
        again = resubmit(office, cases[0].record_id, NOW + 1)
        approve_cases([seen(again)], officer=APPROVER, store=office.store, now=NOW + 1)
        assert approved_record(BUREAU, again.record_id, store=office.store).case.case_id == again.case_id

    def test_after_seven_days_the_old_case_expires_with_it(
        self, office: Office, cases: tuple[EnrolmentCase, ...]
    ) -> None:
        resubmit(office, cases[0].record_id, LATE)
        assert states(office) == [CaseState.EXPIRED, CaseState.SUBMITTED, CaseState.SUBMITTED, CaseState.SUBMITTED]
        assert acts(office, "case.expire") == [("system", cases[0].case_id, "version 2")]

    def test_refuses_while_a_case_is_open(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(cases[1])], officer=APPROVER, store=office.store, now=NOW)
        for case in cases[:2]:
            with pytest.raises(Conflict) as refused:
                resubmit(office, case.record_id, NOW)
            assert refused.value.reason is Reason.CASE_MOVED

    def test_refuses_an_unknown_record(self, office: Office) -> None:
        with pytest.raises(NotFound) as refused:
            resubmit(office, "0192e4b0-0000-7000-8000-000000000000", NOW)
        assert refused.value.reason is Reason.RECORD_UNKNOWN


class TestExpiring:
    def test_expires_what_is_older_than_seven_days(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW)
        assert expire_cases(BUREAU, store=office.store, now=NOW + 7 * DAY) == 0
        assert expire_cases(BUREAU, store=office.store, now=LATE) == 2
        assert states(office) == [CaseState.APPROVED, CaseState.EXPIRED, CaseState.EXPIRED]

    def test_expires_them_all_however_many(self, office: Office, tmp_path: Path) -> None:
        imported(a_register(tmp_path, [a_row(place) for place in range(410)]), office)
        assert expire_cases(BUREAU, store=office.store, now=LATE) == 410
        assert set(states(office)) == {CaseState.EXPIRED}


class TestApprovedRecord:
    def test_an_approved_record_may_be_issued_for(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        (approved,) = approve_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW)
        found = approved_record(BUREAU, cases[0].record_id, store=office.store)
        assert (found.record, found.portraits, found.case) == (a_record(0), None, approved)

    def test_it_stays_so_after_issuing(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW)
        for _ in range(2):
            note_issued(office, cases[0].case_id)
        assert approved_record(BUREAU, cases[0].record_id, store=office.store).case.state is CaseState.ISSUED
        assert acts(office, "case.issue") == [("system", cases[0].case_id, "version 3")]

    def test_issuing_moves_no_case_that_is_not_approved(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        reject_cases([seen(cases[1])], officer=APPROVER, store=office.store, now=NOW, reason="照片不清")
        before = states(office)
        for case in cases:
            note_issued(office, case.case_id)
        assert states(office) == before
        assert acts(office, "case.issue") == []

    def test_the_document_number_is_the_persons_own_and_says_nothing_of_the_citizen_number(
        self, office: Office, cases: tuple[EnrolmentCase, ...]
    ) -> None:
        approve_cases([seen(case) for case in cases], officer=APPROVER, store=office.store, now=NOW, reason="看过")
        found = [approved_record(BUREAU, case.record_id, store=office.store) for case in cases]
        again = [approved_record(BUREAU, case.record_id, store=office.store) for case in cases]
        numbers = [one.document_number for one in found]
        assert numbers == [one.document_number for one in again]
        assert len(set(numbers)) == len(cases)
        for one in found:
            assert fullmatch(r"[0-9A-HJKMNP-TV-Z]{12}", one.document_number)
            assert one.record.citizen_number[-4:] not in one.document_number

    def test_another_bureaus_secret_gives_another_document_number(
        self, office: Office, cases: tuple[EnrolmentCase, ...]
    ) -> None:
        with office.store.reading() as books:
            numbers = {books.register.document_number(of, cases[0].record_id) for of in (BUREAU, OTHER_BUREAU)}
        assert len(numbers) == 2

    def test_refuses_a_record_that_waits_or_was_rejected(
        self, office: Office, cases: tuple[EnrolmentCase, ...]
    ) -> None:
        reject_cases([seen(cases[1])], officer=APPROVER, store=office.store, now=NOW, reason="照片不清")
        for case in cases:
            with pytest.raises(Refused) as refused:
                approved_record(BUREAU, case.record_id, store=office.store)
            assert refused.value.reason is Reason.NOT_APPROVED

    def test_a_record_of_another_bureau_is_not_found(self, office: Office, cases: tuple[EnrolmentCase, ...]) -> None:
        approve_cases([seen(cases[0])], officer=APPROVER, store=office.store, now=NOW)
        with pytest.raises(NotFound) as refused:
            approved_record(OTHER_BUREAU, cases[0].record_id, store=office.store)
        assert refused.value.reason is Reason.RECORD_UNKNOWN


def note_issued(office: Office, case_id: str) -> None:
    with SqlIssuanceStore(office.engine, BUREAU).transaction() as tx:
        tx.mark_issued(case_id, NOW)
