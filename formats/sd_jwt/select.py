"""Select what to show: the holder's side."""

from __future__ import annotations

from collections.abc import Collection

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding.json import JsonValue
from formats.jose import claims_of
from formats.sd_jwt.model import ELLIPSIS, MAX_DEPTH, SD, ClaimPath, Disclosure
from formats.sd_jwt.unpack import read_disclosure, split


def claim_paths(issued: str, *, typ: str, max_bytes: int) -> tuple[ClaimPath, ...]:
    """Return the paths of the claims the holder may show, parents before their children.

    A path is the names from the top, for example ``("address", "region")``. Elements of arrays share their array's path.
    Raises what ``select`` raises.
    """
    return tuple(dict.fromkeys(path for path, _ in _placed(issued, typ, max_bytes)))


def select(issued: str, paths: Collection[ClaimPath], *, typ: str, max_bytes: int) -> str:
    """Return the issued SD-JWT with only the disclosures of these claims: theirs, their parents' and their children's.

    The issuer's part is passed on byte for byte; the order of disclosures is as issued, each at most once.
    Raises Refused(GROUP_UNKNOWN) for a path the token does not offer, MalformedInput
    (TOKEN_MALFORMED) for an issued token that carries a key binding or a disclosure that has no place.
    Source: RFC 9901 7.2.
    """
    placed = _placed(issued, typ, max_bytes)
    offered = {path[:size] for path, _ in placed for size in range(1, len(path) + 1)}
    for path in paths:
        if path not in offered:
            raise Refused(Reason.GROUP_UNKNOWN, "the credential has no such claim to show")
    wanted = {text for path, text in placed if any(_is_line(path, asked) for asked in paths)}
    jwt, *disclosures, _ = issued.split("~")
    return "~".join((jwt, *(text for text in disclosures if text in wanted), ""))


def _is_line(path: ClaimPath, asked: ClaimPath) -> bool:
    """Say whether one of the two lies on the way to the other."""
    shorter = min(len(path), len(asked))
    return path[:shorter] == asked[:shorter]


def _placed(issued: str, typ: str, max_bytes: int) -> list[tuple[ClaimPath, str]]:
    parts = split(issued, typ=typ, max_bytes=max_bytes)
    if parts.key_binding is not None:
        raise MalformedInput(Reason.TOKEN_MALFORMED, "an issued token carries no key binding")
    disclosures = [read_disclosure(text, max_bytes=max_bytes) for text in parts.disclosures]
    unplaced = {disclosure.digest: disclosure for disclosure in disclosures}
    found: list[tuple[ClaimPath, str]] = []
    _walk(claims_of(parts.jws.payload, max_bytes=max_bytes), (), unplaced, found, MAX_DEPTH)
    if len(found) != len(disclosures):
        raise MalformedInput(Reason.TOKEN_MALFORMED, "a disclosure has no place in the token")
    return found


def _walk(
    value: JsonValue,
    path: ClaimPath,
    unplaced: dict[str, Disclosure],
    found: list[tuple[ClaimPath, str]],
    levels_left: int,
) -> None:
    if levels_left < 0:
        raise MalformedInput(Reason.TOKEN_MALFORMED, "the claims are nested too deep")
    if isinstance(value, dict):
        hidden = value.get(SD)
        for digest in hidden if isinstance(hidden, list) else ():
            _place(digest, path, unplaced, found, levels_left)
        for name, member in value.items():
            if name != SD:
                _walk(member, (*path, name), unplaced, found, levels_left - 1)
    elif isinstance(value, list):
        for element in value:
            if isinstance(element, dict) and ELLIPSIS in element:
                _place(element[ELLIPSIS], path, unplaced, found, levels_left)
            else:
                _walk(element, path, unplaced, found, levels_left - 1)


def _place(
    digest: JsonValue,
    path: ClaimPath,
    unplaced: dict[str, Disclosure],
    found: list[tuple[ClaimPath, str]],
    levels_left: int,
) -> None:
    disclosure = unplaced.pop(digest, None) if isinstance(digest, str) else None
    if disclosure is None:
        return
    place = path if disclosure.name is None else (*path, disclosure.name)
    found.append((place, disclosure.text))
    _walk(disclosure.value, place, unplaced, found, levels_left - 1)
