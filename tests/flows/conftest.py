"""One bureau, wallets and readers, each with a home of its own and every act a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.loop import Loop, played


@pytest.fixture(scope="session")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """The whole loop, up to readers that are ready; the bureau serves until the end of the run."""
    with played(tmp_path_factory.mktemp("loop")) as loop:
        yield loop
