"""What the wallet needs from the network: one request, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import json
from formats.encoding.json import JsonValue

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
ANSWER_MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. The body's media type goes with it, or None for an empty body."""

    method: str
    url: str
    accept: str = JSON
    media_type: str | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = ANSWER_MAX_BYTES


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer, read to its end.

    media_type: lower case, without parameters; empty where none was sent.
    dpop_nonce, authenticate: the headers DPoP-Nonce and WWW-Authenticate, empty where absent.
    """

    status: int
    media_type: str
    body: bytes
    dpop_nonce: str = ""
    authenticate: str = ""

    def json(self, *, max_bytes: int = ANSWER_MAX_BYTES) -> JsonValue:
        """Return the strict JSON of the body; MalformedInput(ISSUER_ANSWER_INVALID) for anything else."""
        if self.media_type != JSON:
            raise MalformedInput(Reason.ISSUER_ANSWER_INVALID, "the answer does not say that it is JSON")
        try:
            return json.decode(self.body, max_bytes=max_bytes)
        except MalformedInput as err:
            raise MalformedInput(Reason.ISSUER_ANSWER_INVALID, "the answer is not strict JSON") from err


class Transport(Protocol):
    """Sends one request and reads its answer."""

    def send(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer, whatever its status.

        Raises Unavailable(ISSUER_UNREACHABLE) when there is none, Refused(ADDRESS_NOT_ALLOWED) before any byte leaves
        for an address the wallet never asks, MalformedInput(ISSUER_ANSWER_INVALID) for an answer that is too large.
        """
        ...
