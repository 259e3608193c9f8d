"""``eid audit``: verify the chain of the audit log, sign checkpoints, export it, reconcile it with what was issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.output import write_file
from api.cli.session import Session, session_of
from core.clock import rfc3339
from core.errors import Misconfigured
from core.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from issuer.audit_chain import ChainVerdict, Checkpoint
    from issuer.reconciliation import Reconciled

app = typer.Typer(help="审计日志 · Audit log", no_args_is_help=True)

SHOWN: Final = 50


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option(help="An export; without it this home's database")] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept elsewhere; may be repeated. Finds what was cut off")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The audit signers' public keys (JWK Set); without it this home's key store")
    ] = None,
) -> None:
    """核对审计链，指出被改动、删除或换序的记录 · Verify the chain and say where it is broken; exit 1 where it is."""
    from api.wiring.audit import audit_points, read_kept_checkpoint, read_points

    session = session_of(context)
    points = audit_points(session.keys) if keys is None else read_points(keys)
    kept = [read_kept_checkpoint(path, keys=points) for path in checkpoint or []]
    check = _verify_home(session, points, kept) if file is None else _verify_file(session, file, points, kept)
    _say_verdict(session, *check)


def _verify_home(session: Session, points: dict[bytes, bytes], kept: Sequence[Checkpoint]) -> tuple[str, ChainVerdict]:
    from api.wiring.audit import open_audit
    from issuer.audit_checkpoints import verify_log

    with open_audit(session.settings, session.clock) as audit, audit.trail.reading() as log:
        head = log.end()
        with session.output.progress("verify", head.seq) as progress:
            verdict = verify_log(
                log.events(),
                bureau=audit.bureau,
                stored=log.checkpoints(),
                kept=kept,
                keys=points,
                head=head,
                progress=progress,
            )
    return audit.bureau, verdict


def _verify_file(
    session: Session, file: Path, points: dict[bytes, bytes], kept: Sequence[Checkpoint]
) -> tuple[str, ChainVerdict]:
    from api.wiring.audit import export_lines
    from issuer.audit_checkpoints import verify_log
    from issuer.audit_export import LINE_MAX_BYTES, read_export

    exported = read_export(export_lines(file, LINE_MAX_BYTES))
    with session.output.progress("verify", None) as progress:
        verdict = verify_log(
            exported.events,
            bureau=exported.bureau,
            stored=exported.checkpoints,
            kept=kept,
            keys=points,
            start=exported.start,
            progress=progress,
        )
    return exported.bureau, verdict


def _say_verdict(session: Session, bureau: str, verdict: ChainVerdict) -> None:
    from issuer.audit_chain import FAULTS

    whole = not verdict.findings
    facts = {
        "ok": whole,
        "bureau": bureau,
        "events": verdict.events,
        "last": verdict.end.seq,
        "hash": verdict.end.hash.hex(),
        "signed_up_to": verdict.covered,
        "findings": [
            {"code": found.fault.value, "first": found.first, "last": found.last} for found in verdict.findings
        ],
    }
    lines = [
        (
            f"{'✓' if whole else '✗'} {bureau}: {verdict.events} 条 · events, 末号 · last {verdict.end.seq}, "
            f"检查点签至 · signed up to {verdict.covered}"
        )
    ]
    for found in verdict.findings[:SHOWN]:
        zh, en = FAULTS[found.fault]
        place = str(found.first) if found.first == found.last else f"{found.first}–{found.last}"
        lines.append(f"  {place:>12}  {found.fault.value:<22} {zh} · {en}")
    _say(session, facts, lines, left=len(verdict.findings) - SHOWN)
    if not whole:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Also write it here, to be kept elsewhere")] = None,
) -> None:
    """签署检查点 · Sign where the chain ends now."""
    from api.wiring.audit import open_audit

    session = session_of(context)
    with open_audit(session.settings, session.clock) as audit:
        made = audit.checkpoints(session.keys).make(now=session.clock.now())
    if out is not None:
        write_file(out, made.token)
    session.output.result(
        {"seq": made.seq, "at": rfc3339(made.at), "file": None if out is None else str(out)},
        [f"已签至第 {made.seq} 条 · signed up to event {made.seq}" + (f": {out}" if out else "")],
    )


@app.command("keys")
def keys_(context: typer.Context, file: Annotated[Path, typer.Argument(help="The file to write (JWK Set)")]) -> None:
    """导出审计签名公钥 · Write the audit signers' public keys: with them an export is verified anywhere."""
    from api.wiring.audit import audit_points, write_points

    session = session_of(context)
    points = audit_points(session.keys)
    if not points:
        raise Misconfigured(Reason.KEY_UNKNOWN, "there is no audit signer yet; run eid audit checkpoint")
    write_file(file, write_points(points.values()))
    kids = sorted(kid.hex() for kid in points)
    session.output.result({"file": str(file), "kids": kids}, [f"{file}: {', '.join(kids)}"])


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write (JSON lines)")],
    since: Annotated[int, typer.Option(min=1, help="The number of the first event to export")] = 1,
) -> None:
    """导出审计日志（末尾先签检查点）· Export events and checkpoints; the end is signed first."""
    from api.wiring.audit import open_audit
    from issuer.audit_chain import chain_start
    from issuer.audit_export import write_export

    session = session_of(context)
    with open_audit(session.settings, session.clock) as audit:
        audit.announce("audit.export", audit.bureau, f"since {since}")
        made = audit.checkpoints(session.keys).make(now=session.clock.now())
        with audit.trail.reading() as log:
            start = chain_start(audit.bureau) if since == 1 else log.place(since - 1)
            if start is None:
                raise typer.BadParameter(f"there is no event {since}")
            lines = write_export(audit.bureau, start, log.checkpoints(after=start.seq), log.events(after=start.seq))
            with session.output.progress("export", log.end().seq - start.seq) as progress:
                _write_lines(file, lines, progress)
    session.output.result(
        {"file": str(file), "since": since, "signed_up_to": made.seq},
        [f"{file}: {since} … {made.seq}"],
    )


