"""The application: the roles that are switched on, mounted; errors, limits and headers for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.problems import PROBLEM_TYPE, problem_body, problem_status
from api.routes import health
from api.security import BodyLimitAndHeaders
from api.settings import Settings
from core.errors import EidError
from core.reasons import Reason

_log: Final = logging.getLogger("eid")
_PUBLISH_SECONDS: Final = 60


def create_app(settings: Settings) -> FastAPI:
    """Return the application with the roles of these settings. Nothing is served before the caller runs it.

    A role's parts are imported only when it is switched on: a verifier's process never loads the issuer.
    Raises Misconfigured when something the roles need is missing.
    """
    routers: list[APIRouter] = []
    checks: list[Callable[[], bool]] = []
    keep_up: Callable[[], object] | None = None
    close: Callable[[], None] | None = None
    if "issuer" in settings.roles:
        from api.routes import openid4vci, status_lists, trust  # noqa: PLC0415  # only in this role
        from api.wiring.issuer import open_issuer  # noqa: PLC0415  # only in this role

        role = open_issuer(settings)
        routers += [
            openid4vci.router_for(role),
            status_lists.router_for(settings.public_folder / "status", max_age=role.context.policy.status_ttl),
            trust.router_for(settings.public_folder / "trust"),
        ]
        checks.append(role.is_ready)
        keep_up, close = role.keep_up, role.close
    if "verifier" in settings.roles:
        from api.routes import bundles, verifications  # noqa: PLC0415  # only in this role
        from api.wiring.bundle_shelf import published_folder  # noqa: PLC0415  # only in this role
        from api.wiring.verifier import build_verifier  # noqa: PLC0415  # only in this role

        routers.append(verifications.router_for(build_verifier(settings)))
        routers.append(bundles.router_for(published_folder(settings.home)))
    routers.append(health.router_for(lambda: all(check() for check in checks)))
    return assemble(routers, publish=keep_up, close=close)


def assemble(
    routers: Sequence[APIRouter], *, publish: Callable[[], object] | None, close: Callable[[], None] | None = None
) -> FastAPI:
    """Return an application of these routers, with errors, limits and headers.

    publish: what is due by the clock alone, fresh status lists above all; called at start and every minute, None where nothing is published.
    close: ends what the roles hold open; called at the end.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        if publish is None:
            yield
            return
        publish()
        task = asyncio.create_task(_keep_publishing(publish))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if close is not None:
                close()

    app = FastAPI(title="Electronic ID card", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.router.redirect_slashes = False
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(EidError, _eid_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(BodyLimitAndHeaders)
    return app


async def _keep_publishing(publish: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(_PUBLISH_SECONDS)
        try:
            publish()
        except EidError as err:
            # The lists out there are good for half a day more; the next round tries again.
            _log.error("the round of each minute failed: %s", err.reason.code)


async def _eid_error(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, EidError):
        raise TypeError("this handler is for our own errors") from error
    status = problem_status(error)
    if status >= 500:
        _log.error("%s", error.reason.code)
    return _problem(error.reason, status)


async def _http_error(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = {404: Reason.ROUTE_UNKNOWN, 405: Reason.METHOD_NOT_ALLOWED}.get(status, Reason.REQUEST_MALFORMED)
    response = _problem(reason, status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _fault(request: Request, error: Exception) -> Response:
    # The server logs the trace; the caller learns only that it was not the caller's fault.
    del request, error
    return _problem(Reason.INTERNAL_FAULT, 500)


def _problem(reason: Reason, status: int) -> Response:
    return Response(problem_body(reason, status), status_code=status, media_type=PROBLEM_TYPE)
