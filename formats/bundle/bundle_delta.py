"""A delta of two bundles: a reader that holds the older one makes the newer one from it, byte for byte.

A part that both have is named by its place; the status of a bureau comes as a ``status_delta``. What a reader has made is
opened like a bundle that came whole, so nothing is accepted by a delta that a full bundle could not bring.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import EidError, Refused
from core.reasons import Reason
from formats import cose
from formats.bundle import envelope, status_delta, trust_table
from formats.bundle.envelope import Bundle, Floors, UnverifiedEnvelope, open_bundle, read_envelope
from formats.bundle.reading import MAX_BYTES, check_signed, decode_part, invalid, items, number, octets, read_payload
from formats.bundle.status_delta import HASH_BYTES
from formats.bundle.trust_table import KeyRole
from formats.cose import Checks, Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from keys.algorithms import ES256

TYP = "eid-bundle-delta+cose"
_LICENCE = 7
_REQUIRED = frozenset({1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12})


class Updated(NamedTuple):
    """A verified bundle, and its bytes as they are kept: those of the full bundle, also where a delta brought it."""

    bundle: Bundle
    data: bytes


@dataclass(frozen=True, slots=True)
class _Delta:
    """A delta, nothing verified. snapshots: places, whole parts and status deltas; other parts: places and whole parts."""

    number: int
    issued_at: int
    expires_at: int
    trust: CborValue
    snapshots: tuple[CborValue, ...]
    policies: tuple[CborValue, ...]
    licence: CborValue | None
    certificates: tuple[CborValue, ...]
    base_number: int
    base_hash: bytes
    result_hash: bytes
    result_signature: bytes


def is_delta(data: bytes) -> bool:
    """Say whether these bytes call themselves a delta of bundles.

    >>> is_delta(b"anything else")
    False
    """
    try:
        return cose.decode_sign1(data, max_bytes=MAX_BYTES).protected.get(cose.TYP) == TYP
    except EidError:
        return False


def base_number(data: bytes) -> int:
    """Return the number of the bundle a delta was made from, nothing verified; BUNDLE_INVALID."""
    return _read(data)[0].base_number


def draft_delta(base: bytes, result: bytes) -> Sign1Draft:
    """Return what turns one bundle into a newer one, to be signed by the bundle signer of the newer one.

    Raises ValueError where the newer one has no higher number, BUNDLE_INVALID for what is no bundle.
    """
    old = read_envelope(base)
    part, kid = decode_part(result, typ=envelope.TYP)
    fresh = read_envelope(result)
    if fresh.number <= old.number:
        raise ValueError("a delta leads to a bundle of a higher number")
    payload: CborMap = {
        1: fresh.number,
        2: fresh.issued_at,
        3: fresh.expires_at,
        4: _named([fresh.trust], [old.trust])[0],
        5: _named_snapshots(fresh.snapshots, old.snapshots),
        6: _named(fresh.policies, old.policies),
        8: _named(fresh.certificates, old.certificates),
        9: old.number,
        10: hashlib.sha256(base).digest(),
        11: hashlib.sha256(result).digest(),
        12: part.signature,
    }
    if fresh.licence is not None:
        payload[_LICENCE] = _named([fresh.licence], _licences(old))[0]
    return cose.own_draft(TYP, kid, cbor.encode(payload))


def certificates(data: bytes, *, base: bytes) -> tuple[bytes, ...]:
    """Return the list signer's chain of the bundle that a delta leads to, nothing verified; see ``envelope``."""
    return _parts(_read(data)[0].certificates, read_envelope(base).certificates)


