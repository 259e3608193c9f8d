"""The Signer port: bytes in, signature out. And the one place where signatures are verified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from keys.algorithms import ES256, Algorithm
from keys.cose_key import key_id
from keys.points import compressed, load_point

_ECDSA_SHA256: Final = ec.ECDSA(hashes.SHA256())
_SCALAR_BYTES: Final = 32


class KeyPurpose(StrEnum):
    """What a key is for. One key has one purpose; the text is its name in files, tables and audit notes."""

    NATIONAL_ROOT = "national-root"
    LIST_SIGNER = "list-signer"
    READER_ROOT = "reader-root"
    POLICY_SIGNER = "policy-signer"
    DOCUMENT_SIGNER = "document-signer"
    BUNDLE_SIGNER = "bundle-signer"
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
        """The public key: 33 bytes, compressed."""
        ...

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER, leaf first, without the root; empty for a key without a certificate."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message`` in the wire form of the algorithm: raw r || s."""
        ...


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class InProcessSigner:
    """A Signer whose private key lies in this process's memory."""

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

    def with_certificates(self, *certificates: bytes) -> InProcessSigner:
        """Return the same key with a certificate chain: leaf first, without the root."""
        return InProcessSigner(self.private_key, self.point, self.key_id, certificates, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        der = self.private_key.sign(message, _ECDSA_SHA256)
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_signature(point: bytes, algorithm: Algorithm, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` is the key's signature over ``message``.

    point:     the public key, 33 or 65 bytes X9.62.
    signature: raw r || s as on the wire of JOSE and COSE, exactly ``algorithm.signature_bytes``.
    Returns False for a wrong length, a point off the curve and r or s outside 1 .. n - 1; it never raises for them.
    (r, s) and (r, n - s) both verify, as ECDSA has it: nothing may key on signature bytes.
    Source: RFC 7518 3.4, RFC 9053 2.1.
    """
    if len(signature) != algorithm.signature_bytes:
        return False
    key = load_point(point)
    if key is None:
        return False
    try:
        key.verify(_to_der(signature), message, _ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True


def _to_der(signature: bytes) -> bytes:
    # By hand: half the time of the library's encoder, which goes through two big integers.
    r = signature[:32].lstrip(b"\0") or b"\0"
    s = signature[32:].lstrip(b"\0") or b"\0"
    if r[0] & 0x80:
        r = b"\0" + r
    if s[0] & 0x80:
        s = b"\0" + s
    return b"0%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)
