"""The mobile security object: what the issuer signs (ISO/IEC 18013-5, 9.1.2.4; status: second edition, 12.3.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from struct import Struct
from typing import Final, TypeVar, cast

from cbor2 import CBORTag

from core.clock import rfc3339
from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.encoding.json import JsonValue
from formats.mdoc.items import DIGEST_BYTES as _DIGEST_BYTES
from formats.mdoc.items import is_name
from formats.mdoc.model import (
    DIGEST_ID_LIMIT,
    DOCTYPE,
    MAX_BYTES,
    TAG_TDATE,
    VERSION,
    KeyAuthorizations,
    MdocTerms,
    UnverifiedMso,
)
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.status_list.reference import read_status_claim
from keys.points import decompress, load_point, shortened

# Labels of our own in KeyInfo: the standard leaves the negative ones to whoever issues (9.1.2.4, KeyInfo).
_KEY_STORAGE, _ASSURANCE, _SPECIMEN = -1, -2, -3
_KTY, _KID, _CURVE, _X, _Y = 1, 2, -1, -2, -3
_STORAGES: Final = {int(level): level for level in KeyStorage}
_ASSURANCES: Final = {int(level): level for level in Assurance}
_Level = TypeVar("_Level", KeyStorage, Assurance)
_EC2: Final = 2
_P256: Final = 1
_COORDINATE_BYTES: Final = 32
_LATEST: Final = 1 << 33

_HASHES: Final = {"SHA-256": ("sha256", 32), "SHA-384": ("sha384", 48), "SHA-512": ("sha512", 64)}
_TDATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_REQUIRED: Final = frozenset(
    {"version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo", "status"}
)
_KEY_MEMBERS: Final = frozenset({_KTY, _CURVE, _X, _Y})
_TAGS: Final = (TAG_TDATE,)
_NOTHING: Final = KeyAuthorizations(frozenset(), frozenset())

# What stands before the parts that differ from copy to copy, and the shortest spelling of an index below 2^32.
_FIRST_DIGEST: Final = b"\x00\x58\x20"
_KEY_HEAD: Final = b"\x6ddeviceKeyInfo\xa2\x69deviceKey\xa4\x01\x02\x20\x01\x21\x58\x20"
_Y_HEAD: Final = b"\x22\x58\x20"
_INDEX_HEAD: Final = b"\x6bstatus_list\xa2\x63idx"
_INDEX: Final = re.compile(rb"[\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].|\x1a(?!\x00\x00).{4}", re.DOTALL)
_FRAME_MAX_BYTES: Final = 1024
_SHORT_ENTRIES: Final = 24
_SHORT_ENTRY_BYTES: Final = len(_FIRST_DIGEST) + _DIGEST_BYTES
_BASE_POINT: Final = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The generator of P-256: a point that stands in for the device key where a frame is read."""


# --- issuer ----------------------------------------------------------------------------------------------------------


def write_mso(namespace: str, digests: Collection[bytes], terms: MdocTerms) -> bytes:
    """Return MobileSecurityObjectBytes: the payload of IssuerAuth, tag 24 included.

    digests: of SHA-256, by digestID from 0.
    The device key may sign nothing about its holder: there are no key authorizations.
    Raises ValueError for terms a reader would refuse, Refused(HOLDER_KEY_INVALID) for a point off the curve.
    """
    point = decompress(terms.holder_point)
    if point is None:
        raise MalformedInput(Reason.HOLDER_KEY_INVALID, "the holder's point is not on the curve")
    if not 0 <= terms.issued_at < terms.expires_at < _LATEST:
        raise ValueError("a copy is valid from its issue to a later instant")
    try:
        _read_status({"status_list": {"idx": terms.status.index, "uri": terms.status.uri}})
    except MalformedInput as err:
        raise ValueError("a status reference that a reader refuses") from err
    return cbor.wrapped(_spell(namespace, digests, terms, point))


def _spell(namespace: str, digests: Collection[bytes], terms: MdocTerms, point: bytes) -> bytes:
    """Return the MSO in our layout; ``point`` is the device key in 65 bytes.

    By hand, as issuing is mostly this.
    """
    return b"".join(
        (
            _before_digests(namespace, len(digests)),
            *chain.from_iterable(zip(_digest_heads(len(digests)), digests, strict=True)),
            _KEY_HEAD,
            point[1:33],
            _Y_HEAD,
            point[33:],
            _between(terms),
            cbor.encode_foreign(terms.status.index),
            _uri(terms.status.uri),
        )
    )


@lru_cache(maxsize=16)
def _digest_heads(count: int) -> tuple[bytes, ...]:
    return tuple(cbor.encode_foreign(number) + b"\x58\x20" for number in range(count))


