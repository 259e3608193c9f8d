"""A throwaway PostgreSQL cluster for the storage tests: made, started and removed by the test run itself."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

_USER = "eid"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_ATTEMPTS = 3
# Nothing here outlives the run, so nothing is forced to the disk.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "UTC",
}


class ClusterFailed(Exception):
    """The server binaries are there, yet no server came up: its log is in the message."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server on 127.0.0.1."""

    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        """Return the address of one database as SQLAlchemy takes it."""
        return f"postgresql+psycopg://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self) -> psycopg.Connection:
        """Open a connection outside transactions, for work on databases as a whole."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=_USER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Make an empty database, yield its SQLAlchemy address, drop it with whoever is still connected."""
        name = f"t{secrets.token_hex(8)}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            with self.connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def find_binaries() -> Path | None:
    """Return the folder that holds ``initdb`` and ``postgres``, or None: PATH, pg_config, then Debian's folders."""
    return next((folder for folder in _candidate_folders() if _holds_server(folder)), None)


def _candidate_folders() -> Iterator[Path]:
    for program in ("postgres", "initdb"):
        if found := shutil.which(program):
            yield Path(found).parent
            yield Path(found).resolve().parent
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda folder: folder.parent.name.zfill(3), reverse=True)


def _holds_server(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


@contextmanager
def running_cluster(binaries: Path) -> Iterator[Cluster]:
    """Make a cluster in a folder of its own, start it, and stop and remove it at the end.

    Root lends it to ``postgres`` or ``nobody``, because the server refuses to run as root. Raises ClusterFailed.
    """
    owner = _unprivileged_owner()
    folder = Path(tempfile.mkdtemp(prefix="eid-pg-"))
    try:
        password = secrets.token_hex(16)
        _init(binaries, folder, password, owner)
        server, port = _start(binaries, folder, password, owner)
        try:
            yield Cluster(port, password)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_owner() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ClusterFailed("root runs the tests, and there is neither a user postgres nor a user nobody")


def _launch(command: Sequence[str | Path], folder: Path, owner: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    # Locale and libpq settings of the caller must not reach the server: the cluster is the same everywhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    identity = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt on the terminal ends the tests first, then the server
            **identity,  # type: ignore[call-overload]  # the three arguments go together or not at all
        )


def _init(binaries: Path, folder: Path, password: str, owner: pwd.struct_passwd | None) -> None:
    password_file = folder / "password"
    password_file.write_text(password, encoding="ascii")
    if owner is not None:
        for path in (folder, password_file):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    command: list[str | Path] = [binaries / "initdb", "-D", folder / "data", "-U", _USER, "-E", "UTF8", "--locale=C"]
    command += ["--no-sync", "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"]
    if _launch(command, folder, owner).wait() != 0:
        raise ClusterFailed(_log_of(folder))


def _start(
    binaries: Path, folder: Path, password: str, owner: pwd.struct_passwd | None
) -> tuple[subprocess.Popen[bytes], int]:
    # Another program may take the free port before the server does: then another port is tried.
    for _ in range(_ATTEMPTS):
        port = _free_port()
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = _launch([binaries / "postgres", "-D", folder / "data", *options], folder, owner)
        if _answers(server, Cluster(port, password)):
            return server, port
        _stop(server)
    raise ClusterFailed(_log_of(folder))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(server: subprocess.Popen[bytes], cluster: Cluster) -> bool:
    until = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.send_signal(signal.SIGINT)  # "fast shutdown": sessions are ended, files left in order
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _log_of(folder: Path) -> str:
    return "PostgreSQL did not start: " + (folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
