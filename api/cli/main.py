"""The one command, ``eid``: global options in any place, exit codes, and errors as sentences."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Final

import click
import typer

from api.cli.output import Output
from api.cli.session import Session
from core.errors import EidError, Misconfigured, Unavailable
from core.reasons import Reason

DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 64
OUR_FAULT: Final = 70

_log: Final = logging.getLogger("eid")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``eid`` and exit: 0 done or GREEN, 1 refused or RED, 2 AMBER, 64 wrong use, 70 our fault."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code.

    ``--home DIR`` and ``--json`` may stand anywhere before a ``--``.
    """
    output = Output(as_json="--json" in _options(arguments))
    try:
        home, rest = _take_home(arguments)
        return _invoke(rest, home, output)
    except EidError as err:
        output.refusal(err)
        return exit_code(err)
    except click.exceptions.Exit as err:
        return err.exit_code
    except click.exceptions.Abort:
        return REFUSED
    except click.ClickException as err:
        err.show()
        return WRONG_USE
    except KeyboardInterrupt:
        return REFUSED
    except BrokenPipeError:
        return DONE
    except Exception:  # noqa: BLE001  # the one place where a fault of ours becomes its exit code
        _log.exception("eid failed")
        output.problem(Reason.INTERNAL_FAULT, "the trace above is for the operator")
        return OUR_FAULT


def exit_code(error: EidError) -> int:
    """Return the exit code of an expected failure.

    What the operator must put right is wrong use, what does not answer is our side; a card is judged by neither.
    """
    if isinstance(error, Misconfigured):
        return WRONG_USE
    return OUR_FAULT if isinstance(error, Unavailable) else REFUSED


def build() -> typer.Typer:
    """Return the command with all its groups."""
    from api.cli import (
        bundles,
        cases,
        demo,
        keys,
        offers,
        officers,
        operation,
        posts,
        reading,
        records,
        setup,
        status,
        trust,
    )
    from wallet_client.cli import app as wallet

    app = typer.Typer(
        name="eid",
        help="电子身份证：签发、出示、核验 · Electronic ID card: issue, show, check",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command("init")(setup.init)
    groups = {
        "records": records.app,
        "cases": cases.app,
        "officers": officers.app,
        "offers": offers.app,
        "wallet": wallet,
        "status": status.app,
        "posts": posts.app,
        "bundle": bundles.app,
        "trust": trust.app,
        "keys": keys.app,
        "db": operation.database,
    }
    for name, group in groups.items():
        app.add_typer(group, name=name)
    app.command("challenge")(reading.challenge)
    app.command("verify")(reading.verify)
    app.command("serve")(operation.serve)
    app.command("doctor")(operation.doctor)
    app.command("demo")(demo.demo)
    return app


def _invoke(arguments: list[str], home: str | None, output: Output) -> int:
    from api.settings import load_settings

    session = Session.start(load_settings(home=home), output)
    if arguments[:1] == ["wallet"] and output.as_json:
        arguments = [*arguments, "--json"]
    command = typer.main.get_command(build())
    done = command.main(args=arguments, prog_name="eid", standalone_mode=False, obj=session)
    return done if isinstance(done, int) else DONE


def _options(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _take_home(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return ``--home`` and the arguments without the global options."""
    home: str | None = None
    rest: list[str] = []
    waiting = iter(_options(arguments))
    for argument in waiting:
        if argument == "--home":
            home = next(waiting, None)
            if not home:
                raise click.UsageError("--home needs a folder")
        elif argument.startswith("--home="):
            home = argument.removeprefix("--home=")
        elif argument != "--json":
            rest.append(argument)
    return home, rest + arguments[len(_options(arguments)) :]


if __name__ == "__main__":
    main()
