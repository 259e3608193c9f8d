from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import main
from core.errors import Conflict, EidError, MalformedInput, Misconfigured, NotFound, Refused, Unavailable
from core.reasons import Reason
from tests.api.cli.command import PROCESS_SECONDS, ROOT, assert_one_sentence, eid, environment, json_of, process
from tests.api.cli.world import GATE, Bureau, Issued, Reader


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refused, 1), (MalformedInput, 1), (NotFound, 1), (Conflict, 1), (Misconfigured, 64), (Unavailable, 70)],
)
def test_each_kind_of_failure_has_its_exit_code(error: type[EidError], code: int) -> None:
    assert main.exit_code(error(Reason.REQUEST_MALFORMED, "said in the test")) == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["verify", "--no-such-option"],
        ["records", "nonsense"],
        ["wallet", "nonsense"],
        ["records", "sample", "many", "file.csv"],
        ["records", "sample", "0", "file.csv"],
        ["records", "import"],
        ["offers", "create", "--officer", "registrar-1"],
        ["verify", "one", "two"],
        ["verify", "EID1:", "--mode", "nonsense"],
        ["verify", "EID1:", "--now", "yesterday"],
        ["verify", "EID1:", "--now", "2026-11-20T08:00:00"],
        ["wallet", "history", "--delete", "-1x"],
        ["wallet", "list", "--lang", "fr"],
        ["status", "revoke", "x", "--reason", "nonsense", "--officer", "registrar-1"],
        ["cases", "list", "--state", "nonsense"],
        ["cases", "approve", "--officer", "approver-1"],
        ["cases", "approve", "x", "--all", "--officer", "approver-1"],
        ["serve", "--port", "70000"],
        ["init", "--real"],
        ["--home"],
        ["--home="],
    ],
)
def test_wrong_use_is_one_sentence_and_exit_64(founded: Bureau, arguments: list[str]) -> None:
    home = [] if arguments[0].startswith("--home") else ["--home", str(founded.home)]
    assert_one_sentence(eid(*home, *arguments), Reason.COMMAND_MISUSED, 64)


def test_wrong_use_as_json_is_one_object_on_standard_error() -> None:
    ran = json_of("verify", "--no-such-option")
    assert (ran.code, ran.out, ran.problem["error"]) == (64, "", "command_misused")
    assert "--no-such-option" in ran.problem["detail"]


@pytest.mark.parametrize("arguments", [[], ["records"], ["wallet"]])
def test_a_command_left_out_shows_the_help_and_is_wrong_use(arguments: list[str]) -> None:
    ran = eid(*arguments)
    assert ran.code == 64
    assert "Usage" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_the_help_lists_every_command() -> None:
    ran = eid("--help")
    assert (ran.code, ran.err) == (0, "")
    assert all(name in ran.out for name in (*main.GROUPS, *main.COMMANDS, "--home", "--json"))


@pytest.mark.parametrize("name", [*main.GROUPS, *main.COMMANDS])
def test_every_group_and_command_can_be_reached_alone(name: str) -> None:
    ran = eid(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"eid {name}" in ran.out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--home", "HOME", "--json"], []),
        (["--json"], ["--home", "HOME"]),
        (["--home=HOME"], ["--json"]),
        ([], ["--home=HOME", "--json"]),
    ],
)
def test_home_and_json_stand_anywhere(founded: Bureau, before: list[str], after: list[str]) -> None:
    def placed(words: list[str]) -> list[str]:
        return [word.replace("HOME", str(founded.home)) for word in words]

    ran = eid(*placed(before), "keys", *placed(after), "list")
    assert {row["purpose"] for row in ran.done()["keys"]} >= {"national-root", "document-signer"}


def test_what_stands_after_two_hyphens_is_no_option(issued: Issued, reader: Reader) -> None:
    ran = eid("--home", reader.home, "verify", *GATE, "--", "--json")
    assert ran.code == 1
    assert Reason.PREFIX_UNKNOWN.value.en in ran.out
    wallet = json_of("wallet", "show", "--", "--home", EID_WALLET_HOME=str(issued.wallet))
    assert (wallet.code, wallet.problem["error"]) == (1, "credential_unknown")


