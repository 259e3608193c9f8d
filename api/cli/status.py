"""``eid status``: suspend, resume and revoke; what cannot be undone takes a second officer's command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.session import Session, session_of
from core.clock import rfc3339

if TYPE_CHECKING:
    from issuer.status import ReasonClass, StatusOutcome, Verb

app = typer.Typer(help="证件状态 · Status of credentials", no_args_is_help=True)

_CREDENTIAL = Annotated[str, typer.Argument(help="Credential id")]
_OFFICER = Annotated[str, typer.Option(help="The officer; a second one's same command approves")]


@app.command()
def suspend(
    context: typer.Context, credential: _CREDENTIAL, officer: Annotated[str, typer.Option(help="The officer")]
) -> None:
    """暂停（一人即可）· Suspend at once; one officer is enough."""
    session = session_of(context)
    _done(session, session.issuer.status.suspend(credential, by=session.officer(officer)))


@app.command()
def resume(context: typer.Context, credential: _CREDENTIAL, officer: _OFFICER) -> None:
    """恢复（两人）· Lift a suspension: ask, then a second officer repeats the command."""
    from issuer.status import ReasonClass, Verb

    _ask_or_approve(session_of(context), Verb.RESUME, credential, officer, ReasonClass.SUSPENDED)


@app.command()
def revoke(
    context: typer.Context,
    credential: _CREDENTIAL,
    reason: Annotated[str, typer.Option(help="phone_lost, card_lost, superseded, withdrawn, deceased or fraud")],
    officer: _OFFICER,
) -> None:
    """吊销（两人）· Revoke for good: ask, then a second officer repeats the command."""
    from issuer.status import REVOCATION_REASONS, ReasonClass, Verb

    if reason not in REVOCATION_REASONS:
        raise typer.BadParameter(f"reasons are {', '.join(REVOCATION_REASONS)}")
    _ask_or_approve(session_of(context), Verb.REVOKE, credential, officer, ReasonClass(reason))


@app.command()
def pending(context: typer.Context) -> None:
    """待批准事项 · Acts that wait for a second officer."""
    session = session_of(context)
    acts = session.issuer.status.pending()
    rows = [
        {
            "act": act.act_id,
            "verb": act.verb,
            "credential_id": act.credential_id,
            "reason": act.reason,
            "requested_by": act.requested_by,
            "requested_at": rfc3339(act.requested_at),
        }
        for act in acts
    ]
    session.output.result(
        {"pending": rows},
        [
            f"{row['act']}  {row['verb']}  {row['credential_id']}  {row['reason']}  {row['requested_by']}"
            for row in rows
        ],
    )


@app.command()
def reject(
    context: typer.Context,
    act: Annotated[str, typer.Argument(help="Act id, as `eid status pending` shows it")],
    officer: Annotated[str, typer.Option(help="The officer")],
) -> None:
    """驳回待批准事项 · Close a pending act without effect."""
    session = session_of(context)
    session.issuer.status.reject(act, by=session.officer(officer))
    session.output.result({"rejected": act}, [f"{act} 已驳回 · rejected"])


def _ask_or_approve(session: Session, verb: Verb, credential: str, officer_id: str, reason: ReasonClass) -> None:
    """Approve the same act that another officer asked for, else ask for it."""
    officer, desk = session.officer(officer_id), session.issuer.status
    wanted = (verb.value, credential, reason.value)
    waiting = [act for act in desk.pending() if (act.verb, act.credential_id, act.reason) == wanted]
    if waiting and waiting[0].requested_by != officer_id:
        _done(session, desk.approve(waiting[0].act_id, by=officer))
        return
    act = waiting[0] if waiting else desk.request(verb, credential, by=officer, reason=reason)
    session.output.result(
        {"pending": act.act_id, "verb": verb.value, "credential_ids": [credential]},
        [f"{act.act_id} 待第二名民警批准 · waits for a second officer's same command"],
    )


def _done(session: Session, outcome: StatusOutcome) -> None:
    session.output.result(
        {
            "pending": None,
            "verb": outcome.verb.value,
            "credential_ids": list(outcome.credential_ids),
            "lists_published": outcome.lists_published,
        },
        [
            f"{outcome.verb.value}: {', '.join(outcome.credential_ids)}",
            f"{outcome.lists_published} 个状态列表已发布 · status lists published",
        ],
    )
