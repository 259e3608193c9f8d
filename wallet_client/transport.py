"""The wallet's only door to the network: small requests, each within limits of time and size. The only user of httpx."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

import httpx

from core.errors import MalformedInput, Refused, Unavailable
from core.reasons import Reason
from wallet_client.addresses import check_address
from wallet_client.ports import HttpAnswer, HttpRequest

_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 15.0
_WHOLE_SECONDS: Final = 30.0


class HttpTransport:
    """HTTP with time limits and size caps, without redirects, cookies, compression or settings from the environment."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "eid-wallet", "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: HttpRequest) -> HttpAnswer:
        check_address(request.url)
        headers = {"Accept": request.accept, **request.headers}
        if request.media_type is not None:
            headers["Content-Type"] = request.media_type
        # Nothing an issuer sets may link one request to the next.
        self._client.cookies.clear()
        try:
            with self._client.stream(request.method, request.url, content=request.body, headers=headers) as response:
                return _read(response, request.max_bytes)
        except httpx.InvalidURL as err:
            raise Refused(Reason.ADDRESS_NOT_ALLOWED, "the address is malformed") from err
        except httpx.HTTPError as err:
            raise Unavailable(Reason.ISSUER_UNREACHABLE, f"no answer: {type(err).__name__}") from err


def _read(response: httpx.Response, max_bytes: int) -> HttpAnswer:
    # An encoded body could be a bomb, and we said that we take none.
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise MalformedInput(Reason.ISSUER_ANSWER_INVALID, "the answer is compressed although nobody asked for it")
    deadline = time.monotonic() + _WHOLE_SECONDS
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise MalformedInput(Reason.ISSUER_ANSWER_INVALID, "the answer is larger than allowed")
        if time.monotonic() > deadline:
            raise Unavailable(Reason.ISSUER_UNREACHABLE, "the answer took too long")
    return HttpAnswer(
        status=response.status_code,
        media_type=response.headers.get("Content-Type", "").split(";", 1)[0].strip().lower(),
        body=bytes(body),
        dpop_nonce=response.headers.get("DPoP-Nonce", ""),
        authenticate=response.headers.get("WWW-Authenticate", ""),
    )
