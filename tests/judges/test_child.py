"""The judges' children: no verdict is never a refusal, and a set-up that is missing names the command that mends it."""

from __future__ import annotations

import json
import re

import pytest

from tests.house.sources import ROOT
from tests.judges.child import REPAIR, Judge, JudgeBroken, JudgesMissing

FOLDER = ROOT / "tests" / "judges" / "npm"


@pytest.mark.parametrize("judge", ["judge_in_python", "judge_in_node"])
def test_a_fault_of_the_child_is_no_refusal(judge: str, request: pytest.FixtureRequest) -> None:
    child: Judge = request.getfixturevalue(judge)
    for verb in ("unheard of", "cwt_read", "sd_jwt_vc_verify"):
        with pytest.raises(JudgeBroken):
            child.ask(verb)
    assert child.ask("present") is True


def test_a_child_that_ends_is_broken() -> None:
    with pytest.raises(JudgeBroken):
        Judge(["true"])


def test_what_is_missing_names_the_command_that_mends_it() -> None:
    assert REPAIR in str(JudgesMissing("The judges are not installed"))
    target = REPAIR.removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_package_from_npm_is_pinned_to_one_version_and_one_content() -> None:
    asked = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)
