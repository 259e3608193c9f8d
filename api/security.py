"""What holds for every request and answer: a limit on bodies, headers that keep browsers narrow."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import PROBLEM_TYPE, problem_body
from core.errors import MalformedInput
from core.reasons import Reason

BODY_MAX_BYTES: Final = 256 * 1024
_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
_DEFAULTS: Final = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)


class BodyLimitAndHeaders:
    """ASGI middleware: refuses bodies over the limit, announced or not, and adds the security headers.

    An answer that sets ``Content-Security-Policy`` or ``Cache-Control`` itself keeps its own.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = BODY_MAX_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._max_bytes:
            await _refuse(send)
            return
        left = self._max_bytes

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise MalformedInput(Reason.TOO_LARGE, "the body is larger than allowed")
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
            await send(message)

        await self._app(scope, limited, with_headers)


def add_headers(message: Message) -> None:
    """Add the security headers to the start of an answer."""
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS:
        headers[name] = value
    for name, value in _DEFAULTS:
        headers.setdefault(name, value)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # The server has refused what is no number; here anything odd counts as too much.
            return int(value) if value.isdigit() and len(value) <= 15 else BODY_MAX_BYTES + 1
    return 0


async def _refuse(send: Send) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": 413,
        "headers": [(b"content-type", PROBLEM_TYPE.encode()), (b"connection", b"close")],
    }
    add_headers(start)
    await send(start)
    await send({"type": "http.response.body", "body": problem_body(Reason.TOO_LARGE, 413)})
