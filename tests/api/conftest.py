"""An issuer's HTTP side and a wallet in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.issuance import Desk, HttpWallet, a_server, an_issuer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with an_issuer(tmp_path) as desk:
        yield desk


@pytest.fixture
def wallet(desk: Desk) -> Iterator[HttpWallet]:
    with a_server(desk) as client:
        yield HttpWallet(client, desk.clock)
