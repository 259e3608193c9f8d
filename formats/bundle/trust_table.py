"""The compact trust table: raw keys with what each may do, signed by the national list signer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from core.errors import MalformedInput
from formats import cose
from formats.bundle.reading import (
    bureau_id,
    check_signed,
    decode_part,
    flag,
    invalid,
    items,
    number,
    octets,
    read_payload,
    sorted_words,
    text,
)
from formats.cose import KID_BYTES, Checks, Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.qr_token import FORM
from formats.sd_cwt.model import POINT_BYTES

TYP = "eid-trust+cose"
_KEYS = frozenset({1, 2, 3, 4, 5, 6})
THUMBPRINT_BYTES = 32


class KeyRole(IntEnum):
    """What a key of the table signs, and nothing else."""

    CREDENTIAL = 1
    CARD = 2
    POLICY = 3
    BUNDLE = 4
    STATUS = 5


class KeyState(IntEnum):
    """The five states of a key, as numbers on the wire."""

    PLANNED = 1
    ACTIVE = 2
    STATUS_ONLY = 3
    DESTROYED = 4
    COMPROMISED = 5


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """One key of the table.

    kid, point: 8-byte key id and 33-byte compressed point. A key that is not ES256 signs online forms only, which bring
                its certificate: in place of the point stands its 32-byte COSE key thumbprint, under which no code holds.
    bureau:     12-digit organ code; name_zh and name_en are the authority that is shown for this key.
    scope:      division code prefixes the bureau may issue for. forms: the credential forms this key may sign.
    valid_from, retired_at: credentials issued between them are valid; retired_at None while the key is in use.
    """

    kid: bytes
    point: bytes
    role: KeyRole
    bureau: str
    name_zh: str
    name_en: str
    country: str
    scope: tuple[str, ...]
    forms: frozenset[str]
    valid_from: int
    retired_at: int | None
    state: KeyState


@dataclass(frozen=True, slots=True)
class TrustTable:
    """The keys by kid, with the number and instants of the published trust list it was made from."""

    number: int
    issued_at: int
    next_update: int
    specimen: bool
    keys: Mapping[bytes, TrustedKey]

    def usable(self, kid: bytes, role: KeyRole, *, at: int) -> TrustedKey | None:
        """Return the key if it has this role, is not compromised and was in use by then; else None."""
        key = self.keys.get(kid)
        if key is None or key.role is not role or key.state is KeyState.COMPROMISED or at < key.valid_from:
            return None
        return key


_Bureau = tuple[str, str, str, str, tuple[str, ...]]


def draft(table: TrustTable, *, signer_kid: bytes) -> Sign1Draft:
    """Return the table as a document to be signed by the list signer; bureaus are written once, keys point at them.

    A table that the reader would refuse is our mistake: ValueError.
    """
    bureaus = sorted({_bureau_of(key) for key in table.keys.values()})
    payload: CborMap = {
        1: table.number,
        2: table.issued_at,
        3: table.next_update,
        4: table.specimen,
        5: [[*bureau[:4], list[CborValue](bureau[4])] for bureau in bureaus],
        6: [_write_key(table.keys[kid], bureaus.index(_bureau_of(table.keys[kid]))) for kid in sorted(table.keys)],
    }
    encoded = cbor.encode(payload)
    try:
        read_back = read_payload(encoded, _from_fields)
    except MalformedInput as err:
        raise ValueError(f"this trust table breaks the profile: {err.detail}") from err
    if read_back != table:
        raise ValueError("this trust table does not survive its encoding")
    return cose.own_draft(TYP, signer_kid, encoded)


def read(data: bytes, *, list_signer_point: bytes) -> Checks[TrustTable]:
    """Return the table if the pinned list signer signed it; MalformedInput or Refused(BUNDLE_INVALID) otherwise."""
    part, _ = decode_part(data, typ=TYP)
    yield from check_signed(part, list_signer_point, who="the pinned list signer")
    return read_payload(part.payload, _from_fields)


def _bureau_of(key: TrustedKey) -> _Bureau:
    return key.bureau, key.name_zh, key.name_en, key.country, key.scope


def _write_key(key: TrustedKey, bureau: int) -> CborValue:
    row: list[CborValue] = [key.kid, key.point, int(key.role), bureau, list[CborValue](sorted(key.forms))]
    row += [int(key.state), key.valid_from]
    return row if key.retired_at is None else [*row, key.retired_at]


def _from_fields(fields: CborMap) -> TrustTable:
    if fields.keys() != _KEYS:
        raise invalid("an entry of the trust table is missing or unknown")
    bureaus = [_read_bureau(row) for row in items(fields[5])]
    rows = [_read_key(row, bureaus) for row in items(fields[6])]
    kids = [key.kid for key in rows]
    if kids != sorted(set(kids)):
        raise invalid("key ids are sorted, each once")
    if bureaus != sorted(set(bureaus)):
        raise invalid("bureaus are sorted, each once")
    return TrustTable(
        number=number(fields[1]),
        issued_at=number(fields[2]),
        next_update=number(fields[3]),
        specimen=flag(fields[4]),
        keys={key.kid: key for key in rows},
    )


def _read_bureau(row: CborValue) -> _Bureau:
    fields = items(row)
    if len(fields) != 5:
        raise invalid("a bureau has five fields")
    country = text(fields[3])
    if len(country) != 2:
        raise invalid("a country has two letters")
    scope = sorted_words(fields[4])
    if not all(prefix.isascii() and prefix.isdigit() and len(prefix) <= 6 for prefix in scope):
        raise invalid("a scope is made of division code prefixes")
    return bureau_id(fields[0]), text(fields[1]), text(fields[2]), country, scope


def _read_key(row: CborValue, bureaus: list[_Bureau]) -> TrustedKey:
    fields = items(row)
    if len(fields) not in {7, 8}:
        raise invalid("a key has seven or eight fields")
    role, state = number(fields[2]), number(fields[5])
    place = number(fields[3])
    if role not in {*KeyRole} or state not in {*KeyState} or place >= len(bureaus):
        raise invalid("a key's role, state or bureau is unknown")
    kid, forms = octets(fields[0], size_bytes=KID_BYTES), frozenset(sorted_words(fields[4]))
    bureau, name_zh, name_en, country, scope = bureaus[place]
    return TrustedKey(
        kid=kid,
        point=_read_point(fields[1], kid, is_online=role == KeyRole.CREDENTIAL and FORM not in forms),
        role=KeyRole(role),
        bureau=bureau,
        name_zh=name_zh,
        name_en=name_en,
        country=country,
        scope=scope,
        forms=forms,
        valid_from=number(fields[6]),
        retired_at=number(fields[7]) if len(fields) == 8 else None,
        state=KeyState(state),
    )


def _read_point(value: CborValue, kid: bytes, *, is_online: bool) -> bytes:
    if type(value) is bytes and len(value) == THUMBPRINT_BYTES:
        if not is_online or value[:KID_BYTES] != kid:
            raise invalid("a thumbprint stands for another key, or for one that signs more than online forms")
        return value
    point = octets(value, size_bytes=POINT_BYTES)
    if point[0] not in {2, 3}:
        raise invalid("a key is not a compressed point")
    return point
