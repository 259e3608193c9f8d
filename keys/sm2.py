"""SM2 signatures over SM3 through the system's OpenSSL 3: the second suite's binding.

``cryptography`` has no SM2. The library is loaded at the first use, so a machine that never meets this suite needs none.
Private keys stay inside the library, and whatever is computed with them is computed there.
Source: GB/T 32918.2 and .5 (SM2), GB/T 32905 (SM3); the signer id is the default one of GM/T 0009.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.errors import Misconfigured
from core.reasons import Reason
from keys.algorithms import SM2_SM3, Algorithm
from keys.cose_key import key_id
from keys.der import signature_from_der, signature_to_der, tlv
from keys.public_keys import PublicKey, to_spki
from keys.sm2_points import compressed

# OpenSSL takes an empty one where none is set, and then agrees with nobody.
_SIGNER_ID: Final = b"1234567812345678"
_LIBRARIES: Final = ("libcrypto.so.3", "libcrypto.3.dylib", "libcrypto-3-x64.dll")
_PKCS8_HEAD: Final = bytes.fromhex("020100301306072a8648ce3d020106082a811ccf5501822d")
_SCALAR_BYTES: Final = 32
_POINT_BYTES: Final = 65
# SEQUENCE of two INTEGERs of at most 33 octets.
_DER_MAX_BYTES: Final = 72

_Pointer: Final = ctypes.c_void_p
_Size: Final = ctypes.c_size_t
_Text: Final = ctypes.c_char_p
_Int: Final = ctypes.c_int
# What each function returns and takes, from the library's manual pages.
_FUNCTIONS: Final = {
    "ERR_clear_error": (None, ()),
    "EVP_sm3": (_Pointer, ()),
    "EVP_PKEY_CTX_new": (_Pointer, (_Pointer, _Pointer)),
    "EVP_PKEY_CTX_new_from_name": (_Pointer, (_Pointer, _Text, _Text)),
    "EVP_PKEY_CTX_free": (None, (_Pointer,)),
    "EVP_PKEY_CTX_set1_id": (_Int, (_Pointer, _Text, _Int)),
    "EVP_PKEY_keygen_init": (_Int, (_Pointer,)),
    "EVP_PKEY_generate": (_Int, (_Pointer, ctypes.POINTER(_Pointer))),
    "EVP_PKEY_private_check": (_Int, (_Pointer,)),
    "EVP_PKEY_free": (None, (_Pointer,)),
    "EVP_PKEY_get_bn_param": (_Int, (_Pointer, _Text, ctypes.POINTER(_Pointer))),
    "EVP_PKEY_get_octet_string_param": (_Int, (_Pointer, _Text, _Text, _Size, ctypes.POINTER(_Size))),
    "EVP_MD_CTX_new": (_Pointer, ()),
    "EVP_MD_CTX_free": (None, (_Pointer,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (_Pointer, _Pointer)),
    "EVP_DigestSignInit": (_Int, (_Pointer, _Pointer, _Pointer, _Pointer, _Pointer)),
    "EVP_DigestSign": (_Int, (_Pointer, _Text, ctypes.POINTER(_Size), _Text, _Size)),
    "EVP_DigestVerifyInit": (_Int, (_Pointer, _Pointer, _Pointer, _Pointer, _Pointer)),
    "EVP_DigestVerify": (_Int, (_Pointer, _Text, _Size, _Text, _Size)),
    "BN_bn2binpad": (_Int, (_Pointer, _Text, _Int)),
    "BN_clear_free": (None, (_Pointer,)),
    "d2i_PUBKEY": (_Pointer, (_Pointer, ctypes.POINTER(_Text), ctypes.c_long)),
    "d2i_AutoPrivateKey": (_Pointer, (_Pointer, ctypes.POINTER(_Text), ctypes.c_long)),
}


class Sm2Library:
    """OpenSSL's libcrypto 3, found by one of its file names; Misconfigured(SUITE_UNAVAILABLE) where there is none."""

    def __init__(self, names: tuple[str, ...] = _LIBRARIES) -> None:
        self.calls = _open(names)

    def generate(self) -> Sm2Key:
        """Return a fresh private key, drawn by the library."""
        calls = self.calls
        context = calls.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        made = _Pointer()
        try:
            held = (
                calls.EVP_PKEY_keygen_init(context) == 1 and calls.EVP_PKEY_generate(context, ctypes.byref(made)) == 1
            )
        finally:
            calls.EVP_PKEY_CTX_free(context)
        if not held or made.value is None:
            raise self.failed("makes no SM2 key")
        return Sm2Key(self, made.value)

    def private_key(self, scalar: bytes) -> Sm2Key:
        """Return the key with this private scalar: 32 bytes, 1 .. n - 2, else ValueError."""
        if len(scalar) != _SCALAR_BYTES:
            raise ValueError("a private scalar has 32 bytes")
        inner = tlv(0x30, b"\x02\x01\x01" + tlv(0x04, scalar))
        key = self._read(self.calls.d2i_AutoPrivateKey, tlv(0x30, _PKCS8_HEAD + tlv(0x04, inner)))
        if key is None or not key.is_private():
            raise ValueError("the number is no private scalar of SM2")
        return key

    def public_key(self, spki: bytes) -> Sm2Key | None:
        """Return the key of a SubjectPublicKeyInfo (DER), or None where the library takes it for none."""
        return self._read(self.calls.d2i_PUBKEY, spki)

    def failed(self, what: str) -> Misconfigured:
        """Return the error for a library that is there and cannot: built without SM2, or restricted."""
        self.calls.ERR_clear_error()
        return Misconfigured(Reason.SUITE_UNAVAILABLE, f"the system's OpenSSL {what}")

    def _read(self, read: ctypes._NamedFuncPointer, der: bytes) -> Sm2Key | None:
        place = _Text(der)
        found = read(None, ctypes.byref(place), len(der))
        if not found:
            # The queue of errors is the thread's, and other users of the library would find ours in it.
            self.calls.ERR_clear_error()
            return None
        return Sm2Key(self, found)


