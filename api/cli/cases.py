"""``eid cases``: list, submit, approve and reject enrolment cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.session import Session, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from issuer.cases.model import CaseState, CaseVersion, EnrolmentCase

app = typer.Typer(help="办证申请 · Enrolment cases", no_args_is_help=True)

_CASES = Annotated[list[str] | None, typer.Argument(help="Case ids, as `eid cases list` shows them: ID or ID@VERSION")]


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="submitted, approved, rejected, expired or issued")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="The last case id of the page before")] = "",
) -> None:
    """列出申请 · List cases in the order they were submitted."""
    from issuer.cases.deciding import list_cases

    session = session_of(context)
    bureau = session.bureau
    cases = list_cases(bureau.bureau.bureau, store=bureau.store, state=_state(state), limit=limit, after=after)
    session.output.result({"cases": [_facts(case) for case in cases]}, [_line(case) for case in cases])


@app.command()
def submit(
    context: typer.Context,
    record: Annotated[str, typer.Argument(help="Record id")],
    officer: Annotated[str, typer.Option(help="The officer who submits")],
) -> None:
    """提交申请 · Open a new case for a record whose last one was rejected or expired."""
    from issuer.cases.deciding import submit_case

    session = session_of(context)
    case = submit_case(
        record,
        officer=session.officer(officer),
        store=session.bureau.store,
        entropy=session.entropy,
        now=session.clock.now(),
    )
    session.output.result(_facts(case), [_line(case)])


@app.command()
def approve(
    context: typer.Context,
    officer: Annotated[str, typer.Option(help="The second officer")],
    cases: _CASES = None,
    every: Annotated[bool, typer.Option("--all", help="Every case this officer may approve")] = False,
    reason: Annotated[str, typer.Option(help="Why, where a record has warnings")] = "",
) -> None:
    """批准（提交人不得批准）· Approve; never by the officer who submitted."""
    from issuer.cases.deciding import approve_all, approve_cases

    session = session_of(context)
    acting, store, now = session.officer(officer), session.bureau.store, session.clock.now()
    if every:
        if cases:
            raise typer.BadParameter("name cases or --all, not both")
        outcome = approve_all(officer=acting, store=store, now=now, reason=reason)
        left = [{"case_id": case.case_id, "reason": case.why.code} for case in outcome.left]
        session.output.result(
            {"approved": len(outcome.approved), "left": left},
            [f"{len(outcome.approved)} 已批准 · approved, {len(left)} 留待处理 · left"]
            + [f"  {row['case_id']}  {row['reason']}" for row in left[:20]],
        )
        return
    chosen = _chosen(session, cases)
    approved = approve_cases(chosen, officer=acting, store=store, now=now, reason=reason)
    session.output.result({"approved": len(approved), "left": []}, [_line(case) for case in approved])


@app.command()
def reject(
    context: typer.Context,
    officer: Annotated[str, typer.Option(help="The second officer")],
    reason: Annotated[str, typer.Option(help="Why; goes back to who submitted")],
    cases: _CASES = None,
) -> None:
    """驳回 · Reject cases with a reason."""
    from issuer.cases.deciding import reject_cases

    session = session_of(context)
    rejected = reject_cases(
        _chosen(session, cases),
        officer=session.officer(officer),
        store=session.bureau.store,
        now=session.clock.now(),
        reason=reason,
    )
    session.output.result({"rejected": len(rejected)}, [_line(case) for case in rejected])


def _chosen(session: Session, named: Sequence[str] | None) -> list[CaseVersion]:
    """Return the cases with the versions decided on: the one named, else the present one."""
    from issuer.cases.model import CaseVersion

    if not named:
        raise typer.BadParameter("name at least one case")
    bureau = session.bureau
    with bureau.store.reading() as books:
        present = books.cases.get(bureau.bureau.bureau, [name.partition("@")[0] for name in named])
    versions = [name.partition("@")[2] for name in named]
    if not all(version.isdecimal() for version in versions if version):
        raise typer.BadParameter("a version is a number")
    return [
        CaseVersion(case.case_id, int(version) if version else case.version)
        for case, version in zip(present, versions, strict=True)
    ]


def _state(word: str | None) -> CaseState | None:
    from issuer.cases.model import CaseState

    if word is None:
        return None
    try:
        return CaseState(word)
    except ValueError as err:
        raise typer.BadParameter(f"a state is one of {', '.join(CaseState)}") from err


def _facts(case: EnrolmentCase) -> dict[str, object]:
    return {
        "case_id": case.case_id,
        "record_id": case.record_id,
        "state": case.state.value,
        "version": case.version,
        "submitted_by": case.submitted_by,
        "decided_by": case.decided_by,
        "warnings": list(case.warnings),
        "reason": case.reason,
    }


def _line(case: EnrolmentCase) -> str:
    by = case.submitted_by + (f" → {case.decided_by}" if case.decided_by else "")
    return f"{case.case_id}@{case.version}  {case.state.value:<9}  {by}  {' '.join(case.warnings)}"
