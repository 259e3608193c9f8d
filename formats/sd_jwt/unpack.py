"""Unpack an SD-JWT: structure first, claims only after the signatures hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import TypeAlias

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from formats.jose import read_compact
from formats.sd_jwt.model import (
    ELLIPSIS,
    HASH_NAME,
    MAX_DEPTH,
    MAX_DISCLOSURES,
    SD,
    SD_ALG,
    Disclosure,
    UnverifiedSdJwt,
)

_RESERVED = frozenset({SD, ELLIPSIS})
_NESTING = frozenset({dict, list})
# A disclosure: its digest, its name (None for an element of an array), its value.
_Parts: TypeAlias = tuple[str, str | None, JsonValue]


def split(token: str, *, typ: str, max_bytes: int) -> UnverifiedSdJwt:
    """Return the parts of an SD-JWT with or without key binding.

    Raises MalformedInput (TOO_LARGE; TOKEN_MALFORMED, also for a missing final tilde; and what ``read_compact`` raises)
    and Refused(FORM_UNKNOWN) for the JSON serialisation.
    Source: RFC 9901 4, 7.1.
    """
    if len(token) > max_bytes:
        raise MalformedInput(Reason.TOO_LARGE, "the token is larger than allowed")
    if token.lstrip().startswith("{"):
        raise Refused(Reason.FORM_UNKNOWN, "the JSON serialisation is not accepted")
    jwt, tilde, rest = token.partition("~")
    if not tilde:
        raise MalformedInput(Reason.TOKEN_MALFORMED, "an SD-JWT ends with a tilde or a key binding")
    *disclosures, last = rest.split("~")
    if len(disclosures) > MAX_DISCLOSURES:
        raise MalformedInput(Reason.TOO_LARGE, "more disclosures than allowed")
    return UnverifiedSdJwt(
        jws=read_compact(jwt, typ=typ, max_bytes=max_bytes),
        disclosures=tuple(disclosures),
        hashed_part=token[: len(token) - len(last)],
        key_binding=last or None,
    )


def read_disclosure(text: str, *, max_bytes: int) -> Disclosure:
    """Return one disclosure; Refused(DISCLOSURE_MALFORMED) for anything but a salted claim or array element.

    Source: RFC 9901 4.2.1, 4.2.2.
    """
    return Disclosure(text, *_read_parts(text, max_bytes))


def open_claims(
    payload: dict[str, JsonValue], disclosures: Sequence[str], *, never: Collection[str], max_bytes: int
) -> dict[str, JsonValue]:
    """Return the processed payload: the issuer's claims with the disclosed ones in their places.

    never: top-level names that must not be disclosed, nor any claim inside them.
    Raises Refused with DISCLOSURE_MALFORMED (wrong length for its place, reserved or forbidden or taken name, malformed
    ``_sd``, unknown ``_sd_alg``), DISCLOSURE_DUPLICATE (a disclosure or a digest met twice, anywhere),
    DISCLOSURE_UNREFERENCED.
    Source: RFC 9901 7.1 step 3.
    """
    if payload.get(SD_ALG, HASH_NAME) != HASH_NAME:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "digests other than SHA-256 are not accepted")
    opening = _Opening([_read_parts(text, max_bytes) for text in disclosures])
    for name, value in payload.items():
        if type(value) in _NESTING and name in never and _is_redacted(value):
            raise _malformed("a claim that must be clear has hidden parts")
    claims = opening.object(payload, MAX_DEPTH, never)
    claims.pop(SD_ALG, None)
    opening.finish()
    return claims


def _read_parts(text: str, max_bytes: int) -> _Parts:
    try:
        parts = json.decode(base64url.decode(text), max_bytes=max_bytes)
    except MalformedInput as err:
        raise _malformed("a disclosure is not base64url of strict JSON") from err
    if not isinstance(parts, list) or len(parts) not in {2, 3} or not isinstance(parts[0], str):
        raise _malformed("a disclosure is an array of salt, name and value")
    digest = base64url.encode(sha256(text.encode("ascii")).digest())
    if len(parts) == 2:
        return digest, None, parts[1]
    name = parts[1]
    if not isinstance(name, str) or name in _RESERVED:
        raise _malformed("a disclosure has no name, or a reserved one")
    return digest, name, parts[2]


class _Opening:
    """One run of the processing: which digests were met, which disclosures were used."""

    def __init__(self, disclosures: Sequence[_Parts]) -> None:
        self._by_digest = {parts[0]: parts for parts in disclosures}
        if len(self._by_digest) != len(disclosures):
            raise Refused(Reason.DISCLOSURE_DUPLICATE, "a disclosure appears twice")
        self._met: set[str] = set()
        self._used = 0

    def finish(self) -> None:
        if self._used != len(self._by_digest):
            raise Refused(Reason.DISCLOSURE_UNREFERENCED, "a disclosure is not referenced by the signed part")

    def object(
        self, members: dict[str, JsonValue], levels_left: int, never: Collection[str] = ()
    ) -> dict[str, JsonValue]:
        if ELLIPSIS in members:
            raise _malformed("a reserved name stands in an object")
        opened = dict(members)
        hidden = opened.pop(SD, [])
        for name, value in opened.items():
            # What must be clear has no hidden parts, as was checked, and stays as it is.
            if type(value) in _NESTING and name not in never:
                opened[name] = self._value(value, levels_left - 1)
        for _, disclosed, value in self._take(_digests(hidden)):
            if disclosed is None:
                raise _malformed("an array element's disclosure stands for a member")
            if disclosed in opened or disclosed in never:
                raise _malformed("a disclosure names a claim that must not be disclosed or is there already")
            opened[disclosed] = self._value(value, levels_left - 1) if type(value) in _NESTING else value
        return opened

    def _value(self, value: JsonValue, levels_left: int) -> JsonValue:
        if isinstance(value, dict):
            _refuse_depth(levels_left)
            return self.object(value, levels_left)
        if isinstance(value, list):
            _refuse_depth(levels_left)
            return self._array(value, levels_left)
        return value

    def _array(self, elements: list[JsonValue], levels_left: int) -> list[JsonValue]:
        opened: list[JsonValue] = []
        for element in elements:
            if not isinstance(element, dict) or ELLIPSIS not in element:
                opened.append(self._value(element, levels_left - 1))
                continue
            digest = element[ELLIPSIS]
            if len(element) != 1 or not isinstance(digest, str):
                raise _malformed("a hidden array element is an object with one digest")
            for _, name, value in self._take([digest]):
                if name is not None:
                    raise _malformed("a member's disclosure stands for an array element")
                opened.append(self._value(value, levels_left - 1))
        return opened

    def _take(self, digests: list[str]) -> list[_Parts]:
        """Note these digests as met, all at once, and return the disclosures they stand for, in their order."""
        met_before = len(self._met)
        self._met.update(digests)
        if len(self._met) != met_before + len(digests):
            raise Refused(Reason.DISCLOSURE_DUPLICATE, "a digest appears twice")
        by_digest = self._by_digest
        found = [by_digest[digest] for digest in digests if digest in by_digest]
        self._used += len(found)
        return found


def _digests(listed: JsonValue) -> list[str]:
    if not isinstance(listed, list):
        raise _malformed("_sd is not an array")
    digests = [digest for digest in listed if isinstance(digest, str)]
    if len(digests) != len(listed):
        raise _malformed("_sd holds something that is not a digest")
    return digests


def _is_redacted(value: JsonValue) -> bool:
    if isinstance(value, dict):
        if SD in value or ELLIPSIS in value:
            return True
        inner: Collection[JsonValue] = value.values()
    else:
        inner = value if isinstance(value, list) else ()
    # A loop, not any(): a generator for each level costs more than the look at what is in it.
    for member in inner:  # noqa: SIM110
        if type(member) in _NESTING and _is_redacted(member):
            return True
    return False


def _refuse_depth(levels_left: int) -> None:
    if levels_left <= 0:
        raise _malformed("the claims are nested too deep")


def _malformed(detail: str) -> Refused:
    return Refused(Reason.DISCLOSURE_MALFORMED, detail)
