"""``GET /bundles/current`` and ``GET /bundles/delta?since=N``: the offline bundle for all readers, and the deltas to it.

Made and signed where the issuer is, by ``eid bundle make --publish``; whoever answers here hands out files and holds no key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.routes.published_files import PublishedFiles
from core.errors import MalformedInput, NotFound
from core.reasons import Reason

MEDIA_TYPE: Final = "application/cose"
_LONGEST_NUMBER: Final = 10


def router_for(folder: Path) -> APIRouter:
    """Return the routes over ``folder``, which holds ``current`` and ``since-{number}``."""
    router = APIRouter()
    # Not for the caches and pages of others: reason classes stand in them, which public lists never carry.
    files = PublishedFiles(folder, shared=False)

    def answer(request: Request, name: str) -> Response:
        try:
            return files.answer(request, name, media_type=MEDIA_TYPE, max_age=0)
        except NotFound as err:
            raise NotFound(Reason.BUNDLE_MISSING, "no such bundle or delta is handed out here") from err

    async def current(request: Request) -> Response:
        return answer(request, "current")

    async def delta(request: Request) -> Response:
        return answer(request, f"since-{_number(request)}")

    router.add_route("/bundles/current", current, methods=["GET"])
    router.add_route("/bundles/delta", delta, methods=["GET"])
    return router


def _number(request: Request) -> int:
    given = request.query_params.getlist("since")
    if len(given) != 1 or len(given[0]) > _LONGEST_NUMBER or not (given[0].isascii() and given[0].isdigit()):
        raise MalformedInput(Reason.REQUEST_MALFORMED, "since is the number of the bundle that is held, once")
    return int(given[0])