def open_delta(
    data: bytes, *, base: bytes, list_signer_point: bytes, specimen: bool, floors: Floors, now: int
) -> Checks[Updated]:
    """Return the newer bundle if the delta, and then every part of what it makes, holds under its own role.

    base: the bundle the reader holds, as it was accepted; it may have expired since.
    Raises, in this order: BUNDLE_INVALID and TOO_LARGE for the structure; BUNDLE_OLDER for a delta that leads to nothing
    newer than the base; BUNDLE_BASE_OTHER for one made from another bundle; BUNDLE_INVALID for a trust table the pinned
    list signer did not sign; BUNDLE_INVALID for a delta that no bundle signer signed, or that does not give what its result
    hash says; then what ``open_bundle`` raises for the result.
    """
    delta, part, kid = _read(data)
    held = read_envelope(base)
    if delta.number <= held.number:
        raise Refused(Reason.BUNDLE_OLDER, "the delta leads to nothing newer than what is held")
    if delta.base_number != held.number or delta.base_hash != hashlib.sha256(base).digest():
        raise Refused(Reason.BUNDLE_BASE_OTHER, "the delta was made from another bundle than the one held")
    table = _parts([delta.trust], [held.trust])[0]
    trust = yield from trust_table.read(table, list_signer_point=list_signer_point)
    packer = trust.usable(kid, KeyRole.BUNDLE, at=delta.issued_at)
    if packer is None:
        raise Refused(Reason.BUNDLE_INVALID, "the delta names no usable bundle key of the trust table")
    yield from check_signed(part, packer.point, who="the bundle signer it names")
    result = _rebuilt(delta, held, table, kid)
    if hashlib.sha256(result).digest() != delta.result_hash:
        raise invalid("the delta does not give the bundle whose hash it names")
    bundle = yield from open_bundle(
        result, list_signer_point=list_signer_point, specimen=specimen, floors=floors, now=now
    )
    return Updated(bundle, result)


def _rebuilt(delta: _Delta, held: UnverifiedEnvelope, table: bytes, kid: bytes) -> bytes:
    licence = None if delta.licence is None else _parts([delta.licence], _licences(held))[0]
    draft = envelope.draft_bundle(
        number=delta.number,
        issued_at=delta.issued_at,
        expires_at=delta.expires_at,
        trust=table,
        snapshots=_snapshots(delta.snapshots, held.snapshots),
        policies=_parts(delta.policies, held.policies),
        licence=licence,
        certificates=_parts(delta.certificates, held.certificates),
        signer_kid=kid,
    )
    return draft.finish(delta.result_signature)


def _snapshots(said: Sequence[CborValue], held: Sequence[bytes]) -> tuple[bytes, ...]:
    bases = {status_delta.bureau_of(snapshot): snapshot for snapshot in held}

    def made(row: CborValue) -> bytes:
        return status_delta.apply(row, bases=bases) if type(row) is list else _part(row, held)

    return tuple(made(row) for row in said)


def _parts(said: Sequence[CborValue], held: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(_part(row, held) for row in said)


def _part(said: CborValue, held: Sequence[bytes]) -> bytes:
    return held[number(said, below=len(held))] if type(said) is int else octets(said)


def _named(parts: Sequence[bytes], held: Sequence[bytes]) -> list[CborValue]:
    return [held.index(part) if part in held else part for part in parts]


def _named_snapshots(parts: Sequence[bytes], held: Sequence[bytes]) -> list[CborValue]:
    bases = {status_delta.bureau_of(snapshot): snapshot for snapshot in held}
    named: list[CborValue] = []
    for said, part in zip(_named(parts, held), parts, strict=True):
        base = bases.get(status_delta.bureau_of(part))
        named.append(said if type(said) is int or base is None else _shorter(status_delta.diff(base, part), part))
    return named


def _shorter(delta: CborValue, whole: bytes) -> CborValue:
    return delta if len(cbor.encode(delta)) < len(whole) else whole


def _licences(held: UnverifiedEnvelope) -> tuple[bytes, ...]:
    return () if held.licence is None else (held.licence,)


def _read(data: bytes) -> tuple[_Delta, cose.UnverifiedSign1, bytes]:
    part, kid = decode_part(data, typ=TYP)
    return read_payload(part.payload, _from_fields), part, kid


def _from_fields(fields: CborMap) -> _Delta:
    if fields.keys() - {_LICENCE} != _REQUIRED:
        raise invalid("an entry of the delta is missing or unknown")
    return _Delta(
        number=number(fields[1]),
        issued_at=number(fields[2]),
        expires_at=number(fields[3]),
        trust=fields[4],
        snapshots=_rows(fields[5]),
        policies=_rows(fields[6]),
        licence=fields.get(_LICENCE),
        certificates=_rows(fields[8]),
        base_number=number(fields[9]),
        base_hash=octets(fields[10], size_bytes=HASH_BYTES),
        result_hash=octets(fields[11], size_bytes=HASH_BYTES),
        result_signature=octets(fields[12], size_bytes=ES256.signature_bytes),
    )


def _rows(value: CborValue) -> tuple[CborValue, ...]:
    rows = items(value)
    places = [row for row in rows if type(row) is int]
    # Else a few bytes could ask for a large part many times.
    if len(places) != len(set(places)):
        raise invalid("a part of the base is taken twice")
    return tuple(rows)