def _write_lines(file: Path, lines: Iterable[bytes], progress: Callable[[int], None]) -> None:
    try:
        with file.open("wb") as out:
            for number, line in enumerate(lines, 1):
                out.write(line)
                if number % 1000 == 0:
                    progress(number)
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNWRITABLE, f"{file} cannot be written: {err.strerror}") from err


@app.command()
def reconcile(context: typer.Context) -> None:
    """核对签名与已批准的申请，不符即报警 · Compare signatures with approved cases; an alarm and exit 1 where they differ."""
    from api.wiring.audit import open_audit
    from issuer.reconciliation import reconcile as compare

    session = session_of(context)
    with open_audit(session.settings, session.clock) as audit, audit.trail.reading() as books:
        outcome = compare(books)
    _say_reconciled(session, audit.bureau, outcome)


def _say_reconciled(session: Session, bureau: str, outcome: Reconciled) -> None:
    from issuer.reconciliation import ALARMS

    wrong = outcome.discrepancies
    facts = {
        "ok": not wrong,
        "bureau": bureau,
        "credentials": outcome.credentials,
        "copies": outcome.copies,
        "alarms": [
            {
                "code": row.alarm.value,
                "credential_id": row.credential_id,
                "form": row.form,
                "recorded": row.recorded,
                "found": row.found,
            }
            for row in wrong
        ],
    }
    lines = [
        (
            f"{'✗ 报警 · ALARM' if wrong else '✓'} {bureau}: {outcome.credentials} 份证件 · credentials, "
            f"{outcome.copies} 份副本 · copies, {len(wrong)} 处不符 · do not agree"
        )
    ]
    for row in wrong[:SHOWN]:
        zh, en = ALARMS[row.alarm]
        lines.append(f"  {row.credential_id}  {row.form:<10} {row.recorded} / {row.found}  {zh} · {en}")
    _say(session, facts, lines, left=len(wrong) - SHOWN)
    if wrong:
        raise typer.Exit(1)


def _say(session: Session, facts: dict[str, object], lines: list[str], *, left: int) -> None:
    if left > 0:
        lines.append(f"  … {left} 条见 · more with --json")
    session.output.result(facts, lines)
