"""``GET /status/{bureau}/{list}``: published status lists in both forms, past ones by time, and the names of all lists.

Source: Token Status List, 8.1 (request and forms), 8.4 (history), 9.3 (aggregation).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.routes.accepting import preferred
from api.routes.published_files import PublishedFiles
from core.errors import MalformedInput, NotFound, Refused
from core.reasons import Reason
from formats.status_list import cwt_token, token
from formats.status_list.history import in_force, read_time

_BUREAU: Final = re.compile(r"[0-9]{12}")
_LIST: Final = re.compile(r"[0-9a-f]{1,8}-[0-9a-f]{8}")
_AGGREGATION: Final = "lists"
# The JWT form first: it is what a caller gets who does not care. The text is what stands behind the file's name.
_SUFFIXES: Final = {token.MEDIA_TYPE: "", cwt_token.MEDIA_TYPE: ".cwt"}
_FORMS: Final = tuple(_SUFFIXES)


def router_for(folder: Path, *, max_age: int) -> APIRouter:
    """Return the routes over ``folder``, which holds ``{bureau}/{list}`` as ``issuer.storage.status`` writes it.

    max_age: seconds a shared cache may keep an answer; no longer than the lists' own ``ttl``.
    """
    router = APIRouter()
    # Base64url packs by a quarter; the CWT form is deflated to the last byte.
    files = {token.MEDIA_TYPE: PublishedFiles(folder, packing=True), cwt_token.MEDIA_TYPE: PublishedFiles(folder)}

    async def status_list(request: Request) -> Response:
        bureau, list_id = _bureau(request), request.path_params["list_id"]
        if not _LIST.fullmatch(list_id):
            raise NotFound(Reason.ROUTE_UNKNOWN, "no list has such a name")
        form = preferred(request.headers.get("accept", ""), _FORMS)
        if form is None:
            raise Refused(Reason.NOT_ACCEPTABLE, "only the JWT and the CWT form are offered")
        name = f"{bureau}/{list_id}"
        if "time" in request.query_params:
            past = f"{bureau}/past/{list_id}"
            name = f"{past}/{_in_force(folder / past, _time(request))}"
        return files[form].answer(request, name + _SUFFIXES[form], media_type=form, max_age=max_age)

    async def aggregation(request: Request) -> Response:
        name = f"{_bureau(request)}/{_AGGREGATION}"
        return files[token.MEDIA_TYPE].answer(request, name, media_type="application/json", max_age=max_age)

    router.add_route(f"/status/{{bureau}}/{_AGGREGATION}", aggregation, methods=["GET"])
    router.add_route("/status/{bureau}/{list_id}", status_list, methods=["GET"])
    return router


def _bureau(request: Request) -> str:
    bureau = str(request.path_params["bureau"])
    if not _BUREAU.fullmatch(bureau):
        raise NotFound(Reason.ROUTE_UNKNOWN, "no bureau has such a code")
    return bureau


def _time(request: Request) -> int:
    given = request.query_params.getlist("time")
    time = read_time(given[0]) if len(given) == 1 else None
    if time is None:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "time is a whole number of seconds since 1970, once")
    return time


def _in_force(folder: Path, time: int) -> str:
    try:
        name = in_force((path.name for path in folder.iterdir()), time)
    except OSError as err:
        raise NotFound(Reason.HISTORY_MISSING, "no past list has such a name") from err
    if name is None:
        raise NotFound(Reason.HISTORY_MISSING, "no list was in force at this time")
    return name
