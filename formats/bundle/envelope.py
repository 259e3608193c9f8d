"""The offline bundle: an envelope whose signer has no authority over what is inside.

Every part is verified against its own role, and its highest number is kept: the trust table under the pinned list signer,
each status snapshot under its own bureau's key, policies and licence under a policy signer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import Refused
from core.reasons import Reason
from formats import cose, licence, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.bundle.reading import (
    TOLERANCE_SECONDS,
    check_signed,
    decode_part,
    invalid,
    items,
    number,
    octets,
    read_payload,
)
from formats.bundle.status_snapshot import StatusSnapshot
from formats.bundle.trust_table import KeyRole, TrustTable
from formats.cose import Checks, Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.licence import Licence
from formats.site_policy import KeyLookup, SitePolicy

TYP = "eid-bundle+cose"
_REQUIRED = frozenset({1, 2, 3, 4, 5, 6, 8})
_LICENCE = 7
_MOST_PARTS = 4096


@dataclass(frozen=True, slots=True)
class Floors:
    """The highest numbers a reader has accepted: lower ones are refused."""

    trust_number: int = 0
    bundle_number: int = 0
    snapshot_numbers: Mapping[str, int] = field(default_factory=dict)
    policy_numbers: Mapping[str, int] = field(default_factory=dict)
    licence_number: int = 0


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle. snapshots by bureau, policies by id; licence_bytes goes into this post's challenges."""

    number: int
    issued_at: int
    expires_at: int
    trust: TrustTable
    snapshots: Mapping[str, StatusSnapshot]
    policies: Mapping[str, SitePolicy]
    licence: Licence | None
    licence_bytes: bytes | None

    def floors(self, before: Floors) -> Floors:
        """Return the floors after this bundle was accepted: every number the higher of both."""
        return Floors(
            trust_number=max(before.trust_number, self.trust.number),
            bundle_number=max(before.bundle_number, self.number),
            snapshot_numbers={**before.snapshot_numbers, **{b: s.number for b, s in self.snapshots.items()}},
            policy_numbers={**before.policy_numbers, **{i: p.number for i, p in self.policies.items()}},
            licence_number=max(before.licence_number, self.licence.number if self.licence else 0),
        )


@dataclass(frozen=True, slots=True)
class UnverifiedEnvelope:
    """What an envelope says and holds; neither its signature nor any part is checked yet."""

    number: int
    issued_at: int
    expires_at: int
    trust: bytes
    snapshots: tuple[bytes, ...]
    policies: tuple[bytes, ...]
    licence: bytes | None
    certificates: tuple[bytes, ...]


def draft_bundle(
    *,
    number: int,
    issued_at: int,
    expires_at: int,
    trust: bytes,
    snapshots: Sequence[bytes],
    policies: Sequence[bytes],
    licence: bytes | None,
    certificates: Sequence[bytes],
    signer_kid: bytes,
) -> Sign1Draft:
    """Return the envelope around signed parts, to be signed by a bundle signer.

    certificates: the list signer's chain, DER, leaf first, without the root.
    """
    payload: CborMap = {
        1: number,
        2: issued_at,
        3: expires_at,
        4: trust,
        5: list[CborValue](snapshots),
        6: list[CborValue](policies),
        8: list[CborValue](certificates),
    }
    if licence is not None:
        payload[_LICENCE] = licence
    return cose.own_draft(TYP, signer_kid, cbor.encode(payload))


def certificates(data: bytes) -> tuple[bytes, ...]:
    """Return the list signer's chain a bundle carries, DER, leaf first, nothing verified.

    For a reader that has pinned only the root: it checks this chain, and opens the bundle with the key of its leaf.
    """
    return read_envelope(data).certificates


def read_envelope(data: bytes) -> UnverifiedEnvelope:
    """Return the envelope of a bundle, nothing verified; BUNDLE_INVALID, or TOO_LARGE."""
    part, _ = decode_part(data, typ=TYP)
    return _read_envelope(part.payload)


