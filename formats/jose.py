"""Compact JWS of credentials, lists and key bindings, strictly: one algorithm, one type, no keys from outside.

Over ``cryptography`` itself: PyJWT's decoding alone costs two raw verifications. The header of an issuer's tokens is
the same in all of them, so a parsed header is remembered by its text.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from keys.algorithms import ES256, Algorithm, by_jose, check_named
from keys.signing import Signer, verify_signature

HEADER_MAX_BYTES: Final = 8_192
_CHAIN_MAX: Final = 4
# Each of these would let a token choose its key or change what was signed; RFC 8725 3.10 and RFC 7797 7.
_REFUSED_MEMBERS: Final = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5t", "zip"})


@dataclass(frozen=True, slots=True)
class JoseHeader:
    """What a header says, before anything is verified.

    chain: the certificates of ``x5c`` as DER, leaf first; empty without ``x5c``.
    """

    algorithm: Algorithm
    typ: str | None
    chain: tuple[bytes, ...]


class UnverifiedJws(NamedTuple):
    """A token taken apart, before its signature is checked.

    What each presentation is taken apart into, here and in ``formats.sd_jwt``, are named tuples: as unchangeable as
    frozen dataclasses, and made in a third of the time.
    """

    header: JoseHeader
    payload: bytes
    signing_input: bytes
    signature: bytes

    def signed_by(self, point: bytes, algorithm: Algorithm = ES256) -> bool:
        """Say whether the public key at ``point`` (33 or 65 bytes, or a raw key) signed the token.

        algorithm: the one the key is for; Refused(ALGORITHM_NOT_ALLOWED) when the header names another.
        """
        check_named(self.header.algorithm, algorithm)
        return verify_signature(point, algorithm, self.signing_input, self.signature)


@dataclass(frozen=True, slots=True)
class JwsDraft:
    """A token before it is signed: what will be signed is fixed and can be recorded first."""

    signing_input: bytes

    def finish(self, signature: bytes) -> str:
        """Return the compact serialisation."""
        return f"{self.signing_input.decode('ascii')}.{base64url.encode(signature)}"


def read_compact(token: str, *, typ: str, max_bytes: int) -> UnverifiedJws:
    """Return the parts of a compact JWS.

    typ: the exact ``typ`` the caller demands.
    Raises MalformedInput (TOO_LARGE, TOKEN_MALFORMED, BASE64URL_MALFORMED, JSON_MALFORMED) and Refused: FORM_UNKNOWN for
    the JSON serialisation, ALGORITHM_NOT_ALLOWED, HEADER_UNEXPECTED for another ``typ``, ``crit`` and the like.
    Source: RFC 7515 5.2, RFC 8725 3.
    """
    if len(token) > max_bytes:
        raise MalformedInput(Reason.TOO_LARGE, "the token is larger than allowed")
    # Found one after the other: three times as fast as a split of the whole text.
    signed, _, signature = token.rpartition(".")
    header_text, first_dot, payload = signed.partition(".")
    if not first_dot or "." in payload:
        if token.lstrip().startswith("{"):
            raise Refused(Reason.FORM_UNKNOWN, "the JSON serialisation is not accepted")
        raise MalformedInput(Reason.TOKEN_MALFORMED, "a compact token has three parts")
    header = _read_header(header_text)
    if header.typ != typ:
        raise Refused(Reason.HEADER_UNEXPECTED, "the token is of another type")
    return UnverifiedJws(
        header=header,
        payload=base64url.decode(payload),
        signature=base64url.decode(signature),
        signing_input=signed.encode("ascii"),
    )


def draft_compact(payload: bytes, signer: Signer, *, typ: str) -> JwsDraft:
    """Return the unsigned token of a payload: ``alg`` of the signer, ``typ``, and ``x5c`` if the signer has certificates."""
    header = _header_text(typ, signer.algorithm, signer.certificates)
    return JwsDraft(f"{header}.{base64url.encode(payload)}".encode("ascii"))


def sign_compact(payload: bytes, signer: Signer, *, typ: str) -> str:
    """Return the signed compact token of a payload."""
    draft = draft_compact(payload, signer, typ=typ)
    return draft.finish(signer.sign(draft.signing_input))


def claims_of(payload: bytes, *, max_bytes: int) -> dict[str, JsonValue]:
    """Return a payload's claims: a strict JSON object, else MalformedInput (JSON_MALFORMED, CLAIMS_MALFORMED)."""
    claims = json.decode(payload, max_bytes=max_bytes)
    if not isinstance(claims, dict):
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "the payload is not a JSON object")
    return claims


