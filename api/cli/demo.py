"""``eid demo``: the whole story on the terminal, with a report to look at afterwards."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.session import session_of
from core.clock import rfc3339

if TYPE_CHECKING:
    from api.demo.stage import Stage, Step

COLOURS = {"GREEN": "bold white on green", "AMBER": "bold black on yellow", "RED": "bold white on red"}


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where pictures, homes and the report go")] = Path("demo-output"),
) -> None:
    """演示：从登记到核验 · Tell the whole story: import, approve, issue, show, check, forge, revoke."""
    from api.demo.report import write_report
    from api.demo.stage import no_network
    from api.demo.story import tell

    session = session_of(context)

    def say(line: str) -> None:
        if not session.output.as_json:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    say(
        "读取器无网络运行 · readers run without a network"
        if no_network()
        else "本系统不支持断网运行读取器 · this system cannot take the network from the readers"
    )
    stage = tell(folder, clock=session.clock, say=say)
    report = write_report(folder, stage.steps, made_at=rfc3339(session.clock.now()))
    wrong = [step for step in stage.steps if not step.as_expected]
    if session.output.as_json:
        steps = [{**asdict(step), "as_expected": step.as_expected} for step in stage.steps]
        session.output.result({"report": str(report), "steps": steps, "wrong": len(wrong)}, [])
    else:
        print_table(stage.steps)
        print_next(stage, report)
    if wrong:
        raise typer.Exit(1)


def print_table(steps: list[Step]) -> None:
    """Print the table a demonstration ends with: step, result, milliseconds, QR version and bytes."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="演示结果 · What came out")
    for title in ("#", "步骤 · step", "结果 · result", "ms", "QR", "bytes"):
        table.add_column(title, justify="right" if title in {"#", "ms", "QR", "bytes"} else "left")
    for number, step in enumerate(steps, start=1):
        style = COLOURS.get(step.came_out, "" if step.as_expected else "bold white on black")
        result = step.came_out + (f" ({step.reason})" if step.reason else "")
        version = f"{step.qr_version}-{step.qr_level}" if step.qr_version else ""
        table.add_row(
            str(number),
            f"{step.zh} · {step.en}",
            f"[{style}]{result}[/]" if style else result,
            str(step.milliseconds),
            version,
            str(step.qr_bytes or ""),
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def print_next(stage: Stage, report: Path) -> None:
    """Print where the report is, and the commands to go on by hand."""
    home = f"--home {stage.homes / 'bureau'}"
    lines = (
        f"报告 · report: {report}",
        "接下来可自行操作 · to go on by hand:",
        f"  export EID_PASSPHRASE_FILE={stage.passphrase_file} EID_PUBLIC_URL=http://127.0.0.1:8080 EID_WALLET_PIN=246810",
        f"  .venv/bin/eid {home} serve --port 8080",
        f"  .venv/bin/eid {home} records list",
        f"  .venv/bin/eid {home} offers create --record RECORD_ID --officer registrar-1",
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)