@lru_cache(maxsize=64)
def _before_digests(namespace: str, count: int) -> bytes:
    head = b"\xa7\x67version\x631.0\x6fdigestAlgorithm\x67SHA-256\x6cvalueDigests\xa1"
    return head + cbor.encode_foreign(namespace) + cbor.map_head(count)


def _between(terms: MdocTerms) -> bytes:
    return _after_key(
        terms.key_storage, terms.assurance, terms.specimen, terms.doctype, terms.issued_at, terms.expires_at
    )


# The same in all copies of a week.
@lru_cache(maxsize=256)
def _after_key(
    key_storage: int | None, assurance: int | None, specimen: bool, doctype: str, issued_at: int, expires_at: int
) -> bytes:
    facts: dict[int | str, ForeignValue] = {}
    if key_storage is not None:
        facts[_KEY_STORAGE] = int(key_storage)
    if assurance is not None:
        facts[_ASSURANCE] = int(assurance)
    if specimen:
        facts[_SPECIMEN] = True
    signed = CBORTag(TAG_TDATE, rfc3339(issued_at))
    validity: ForeignValue = {
        "signed": signed,
        "validFrom": signed,
        "validUntil": CBORTag(TAG_TDATE, rfc3339(expires_at)),
    }
    parts = (
        b"\x67keyInfo",
        cbor.encode_foreign(facts),
        b"\x67docType",
        cbor.encode_foreign(doctype),
        b"\x6cvalidityInfo",
        cbor.encode_foreign(validity),
        b"\x66status\xa1",
        _INDEX_HEAD,
    )
    return b"".join(parts)


@lru_cache(maxsize=256)
def _uri(uri: str) -> bytes:
    return b"\x63uri" + cbor.encode_foreign(uri)


# --- reader ----------------------------------------------------------------------------------------------------------


def read_mso(payload: bytes) -> UnverifiedMso:
    """Return a mobile security object's parts: structure only.

    Raises MalformedInput: CBOR_MALFORMED; FORM_UNKNOWN for another version; ALGORITHM_NOT_ALLOWED for digests by another
    algorithm than SHA-256, SHA-384 or SHA-512; HOLDER_KEY_INVALID for another device key than one on P-256 without
    private or unknown members; CLAIMS_MALFORMED for anything else missing or of another kind. Members we do not know
    are left alone, as the second edition has it: they are signed by the issuer.
    """
    inner = cbor.unwrap(payload)
    return cut_mso(inner) or read_any_layout(inner)


def read_any_layout(inner: bytes) -> UnverifiedMso:
    """Return the MSO inside tag 24, whoever spelled it; errors as ``read_mso``."""
    mso = cbor.load_foreign(inner, max_bytes=MAX_BYTES, tags=_TAGS)
    if type(mso) is not dict:
        raise _malformed("the MSO is no map")
    if mso.get("version") != VERSION:
        raise MalformedInput(Reason.FORM_UNKNOWN, "an MSO of another version than 1.0")
    if not mso.keys() >= _REQUIRED:
        raise _malformed("the MSO lacks a member")
    named, doctype = mso["digestAlgorithm"], mso["docType"]
    hashed = _HASHES.get(named) if type(named) is str else None
    if hashed is None:
        raise MalformedInput(Reason.ALGORITHM_NOT_ALLOWED, "digests by an algorithm that is not accepted")
    if type(doctype) is not str or not is_name(doctype):
        raise _malformed("docType is no text")
    hash_name, digest_bytes = hashed
    signed, valid_from, valid_until = _read_validity(mso["validityInfo"])
    point, facts, authorised = _read_key_info(mso["deviceKeyInfo"])
    key_storage, assurance, specimen = _read_facts(facts) if doctype == DOCTYPE else (None, None, False)
    terms = MdocTerms(
        doctype, signed, valid_until, shortened(point), _read_status(mso["status"]), key_storage, assurance, specimen
    )
    cbor.check_spelling(mso, inner, tags=_TAGS)
    return UnverifiedMso(terms, valid_from, hash_name, _read_digests(mso["valueDigests"], digest_bytes), authorised)