def test_the_home_comes_from_the_environment_too(founded: Bureau) -> None:
    assert json_of("keys", "list", EID_HOME=str(founded.home)).done()["keys"]


def test_people_get_text_and_programs_one_object(founded: Bureau) -> None:
    text = eid("--home", founded.home, "records", "list", "--limit", "2")
    assert (text.code, text.err) == (0, "")
    assert len(text.out.splitlines()) == 3
    assert "{" not in text.out
    assert len(founded.run("records", "list", "--limit", "2").done()["records"]) == 2


def test_a_refusal_is_a_sentence_for_people_and_an_object_for_programs(founded: Bureau, tmp_path: Path) -> None:
    assert_one_sentence(eid("--home", tmp_path / "none", "records", "list"), Reason.HOME_MISSING, 64)
    ran = json_of("--home", tmp_path / "none", "records", "list")
    assert (ran.code, ran.out) == (64, "")
    assert set(ran.problem) == {"error", "detail", "zh", "en", "next_zh", "next_en"}


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise RuntimeError("nobody expected this")


def test_a_fault_of_ours_is_said_to_be_one(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(_Broken()))
    monkeypatch.setattr(sys, "stderr", said)
    assert main.run(["--home", str(reader.home), "verify", "-"]) == 70
    assert "internal_fault" in said.getvalue()


def test_a_setting_that_is_wrong_is_named_without_its_value(founded: Bureau) -> None:
    ran = eid("--home", founded.home, "keys", "list", EID_PUBLIC_URL="ftp://secret@example/")
    assert_one_sentence(ran, Reason.SETTING_INVALID, 64)
    assert "EID_PUBLIC_URL" in ran.err
    assert "secret" not in ran.err


def test_codes_of_processes_are_those_of_the_table(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    code = issued.show()
    (tmp_path / "code.txt").write_text(code + "\n", encoding="ascii")
    check = ("--home", reader.home, "verify", tmp_path / "code.txt", *GATE)
    green = process(*check)
    assert (green.code, green.err) == (0, "")
    assert "GREEN" in green.out
    amber = process(*check)
    assert (amber.code, Reason.SEEN_HERE.value.en in amber.out) == (2, True)
    red = process("--home", reader.home, "verify", "-", *GATE, given=b"nonsense")
    assert (red.code, Reason.PREFIX_UNKNOWN.value.en in red.out) == (1, True)
    assert_one_sentence(process("verify", "--nonsense"), Reason.COMMAND_MISUSED, 64)
    assert_one_sentence(process("--home", tmp_path, "verify", "EID1:"), Reason.PIN_MISSING, 64)


def test_a_verdict_nobody_reads_does_not_pass_for_green(issued: Issued, reader: Reader) -> None:
    command = [sys.executable, "-m", "api.cli.main", "--home", str(reader.home), "verify", issued.show(), *GATE]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=ROOT
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    said = running.stderr.read()
    running.stderr.close()
    assert (running.wait(PROCESS_SECONDS), said) == (70, "")


def test_showing_and_checking_load_nothing_of_the_bureau(tmp_path: Path) -> None:
    script = (
        "import sys; from api.cli.main import run; run(sys.argv[1:]); print(sorted({name.partition('.')[0] for name in"
        " sys.modules} & {'issuer', 'sqlalchemy', 'sqlmodel', 'alembic', 'fastapi', 'uvicorn', 'pydantic', 'httpx'}))"
    )

    def loaded(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            capture_output=True,
            text=True,
            env=environment(EID_WALLET_HOME=str(tmp_path)),
            cwd=ROOT,
            check=True,
            timeout=PROCESS_SECONDS,
        )
        return done.stdout.strip()

    # Typer itself reads the types of options with pydantic.
    assert loaded("wallet", "present") in {"[]", "['pydantic']"}
    assert not {"issuer", "sqlalchemy", "alembic", "fastapi", "uvicorn"} & set(
        loaded("--home", str(tmp_path), "verify", "EID1:").strip("[]").replace("'", "").split(", ")
    )
