from __future__ import annotations

from pathlib import Path

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.test_records import sample
from tests.api.cli.world import APPROVER, REGISTRAR, Bureau


def plain_cases(bureau: Bureau) -> list[str]:
    """The submitted cases without warnings, as ID@VERSION."""
    return [f"{case['case_id']}@{case['version']}" for case in bureau.cases("submitted") if not case["warnings"]]


def approve(bureau: Bureau, *arguments: str, officer: str = APPROVER) -> tuple[int, str]:
    ran = bureau.run("cases", "approve", *arguments, "--officer", officer)
    return ran.code, "" if ran.code == 0 else ran.problem["error"]


def test_a_second_officer_approves_the_version_that_was_looked_at(waiting: Bureau) -> None:
    first, second, *_ = plain_cases(waiting)
    assert approve(waiting, first) == (0, "")
    # What is decided is that very version.
    case, _, version = second.partition("@")
    assert approve(waiting, f"{case}@{int(version) + 1}") == (1, "case_moved")
    assert approve(waiting, case) == (0, "")
    assert approve(waiting, second) == (1, "case_moved")


def test_the_officer_who_submitted_never_approves(bureau: Bureau, tmp_path: Path) -> None:
    bureau.run(
        *("officers", "add", "both-1", "--name", "Both", "--officer", REGISTRAR),
        *("--role", "registrar", "--role", "approver"),
    ).done()
    sample(bureau, tmp_path / "more.csv", seed=4)
    bureau.run("records", "import", tmp_path / "more.csv", "--officer", "both-1").done()
    case = plain_cases(bureau)[0].partition("@")[0]
    base = ("--home", bureau.home, "cases", "approve", "--officer")
    assert_one_sentence(eid(*base, "both-1", case), Reason.SAME_OFFICER, 1)
    assert_one_sentence(eid(*base, REGISTRAR, case), Reason.ROLE_MISSING, 1)
    assert_one_sentence(eid(*base, "both-1", "--all", "--reason", "all of them"), Reason.SAME_OFFICER, 1)
    assert approve(bureau, case) == (0, "")


def test_warnings_are_overridden_with_a_reason_only(waiting: Bureau) -> None:
    warned = next(case["case_id"] for case in waiting.cases("submitted") if case["warnings"])
    assert approve(waiting, warned) == (1, "reason_needed")
    assert approve(waiting, warned, "--reason", "seen at the counter") == (0, "")


def test_a_rejected_case_is_submitted_anew(waiting: Bureau) -> None:
    case = plain_cases(waiting)[0]
    waiting.run("cases", "reject", case, "--officer", APPROVER, "--reason", "the photograph is another's").done()
    (rejected,) = [row for row in waiting.cases("rejected") if row["case_id"] == case.partition("@")[0]]
    assert rejected["reason"] == "the photograph is another's"
    assert approve(waiting, case) == (1, "case_moved")
    anew = waiting.run("cases", "submit", rejected["record_id"], "--officer", REGISTRAR).done()
    assert anew["state"] == "submitted"
    assert anew["case_id"] != rejected["case_id"]


def test_unknown_cases_and_records_are_said_to_be_so(founded: Bureau) -> None:
    base = ("--home", founded.home, "cases")
    assert_one_sentence(eid(*base, "approve", "nonsense", "--officer", APPROVER), Reason.CASE_UNKNOWN, 1)
    assert_one_sentence(eid(*base, "submit", "nonsense", "--officer", REGISTRAR), Reason.RECORD_UNKNOWN, 1)
    assert_one_sentence(eid(*base, "approve", "x@one", "--officer", APPROVER), Reason.CASE_UNKNOWN, 1)


def test_a_version_is_a_number(founded: Bureau) -> None:
    case = founded.cases("approved")[0]["case_id"]
    ran = eid("--home", founded.home, "cases", "approve", f"{case}@one", "--officer", APPROVER)
    assert_one_sentence(ran, Reason.COMMAND_MISUSED, 64)


def test_the_list_goes_on_after_a_page(founded: Bureau) -> None:
    first = founded.run("cases", "list", "--limit", "10").done()["cases"]
    second = founded.run("cases", "list", "--limit", "10", "--after", first[-1]["case_id"]).done()["cases"]
    assert len({case["case_id"] for case in [*first, *second]}) == 20
    text = eid("--home", founded.home, "cases", "list", "--limit", "10")
    assert len(text.out.splitlines()) == 10