def cut_mso(inner: bytes) -> UnverifiedMso | None:
    """Return what ``read_any_layout`` does, of an MSO in our layout to the last byte; None for any other.

    All copies of one bureau's week differ in their digests, the device key and the status index alone. These are cut out
    at their places, and what is left, the frame, is read strictly once. Where a place was guessed wrongly the frame is
    not one that we write: nothing is taken on trust from the search.
    """
    first, key_at = inner.find(_FIRST_DIGEST), inner.find(_KEY_HEAD)
    x_at = key_at + len(_KEY_HEAD)
    y_at = x_at + _COORDINATE_BYTES + len(_Y_HEAD)
    frame_at = y_at + _COORDINATE_BYTES
    index_at = inner.find(_INDEX_HEAD, frame_at) + len(_INDEX_HEAD)
    spelled = _INDEX.match(inner, index_at)
    if spelled is None or not 0 < first < key_at or not inner.startswith(_Y_HEAD, y_at - len(_Y_HEAD)):
        return None
    before, between, behind = inner[:first], inner[frame_at:index_at], inner[spelled.end() :]
    digests = _cut_digests(inner[first:key_at])
    if digests is None or len(before) + len(between) + len(behind) > _FRAME_MAX_BYTES:
        return None
    frame = _read_frame(before, len(digests), between, behind)
    point = b"".join((b"\x04", inner[x_at : x_at + _COORDINATE_BYTES], inner[y_at:frame_at]))
    if frame is None or load_point(point) is None:
        return None
    namespace, terms = frame
    index = spelled[0]
    status = StatusReference(terms.status.uri, int.from_bytes(index[1:] or index, "big"))
    read = MdocTerms(
        terms.doctype,
        terms.issued_at,
        terms.expires_at,
        shortened(point),
        status,
        terms.key_storage,
        terms.assurance,
        terms.specimen,
    )
    return UnverifiedMso(read, terms.issued_at, "sha256", {namespace: dict(enumerate(digests))}, _NOTHING)


def _cut_digests(listed: bytes) -> tuple[bytes, ...] | None:
    """Return digests of 32 bytes that stand one after the other under the numbers from 0; None for anything else."""
    layout = _digest_layout(len(listed))
    if layout is None:
        return None
    numbers, cut = layout
    parts = cut(listed)
    return parts[1::2] if parts[::2] == numbers else None


@lru_cache(maxsize=64)
def _digest_layout(size_bytes: int) -> tuple[tuple[bytes, ...], Callable[[bytes], tuple[bytes, ...]]] | None:
    """Return the heads that so many bytes of digests have, and what cuts such bytes into heads and digests."""
    # As long as the number fits into its head an entry has 35 bytes, then 36; ours are as many as one byte tells.
    short = min(size_bytes // _SHORT_ENTRY_BYTES, _SHORT_ENTRIES)
    count = short + (size_bytes - short * _SHORT_ENTRY_BYTES) // (_SHORT_ENTRY_BYTES + 1)
    heads = _digest_heads(min(count, 256))
    layout = Struct("".join(f"{len(head)}s{_DIGEST_BYTES}s" for head in heads))
    return (heads, layout.unpack) if layout.size == size_bytes else None


@lru_cache(maxsize=256)
def _read_frame(before: bytes, count: int, between: bytes, behind: bytes) -> tuple[str, MdocTerms] | None:
    """Return namespace and terms of all MSOs in our layout with these bytes before, between and behind what differs.

    They are read from one of them, with digests, key and index of our choice; None where it is refused, or where the
    bytes are not, each of the three, those that ``write_mso`` writes.
    """
    digests = b"".join(head + bytes(_DIGEST_BYTES) for head in _digest_heads(count))
    key = b"".join((_KEY_HEAD, _BASE_POINT[:32], _Y_HEAD, _BASE_POINT[32:]))
    try:
        read = read_any_layout(b"".join((before, digests, key, between, b"\x00", behind)))
    except MalformedInput:
        return None
    namespace, terms = next(iter(read.digests)), read.terms
    written = (_before_digests(namespace, count), _between(terms), _uri(terms.status.uri))
    return (namespace, terms) if written == (before, between, behind) else None


def _read_digests(value: ForeignValue, size_bytes: int) -> Mapping[str, Mapping[int, bytes]]:
    if type(value) is not dict or not value:
        raise _malformed("valueDigests is no map of namespaces")
    digests: dict[str, Mapping[int, bytes]] = {}
    for namespace, listed in value.items():
        if type(namespace) is not str or not is_name(namespace) or type(listed) is not dict or not listed:
            raise _malformed("a namespace of valueDigests has no digests")
        digests[namespace] = _read_namespace(listed, size_bytes)
    return digests


def _read_namespace(listed: dict[int | str, ForeignValue], size_bytes: int) -> Mapping[int, bytes]:
    found = {
        number: digest
        for number, digest in listed.items()
        if type(number) is int and 0 <= number < DIGEST_ID_LIMIT and type(digest) is bytes and len(digest) == size_bytes
    }
    if len(found) != len(listed):
        raise _malformed("a digest or its number is of another kind or size")
    return found


def _read_validity(value: ForeignValue) -> tuple[int, int, int]:
    if type(value) is not dict or not {"signed", "validFrom", "validUntil"} <= value.keys():
        raise _malformed("validityInfo lacks an instant")
    signed, valid_from = _read_tdate(value["signed"]), _read_tdate(value["validFrom"])
    valid_until = _read_tdate(value["validUntil"])
    if "expectedUpdate" in value:
        _read_tdate(value["expectedUpdate"])
    if not signed <= valid_from < valid_until:
        raise _malformed("signed, validFrom and validUntil are not in order")
    return signed, valid_from, valid_until


def _read_tdate(value: ForeignValue) -> int:
    text = value.value if isinstance(value, CBORTag) and value.tag == TAG_TDATE else None
    if type(text) is not str:
        raise _malformed("an instant is not a tdate")
    return _instant(text)


# The instants are rounded, so that many copies carry the same.
@lru_cache(maxsize=1024)
def _instant(text: str) -> int:
    if _TDATE.fullmatch(text) is None:
        raise _malformed("an instant is not YYYY-MM-DDTHH:MM:SSZ")
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except ValueError as err:
        raise _malformed("an instant is not one of the calendar") from err
    if not 0 <= seconds < _LATEST:
        raise _malformed("an instant lies too far away")
    return seconds


def _read_key_info(value: ForeignValue) -> tuple[bytes, ForeignValue, KeyAuthorizations]:
    if type(value) is not dict or "deviceKey" not in value:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "the mdoc is bound to no device key")
    authorised = _read_authorizations(value["keyAuthorizations"]) if "keyAuthorizations" in value else _NOTHING
    return _read_key(value["deviceKey"]), value.get("keyInfo", {}), authorised


