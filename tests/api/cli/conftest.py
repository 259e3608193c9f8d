"""Homes made once and copied for each test that changes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.api.cli.world import Bureau, Issued, Reader, a_bureau, a_reader, accepted, approve_all
from tests.flows.serving import free_port, serving


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A bureau whose records wait for approval. To be read only."""
    return a_bureau(tmp_path_factory.mktemp("imported"), f"http://127.0.0.1:{free_port()}")


@pytest.fixture(scope="session")
def founded(imported: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A bureau with approved records. To be read only."""
    return approve_all(imported.copied_to(tmp_path_factory.mktemp("founded") / "bureau"))


@pytest.fixture
def waiting(imported: Bureau, tmp_path: Path) -> Bureau:
    """A bureau of the test's own, whose records wait for approval."""
    return imported.copied_to(tmp_path / "bureau")


@pytest.fixture
def bureau(founded: Bureau, tmp_path: Path) -> Bureau:
    """A bureau of the test's own."""
    return founded.copied_to(tmp_path / "bureau")


@pytest.fixture(scope="session")
def issued(founded: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Issued:
    """A bureau that issued to a wallet. Its home is to be read only; the wallet may show as often as it likes."""
    folder = tmp_path_factory.mktemp("issued")
    bureau = founded.copied_to(folder / "bureau")
    with serving(bureau.home, bureau.url):
        return accepted(bureau, folder)


@pytest.fixture(scope="session")
def _ready_reader(issued: Issued, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return a_reader(issued, tmp_path_factory.mktemp("reader") / "home")


@pytest.fixture
def reader(_ready_reader: Reader, tmp_path: Path) -> Reader:
    """A reader of the test's own, with its root, its post and the bundle."""
    shutil.copytree(_ready_reader.home, tmp_path / "reader-home")
    return Reader(tmp_path / "reader-home")
