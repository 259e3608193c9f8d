"""What every test may ask for: hypothesis profiles, the official vectors, a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from keys.algorithms import ALGORITHMS
from tests.builders.suites import under
from tests.support import not_exercised, outcomes
from tests.support.postgres import Cluster, find_binaries, running_cluster
from tests.support.vectors import vectors_root

# Derandomized: the same tree gives the same result; `thorough` is the one that goes looking.
_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=60, derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("quick", max_examples=20, derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="module", params=ALGORITHMS, ids=lambda algorithm: algorithm.name)
def each_suite(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test of the module once under each suite: what the issuers of the builders sign in."""
    with under(request.param):
        yield


@pytest.fixture
def vectors() -> Path:
    """The folder of the official test vectors."""
    return vectors_root()


@pytest.fixture(scope="session")
def _postgres_cluster() -> Iterator[Cluster | None]:
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    with running_cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def postgres_cluster(_postgres_cluster: Cluster | None) -> Cluster:
    """The running server; a test that asks for it without one is listed as not exercised."""
    if _postgres_cluster is None:
        not_exercised.leave_out(
            "storage on PostgreSQL",
            why="no PostgreSQL server is installed.",
            remedy="apt-get install -y --no-install-recommends postgresql",
        )
    return _postgres_cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The SQLAlchemy address of an empty PostgreSQL database of the test's own."""
    with postgres_cluster.fresh_database() as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what this run left out, or say that it left out nothing."""
    terminalreporter.section("not exercised")
    for line in not_exercised.lines() or ["Not exercised: nothing."]:
        terminalreporter.write_line(line)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what each test came to."""
    outcomes.record(report)


def pytest_sessionfinish() -> None:
    """Hand the list to the runner of the whole suite, which shows it last."""
    not_exercised.write_report(outcomes.outcomes())
