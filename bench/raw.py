"""The machine's own measure: bare P-256 over ``cryptography``, keys loaded, one message of 1,200 bytes."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.measuring import Base, Sampler, repeated

_MESSAGE = b"\x69" * 1200
_BLOCK = 50


def raw_sign() -> Sampler:
    """Return a sampler of one signature."""
    key, how = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    return repeated(_BLOCK, lambda: key.sign(_MESSAGE, how))


def raw_verify(count: int = 1) -> Sampler:
    """Return a sampler of ``count`` verifications."""
    key, how = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(_MESSAGE, how), key.public_key()
    one = repeated(_BLOCK, lambda: public.verify(signature, _MESSAGE, how))
    return lambda: count * one()


def one_signature() -> Base:
    """The base of what is issued."""
    return Base("1 raw P-256 sign", raw_sign())


def two_verifications() -> Base:
    """The base of what is shown: the issuer's and the holder's signature."""
    return Base("2 raw P-256 verify", raw_verify(2))
