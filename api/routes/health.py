"""Whether this process is up and its database answers."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from formats.encoding import json


def router_for(is_ready: Callable[[], bool]) -> APIRouter:
    """Return ``GET /health``: 200 when every part answers, 503 when one does not. It says nothing more.

    is_ready: asks the parts; must not raise.
    """
    router = APIRouter()

    async def health(request: Request) -> Response:
        del request
        ready = is_ready()
        body = json.encode({"status": "ok" if ready else "unavailable"})
        return Response(body, status_code=200 if ready else 503, media_type="application/json")

    router.add_route("/health", health, methods=["GET"])
    return router
