"""The demonstration itself, as `make demo` runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.cli.command import ROOT, environment

DEMO_SECONDS = 900
VERDICTS = [
    ("GREEN", ""),
    ("AMBER", "seen_here"),
    ("RED", "code_expired"),
    ("RED", "wrong_audience"),
    ("GREEN", ""),
    ("GREEN", ""),
    ("RED", "holder_signature_invalid"),
    ("RED", "status_revoked"),
    ("GREEN", ""),
    ("RED", "status_reported_lost"),
    ("AMBER", "status_stale"),
]


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli.main", *options, "demo", "--folder", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(EID_PASSPHRASE=None, EID_WALLET_PIN=None),
        cwd=ROOT,
        timeout=DEMO_SECONDS,
        check=False,
    )


@pytest.mark.slow
def test_the_story_ends_as_it_must_and_leaves_its_pictures_and_report(tmp_path: Path) -> None:
    folder = tmp_path / "demo-output"
    folder.mkdir()
    done = demo(folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["wrong"] == 0
    came_out = [(step["came_out"], step["reason"]) for step in facts["steps"]]
    assert [one for one in came_out if one[0] != "done"] == VERDICTS
    assert all(step["milliseconds"] > 0 for step in facts["steps"])
    written = Path(facts["report"]).read_text(encoding="utf-8")
    named = set(re.findall(r'src="([^"]*)"', written))
    assert len(named) >= len(VERDICTS) - 3
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in named)
