"""COSE_Sign1 (RFC 9052): the structure that is signed, made and read without any cryptography.

Our own tokens (EID1 and what a reader carries) are tagged, deterministic and signed with ES256 under its number -9. What
others read and write (mdoc) is untagged, names its algorithm by either number and brings certificates: ``Foreign...``.

Whoever judges a signature yields a ``SignatureCheck`` and is sent the answer; a driver outside the portable core answers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias, TypeVar

from cbor2 import CBORTag

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue, ForeignValue
from keys.algorithms import ALGORITHMS, ES256, Algorithm, by_cose, by_cose_any

T = TypeVar("T")

ALG = 1
CRIT = 2
KID = 4
KCWT = 13
TYP = 16
SD_CLAIMS = 17
X5CHAIN = 33
SD_ALG = 170

HMAC_256 = 5
"""HMAC 256/256, RFC 9053 section 3.1: the one algorithm of a COSE_Mac0."""

KID_BYTES = 8
MAC_BYTES = 32
_OWN_HEADERS = frozenset({ALG, KID, TYP})
_PROTECTED_HMAC = b"\xa1\x01\x05"
_SIGNATURE_BYTES: Mapping[object, int] = {
    number: algorithm.signature_bytes for algorithm in ALGORITHMS for number in (algorithm.cose, algorithm.cose_usual)
}
_PROTECTED_MAX_BYTES = 8_192
_CHAIN_MAX = 4
_CUT_DEPTH = 4

ForeignHeaders: TypeAlias = Mapping["int | str", ForeignValue]


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One question to the driver: does this signature over this message verify under this key?

    key:       the 33-byte compressed point; a driver answers False for a point off the curve.
    signature: raw r || s.
    """

    key: bytes
    algorithm: Algorithm
    message: bytes
    signature: bytes


Checks: TypeAlias = Generator[SignatureCheck, bool, T]
"""What every judging function of the portable core is: it yields questions and returns its result."""


@dataclass(frozen=True, slots=True)
class UnverifiedSign1:
    """A COSE_Sign1 as read; nothing in it is trusted yet."""

    protected_bytes: bytes
    protected: CborMap
    unprotected: CborMap
    payload: bytes
    signature: bytes

    def to_be_signed(self) -> bytes:
        """Return the Sig_structure over the received protected bytes; external_aad is empty."""
        return _signature_structure(self.protected_bytes, self.payload)


@dataclass(frozen=True, slots=True)
class Sign1Draft:
    """A COSE_Sign1 before its signature."""

    protected: CborMap
    payload: bytes
    protected_bytes: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "protected_bytes", cbor.encode(self.protected))

    def to_be_signed(self) -> bytes:
        """Return the bytes a ``Signer`` signs."""
        return _signature_structure(self.protected_bytes, self.payload)

    def finish(self, signature: bytes, unprotected: CborMap | None = None) -> bytes:
        """Return the tagged COSE_Sign1 with this signature, of the size of the algorithm its header names."""
        if len(signature) != _SIGNATURE_BYTES.get(self.protected.get(ALG), ES256.signature_bytes):
            raise ValueError("a signature of another size")
        elements: CborValue = [self.protected_bytes, unprotected or {}, self.payload, signature]
        return cbor.encode(CBORTag(cbor.SIGN1_TAG, elements))


def decode_sign1(data: bytes, *, max_bytes: int) -> UnverifiedSign1:
    """Return a tagged COSE_Sign1, its signature not yet checked.

    Raises MalformedInput: TOO_LARGE, CBOR_MALFORMED for anything else than tag 18 over four elements in deterministic
    CBOR, HEADER_UNEXPECTED for a protected header that is empty or no map.
    """
    return read_sign1(cbor.decode(data, max_bytes=max_bytes, sign1=True))


def read_sign1(value: CborValue) -> UnverifiedSign1:
    """Return the COSE_Sign1 that a decoded value holds; errors as ``decode_sign1``."""
    elements = value.value if isinstance(value, CBORTag) else None
    if type(elements) is not list or len(elements) != 4:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not a tagged COSE_Sign1 of four elements")
    protected_bytes, unprotected, payload, signature = elements
    if (
        type(protected_bytes) is not bytes
        or type(unprotected) is not dict
        or type(payload) is not bytes
        or type(signature) is not bytes
        or len(signature) != ES256.signature_bytes
    ):
        raise MalformedInput(Reason.CBOR_MALFORMED, "an element of the COSE_Sign1 is of another type or size")
    if not protected_bytes:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "no protected header")
    protected = cbor.decode(protected_bytes, max_bytes=len(protected_bytes), sign1=True)
    if type(protected) is not dict:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the protected header is no map")
    return UnverifiedSign1(protected_bytes, protected, unprotected, payload, signature)


