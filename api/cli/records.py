"""``eid records``: sample, import and list identity records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.session import session_of

app = typer.Typer(help="人口登记信息 · Identity records", no_args_is_help=True)

BAD_ROWS_SHOWN = 20


@app.command()
def sample(
    context: typer.Context,
    count: Annotated[int, typer.Argument(min=1, max=1_000_000, help="How many people")],
    file: Annotated[Path, typer.Argument(help="The CSV file to write; portraits go into a folder beside it")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same people")] = 1,
    bad_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of rows to spoil")] = 0.0,
    portraits: Annotated[bool, typer.Option(help="Draw portraits")] = True,
) -> None:
    """生成虚构人员样本 · Write a register file of synthetic people, the forty golden records first."""
    from issuer.register.samples import write_sample

    session = session_of(context)
    with session.output.progress("sample", count) as progress:
        written = write_sample(
            count,
            file,
            seed=seed,
            today=session.today,
            bad_share=bad_share,
            portraits=portraits,
            progress=progress,
        )
    bad = [{"row": row, "code": code.value} for row, code in written.bad_rows]
    session.output.result(
        {"file": str(file), "rows": written.row_count, "bad": bad},
        [f"{file}: {written.row_count} 行 · rows, {len(bad)} 行有意写错 · spoiled on purpose"],
    )


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8 or GB 18030")],
    officer: Annotated[str, typer.Option(help="The officer who submits")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing")] = False,
    portraits: Annotated[bool, typer.Option(help="Read the portrait files")] = True,
) -> None:
    """导入人口登记文件 · Import a register file; bad rows are listed, good rows go in, a second run adds nothing."""
    from api.wiring.glyphs import open_glyph_font
    from issuer.register.findings import FINDINGS
    from issuer.register.importing import Pictures, import_register
    from issuer.register.reading import open_register

    session = session_of(context)
    register = open_register(file)
    with session.output.progress("import", None) as progress:
        report = import_register(
            register,
            officer=session.officer(officer),
            store=session.bureau.store,
            entropy=session.entropy,
            now=session.clock.now(),
            today=session.today,
            specimen=session.bureau.specimen,
            dry_run=dry_run,
            pictures=Pictures(portraits, open_glyph_font(session.settings)),
            progress=progress,
        )
    bad = [{"row": bad.row_number, "field": bad.field, "code": bad.code.value} for bad in report.bad]
    warnings = [{"row": row.row_number, "field": row.field, "code": row.code.value} for row in report.warnings]
    facts = {
        "read": report.read,
        "added": report.added,
        "already_there": report.already_there,
        "bad_rows": report.bad_rows,
        "dry_run": dry_run,
        "bad": bad,
        "warnings": warnings,
    }
    lines = [
        f"{report.read} 行已读 · read, {report.added} 新增 · added, {report.already_there} 已有 · there already, "
        f"{report.bad_rows} 有误 · bad, {len(warnings)} 提示 · warnings" + (" (dry run)" if dry_run else "")
    ]
    for remark in report.bad[:BAD_ROWS_SHOWN]:
        rule = FINDINGS[remark.code]
        lines.append(f"  {remark.row_number:>6}  {remark.field:<18} {remark.code.value:<24} {rule.zh} {rule.en}")
    if len(report.bad) > BAD_ROWS_SHOWN:
        lines.append(f"  … {len(report.bad) - BAD_ROWS_SHOWN} 条见 · more with --json")
    session.output.result(facts, lines)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="The last record id of the page before")] = "",
) -> None:
    """列出登记信息（号码隐去）· List records with masked names and numbers."""
    from core.audit import AuditEvent

    session = session_of(context)
    bureau = session.bureau
    # Sealed fields are opened for it, so it leaves a row.
    with bureau.store.transaction() as books:
        code, now = bureau.bureau.bureau, session.clock.now()
        records = books.register.summaries(code, limit=limit, after=after)
        total = books.register.count(code)
        books.audit.record(AuditEvent(code, now, "system", "register.list", code, f"x{len(records)}"))
    rows = [
        {
            "record_id": row.record_id,
            "name": row.masked_name,
            "number": row.masked_number,
            "warnings": list(row.warnings),
        }
        for row in records
    ]
    lines = [f"{row.record_id}  {row.masked_number}  {row.masked_name}  {' '.join(row.warnings)}" for row in records]
    session.output.result({"total": total, "records": rows}, [*lines, f"{len(rows)} / {total}"])
