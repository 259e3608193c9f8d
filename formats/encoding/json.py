"""Strict JSON (RFC 8259, I-JSON): what two readers could read differently is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from core.errors import MalformedInput
from core.reasons import Reason

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

_OPENING = frozenset("{[")


def encode(value: JsonValue) -> bytes:
    """Return compact UTF-8 JSON; NaN and infinities raise ValueError.

    >>> encode({"a": [1, True, None]})
    b'{"a":[1,true,null]}'
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def decode(data: bytes | str, *, max_bytes: int, max_depth: int = 16) -> JsonValue:
    """Return the value of strict JSON.

    data: UTF-8 bytes without byte-order mark, or text.
    Raises MalformedInput: TOO_LARGE beyond ``max_bytes``; JSON_MALFORMED for anything else: another encoding, duplicate
    member names, NaN, infinities (1e400 too), integers beyond 64 bits, lone surrogates, nesting beyond ``max_depth``.

    >>> decode('{"a":1}', max_bytes=100)
    {'a': 1}
    """
    value: JsonValue
    try:
        text = data.decode("utf-8") if type(data) is bytes and len(data) <= max_bytes else _text(data, max_bytes)
        # Compact JSON, as nearly everybody sends it, is its value from end to end; what has space around it goes the
        # long way, and so does a bare number or text.
        value, end = _SCAN(text, 0) if text[:1] in _OPENING else (None, -1)
        if end != len(text):
            value = _DECODER.decode(text)
    except (ValueError, RecursionError, StopIteration) as err:  # the scanner's own word for an end too early
        raise MalformedInput(Reason.JSON_MALFORMED, "not strict JSON") from err
    if ("\\" in text and "\\u" in text) or text.count("[") + text.count("{") > max_depth:
        _check(value, max_depth)
    return value


def _text(data: bytes | str, max_bytes: int) -> str:
    try:
        spelled = data.encode("utf-8") if isinstance(data, str) else data
        if len(spelled) > max_bytes:
            raise MalformedInput(Reason.TOO_LARGE, f"more than {max_bytes} bytes of JSON")
        return data if isinstance(data, str) else spelled.decode("utf-8")
    except UnicodeError as err:
        raise MalformedInput(Reason.JSON_MALFORMED, "the JSON is not UTF-8") from err


def _check(value: JsonValue, levels_left: int) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as err:
            raise MalformedInput(Reason.JSON_MALFORMED, "a lone surrogate") from err
    elif isinstance(value, list | dict):
        if levels_left == 0:
            raise MalformedInput(Reason.JSON_MALFORMED, "nested too deep")
        for item in value:
            _check(item, levels_left - 1)
            if isinstance(value, dict):
                _check(value[item], levels_left - 1)  # type: ignore[index]  # the items of a dict are its own keys


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name appears twice")
    return members


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    number = int(digits)  # itself a ValueError beyond some thousand digits
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError("an integer beyond 64 bits")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond the range of a double")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)
# The decoder's scanner without the methods around it; the type stubs do not know the attribute.
_SCAN: Callable[[str, int], tuple[JsonValue, int]] = vars(_DECODER)["scan_once"]
