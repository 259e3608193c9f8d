"""What the judging modules share: the refusal of a library that only says no, and values as JSON carries them."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import cbor2


class Refusal(Exception):
    """The library returned False, or a list of what failed."""


def unbase64url(text: str) -> bytes:
    """Return the bytes of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def coordinates(jwk: dict[str, str]) -> dict[str, bytes]:
    """Return x and y of a P-256 JWK, and d of a private one."""
    return {name: unbase64url(jwk[name]) for name in ("x", "y", "d") if name in jwk}


def spelled(value: Any) -> Any:
    """Return a CBOR value as JSON: a map as a list of pairs, bytes as {"hex": …}, a tag as {"tag": …, "of": …}, a date as text."""
    if isinstance(value, dict):
        return [[spelled(key), spelled(inner)] for key, inner in value.items()]
    if isinstance(value, cbor2.CBORSimpleValue):
        return {"simple": value.value}
    if isinstance(value, list | tuple):
        return [spelled(inner) for inner in value]
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, cbor2.CBORTag):
        return {"tag": value.tag, "of": spelled(value.value)}
    return value.isoformat() if isinstance(value, date) else value