def open_bundle(data: bytes, *, list_signer_point: bytes, specimen: bool, floors: Floors, now: int) -> Checks[Bundle]:
    """Return the bundle if every part holds under its own role.

    specimen: the mode that follows from the pinned root.
    Raises, in this order: TOO_LARGE and BUNDLE_INVALID for the envelope's structure; BUNDLE_INVALID for a trust table the
    pinned list signer did not sign; SPECIMEN_IN_REAL_MODE or REAL_IN_SPECIMEN_MODE; BUNDLE_INVALID for an envelope, a
    snapshot or a policy of a signer without that role; LICENCE_INVALID for a malformed licence or one of another signer (whether it is in
    force is asked when a challenge is made);
    BUNDLE_OLDER when any number is lower than its floor; BUNDLE_EXPIRED.
    """
    part, kid = decode_part(data, typ=TYP)
    envelope = _read_envelope(part.payload)
    trust = yield from trust_table.read(envelope.trust, list_signer_point=list_signer_point)
    _check_mode(trust.specimen, specimen=specimen)
    packer = trust.usable(kid, KeyRole.BUNDLE, at=envelope.issued_at)
    if packer is None:
        raise Refused(Reason.BUNDLE_INVALID, "the envelope names no usable bundle key of the trust table")
    yield from check_signed(part, packer.point, who="the bundle signer it names")
    snapshots = yield from _read_snapshots(envelope, trust)
    policy_keys = _policy_keys(trust, at=envelope.issued_at)
    policies = yield from _read_policies(envelope, policy_keys)
    permit = None
    if envelope.licence is not None:
        permit = yield from licence.read_signed(envelope.licence, keys=policy_keys)
        _check_mode(permit.specimen, specimen=specimen)
    bundle = Bundle(
        number=envelope.number,
        issued_at=envelope.issued_at,
        expires_at=envelope.expires_at,
        trust=trust,
        snapshots=snapshots,
        policies=policies,
        licence=permit,
        licence_bytes=envelope.licence,
    )
    _check_not_older(bundle, floors)
    if now >= envelope.expires_at:
        raise Refused(Reason.BUNDLE_EXPIRED, "the bundle has expired")
    return bundle


def _check_mode(found: bool, *, specimen: bool) -> None:
    if found and not specimen:
        raise Refused(Reason.SPECIMEN_IN_REAL_MODE, "a specimen part under a real root")
    if specimen and not found:
        raise Refused(Reason.REAL_IN_SPECIMEN_MODE, "a real part under a specimen root")


def _policy_keys(trust: TrustTable, *, at: int) -> KeyLookup:
    def point_of(kid: bytes) -> bytes | None:
        key = trust.usable(kid, KeyRole.POLICY, at=at)
        return None if key is None else key.point

    return point_of


def _read_snapshots(envelope: UnverifiedEnvelope, trust: TrustTable) -> Checks[Mapping[str, StatusSnapshot]]:
    snapshots: dict[str, StatusSnapshot] = {}
    for data in envelope.snapshots:
        snapshot = yield from status_snapshot.read(data, trust=trust)
        if snapshot.bureau in snapshots:
            raise invalid("two snapshots of one bureau")
        # Age is told from this instant: one in the future would look fresh for ever.
        if snapshot.as_of > envelope.issued_at + TOLERANCE_SECONDS:
            raise invalid("a snapshot that is newer than its envelope")
        snapshots[snapshot.bureau] = snapshot
    return snapshots


def _read_policies(envelope: UnverifiedEnvelope, keys: KeyLookup) -> Checks[Mapping[str, SitePolicy]]:
    policies: dict[str, SitePolicy] = {}
    for data in envelope.policies:
        policy = yield from site_policy.read(data, keys=keys)
        if policy.policy_id in policies:
            raise invalid("two policies of one id")
        policies[policy.policy_id] = policy
    return policies


def _check_not_older(bundle: Bundle, floors: Floors) -> None:
    numbers = [
        (bundle.trust.number, floors.trust_number),
        (bundle.number, floors.bundle_number),
        (bundle.licence.number if bundle.licence else floors.licence_number, floors.licence_number),
    ]
    numbers += [(s.number, floors.snapshot_numbers.get(bureau, 0)) for bureau, s in bundle.snapshots.items()]
    numbers += [(p.number, floors.policy_numbers.get(name, 0)) for name, p in bundle.policies.items()]
    if any(offered < floor for offered, floor in numbers):
        raise Refused(Reason.BUNDLE_OLDER, "a part of the bundle is older than what was accepted before")


def _read_envelope(payload: bytes) -> UnverifiedEnvelope:
    return read_payload(payload, _envelope_fields)


def _envelope_fields(fields: CborMap) -> UnverifiedEnvelope:
    if fields.keys() - {_LICENCE} != _REQUIRED:
        raise invalid("an entry of the envelope is missing or unknown")
    return UnverifiedEnvelope(
        number=number(fields[1]),
        issued_at=number(fields[2]),
        expires_at=number(fields[3]),
        trust=octets(fields[4]),
        snapshots=_parts(fields[5]),
        policies=_parts(fields[6]),
        licence=octets(fields[_LICENCE]) if _LICENCE in fields else None,
        certificates=_parts(fields[8]),
    )


def _parts(value: CborValue) -> tuple[bytes, ...]:
    parts = items(value)
    if len(parts) > _MOST_PARTS:
        raise invalid("too many parts")
    return tuple(octets(part) for part in parts)
