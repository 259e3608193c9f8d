"""The throwaway cluster itself: what it gives, and that nothing of it stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import Cluster, ClusterFailed, find_binaries, running_cluster


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_gives_each_test_an_empty_database_of_its_own(postgres_cluster: Cluster) -> None:
    with postgres_cluster.fresh_database() as one, postgres_cluster.fresh_database() as other:
        with psycopg.connect(_plain(one)) as connection:
            connection.execute("CREATE TABLE here (n int)")
        with psycopg.connect(_plain(other)) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'here'").fetchone() == (0,)


def test_drops_a_database_that_somebody_still_uses(postgres_cluster: Cluster) -> None:
    with postgres_cluster.fresh_database() as url:
        lingering = psycopg.connect(_plain(url))
    lingering.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_plain(url))


def test_is_utf_8_and_runs_in_utc(postgres_url: str) -> None:
    with psycopg.connect(_plain(postgres_url)) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_refuses_a_connection_without_its_password(postgres_cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_plain(Cluster(postgres_cluster.port, "guess").url()))


def test_runs_as_an_unprivileged_user_and_leaves_nothing_behind(postgres_cluster: Cluster) -> None:
    binaries = find_binaries()
    assert binaries is not None
    with running_cluster(binaries) as cluster, cluster.connect() as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        data = Path(row[0])
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        assert data.stat().st_uid != 0
    assert not data.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_shows_the_log_of_a_server_that_does_not_start() -> None:
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder)
        broken.chmod(0o755)
        for program in ("initdb", "postgres"):
            (broken / program).write_text("#!/bin/sh\necho broken on purpose\nexit 1\n", encoding="ascii")
            (broken / program).chmod(0o755)
        with pytest.raises(ClusterFailed, match="broken on purpose"), running_cluster(broken):
            pass
