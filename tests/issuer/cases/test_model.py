from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, EidError, MalformedInput, Refused
from core.reasons import Reason
from issuer.cases.model import (
    CaseState,
    EnrolmentCase,
    approve,
    check_reason,
    expire,
    is_stale,
    reject,
    submit,
)
from issuer.officers import Officer
from tests.builders.bureau import APPROVER, BOTH, DAY, NOW, OTHER_APPROVER, REGISTRAR

WEEK = 7 * DAY
FINAL = (CaseState.REJECTED, CaseState.EXPIRED, CaseState.ISSUED)

Decide = Callable[..., EnrolmentCase]


def a_case(**changes: object) -> EnrolmentCase:
    return replace(submit("case", "record", officer=REGISTRAR, now=NOW), **changes)  # type: ignore[arg-type]  # tests name fields


def approving(case: EnrolmentCase, *, version: int = 1, officer: Officer = APPROVER, now: int = NOW) -> EnrolmentCase:
    return approve(case, version=version, officer=officer, now=now)


def rejecting(case: EnrolmentCase, *, version: int = 1, officer: Officer = APPROVER, now: int = NOW) -> EnrolmentCase:
    return reject(case, version=version, officer=officer, now=now, reason="照片不清")


DECISIONS = pytest.mark.parametrize("decide", [approving, rejecting], ids=["approve", "reject"])


def test_a_registrar_submits() -> None:
    case = submit("case", "record", officer=REGISTRAR, now=NOW, warnings=("division_unknown",))
    assert (case.bureau, case.state, case.version) == (REGISTRAR.bureau, CaseState.SUBMITTED, 1)
    assert (case.submitted_by, case.submitted_at, case.warnings) == ("lin", NOW, ("division_unknown",))


def test_refuses_a_submission_by_an_approver() -> None:
    with pytest.raises(Refused) as refused:
        submit("case", "record", officer=APPROVER, now=NOW)
    assert refused.value.reason is Reason.ROLE_MISSING


def test_another_officer_approves() -> None:
    case = approving(a_case(), now=NOW + 5)
    assert (case.state, case.version, case.decided_by, case.decided_at) == (CaseState.APPROVED, 2, "zhao", NOW + 5)


def test_another_officer_rejects_with_a_reason() -> None:
    case = rejecting(a_case())
    assert (case.state, case.decided_by, case.reason) == (CaseState.REJECTED, "zhao", "照片不清")


@DECISIONS
def test_refuses_a_decision_by_the_officer_who_submitted(decide: Decide) -> None:
    with pytest.raises(Refused) as refused:
        decide(a_case(submitted_by=BOTH.officer_id), officer=BOTH)
    assert refused.value.reason is Reason.SAME_OFFICER


@DECISIONS
@pytest.mark.parametrize("officer", [REGISTRAR, OTHER_APPROVER], ids=["registrar", "approver of another bureau"])
def test_refuses_a_decision_by_the_wrong_officer(decide: Decide, officer: Officer) -> None:
    with pytest.raises(Refused) as refused:
        decide(a_case(submitted_by="sun"), officer=officer)
    assert refused.value.reason is Reason.ROLE_MISSING


@DECISIONS
@pytest.mark.parametrize("version", [0, 2])
def test_refuses_a_decision_on_another_version(decide: Decide, version: int) -> None:
    with pytest.raises(Conflict) as refused:
        decide(a_case(), version=version)
    assert refused.value.reason is Reason.CASE_MOVED


@DECISIONS
@pytest.mark.parametrize("state", [CaseState.APPROVED, *FINAL])
def test_refuses_a_decision_on_a_case_that_was_decided(decide: Decide, state: CaseState) -> None:
    with pytest.raises(Conflict) as refused:
        decide(a_case(state=state))
    assert refused.value.reason is Reason.CASE_MOVED


@DECISIONS
def test_a_case_expires_after_seven_days(decide: Decide) -> None:
    assert decide(a_case(), now=NOW + WEEK).version == 2
    with pytest.raises(Refused) as refused:
        decide(a_case(), now=NOW + WEEK + 1)
    assert refused.value.reason is Reason.CASE_EXPIRED


def test_a_stale_case_becomes_expired_and_nobody_decided() -> None:
    case = expire(a_case(), now=NOW + WEEK + 1)
    assert (case.state, case.version, case.decided_by) == (CaseState.EXPIRED, 2, None)


@pytest.mark.parametrize(
    ("case", "now"),
    [(a_case(), NOW + WEEK), (a_case(state=CaseState.APPROVED), NOW + WEEK + 1)],
    ids=["seven days old", "approved"],
)
def test_refuses_to_expire(case: EnrolmentCase, now: int) -> None:
    assert not is_stale(case, now)
    with pytest.raises(Conflict):
        expire(case, now=now)


def test_warnings_are_approved_with_a_reason_only() -> None:
    case = a_case(warnings=("sex_number_mismatch",))
    with pytest.raises(Refused) as refused:
        approve(case, version=1, officer=APPROVER, now=NOW)
    assert refused.value.reason is Reason.REASON_NEEDED
    assert approve(case, version=1, officer=APPROVER, now=NOW, reason="底册如此").reason == "底册如此"


def test_refuses_a_rejection_without_a_reason() -> None:
    with pytest.raises(Refused) as refused:
        reject(a_case(), version=1, officer=APPROVER, now=NOW, reason="")
    assert refused.value.reason is Reason.REASON_NEEDED


@pytest.mark.parametrize("text", ["x" * 201, "a\nb", "a\u202eb", "\x00"])
def test_refuses_a_reason_that_is_not_plain_text(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        check_reason(text)
    assert refused.value.reason is Reason.TEXT_NOT_ALLOWED


def test_a_reason_of_spaces_is_none() -> None:
    assert check_reason("  ") == ""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["approve", "reject", "expire"]),
            st.sampled_from([REGISTRAR, APPROVER, BOTH, OTHER_APPROVER]),
            st.integers(min_value=0, max_value=9 * DAY),
        ),
        max_size=8,
    )
)
def test_no_order_of_acts_lets_one_officer_act_alone(acts: list[tuple[str, Officer, int]]) -> None:
    case = submit("case", "record", officer=BOTH, now=NOW)
    seen = [case.state]
    for verb, officer, later in acts:
        try:
            case = _act(case, verb, officer, NOW + later)
        except EidError:
            continue
        seen.append(case.state)
    assert case.version == len(seen)
    assert case.decided_by in (None, APPROVER.officer_id)
    assert (case.decided_by is None) == (case.state in (CaseState.SUBMITTED, CaseState.EXPIRED))
    assert all(state not in FINAL for state in seen[:-1])


def _act(case: EnrolmentCase, verb: str, officer: Officer, now: int) -> EnrolmentCase:
    match verb:
        case "approve":
            return approving(case, version=case.version, officer=officer, now=now)
        case "reject":
            return rejecting(case, version=case.version, officer=officer, now=now)
        case _:
            return expire(case, now=now)
