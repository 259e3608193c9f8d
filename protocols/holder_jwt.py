"""JWTs that bring their own public key in the header: DPoP proofs and key proofs.

Read strictly with the project's own base64url and JSON. The key they bring proves possession only; whether it is the
right key, each use decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from keys.algorithms import ES256, by_jose, check_named
from keys.jwk import point_from_jwk, public_jwk
from keys.signing import Signer, verify_signature

# Other ways to name a key, and ways to change what is signed. A proof has its key in ``jwk`` and nowhere else.
_REFUSED_MEMBERS: Final = frozenset(
    {"crit", "b64", "kid", "jku", "x5u", "x5c", "x5t", "x5t#S256", "trust_chain", "zip"}
)


@dataclass(frozen=True, slots=True)
class UnverifiedHolderJwt:
    """A token taken apart, before its signature is checked. ``point``: its own public key, 33 bytes."""

    point: bytes
    claims: dict[str, JsonValue]
    signing_input: bytes
    signature: bytes

    def is_signed(self) -> bool:
        """Say whether the key in the header made the signature."""
        return verify_signature(self.point, ES256, self.signing_input, self.signature)


def read_holder_jwt(token: str, *, typ: str, max_bytes: int) -> UnverifiedHolderJwt:
    """Return the parts of a compact JWS with ``jwk`` in its header.

    Raises MalformedInput and Refused: HEADER_UNEXPECTED (another ``typ``, more than one way to name the key),
    ALGORITHM_NOT_ALLOWED, HOLDER_KEY_INVALID (missing, private or foreign key), CLAIMS_MALFORMED and the codecs' own.
    """
    if len(token) > max_bytes:
        raise MalformedInput(Reason.TOO_LARGE, "the token is larger than allowed")
    parts = token.split(".")
    if len(parts) != 3:
        raise MalformedInput(Reason.TOKEN_MALFORMED, "a compact token has three parts")
    header = _object(parts[0], max_bytes)
    if header.get("typ") != typ or not _REFUSED_MEMBERS.isdisjoint(header):
        raise Refused(Reason.HEADER_UNEXPECTED, "the header is not the one this token must have")
    # A holder's key is P-256 in every suite.
    check_named(by_jose(header.get("alg")), ES256)
    return UnverifiedHolderJwt(
        point=point_from_jwk(header.get("jwk")),
        claims=_object(parts[1], max_bytes),
        signing_input=token[: len(parts[0]) + 1 + len(parts[1])].encode("ascii"),
        signature=base64url.decode(parts[2]),
    )


def sign_holder_jwt(claims: dict[str, JsonValue], *, typ: str, signer: Signer) -> str:
    """Return a signed token with the signer's public key in its header."""
    header: dict[str, JsonValue] = {"typ": typ, "alg": signer.algorithm.jose, "jwk": dict(public_jwk(signer.point))}
    signing_input = f"{base64url.encode(json.encode(header))}.{base64url.encode(json.encode(claims))}"
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode('ascii')))}"


def _object(part: str, max_bytes: int) -> dict[str, JsonValue]:
    value = json.decode(base64url.decode(part), max_bytes=max_bytes, max_depth=8)
    if not isinstance(value, dict):
        raise MalformedInput(Reason.TOKEN_MALFORMED, "header and claims are JSON objects")
    return value
