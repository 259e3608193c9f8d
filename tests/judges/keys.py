"""Our keys in the form every judge takes: JSON Web Keys."""

from __future__ import annotations

from formats.encoding import base64url
from keys.jwk import public_jwk
from keys.signing import InProcessSigner


def public(signer: InProcessSigner) -> dict[str, str]:
    """Return the public key."""
    return {name: str(value) for name, value in public_jwk(signer.point).items()}


def private(signer: InProcessSigner) -> dict[str, str]:
    """Return the private key."""
    return {**public(signer), "d": base64url.encode(signer.scalar())}


def flipped(octets: bytes, place: int) -> bytes:
    """Return the bytes with one bit flipped in the byte at this place: the corrupted copy a judge is shown first."""
    bent = bytearray(octets)
    bent[place] ^= 1
    return bytes(bent)