class Sm2Key:
    """One key inside the library, freed with this object; threads may share it, because the library counts its users."""

    def __init__(self, library: Sm2Library, pointer: int) -> None:
        self._library = library
        self._pointer = pointer
        weakref.finalize(self, library.calls.EVP_PKEY_free, pointer).atexit = False

    def is_private(self) -> bool:
        """Say whether the key has a private scalar in its range."""
        calls = self._library.calls
        context = calls.EVP_PKEY_CTX_new(self._pointer, None)
        try:
            return bool(calls.EVP_PKEY_private_check(context) == 1)
        finally:
            calls.EVP_PKEY_CTX_free(context)
            calls.ERR_clear_error()

    def point(self) -> bytes:
        """Return the public point, 65 bytes."""
        buffer, size = ctypes.create_string_buffer(_POINT_BYTES), _Size()
        calls = self._library.calls
        if calls.EVP_PKEY_get_octet_string_param(self._pointer, b"pub", buffer, _POINT_BYTES, ctypes.byref(size)) != 1:
            raise self._library.failed("gives no public key")
        return buffer.raw[: size.value]

    def scalar(self) -> bytes:
        """Return the private scalar, 32 bytes: for encrypted stores only."""
        calls, number, buffer = self._library.calls, _Pointer(), ctypes.create_string_buffer(_SCALAR_BYTES)
        if calls.EVP_PKEY_get_bn_param(self._pointer, b"priv", ctypes.byref(number)) != 1:
            raise self._library.failed("gives no private key")
        calls.BN_bn2binpad(number, buffer, _SCALAR_BYTES)
        calls.BN_clear_free(number)
        return buffer.raw

    def sign(self, message: bytes) -> bytes:
        """Return the DER signature over a message."""
        calls, buffer, size = self._library.calls, ctypes.create_string_buffer(_DER_MAX_BYTES), _Size(_DER_MAX_BYTES)
        with self._digest() as digest:
            if (
                calls.EVP_DigestSignInit(digest, None, calls.EVP_sm3(), None, self._pointer) != 1
                or calls.EVP_DigestSign(digest, buffer, ctypes.byref(size), message, len(message)) != 1
            ):
                raise self._library.failed("does not sign with SM2")
        return buffer.raw[: size.value]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Say whether a DER signature over a message is this key's."""
        calls = self._library.calls
        with self._digest() as digest:
            if calls.EVP_DigestVerifyInit(digest, None, calls.EVP_sm3(), None, self._pointer) != 1:
                raise self._library.failed("does not verify with SM2")
            holds = bool(calls.EVP_DigestVerify(digest, signature, len(signature), message, len(message)) == 1)
        if not holds:
            calls.ERR_clear_error()
        return holds

    @contextmanager
    def _digest(self) -> Iterator[int]:
        calls = self._library.calls
        context, digest = calls.EVP_PKEY_CTX_new(self._pointer, None), calls.EVP_MD_CTX_new()
        try:
            if calls.EVP_PKEY_CTX_set1_id(context, _SIGNER_ID, len(_SIGNER_ID)) != 1:
                raise self._library.failed("takes no signer id")
            calls.EVP_MD_CTX_set_pkey_ctx(digest, context)
            yield digest
        finally:
            calls.EVP_MD_CTX_free(digest)
            calls.EVP_PKEY_CTX_free(context)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Sm2Signer:
    """A Signer over an SM2 key inside the library."""

    key: Sm2Key
    point: bytes
    key_id: bytes
    certificates: tuple[bytes, ...] = ()
    algorithm: Algorithm = SM2_SM3

    @classmethod
    def generate(cls) -> Sm2Signer:
        """Return a signer over a fresh key."""
        return cls._over(library().generate(), ())

    @classmethod
    def from_secret(cls, secret: bytes, certificates: tuple[bytes, ...] = ()) -> Sm2Signer:
        """Return a signer over the key with this private scalar: 32 bytes big-endian, 1 .. n - 2, else ValueError."""
        return cls._over(library().private_key(secret), certificates)

    @classmethod
    def _over(cls, key: Sm2Key, certificates: tuple[bytes, ...]) -> Sm2Signer:
        point = compressed(key.point())
        if point is None:
            raise ValueError("the key is not on the SM2 curve")
        return cls(key, point, key_id(point, SM2_SM3), certificates)

    def secret(self) -> bytes:
        """Return the private scalar, 32 bytes: for encrypted stores only."""
        return self.key.scalar()

    def with_certificates(self, *certificates: bytes) -> Sm2Signer:
        """Return the same key with a certificate chain: leaf first, without the root."""
        return Sm2Signer(self.key, self.point, self.key_id, certificates, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        return signature_from_der(self.key.sign(message))


def verify_sm2(point: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether raw r || s (64 bytes) is the signature over ``message`` of the key at a 33-byte point.

    False for a point off the curve; Misconfigured(SUITE_UNAVAILABLE) where the library is missing.
    """
    key = _loaded(point)
    return key is not None and key.verifies(message, signature_to_der(signature))


@lru_cache(maxsize=1)
def library() -> Sm2Library:
    """Return the library, opened at the first call."""
    return Sm2Library()


@lru_cache(maxsize=256)
def _loaded(point: bytes) -> Sm2Key | None:
    try:
        spki = to_spki(PublicKey(point, SM2_SM3))
    except ValueError:
        return None
    found = library().public_key(spki)
    if found is None:
        # The point is on the curve, so it is the library that knows no such keys.
        raise library().failed("reads no SM2 key")
    return found


def _open(names: tuple[str, ...]) -> ctypes.CDLL:
    for name in names:
        try:
            found = ctypes.CDLL(name)
            for function, (result, takes) in _FUNCTIONS.items():
                getattr(found, function).restype = result
                getattr(found, function).argtypes = takes
        except (OSError, AttributeError):
            continue
        return found
    raise Misconfigured(
        Reason.SUITE_UNAVAILABLE,
        "SM2 needs the system's OpenSSL 3: install libcrypto.so.3 (Debian: libssl3, Red Hat: openssl-libs)",
    )
