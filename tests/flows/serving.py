"""The bureau's server as a process of its own on a free loopback port, ended with the test that started it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.cli.command import ROOT, environment

START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(slots=True)
class Serving:
    """A running server, and all it has said."""

    url: str
    said: list[str] = field(default_factory=list)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path, url: str, **variables: str) -> Iterator[Serving]:
    """Serve a home at ``url`` (http://127.0.0.1:PORT) until the block ends."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "api.cli.main", "--json", "--home", str(home)),
            *("serve", "--port", url.rpartition(":")[2]),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(EID_PUBLIC_URL=url, **variables),
        cwd=ROOT,
    )
    started = Serving(url)
    ready = threading.Event()
    listeners = [
        threading.Thread(target=_listen, args=(stream, started.said, ready), daemon=True)
        for stream in (process.stdout, process.stderr)
    ]
    for listener in listeners:
        listener.start()
    try:
        # The first line of either stream: where it serves, or why it does not.
        assert ready.wait(START_SECONDS), "the server said nothing"
        assert json.loads(started.said[0])["url"] == url, started.said
        yield started
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for listener in listeners:
            listener.join(STOP_SECONDS)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _listen(stream: Iterator[str], said: list[str], ready: threading.Event) -> None:
    for line in stream:
        said.append(line)
        ready.set()