# --- what others read and write ---------------------------------------------------------------------------------------


class UnverifiedForeignSign1(NamedTuple):
    """A COSE_Sign1 that others wrote, as read; nothing in it is trusted yet.

    headers: the protected ones; no caller changes them, as they are remembered.
    chain:   the certificates of ``x5chain`` as DER, leaf first; empty without one.
    payload: empty where it is detached.
    """

    algorithm: Algorithm
    chain: tuple[bytes, ...]
    headers: ForeignHeaders
    protected_bytes: bytes
    payload: bytes
    signature: bytes

    def to_be_signed(self) -> bytes:
        """Return the Sig_structure over the received protected bytes; external_aad is empty."""
        return _signature_structure(self.protected_bytes, self.payload)

    def with_payload(self, payload: bytes) -> bytes:
        """Return the Sig_structure of a signature whose payload is detached."""
        if self.payload:
            raise ValueError("the payload is not detached")
        return _signature_structure(self.protected_bytes, payload)


class UnverifiedMac0(NamedTuple):
    """A COSE_Mac0 with detached payload, as read: HMAC 256/256."""

    protected_bytes: bytes
    tag: bytes

    def with_payload(self, payload: bytes) -> bytes:
        """Return the MAC_structure that the tag is over."""
        return _structure(b"\x84\x64MAC0", self.protected_bytes, payload)


@dataclass(frozen=True, slots=True)
class ForeignSign1Draft:
    """An untagged COSE_Sign1 as others expect it, before its signature: alg protected, x5chain unprotected.

    chain:    DER, leaf first, without the root; empty for none.
    detached: whether the payload is left out of what ``finish`` returns.
    """

    algorithm: Algorithm
    chain: tuple[bytes, ...]
    payload: bytes
    detached: bool = False

    def to_be_signed(self) -> bytes:
        """Return the bytes a ``Signer`` signs."""
        return _signature_structure(_protected_alg(self.algorithm), self.payload)

    def finish(self, signature: bytes) -> bytes:
        """Return the COSE_Sign1 with this signature."""
        if len(signature) != self.algorithm.signature_bytes:
            raise ValueError("a signature of another size")
        payload = b"" if self.detached else self.payload
        return _spell(_protected_alg(self.algorithm), self.chain, payload, signature)


def mac0_to_be_authenticated(payload: bytes) -> bytes:
    """Return the MAC_structure (RFC 9052 section 6.3) of a COSE_Mac0 by HMAC 256/256."""
    return _structure(b"\x84\x64MAC0", _PROTECTED_HMAC, payload)


def finish_mac0(tag: bytes) -> bytes:
    """Return the untagged COSE_Mac0 by HMAC 256/256 with detached payload."""
    return _spell(_PROTECTED_HMAC, (), b"", tag)


def read_foreign_sign1(value: ForeignValue, *, detached: bool = False) -> UnverifiedForeignSign1:
    """Return the untagged COSE_Sign1 that a decoded value holds, by any algorithm of the table.

    detached: whether the payload must be null; else it must be there.
    Certificates stand in either header, in one of them only: one as a byte string, two to four as an array.
    Raises MalformedInput: CBOR_MALFORMED for anything else than four elements of the right types and a signature of the
    algorithm's size; HEADER_UNEXPECTED for a missing or unprotected ``alg``, ``crit``, a label in both headers, or a
    malformed chain; and Refused(ALGORITHM_NOT_ALLOWED).
    Source: RFC 9052 sections 3, 4.2; RFC 9360 section 2.
    """
    protected_bytes, unprotected, payload, signature = _four(value, detached=detached)
    headers, algorithm, chain = _read_protected(protected_bytes)
    _check_size(signature, algorithm)
    chain = _with_unprotected(chain, headers, unprotected)
    return UnverifiedForeignSign1(algorithm, chain, headers, protected_bytes, payload, signature)


