"""The contracts of the import linter: kept by a tree that follows the layers, broken by each planted import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.sources import PACKAGES, ROOT

# One allowed user of everything that is restricted: a contract that forbade these would be no help.
_SOUND = {
    "core/errors.py": "",
    "keys/storage/__init__.py": "",
    "keys/storage/files.py": "import core.errors",
    "formats/cose.py": "import keys.storage_of_others, core.errors",
    "keys/storage_of_others.py": "",
    "formats/qr_picture.py": "import qrcode.image",
    "protocols/oauth.py": "import formats.cose",
    "issuer/offers.py": "import protocols.oauth",
    "issuer/storage/__init__.py": "",
    "issuer/storage/tables.py": "import sqlmodel, issuer.offers, issuer.storage.engine",
    "issuer/storage/engine.py": "import sqlalchemy.orm, psycopg",
    "verifier/report.py": "import formats.cose",
    "verifier/gateways/__init__.py": "",
    "verifier/gateways/fetching.py": "import httpx",
    "wallet_client/transport.py": "import httpx",
    "wallet_client/cli.py": "import typer, rich.table, click",
    "api/app.py": "import fastapi, starlette.requests, jinja2",
    "api/cli/__init__.py": "",
    "api/cli/main.py": "import typer, uvicorn",
    "api/wiring/__init__.py": "",
    "api/wiring/issuer.py": "import issuer.storage.tables, verifier.gateways.fetching, keys.storage.files",
    "migrations/env.py": "import alembic, issuer.storage.tables",
}

# Importer, what it says, and the link the linter must name.
_PLANTED = [
    ("core/p1.py", "def f():\n    import keys.jwk", "core.p1 -> keys.jwk"),
    ("keys/p2.py", "import formats.cose", "keys.p2 -> formats.cose"),
    ("formats/p3.py", "import protocols.oauth", "formats.p3 -> protocols.oauth"),
    ("protocols/p4.py", "import issuer.offers", "protocols.p4 -> issuer.offers"),
    ("issuer/p5.py", "import wallet_client.transport", "issuer.p5 -> wallet_client.transport"),
    ("verifier/p6.py", "import issuer.offers", "verifier.p6 -> issuer.offers"),
    ("wallet_client/p7.py", "from verifier import report", "wallet_client.p7 -> verifier.report"),
    ("verifier/p8.py", "import api.app", "verifier.p8 -> api.app"),
    ("issuer/p9.py", "import fastapi", "issuer.p9 -> fastapi"),
    ("wallet_client/p10.py", "from starlette.requests import Request", "wallet_client.p10 -> starlette"),
    ("verifier/p11.py", "import jinja2", "verifier.p11 -> jinja2"),
    ("issuer/p12.py", "import uvicorn", "issuer.p12 -> uvicorn"),
    ("issuer/p13.py", "from sqlmodel import Session", "issuer.p13 -> sqlmodel"),
    ("api/p14.py", "import sqlalchemy.orm", "api.p14 -> sqlalchemy"),
    ("api/p15.py", "import alembic.command", "api.p15 -> alembic"),
    ("core/p16.py", "import psycopg", "core.p16 -> psycopg"),
    ("issuer/p17.py", "import issuer.storage.tables", "issuer.p17 -> issuer.storage.tables"),
    ("api/p18.py", "from issuer.storage import tables", "api.p18 -> issuer.storage.tables"),
    ("api/p19.py", "import verifier.gateways.fetching", "api.p19 -> verifier.gateways.fetching"),
    ("api/cli/p20.py", "import keys.storage.files", "api.cli.p20 -> keys.storage.files"),
    ("api/p21.py", "import qrcode", "api.p21 -> qrcode"),
    ("issuer/p22.py", "import rich.progress", "issuer.p22 -> rich"),
    ("api/p23.py", "import typer", "api.p23 -> typer"),
    ("wallet_client/p24.py", "import httpx", "wallet_client.p24 -> httpx"),
    ("api/p25.py", "import httpx", "api.p25 -> httpx"),
]


def _lint(folder: Path, planted: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    files = {**{f"{package}/__init__.py": "" for package in PACKAGES}, **_SOUND, **planted}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text + "\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", folder)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_tree_that_follows_the_layers_keeps_them(tmp_path: Path) -> None:
    run = _lint(tmp_path, {})
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says about a tree with every planted import."""
    planted = {path: text for path, text, _ in _PLANTED}
    run = _lint(tmp_path_factory.mktemp("planted"), {"keys/jwk.py": "", **planted})
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def test_every_contract_can_be_broken(verdict: str) -> None:
    assert "0 kept" in verdict


@pytest.mark.parametrize("link", [link for _, _, link in _PLANTED])
def test_names_a_planted_import(verdict: str, link: str) -> None:
    assert f"{link} (l." in verdict


def test_holds_while_a_restricted_package_has_no_user(tmp_path: Path) -> None:
    run = _lint(tmp_path, {"wallet_client/cli.py": "", "api/cli/main.py": "", "formats/qr_picture.py": ""})
    assert run.returncode == 0, run.stdout + run.stderr
