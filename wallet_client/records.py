"""What the wallet keeps, as values: one record for each row, encoded before it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar

from core.errors import MalformedInput, Misconfigured
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import CborValue

_RECORD_MAX_BYTES: Final = 1 << 20
R = TypeVar("R")


class Form(StrEnum):
    """The forms a copy can have; the text is what is stored."""

    QR = "qr"
    SD_JWT_VC = "sd-jwt-vc"
    MDOC = "mdoc"


FORMATS: Final[Mapping[str, Form]] = MappingProxyType(
    {"sd-cwt-eid1": Form.QR, "dc+sd-jwt": Form.SD_JWT_VC, "mso_mdoc": Form.MDOC}
)
"""The credential formats this wallet knows, by their name in issuer metadata."""


@dataclass(frozen=True, slots=True)
class Issuance:
    """One accepted offer: the right to fetch the copies of one credential, from first request to last refresh.

    code:        the pre-authorized code; empty once it was redeemed.
    wanted:      (configuration id, form) of what is fetched.
    dpop_scalar: private key the tokens are bound to, 32 bytes.
    access_token, refresh_token: empty until received; access_expires_at in Unix seconds.
    complete:    whether every first copy arrived.
    tried_at:    last try to refresh, 0 before the first; tried_in_vain whether it failed.
    bureau_zh, bureau_en: names from the trust list for the key that signed; empty before the first copy.
    """

    credential_issuer: str
    code: str
    wanted: tuple[tuple[str, str], ...]
    dpop_scalar: bytes
    access_token: str
    access_expires_at: int
    refresh_token: str
    accepted_at: int
    complete: bool
    tried_at: int
    tried_in_vain: bool
    bureau_zh: str
    bureau_en: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A planned credential request: its keys exist here before the issuer hears of them.

    scalars: private keys, 32 bytes each; a key signs one issuance proof in its life.
    proofs:  those proofs once made, so that a request whose answer was lost is sent again as it was.
    """

    configuration: str
    form: str
    scalars: tuple[bytes, ...]
    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """One received copy of a credential and the key it is bound to.

    token: the SD-CWT bytes, the SD-JWT VC text in ASCII, or the bytes of an mdoc's IssuerSigned.
    """

    form: str
    scalar: bytes
    token: bytes
    issued_at: int
    expires_at: int
    received_at: int


@dataclass(frozen=True, slots=True)
class Showing:
    """One row of the history: what was shown, when, to whom and why. It never leaves the device by itself.

    mode:   "one-way", "challenge" or "online".
    place, site_kind, post_id, ground: from the verified licence and challenge; empty in one-way mode. Online, place is
            the client id that the person was told, and the others are empty.
    groups: wire words of the groups, in the order of the profile.
    challenge_hash: SHA-256 of the answered challenge; empty in the other modes.
    reused: whether the copy had been shown before because none was left.
    """

    shown_at: int
    mode: str
    place: str
    site_kind: str
    post_id: str
    ground: str
    groups: tuple[str, ...]
    copy_id: bytes
    challenge_hash: bytes
    reused: bool


@dataclass(frozen=True, slots=True)
class LicenceSigner:
    """A key that may sign licences; ``retired_at`` is 0 while it is not retired."""

    kid: bytes
    point: bytes
    valid_from: int
    retired_at: int


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """What the wallet trusts, as learnt from the issuer's trust list.

    root:      the national root, DER, pinned at the first offer and never replaced by a download.
    number:    of the newest list seen; an older one is refused.
    """

    root: bytes
    specimen: bool
    number: int
    fetched_at: int
    licence_signers: tuple[LicenceSigner, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root certificate in hexadecimal, as it is printed on letters and at counters."""
        return sha256(self.root).hexdigest()


def encode_trust(trust: TrustRecord) -> bytes:
    """Return the bytes of the trust record."""
    signers: list[CborValue] = [encode_record(signer) for signer in trust.licence_signers]
    return cbor.encode([trust.root, trust.specimen, trust.number, trust.fetched_at, signers])


def decode_trust(data: bytes) -> TrustRecord:
    """Return the trust record in opened bytes; errors as ``decode_record``."""
    *fields_before, signers = _values(data)
    if not isinstance(signers, list):
        raise Misconfigured(Reason.WALLET_DAMAGED, "the trust record has another shape")
    read = tuple(decode_record(LicenceSigner, signer) for signer in signers if isinstance(signer, bytes))
    return _build(TrustRecord, [*fields_before, read])


def encode_record(record: Issuance | Batch | Copy | Showing | LicenceSigner) -> bytes:
    """Return the bytes of a record: a CBOR array of its fields in their order."""
    return cbor.encode([_listed(getattr(record, field.name)) for field in fields(record)])


def decode_record(kind: Callable[..., R], data: bytes) -> R:
    """Return the record in opened bytes; Misconfigured(WALLET_DAMAGED) when they hold something else."""
    return _build(kind, [_tupled(value) for value in _values(data)])


def _build(kind: Callable[..., R], values: list[object]) -> R:
    try:
        return kind(*values)
    except TypeError as err:
        raise Misconfigured(Reason.WALLET_DAMAGED, "a record in the wallet's store has another shape") from err


def _values(data: bytes) -> list[CborValue]:
    try:
        values = cbor.decode(data, max_bytes=_RECORD_MAX_BYTES)
    except MalformedInput as err:
        raise Misconfigured(Reason.WALLET_DAMAGED, "a record in the wallet's store cannot be read") from err
    if not isinstance(values, list):
        raise Misconfigured(Reason.WALLET_DAMAGED, "a record in the wallet's store has another shape")
    return values


def _listed(value: object) -> CborValue:
    if isinstance(value, tuple):
        return [_listed(item) for item in value]
    if isinstance(value, int | str | bytes):
        return value
    raise TypeError("records hold numbers, text, bytes and tuples of them")


def _tupled(value: object) -> object:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
