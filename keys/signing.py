"""The Signer port: bytes in, signature out. And the one place where signatures are verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from keys.algorithms import ES256, ML_DSA_44, SM2_SM3, Algorithm
from keys.cose_key import key_id
from keys.der import signature_from_der, signature_to_der
from keys.ml_dsa import MlDsaSigner, verify_ml_dsa
from keys.points import compressed, load_point
from keys.sm2 import Sm2Signer, verify_sm2

# The hash is taken here: handing the library the digest is quicker than having it hash by itself.
_ECDSA_SHA256: Final = ec.ECDSA(Prehashed(hashes.SHA256()))
_SCALAR_BYTES: Final = 32


class KeyPurpose(StrEnum):
    """What a key is for. One key has one purpose; the text is its name in files, tables and audit notes."""

    NATIONAL_ROOT = "national-root"
    LIST_SIGNER = "list-signer"
    READER_ROOT = "reader-root"
    POLICY_SIGNER = "policy-signer"
    DOCUMENT_SIGNER = "document-signer"
    ONLINE_SIGNER = "online-signer"
    CARD_SIGNER = "card-signer"
    STATUS_SIGNER = "status-signer"
    VICAL_SIGNER = "vical-signer"
    BUNDLE_SIGNER = "bundle-signer"
    AUDIT_SIGNER = "audit-signer"
    POST = "post"


class Signer(Protocol):
    """One private key, wherever it lives."""

    @property
    def algorithm(self) -> Algorithm:
        """The only algorithm this key signs with."""
        ...

    @property
    def key_id(self) -> bytes:
        """The first 8 bytes of the COSE key thumbprint (RFC 9679)."""
        ...

    @property
    def point(self) -> bytes:
        """The public key: a point of 33 bytes, compressed; the raw key where it is not a point."""
        ...

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER, leaf first, without the root; empty for a key without a certificate."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message`` in the wire form of the algorithm: raw r || s, or the raw signature."""
        ...


class LocalSigner(Signer, Protocol):
    """A Signer whose private key is in this process, so that an encrypted store can keep it."""

    def secret(self) -> bytes:
        """Return what the private key is made from, 32 bytes: a scalar, or a seed."""
        ...

    def with_certificates(self, *certificates: bytes) -> LocalSigner:
        """Return the same key with a certificate chain: leaf first, without the root."""
        ...


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class InProcessSigner:
    """A Signer over a P-256 key in this process's memory."""

    private_key: ec.EllipticCurvePrivateKey
    point: bytes
    key_id: bytes
    certificates: tuple[bytes, ...] = ()
    algorithm: Algorithm = ES256

    @classmethod
    def generate(cls) -> InProcessSigner:
        """Return a signer over a fresh P-256 key."""
        return cls.from_private_key(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_private_key(
        cls, private_key: ec.EllipticCurvePrivateKey, certificates: tuple[bytes, ...] = ()
    ) -> InProcessSigner:
        """Return a signer over an existing P-256 key; ValueError for a key on another curve."""
        if private_key.curve.name != "secp256r1":
            raise ValueError("a signer needs a P-256 key")
        point = compressed(private_key.public_key())
        return cls(private_key=private_key, point=point, key_id=key_id(point), certificates=certificates)

    @classmethod
    def from_scalar(cls, scalar: bytes, certificates: tuple[bytes, ...] = ()) -> InProcessSigner:
        """Return a signer over the key with this private scalar: 32 bytes big-endian, 1 .. n - 1, else ValueError."""
        if len(scalar) != _SCALAR_BYTES:
            raise ValueError("a private scalar has 32 bytes")
        private_key = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
        return cls.from_private_key(private_key, certificates)

    def scalar(self) -> bytes:
        """Return the private scalar, 32 bytes: for encrypted stores only."""
        return self.private_key.private_numbers().private_value.to_bytes(_SCALAR_BYTES, "big")

    def secret(self) -> bytes:
        return self.scalar()

    def with_certificates(self, *certificates: bytes) -> InProcessSigner:
        """Return the same key with a certificate chain: leaf first, without the root."""
        return InProcessSigner(self.private_key, self.point, self.key_id, certificates, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        return signature_from_der(self.private_key.sign(sha256(message).digest(), _ECDSA_SHA256))


_GENERATE: Final[Mapping[Algorithm, Callable[[], LocalSigner]]] = MappingProxyType(
    {ES256: InProcessSigner.generate, SM2_SM3: Sm2Signer.generate, ML_DSA_44: MlDsaSigner.generate}
)
_FROM_SECRET: Final[Mapping[Algorithm, Callable[[bytes, tuple[bytes, ...]], LocalSigner]]] = MappingProxyType(
    {ES256: InProcessSigner.from_scalar, SM2_SM3: Sm2Signer.from_secret, ML_DSA_44: MlDsaSigner.from_secret}
)
_VERIFY_OTHERS: Final[Mapping[Algorithm, Callable[[bytes, bytes, bytes], bool]]] = MappingProxyType(
    {SM2_SM3: verify_sm2, ML_DSA_44: verify_ml_dsa}
)


def generate_signer(algorithm: Algorithm) -> LocalSigner:
    """Return a signer of a suite over a fresh key; Misconfigured(SUITE_UNAVAILABLE) where this machine lacks it."""
    return _GENERATE[algorithm]()


def signer_from_secret(algorithm: Algorithm, secret: bytes, certificates: tuple[bytes, ...] = ()) -> LocalSigner:
    """Return the signer of a suite whose ``secret()`` this is, else ValueError; Misconfigured(SUITE_UNAVAILABLE)."""
    return _FROM_SECRET[algorithm](secret, certificates)


def verify_signature(key: bytes, algorithm: Algorithm, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` is the key's signature over ``message``.

    key:       the public key: 33 bytes X9.62 (65 too for P-256), or the raw key of ML-DSA-44.
    algorithm: the one the key is for, as its certificate or the trust table says; never what a header says alone.
    signature: raw r || s as on the wire of JOSE and COSE, or the raw signature: exactly ``algorithm.signature_bytes``.
    Returns False for a wrong length, a key that is none and r or s outside 1 .. n - 1; it never raises for them.
    Raises Misconfigured(SUITE_UNAVAILABLE) where this machine lacks the suite: what was not checked is not "forged".
    (r, s) and (r, n - s) both verify, as ECDSA has it: nothing may key on signature bytes.
    Source: RFC 7518 3.4, RFC 9053 2.1; GB/T 32918.2; RFC 9964.
    """
    if len(signature) != algorithm.signature_bytes:
        return False
    if algorithm is not ES256:
        return _VERIFY_OTHERS[algorithm](key, message, signature)
    loaded = load_point(key)
    if loaded is None:
        return False
    try:
        loaded.verify(signature_to_der(signature), sha256(message).digest(), _ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True