def cut_foreign_sign1(spelled_headers: bytes, payload: bytes, signature: bytes) -> UnverifiedForeignSign1:
    """Return what ``read_foreign_sign1`` does, for a caller who knows the layout and has cut the structure apart.

    spelled_headers:    the first two of its elements, exactly as they stand there.
    payload, signature: what is in its byte strings, whose heads the caller has checked; an empty payload is a detached
                        one.
    Raises as ``read_foreign_sign1``, and for headers beyond what is usual: of more than 8,192 bytes (TOO_LARGE), with tags
    or lists of lists of lists (CBOR_MALFORMED).
    """
    protected_bytes, headers, algorithm, chain = _read_both(spelled_headers)
    _check_size(signature, algorithm)
    return UnverifiedForeignSign1(algorithm, chain, headers, protected_bytes, payload, signature)


def _check_size(signature: bytes, algorithm: Algorithm) -> None:
    if len(signature) != algorithm.signature_bytes:
        raise MalformedInput(Reason.CBOR_MALFORMED, "the signature is of another size than its algorithm's")


def read_mac0(value: ForeignValue) -> UnverifiedMac0:
    """Return the untagged COSE_Mac0 with detached payload that a decoded value holds; errors as ``read_foreign_sign1``."""
    protected_bytes, unprotected, _, tag = _four(value, detached=True)
    headers = _read_headers(protected_bytes)
    if type(headers[ALG]) is not int or headers[ALG] != HMAC_256:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "a MAC is HMAC 256/256")
    if len(tag) != MAC_BYTES:
        raise MalformedInput(Reason.CBOR_MALFORMED, "the tag is not 32 bytes")
    _refuse_misplaced(headers, unprotected)
    return UnverifiedMac0(protected_bytes, tag)


def _spell(protected_bytes: bytes, chain: tuple[bytes, ...], payload: bytes, signature: bytes) -> bytes:
    return b"".join(
        (
            b"\x84",
            cbor.bstr_head(len(protected_bytes)),
            protected_bytes,
            _unprotected_chain(chain),
            cbor.bstr_head(len(payload)) + payload if payload else b"\xf6",
            cbor.bstr_head(len(signature)),
            signature,
        )
    )


def _four(value: ForeignValue, *, detached: bool) -> tuple[bytes, ForeignHeaders, bytes, bytes]:
    if type(value) is not list or len(value) != 4:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not a COSE structure of four elements")
    protected_bytes, unprotected, payload, signature = value
    if type(protected_bytes) is not bytes or type(unprotected) is not dict or type(signature) is not bytes:
        raise MalformedInput(Reason.CBOR_MALFORMED, "an element of the COSE structure is of another type")
    if payload is None and detached:
        return protected_bytes, unprotected, b"", signature
    # An empty payload that is there is not a detached one: the two must not be mistaken for each other.
    if type(payload) is not bytes or not payload or detached:
        raise MalformedInput(Reason.CBOR_MALFORMED, "the payload is there and must not be, or the reverse")
    return protected_bytes, unprotected, payload, signature


# An issuer's protected header is the same in all it signs.
@lru_cache(maxsize=512)
def _read_protected(protected_bytes: bytes) -> tuple[ForeignHeaders, Algorithm, tuple[bytes, ...]]:
    headers = _read_headers(protected_bytes)
    chain = _read_chain(headers[X5CHAIN]) if X5CHAIN in headers else ()
    return headers, by_cose_any(headers[ALG]), chain


# With its certificates, which are the same too.
@lru_cache(maxsize=256)
def _read_both(spelled_headers: bytes) -> tuple[bytes, ForeignHeaders, Algorithm, tuple[bytes, ...]]:
    pair = cbor.decode_foreign(b"\x82" + spelled_headers, max_bytes=_PROTECTED_MAX_BYTES, max_depth=_CUT_DEPTH)
    parts = [*pair, None, b""] if type(pair) is list else None
    protected_bytes, unprotected, _, _ = _four(parts, detached=True)
    headers, algorithm, chain = _read_protected(protected_bytes)
    return protected_bytes, headers, algorithm, _with_unprotected(chain, headers, unprotected)


def _with_unprotected(
    chain: tuple[bytes, ...], headers: ForeignHeaders, unprotected: ForeignHeaders
) -> tuple[bytes, ...]:
    """Return the chain of either header; the unprotected one holds nothing else that counts."""
    _refuse_misplaced(headers, unprotected)
    return _read_chain(unprotected[X5CHAIN]) if X5CHAIN in unprotected else chain


