"""An issuer over SQLite, and one over each database for what only a real database can prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.issuance import Desk, an_issuer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with an_issuer(tmp_path) as desk:
        yield desk


@pytest.fixture(params=["sqlite", "postgresql"])
def any_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with an_issuer(tmp_path, url=url) as desk:
        yield desk
