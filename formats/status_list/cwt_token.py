"""The Status List Token in its CWT form: the same list for readers of mdoc and CWT, a quarter smaller.

A COSE_Sign1 under tag 18 and no other; the signer's certificates stand in the protected header, as ISO/IEC 18013-5
(second edition, 12.3.6) has it. Source: Token Status List, sections 4.3, 5.2, 8.3; RFC 9360, RFC 9596.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from cbor2 import CBORTag

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.cose import ALG, TYP, X5CHAIN, Sign1Draft, UnverifiedForeignSign1, read_foreign_sign1
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue, ForeignValue
from formats.status_list.model import (
    TOKEN_MAX_BYTES,
    WIDTHS,
    Deflated,
    SignerOf,
    StatusList,
    aggregation_of,
    check_list,
    check_terms,
    inflate,
    malformed,
    stream_of,
)
from keys.algorithms import check_named
from keys.signing import Signer, verify_signature

MEDIA_TYPE: Final = "application/statuslist+cwt"
SUB: Final = 2
EXP: Final = 4
IAT: Final = 6
STATUS_LIST: Final = 65533
TTL: Final = 65534

_LATEST: Final = 1 << 33

_Claims: TypeAlias = Mapping[int | str, ForeignValue]


def build_cwt(
    uri: str,
    entries: bytes | Deflated,
    *,
    bits: int,
    issued_at: int,
    expires_at: int,
    ttl_seconds: int,
    signer: Signer,
    aggregation_uri: str | None = None,
) -> bytes:
    """Return the signed list as a tagged COSE_Sign1, its ``x5chain`` protected; arguments as for ``build_token``.

    ES256 is written with the number that readers of mdoc and CWT know, -7.
    """
    check_terms(bits, issued_at=issued_at, expires_at=expires_at)
    listed: CborMap = {"bits": bits, "lst": stream_of(entries)}
    if aggregation_uri is not None:
        listed["aggregation_uri"] = aggregation_uri
    claims: CborMap = {SUB: uri, EXP: expires_at, IAT: issued_at, STATUS_LIST: listed, TTL: ttl_seconds}
    draft = Sign1Draft(_protected(signer), cbor.encode(claims))
    return draft.finish(signer.sign(draft.to_be_signed()))


def read_cwt(
    token: bytes,
    *,
    uri: str,
    signer_of: SignerOf,
    now: int,
    tolerance_seconds: int,
) -> StatusList:
    """Return the list behind a token, every check done; arguments and errors as for ``read_token``.

    Map keys may stand in any order, everything else is as strict as in our own CBOR. Raises MalformedInput:
    CBOR_MALFORMED for anything but one COSE_Sign1 under tag 18, HEADER_UNEXPECTED for another ``typ``, certificates
    outside the protected header, ``crit`` and labels in both headers; ALGORITHM_NOT_ALLOWED; CLAIMS_MALFORMED; TOO_LARGE.
    """
    sign1 = _take_apart(token)
    signer = signer_of(sign1.chain)
    check_named(sign1.algorithm, signer.algorithm)
    if not verify_signature(signer.point, signer.algorithm, sign1.to_be_signed(), sign1.signature):
        raise Refused(Reason.STATUS_UNKNOWN, "the status list's signature is wrong")
    return check_list(read_claims(sign1.payload), uri=uri, now=now, tolerance_seconds=tolerance_seconds)


def read_cbor_list(listed: ForeignValue) -> tuple[int, bytes]:
    """Return width and entries of the ``StatusList`` map (4.3); MalformedInput for any other shape."""
    if not isinstance(listed, dict):
        raise malformed("the status list is not a map")
    bits, packed = listed.get("bits"), listed.get("lst")
    if type(bits) is not int or bits not in WIDTHS or type(packed) is not bytes:
        raise malformed("the status list lacks its width or its entries")
    return bits, inflate(packed)


def _protected(signer: Signer) -> CborMap:
    header: CborMap = {ALG: signer.algorithm.cose_usual, TYP: MEDIA_TYPE}
    if signer.certificates:
        # One certificate stands alone, several in an array (RFC 9360 section 2).
        chain = signer.certificates
        header[X5CHAIN] = chain[0] if len(chain) == 1 else list[CborValue](chain)
    return header


def _take_apart(token: bytes) -> UnverifiedForeignSign1:
    value = cbor.decode_foreign(token, max_bytes=TOKEN_MAX_BYTES, tags=(cbor.SIGN1_TAG,))
    sign1 = read_foreign_sign1(value.value if isinstance(value, CBORTag) else None)
    if sign1.headers.get(TYP) != MEDIA_TYPE:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the token is of another type")
    if sign1.chain and X5CHAIN not in sign1.headers:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the certificates are not protected")
    return sign1


def read_claims(payload: bytes) -> StatusList:
    """Return the list that the claims of a token make; whether it is signed is asked first by ``read_cwt``."""
    claims = cbor.decode_foreign(payload, max_bytes=TOKEN_MAX_BYTES)
    if type(claims) is not dict:
        raise malformed("the payload is not a map")
    uri = claims.get(SUB)
    if type(uri) is not str or not uri:
        raise malformed("sub must be a text")
    ttl_seconds = _time(claims, TTL) if TTL in claims else None
    if ttl_seconds == 0:
        raise malformed("ttl must be positive")
    listed = claims.get(STATUS_LIST)
    bits, entries = read_cbor_list(listed)
    return StatusList(uri, bits, entries, _time(claims, IAT), _time(claims, EXP), ttl_seconds, aggregation_of(listed))


def _time(claims: _Claims, label: int) -> int:
    value = claims.get(label)
    if type(value) is not int or not 0 <= value < _LATEST:
        raise malformed(f"claim {label} must be a whole number of seconds")
    return value
