"""The bureau's day on PostgreSQL: the same commands, one setting changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.cli.command import json_of


@pytest.mark.slow
def test_one_setting_moves_the_bureau_to_postgresql(tmp_path: Path, postgres_url: str) -> None:
    home, register = tmp_path / "home", tmp_path / "people.csv"

    def run(*arguments: str | Path) -> dict[str, object]:
        return json_of("--home", home, *arguments, EID_DATABASE_URL=postgres_url).done()

    run("init")
    run("records", "sample", "45", register, "--no-portraits")
    assert run("records", "import", register, "--officer", "registrar-1")["added"] == 45
    assert run("records", "import", register, "--officer", "registrar-1")["already_there"] == 45
    assert run("cases", "approve", "--all", "--officer", "approver-1", "--reason", "seen")["approved"] == 45
    records = run("records", "list")["records"]
    assert isinstance(records, list)
    offer = run("offers", "create", "--record", records[0]["record_id"], "--officer", "registrar-1")
    credential = str(offer["credential_id"])
    run("status", "suspend", credential, "--officer", "registrar-1")
    run("status", "resume", credential, "--officer", "registrar-1")
    assert run("status", "resume", credential, "--officer", "approver-1")["credential_ids"] == [credential]
    assert run("bundle", "make", tmp_path / "bundle.eid", "--post", "post-1")["not_valid"] == 0
    assert run("doctor")["ok"] is True
    assert not (home / "eid.db").exists()
