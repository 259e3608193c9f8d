"""Type metadata of SD-JWT VC: what a credential type is called, what claims it has, and which its holder may keep back.

Made from the one table of attributes; read strictly, because it says what a verifier shows. A document may extend another;
the chain is followed by whoever can fetch, here it is judged. Source: SD-JWT VC, section 4, editor copy -19.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256, sha384, sha512
from hmac import compare_digest
from typing import Final, TypeAlias

from core.errors import MalformedInput
from core.reasons import Reason
from formats.dataset import ATTRIBUTES
from formats.encoding import json
from formats.encoding.json import JsonValue
from formats.sd_jwt_vc import VCT

MEDIA_TYPE: Final = "application/json"
MAX_BYTES: Final = 256 * 1024
RESIDENT_ID: Final = "resident-id-1"
"""The name under which the document of our one type is published."""

_EXTENDS_MAX: Final = 8
_TEXT_MAX: Final = 2_048
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_SVG_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HASHES: Final = {"sha256": sha256, "sha384": sha384, "sha512": sha512}
# What the register does not know of everybody.
_MAY_BE_ABSENT: Final = frozenset(
    {
        "name_latin", "family_name", "given_name", "name_local_script", "nationality", "ethnicity", "ethnicity_code",
        "address", "division_code", "date_of_expiry", "portrait",
    }
)  # fmt: skip
# The clear claims about the copy that people may want to see; exp, status and cnf are the protocol's own.
_CLEAR: Final = (
    ("key_storage", "私钥保护方式", "how the key is kept", True),
    ("assurance", "身份核验级别", "how the person was identified", True),
    ("specimen", "样证", "specimen", False),
)

ClaimPath: TypeAlias = tuple[str | int | None, ...]
"""A path as DCQL has it: member names, array places, or None for every place of an array."""


class Disclosable(StrEnum):
    """Whether a claim is selectively disclosable."""

    ALWAYS = "always"
    ALLOWED = "allowed"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ClaimMetadata:
    """One claim of a type. labels: what people call it, by locale. mandatory: the issuer always includes it, whatever the
    holder then shows.
    """

    path: ClaimPath
    labels: Mapping[str, str]
    disclosable: Disclosable
    mandatory: bool


@dataclass(frozen=True, slots=True)
class TypeMetadata:
    """What one document says of one type.

    names:     by locale. extends, extends_integrity: the type it builds on, and the hash of that type's document.
    """

    vct: str
    names: Mapping[str, str]
    claims: tuple[ClaimMetadata, ...]
    extends: str | None
    extends_integrity: str | None

    def claim(self, path: ClaimPath) -> ClaimMetadata | None:
        """Return what is said of this claim, None where nothing is."""
        return next((claim for claim in self.claims if claim.path == path), None)


def resident_id_metadata() -> bytes:
    """Return the document of the resident ID: every claim with its names in Chinese and English."""
    claims: list[JsonValue] = [
        _claim(list(attribute.jose), attribute.zh, attribute.en, "always", attribute.name not in _MAY_BE_ABSENT)
        for attribute in ATTRIBUTES
        if attribute.jose is not None
    ]
    claims += [_claim([name], zh, en, "never", mandatory) for name, zh, en, mandatory in _CLEAR]
    document: dict[str, JsonValue] = {
        "vct": VCT,
        "name": "居民电子身份证 · Electronic resident ID",
        "description": "公安机关签发的居民电子身份证。The electronic ID card of a resident, signed by a public security bureau.",
        "display": [
            {"locale": "zh-CN", "name": "居民电子身份证"},
            {"locale": "en", "name": "Electronic resident ID"},
        ],
        "claims": claims,
    }
    return json.encode(document)


def read_type_metadata(data: bytes, *, vct: str, integrity: str | None = None) -> TypeMetadata:
    """Return what a document says of the type it was fetched for.

    vct:       the type; the document must name the same, character by character.
    integrity: the ``vct#integrity`` or ``extends#integrity`` that came with the name, if any: then it must match.
    Raises MalformedInput: TOO_LARGE, JSON_MALFORMED, TYPE_METADATA_INVALID for another shape, type or hash. Members that
    are not known are passed over, as the draft has it.
    """
    if integrity is not None and not matches(data, integrity):
        raise _invalid("the document is not the one the hash was made of")
    document = json.decode(data, max_bytes=MAX_BYTES)
    try:
        found = _read(_object(document))
    except (ValueError, KeyError, TypeError) as err:
        raise _invalid("the document is not of the expected shape") from err
    if found.vct != vct:
        raise _invalid("the document describes another type")
    return found


def resolve_type(
    vct: str, documents: Callable[[str], bytes], *, integrity: str | None = None
) -> tuple[TypeMetadata, ...]:
    """Return the documents of a type and of all it extends, the type itself first.

    documents: gives the document published for a type, or raises.
    Raises as ``read_type_metadata``, and TYPE_METADATA_INVALID for types that extend each other in a circle, for more than
    eight of them, and for a type that loosens what the one below it demands of a claim (4.5).
    """
    found: list[TypeMetadata] = []
    wanted, expected = vct, integrity
    while True:
        if any(metadata.vct == wanted for metadata in found) or len(found) == _EXTENDS_MAX:
            raise _invalid("the types extend each other in a circle, or without end")
        found.append(read_type_metadata(documents(wanted), vct=wanted, integrity=expected))
        above = found[-1]
        if above.extends is None:
            break
        wanted, expected = above.extends, above.extends_integrity
    for place, metadata in enumerate(found):
        for below in found[place + 1 :]:
            _refuse_loosening(metadata, below)
    return tuple(found)


def matches(data: bytes, integrity: str) -> bool:
    """Say whether a document is the one a Subresource Integrity string was made of; the strongest hash in it decides.

    Raises MalformedInput(TYPE_METADATA_INVALID) for a string without any hash we know: what cannot be checked is refused.
    """
    known: dict[str, list[bytes]] = {}
    for entry in integrity.split():
        name, _, spelled = entry.partition("?")[0].partition("-")
        if name in _HASHES:
            known.setdefault(name, []).append(_digest(spelled))
    if not known:
        raise _invalid("the integrity string names no hash that is known here")
    strongest = max(known)
    actual = _HASHES[strongest](data).digest()
    return any(compare_digest(actual, stated) for stated in known[strongest])


def _digest(spelled: str) -> bytes:
    try:
        return b64decode(spelled, validate=True)
    except (Base64Error, ValueError) as err:
        raise _invalid("the integrity string is not base64") from err


def _refuse_loosening(metadata: TypeMetadata, below: TypeMetadata) -> None:
    for claim in metadata.claims:
        demanded = below.claim(claim.path)
        if demanded is None:
            continue
        if demanded.mandatory and not claim.mandatory:
            raise _invalid("a claim that is mandatory below is no longer")
        if demanded.disclosable is not Disclosable.ALLOWED and claim.disclosable is not demanded.disclosable:
            raise _invalid("a claim may be kept back by another rule than below")


# --- the shape -------------------------------------------------------------------------------------------------------


def _claim(path: list[JsonValue] | list[str], zh: str, en: str, disclosable: str, mandatory: bool) -> JsonValue:
    claim: dict[str, JsonValue] = {
        "path": list[JsonValue](path),
        "display": [{"locale": "zh-CN", "label": zh}, {"locale": "en", "label": en}],
        "sd": disclosable,
    }
    if mandatory:
        claim["mandatory"] = True
    return claim


def _read(document: Mapping[str, JsonValue]) -> TypeMetadata:
    for name in ("name", "description"):
        if name in document:
            _text(document[name])
    extends = _text(document["extends"]) if "extends" in document else None
    integrity = _text(document["extends#integrity"]) if "extends#integrity" in document else None
    if integrity is not None and extends is None:
        raise ValueError("a hash of nothing")
    claims = tuple(_read_claim(_object(claim)) for claim in _array(document.get("claims", [])))
    if len({claim.path for claim in claims}) != len(claims):
        raise ValueError("a claim is described twice")
    names = _read_display(document.get("display", []), "name")
    return TypeMetadata(_text(document["vct"]), names, claims, extends, integrity)


def _read_claim(claim: Mapping[str, JsonValue]) -> ClaimMetadata:
    path = tuple(_path_part(part) for part in _array(claim["path"]))
    mandatory = claim.get("mandatory", False)
    if not path or type(mandatory) is not bool:
        raise ValueError("an empty path, or mandatory is neither true nor false")
    if "svg_id" in claim and not _SVG_ID.fullmatch(_text(claim["svg_id"])):
        raise ValueError("svg_id is no identifier")
    labels = _read_display(claim.get("display", []), "label")
    return ClaimMetadata(path, labels, Disclosable(_text(claim.get("sd", "allowed"))), mandatory)


def _read_display(value: JsonValue, member: str) -> dict[str, str]:
    entries = [_object(entry) for entry in _array(value)]
    found = {_text(entry["locale"]): _text(entry[member]) for entry in entries}
    if len(found) != len(entries) or not all(_LOCALE.fullmatch(locale) for locale in found):
        raise ValueError("one text for each language")
    return found


def _path_part(value: JsonValue) -> str | int | None:
    if value is None or type(value) is str:
        return value
    if type(value) is not int or value < 0:
        raise TypeError("a path has names, places and null")
    return value


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError("an object is expected")
    return value


def _array(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError("an array is expected")
    return value


def _text(value: JsonValue) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
        raise TypeError("a text is expected")
    return value


def _invalid(detail: str) -> MalformedInput:
    return MalformedInput(Reason.TYPE_METADATA_INVALID, detail)
