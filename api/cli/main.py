"""The one command, ``eid``: global options in any place, exit codes, and errors as sentences."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from typing import Final

import typer

from api.cli.output import Output
from api.cli.session import Session
from core.errors import EidError, Misconfigured, Unavailable
from core.reasons import Reason

DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 64
OUR_FAULT: Final = 70

GROUPS: Final = {
    "records": ("api.cli.records", "app"),
    "cases": ("api.cli.cases", "app"),
    "officers": ("api.cli.officers", "app"),
    "offers": ("api.cli.offers", "app"),
    "cards": ("api.cli.cards", "app"),
    "wallet": ("wallet_client.cli", "app"),
    "status": ("api.cli.status", "app"),
    "posts": ("api.cli.posts", "app"),
    "bundle": ("api.cli.bundles", "app"),
    "trust": ("api.cli.trust", "app"),
    "keys": ("api.cli.keys", "app"),
    "audit": ("api.cli.audit", "app"),
    "db": ("api.cli.operation", "database"),
}
"""The groups of commands, and where each is."""

COMMANDS: Final = {
    "init": ("api.cli.setup", "init"),
    "challenge": ("api.cli.reading", "challenge"),
    "verify": ("api.cli.reading", "verify"),
    "serve": ("api.cli.operation", "serve"),
    "doctor": ("api.cli.operation", "doctor"),
    "demo": ("api.cli.demo", "demo"),
}
"""The commands outside of groups, and where each is."""

HELP: Final = """电子身份证：签发、出示、核验 · Electronic ID card: issue, show, check

在任意位置可加 · anywhere: --home 目录 · DIR (EID_HOME), --json"""

_INTERRUPTED: Final = 130
_log: Final = logging.getLogger("eid")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``eid`` and exit: 0 done or GREEN, 1 refused or RED, 2 AMBER, 64 wrong use, 70 our fault."""
    code = run(list(sys.argv[1:] if arguments is None else arguments))
    _flush(code)
    sys.exit(code)


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
    except typer.TyperException as err:
        _say_misused(err, output)
        return WRONG_USE
    except (typer.Abort, KeyboardInterrupt):
        return REFUSED
    except (BrokenPipeError, SystemExit):
        # Typer exits by itself when nobody reads on. What was not said must not pass for GREEN.
        return OUR_FAULT
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


def build(name: str | None = None) -> typer.Typer:
    """Return the command with the group or command of this name, or with all of them for any other name.

    Only what is asked for is imported: a card is shown and checked without waiting for the bureau's libraries.
    """
    app = typer.Typer(
        name="eid",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_together)
    every = name not in GROUPS and name not in COMMANDS
    if every or name in COMMANDS:
        for word, (module, attribute) in COMMANDS.items():
            if every or word == name:
                app.command(word)(getattr(import_module(module), attribute))
    for word, (module, attribute) in GROUPS.items():
        if every or word == name:
            app.add_typer(getattr(import_module(module), attribute), name=word)
    return app


def _together() -> None:
    # The home and the form of output are taken out of the arguments before, wherever they stand.
    pass


def _invoke(arguments: list[str], home: str | None, output: Output) -> int:
    name = arguments[0] if arguments else None
    if name == "wallet" and output.as_json:
        arguments = _with_option(arguments, "--json")
    command = typer.main.get_command(build(name))
    session = Session.start(home, output)
    with closing(session):
        done = command.main(args=arguments, prog_name="eid", standalone_mode=False, obj=session)
    if done == _INTERRUPTED:
        return REFUSED
    return done if isinstance(done, int) else DONE


def _say_misused(error: typer.TyperException, output: Output) -> None:
    # A group without a command has shown its help instead, and says nothing more.
    if detail := error.format_message().strip():
        output.problem(Reason.COMMAND_MISUSED, detail)


def _flush(code: int) -> None:
    """Write out what was said; where nobody reads any more, leave without the interpreter's complaint about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(code or OUR_FAULT)


def _options(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _with_option(arguments: list[str], option: str) -> list[str]:
    options = _options(arguments)
    return [*options, option, *arguments[len(options) :]]


def _take_home(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return ``--home`` and the arguments without the global options."""
    home: str | None = None
    rest: list[str] = []
    waiting = iter(_options(arguments))
    for argument in waiting:
        if argument == "--home" or argument.startswith("--home="):
            home = argument.partition("=")[2] or (next(waiting, "") if argument == "--home" else "")
            if not home:
                raise typer.BadParameter("--home needs a folder")
        elif argument != "--json":
            rest.append(argument)
    return home, rest + arguments[len(_options(arguments)) :]


if __name__ == "__main__":
    main()
