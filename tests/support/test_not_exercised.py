"""Whatever a run leaves out is named at its end: shown on a small suite run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_ABSENT = "import os\nos.environ['EID_VECTORS'] = '/nonexistent/vectors'\n"
_VECTOR_TEST = "def test_one(vectors): pass\ndef test_two(vectors): pass\n"
_TOOL_TEST = (
    "from tests.support import not_exercised\n"
    "def test_tool(): not_exercised.leave_out('the tool', why='no tool is installed.', remedy='install tool')\n"
)


def _run(tmp_path: Path, test: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_sample.py").write_text(test, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(_ABSENT + "from tests.conftest import *\n", encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "EID_NOT_EXERCISED_FILE"}}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_lists_what_was_left_out_with_numbers_and_the_command_that_brings_it(tmp_path: Path) -> None:
    run = _run(tmp_path, _TOOL_TEST + _VECTOR_TEST)
    assert run.returncode == 0
    assert run.stdout.count("Not exercised: official test vectors (2 tests)") == 1
    assert "Not exercised: the tool (1 test): no tool is installed. To run: install tool" in run.stdout


def test_a_missing_tool_fails_on_the_deciding_machine_and_absent_vectors_do_not(tmp_path: Path) -> None:
    run = _run(tmp_path, _TOOL_TEST + _VECTOR_TEST, CI="true")
    assert run.returncode == 1
    assert "1 failed, 2 skipped" in run.stdout


def test_says_so_when_nothing_was_left_out(tmp_path: Path) -> None:
    assert "Not exercised: nothing." in _run(tmp_path, "def test_fine(): pass\n").stdout