def _read_key(value: ForeignValue) -> bytes:
    """Return the device key as a point of 65 bytes."""
    if type(value) is dict and value.keys() - {_KID} == _KEY_MEMBERS and type(value.get(_KID, b"")) is bytes:
        kty, curve, x, y = value[_KTY], value[_CURVE], value[_X], value[_Y]
        if (type(kty), kty, type(curve), curve) == (int, _EC2, int, _P256) and type(x) is bytes and type(y) is bytes:
            point = b"\x04" + x + y
            if len(x) == len(y) == _COORDINATE_BYTES and load_point(point) is not None:
                return point
    raise MalformedInput(Reason.HOLDER_KEY_INVALID, "the device key is not one public P-256 key")


def _read_authorizations(value: ForeignValue) -> KeyAuthorizations:
    if type(value) is not dict or not value.keys() <= {"nameSpaces", "dataElements"}:
        raise _malformed("keyAuthorizations is of another shape")
    namespaces = _read_names(value.get("nameSpaces", []))
    listed = value.get("dataElements", {})
    if type(listed) is not dict:
        raise _malformed("the authorised elements are no map")
    elements = frozenset(
        (namespace, element)
        for namespace, names in listed.items()
        for element in _read_names(names)
        if type(namespace) is str
    )
    if any(type(namespace) is not str or namespace in namespaces for namespace in listed):
        raise _malformed("a namespace is authorised twice, or has no name")
    return KeyAuthorizations(namespaces, elements)


def _read_names(value: ForeignValue) -> frozenset[str]:
    if type(value) is not list:
        raise _malformed("authorised names are no list")
    names = frozenset(name for name in value if type(name) is str and is_name(name))
    if len(names) != len(value):
        raise _malformed("an authorised name appears twice or is no text")
    return names


def _read_facts(value: ForeignValue) -> tuple[KeyStorage | None, Assurance | None, bool]:
    if type(value) is not dict:
        raise _malformed("keyInfo is no map")
    storage, assurance = _level(value, _KEY_STORAGE, _STORAGES), _level(value, _ASSURANCE, _ASSURANCES)
    if value.get(_SPECIMEN, True) is not True:
        raise _malformed("specimen is true or absent")
    return storage, assurance, _SPECIMEN in value


def _level(facts: dict[int | str, ForeignValue], label: int, levels: Mapping[int, _Level]) -> _Level | None:
    if label not in facts:
        return None
    value = facts[label]
    level = levels.get(value) if type(value) is int else None
    if level is None:
        raise _malformed("a level is neither 1 nor 2")
    return level


def _read_status(value: ForeignValue) -> StatusReference:
    # The rules are those of every form; what JSON does not have is refused there as any other kind of value.
    return read_status_claim(cast("dict[str, JsonValue]", {"status": value}))


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
