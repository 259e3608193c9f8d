"""A migrated SQLite database with two bureaus; the same on both databases is in tests/contracts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.bureau import Office, an_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(f"sqlite:///{tmp_path}/eid.db") as made:
        yield made
