"""Statuses from published lists: over the network, or from tokens stated in a file in its place.

A module of its own: offline, which is the rule, a reader does not wait for an HTTP library to load.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from api.wiring.reading import Online
from core.errors import MalformedInput, Misconfigured
from core.reasons import Reason
from formats.encoding import json
from verifier.gateways.status_lists import HttpTokens, OnlineStatuses, StatedTokens

STATUS_MAP_MAX_BYTES: Final = 64 * 1024 * 1024


def over_network() -> Online:
    """Return statuses from the lists as they are published."""
    return partial(OnlineStatuses, HttpTokens())


def stated(path: Path) -> Online:
    """Return statuses from the tokens in a JSON file, by address, in place of the network.

    Raises Misconfigured(FILE_UNREADABLE): the file is the operator's own.
    """
    return partial(OnlineStatuses, StatedTokens(read_status_map(path)))


def read_status_map(path: Path) -> Mapping[str, str]:
    """Return the status list tokens in a JSON file, by address: a JWT as its text, a CWT in base64url."""
    try:
        with path.open("rb") as file:
            data = file.read(STATUS_MAP_MAX_BYTES + 1)
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    try:
        members = json.decode(data, max_bytes=STATUS_MAP_MAX_BYTES, max_depth=2)
    except MalformedInput as err:
        raise _unreadable(path, err.detail) from err
    if not isinstance(members, dict):
        raise _unreadable(path, "it is no object")
    tokens: dict[str, str] = {}
    for uri, token in members.items():
        if not isinstance(token, str):
            raise _unreadable(path, "a token is a text")
        tokens[uri] = token
    return tokens


def _unreadable(path: Path, why: str) -> Misconfigured:
    said = f"{path.name} is no status map ({why}); give a JSON object from addresses of lists to their tokens"
    return Misconfigured(Reason.FILE_UNREADABLE, said)
