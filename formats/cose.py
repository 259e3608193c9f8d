"""COSE_Sign1 (RFC 9052): the structure that is signed, made and read without any cryptography.

Whoever judges a signature yields a ``SignatureCheck`` and is sent the answer; a driver outside the portable core answers.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from cbor2 import CBORTag

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from keys.algorithms import ES256, Algorithm, by_cose

T = TypeVar("T")

ALG = 1
KID = 4
KCWT = 13
TYP = 16
SD_CLAIMS = 17
SD_ALG = 170

KID_BYTES = 8
_OWN_HEADERS = frozenset({ALG, KID, TYP})


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
        """Return the tagged COSE_Sign1 with this raw r || s signature."""
        if len(signature) != ES256.signature_bytes:
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
    by_cose(sign1.protected[ALG])
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
    # ["Signature1", protected, external_aad, payload], RFC 9052 section 4.4, put together by hand: it is on the hot path.
    return b"".join(
        (
            b"\x84\x6aSignature1",
            cbor.bstr_head(len(protected_bytes)),
            protected_bytes,
            b"\x40",
            cbor.bstr_head(len(payload)),
            payload,
        )
    )
