"""Each test of a contract runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.bureau import Office, an_office


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/eid.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """A migrated database with two bureaus."""
    with an_office(database_url) as made:
        yield made
