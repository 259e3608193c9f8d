"""Runs ``eid`` where there is no network: an empty network namespace where the system gives one, and in any case a hook
that ends the process at its first socket.

``python -m tests.flows.offline ARGUMENT...`` is that process. Where a system has no namespaces (anything but Linux, or
one that keeps them from its users) the hook alone stands guard; it does not reach the child that decodes pictures.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

NAMESPACE = ("unshare", "--map-root-user", "--net")
OPENED_A_SOCKET = 99
_PROBE_SECONDS = 60


@cache
def namespace() -> tuple[str, ...]:
    """Return the command before a command that takes its network away; empty where the system has none."""
    try:
        tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False, timeout=_PROBE_SECONDS)
    except OSError:
        return ()
    return NAMESPACE if tried.returncode == 0 else ()


def refuse_sockets(event: str, arguments: tuple[object, ...]) -> None:
    """End this process, as no handler could prevent, when it opens or uses a socket."""
    if event.startswith("socket."):
        sys.stderr.write(f"a socket was used: {event}\n")
        sys.stderr.flush()
        os._exit(OPENED_A_SOCKET)


if __name__ == "__main__":
    sys.addaudithook(refuse_sockets)
    from api.cli.main import main

    main()
