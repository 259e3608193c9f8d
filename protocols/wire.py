"""The base of every message model: strict types, unknown members ignored, failures turned into our errors."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import json


class WireModel(BaseModel):
    """One message as both sides see it.

    Types are strict (a number in quotes is not a number). Members we do not know are ignored, as OpenID4VCI and
    RFC 6749 demand of receivers.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    @classmethod
    def read(cls, value: object, *, reason: Reason = Reason.REQUEST_MALFORMED) -> Self:
        """Return the message in a decoded JSON value; MalformedInput with ``reason`` when it does not fit.

        reason: REQUEST_MALFORMED at a server; a wallet that reads an answer says ISSUER_ANSWER_INVALID.
        """
        # Lists become tuples here; JSON has no other way to write them.
        try:
            return cls.model_validate(value)
        except ValidationError as err:
            places = sorted(
                {".".join(str(part) for part in problem["loc"][:2]) or "message" for problem in err.errors()}
            )
            raise MalformedInput(reason, f"members missing or of the wrong kind: {', '.join(places)[:200]}") from None

    @classmethod
    def read_json(cls, data: bytes | str, *, max_bytes: int, reason: Reason = Reason.REQUEST_MALFORMED) -> Self:
        """Return the message in strict JSON text of at most ``max_bytes``."""
        try:
            value = json.decode(data, max_bytes=max_bytes)
        except MalformedInput as err:
            raise MalformedInput(reason, err.detail) from err
        return cls.read(value, reason=reason)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object to send: the standard's spelling, absent members left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
