"""``GET /trust/list``, ``/trust/vical`` and ``/trust/root.pem``: the published trust list, the same for readers of mdoc,
and the root to compare with the pinned one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.routes.published_files import PublishedFiles
from formats import vical
from formats.trust_list import MEDIA_TYPE

PEM_TYPE: Final = "application/x-pem-file"
_MAX_AGE: Final = 60


def router_for(folder: Path) -> APIRouter:
    """Return the route over ``folder``, which holds the signed lists as the files ``list`` and ``vical``."""
    router = APIRouter()
    files = PublishedFiles(folder)

    async def trust_list(request: Request) -> Response:
        return files.answer(request, "list", media_type=MEDIA_TYPE, max_age=_MAX_AGE)

    async def vical_list(request: Request) -> Response:
        return files.answer(request, "vical", media_type=vical.MEDIA_TYPE, max_age=_MAX_AGE)

    async def root(request: Request) -> Response:
        return files.answer(request, "root.pem", media_type=PEM_TYPE, max_age=_MAX_AGE)

    router.add_route("/trust/list", trust_list, methods=["GET"])
    router.add_route("/trust/vical", vical_list, methods=["GET"])
    router.add_route("/trust/root.pem", root, methods=["GET"])
    return router
