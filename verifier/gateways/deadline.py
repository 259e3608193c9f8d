"""One limit of time for a whole exchange over HTTP: every wait for a connection or for bytes gets what is left of it.

The library's own limits are for one wait each, so that a server which sends a byte now and then holds its reader for ever.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import Any

import httpcore
import httpx


class Deadline:
    """The instant by which the exchange of this thread must be over."""

    def __init__(self) -> None:
        self._of_thread = local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit what happens inside to so many seconds."""
        self._of_thread.until = monotonic() + seconds
        try:
            yield
        finally:
            del self._of_thread.until

    def cut(self, timeout: float | None) -> float | None:
        """Return one wait's own limit, or the time left where that is less.

        Raises httpcore.ReadTimeout when none is left: the library makes its own error of it.
        """
        until: float | None = getattr(self._of_thread, "until", None)
        if until is None:
            return timeout
        left = until - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for the whole exchange is over")
        return left if timeout is None else min(left, timeout)


class DeadlineTransport(httpx.HTTPTransport):
    """The library's transport over connections whose every wait ends with the deadline. No proxies."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Backend(deadline),
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        limit = self._deadline.cut(timeout)
        stream = super().connect_tcp(host, port, limit, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.cut(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.cut(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
