"""``GET /status/{bureau}/{list}``: published status lists (Token Status List, 8)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.routes.published_files import PublishedFiles
from core.errors import NotFound, Refused
from core.reasons import Reason
from formats.status_list.token import MEDIA_TYPE

_BUREAU: Final = re.compile(r"[0-9]{12}")
_LIST: Final = re.compile(r"[0-9a-f]{1,8}-[0-9a-f]{8}")


def router_for(folder: Path, *, max_age: int) -> APIRouter:
    """Return the route over ``folder``, which holds ``{bureau}/{list}``.

    max_age: seconds a shared cache may keep an answer; no longer than the lists' own ``ttl``.
    """
    router = APIRouter()
    files = PublishedFiles(folder)

    async def status_list(request: Request) -> Response:
        bureau, list_id = request.path_params["bureau"], request.path_params["list_id"]
        if not _BUREAU.fullmatch(bureau) or not _LIST.fullmatch(list_id):
            raise NotFound(Reason.ROUTE_UNKNOWN, "no list has such a name")
        if "time" in request.query_params:
            raise Refused(Reason.HISTORY_UNSUPPORTED, "only the present list is offered")
        if not accepts(request.headers.get("accept", ""), MEDIA_TYPE):
            raise Refused(Reason.NOT_ACCEPTABLE, "only the JWT form is offered")
        return files.answer(request, f"{bureau}/{list_id}", media_type=MEDIA_TYPE, max_age=max_age)

    router.add_route("/status/{bureau}/{list_id}", status_list, methods=["GET"])
    return router


def accepts(header: str, media_type: str) -> bool:
    """Say whether an ``Accept`` header takes a media type; an empty one takes everything (RFC 9110 12.5.1).

    >>> accepts("", "a/b"), accepts("text/html, */*;q=0.1", "a/b"), accepts("application/x", "a/b"), accepts("a/b;q=0", "a/b")
    (True, True, False, False)
    """
    if not header.strip():
        return True
    wanted = {media_type, f"{media_type.split('/', 1)[0]}/*", "*/*"}
    for entry in header.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        refused = any(re.fullmatch(r"q\s*=\s*0(\.0*)?", parameter) for parameter in parameters)
        if name in wanted and not refused:
            return True
    return False