def _read_headers(protected_bytes: bytes) -> ForeignHeaders:
    # No bytes at all stand for an empty map, RFC 9052 section 3.
    headers = cbor.decode_foreign(protected_bytes or b"\xa0", max_bytes=_PROTECTED_MAX_BYTES)
    if type(headers) is not dict or ALG not in headers or CRIT in headers:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the protected header names no algorithm, or has crit")
    return headers


def _refuse_misplaced(headers: ForeignHeaders, unprotected: ForeignHeaders) -> None:
    if CRIT in unprotected or not headers.keys().isdisjoint(unprotected):
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "a header stands where it must not, or twice")


def _read_chain(value: ForeignValue) -> tuple[bytes, ...]:
    entries = value if type(value) is list else [value, None]
    # One certificate is a byte string, an array has at least two: RFC 9360 section 2.
    if not 2 <= len(entries) <= _CHAIN_MAX:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "x5chain is no short list of certificates")
    chain = tuple(entry for entry in entries if type(entry) is bytes and entry)
    if len(chain) != (len(entries) if type(value) is list else 1):
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "x5chain holds something that is no certificate")
    return chain


@lru_cache(maxsize=16)
def _protected_alg(algorithm: Algorithm) -> bytes:
    return cbor.encode_foreign({ALG: algorithm.cose_usual})


@lru_cache(maxsize=128)
def _unprotected_chain(chain: tuple[bytes, ...]) -> bytes:
    listed: ForeignValue = chain[0] if len(chain) == 1 else list[ForeignValue](chain)
    return cbor.encode_foreign({X5CHAIN: listed} if chain else {})


# --- our own tokens ---------------------------------------------------------------------------------------------------


def sign1_value(data: bytes, *, max_bytes: int) -> CborValue:
    """Return a COSE_Sign1 as the value that goes into a ``kcwt`` header, read strictly first."""
    value = cbor.decode(data, max_bytes=max_bytes, sign1=True)
    read_sign1(value)
    return value


def own_draft(typ: str, kid: bytes, payload: bytes) -> Sign1Draft:
    """Return a draft with the protected headers of our own documents: exactly alg, kid and typ."""
    return Sign1Draft({ALG: ES256.cose, KID: kid, TYP: typ}, payload)


def decode_own(data: bytes, *, typ: str, max_bytes: int) -> tuple[UnverifiedSign1, bytes]:
    """Return one of our own documents and the kid of its signer, its signature not yet checked.

    Raises as ``decode_sign1``; HEADER_UNEXPECTED for headers other than {alg, kid, typ} or another ``typ``;
    ALGORITHM_NOT_ALLOWED for any algorithm but -9.
    """
    sign1 = decode_sign1(data, max_bytes=max_bytes)
    if sign1.protected.keys() != _OWN_HEADERS or sign1.unprotected or sign1.protected[TYP] != typ:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, f"not the headers of {typ}")
    if by_cose(sign1.protected[ALG]) is not ES256:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "our own documents are signed with ES256")
    return sign1, read_kid(sign1.protected[KID])


def read_kid(value: CborValue) -> bytes:
    """Return a key id of eight bytes, else MalformedInput(HEADER_UNEXPECTED)."""
    if type(value) is not bytes or len(value) != KID_BYTES:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the kid is not eight bytes")
    return value


def check_signature(signed: UnverifiedSign1, key: bytes, algorithm: Algorithm) -> Checks[bool]:
    """Ask the driver whether the signature verifies under this 33-byte point; yields once.

    Raises TypeError when the answer is not exactly True or False: an un-awaited promise is truthy.
    """
    answer: object = yield SignatureCheck(key, algorithm, signed.to_be_signed(), signed.signature)
    if type(answer) is not bool:
        raise TypeError("a signature check is answered by True or False only")
    return answer


def _signature_structure(protected_bytes: bytes, payload: bytes) -> bytes:
    return _structure(b"\x84\x6aSignature1", protected_bytes, payload)


def _structure(context: bytes, protected_bytes: bytes, payload: bytes) -> bytes:
    # [context, protected, external_aad, payload], RFC 9052 section 4.4, put together by hand: it is on the hot path.
    return b"".join(
        (
            context,
            cbor.bstr_head(len(protected_bytes)),
            protected_bytes,
            b"\x40",
            cbor.bstr_head(len(payload)),
            payload,
        )
    )