def required_text(claims: dict[str, JsonValue], name: str) -> str:
    """Return a claim that must be a non-empty text, else MalformedInput(CLAIMS_MALFORMED)."""
    value = claims.get(name)
    if type(value) is not str or not value:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, f"{name} must be a text")
    return value


def required_time(claims: dict[str, JsonValue], name: str) -> int:
    """Return a claim that must be a whole number of seconds below 2^33, else MalformedInput(CLAIMS_MALFORMED)."""
    if name not in claims:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, f"{name} is missing")
    return _time(claims[name], name)


def optional_time(claims: dict[str, JsonValue], name: str) -> int | None:
    """Return a time claim, or None where it is absent; null is not absent."""
    return _time(claims[name], name) if name in claims else None


def _time(value: JsonValue, name: str) -> int:
    if type(value) is not int or not 0 <= value < 1 << 33:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, f"{name} must be a whole number of seconds")
    return value


@lru_cache(maxsize=256)
def _header_text(typ: str, algorithm: Algorithm, certificates: tuple[bytes, ...]) -> str:
    header: dict[str, JsonValue] = {"alg": algorithm.jose, "typ": typ}
    if certificates:
        # Standard base64 with padding here, unlike everywhere else in JOSE: RFC 7515 4.1.6.
        header["x5c"] = [b64encode(certificate).decode("ascii") for certificate in certificates]
    return base64url.encode(json.encode(header))


@lru_cache(maxsize=512)
def _read_header(text: str) -> JoseHeader:
    header = json.decode(base64url.decode(text), max_bytes=HEADER_MAX_BYTES, max_depth=3)
    if not isinstance(header, dict):
        raise MalformedInput(Reason.TOKEN_MALFORMED, "the header is not a JSON object")
    if not _REFUSED_MEMBERS.isdisjoint(header):
        raise Refused(Reason.HEADER_UNEXPECTED, "the header carries a member that is not accepted")
    chain = _read_chain(header)
    return JoseHeader(by_jose(header.get("alg")), _read_typ(header), chain)


def _read_typ(header: dict[str, JsonValue]) -> str | None:
    typ = header.get("typ")
    return typ if isinstance(typ, str) else None


def _read_chain(header: dict[str, JsonValue]) -> tuple[bytes, ...]:
    entries = header.get("x5c", [])
    if not isinstance(entries, list) or len(entries) > _CHAIN_MAX or ("x5c" in header and not entries):
        raise Refused(Reason.HEADER_UNEXPECTED, "x5c must be a short list of certificates")
    chain = tuple(_certificate(entry) for entry in entries)
    if "x5t#S256" in header and (not chain or header["x5t#S256"] != base64url.encode(sha256(chain[0]).digest())):
        raise Refused(Reason.HEADER_UNEXPECTED, "x5t#S256 names another certificate")
    return chain


def _certificate(entry: JsonValue) -> bytes:
    if not isinstance(entry, str):
        raise Refused(Reason.HEADER_UNEXPECTED, "x5c holds texts")
    try:
        octets = b64decode(entry, validate=True)
    except (Base64Error, ValueError) as err:
        raise Refused(Reason.HEADER_UNEXPECTED, "x5c is not standard base64") from err
    if b64encode(octets).decode("ascii") != entry:
        raise Refused(Reason.HEADER_UNEXPECTED, "x5c is not canonical base64")
    return octets
