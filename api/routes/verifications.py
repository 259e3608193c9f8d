"""``POST /verifier/v1/verifications``: one presentation in, its verdict out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.problems import PROBLEM_TYPE, problem_body, problem_status
from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import json
from verifier.lines import FORMATS, LINE_MAX_BYTES, judge_line, read_line
from verifier.reading import Reader

PATH: Final = "/verifier/v1/verifications"


def router_for(reader: Callable[[], Reader]) -> APIRouter:
    """Return the route; the body is one line of a batch (``verifier.lines``), the answer its verdict.

    reader: gives the reader with the trust data of now. A verdict is 200 whatever its colour; what is no line is a
    problem of the caller's (400, 413; for an unknown format with those that are accepted), a policy that does not exist
    404.
    """
    router = APIRouter()

    def judged(body: bytes) -> bytes:
        line = read_line(body)
        return json.encode(judge_line(line, reader()))

    async def verifications(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise MalformedInput(Reason.REQUEST_MALFORMED, "the body is application/json")
        # Status lists may be fetched and the replay memory is a file: not on the event loop.
        try:
            answer = await run_in_threadpool(judged, await _body(request))
        except MalformedInput as err:
            if err.reason is not Reason.FORM_UNKNOWN:
                raise
            problem = problem_body(err.reason, problem_status(err), accepted=FORMATS)
            return Response(problem, status_code=problem_status(err), media_type=PROBLEM_TYPE)
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    router.add_route(PATH, verifications, methods=["POST"])
    return router


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LINE_MAX_BYTES:
            raise MalformedInput(Reason.TOO_LARGE, "a line is larger than allowed")
    return bytes(body)
