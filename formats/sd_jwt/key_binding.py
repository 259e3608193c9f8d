"""Key binding: the holder shows that it holds the key, for this audience, now, over these disclosures."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.jose import (
    UnverifiedJws,
    claims_of,
    optional_time,
    read_compact,
    required_text,
    required_time,
    sign_compact,
)
from formats.sd_jwt.model import UnverifiedSdJwt
from keys.signing import Signer

KEY_BINDING_TYP: Final = "kb+jwt"
_MAX_BYTES: Final = 4_096


class UnverifiedKeyBinding(NamedTuple):
    """A KB-JWT taken apart, before its signature is checked."""

    jws: UnverifiedJws
    issued_at: int
    expires_at: int | None
    audience: str
    nonce: str
    sd_hash: str


def bind(selected: str, *, nonce: str, audience: str, now: int, signer: Signer) -> str:
    """Return the presentation of an SD-JWT: ``selected`` (which ends with a tilde) and its KB-JWT.

    Source: RFC 9901 4.3.
    """
    if not selected.endswith("~"):
        raise ValueError("only an SD-JWT without key binding can be bound")
    payload = json.encode({"iat": now, "aud": audience, "nonce": nonce, "sd_hash": _sd_hash(selected)})
    return selected + sign_compact(payload, signer, typ=KEY_BINDING_TYP)


def read_key_binding(presentation: UnverifiedSdJwt) -> UnverifiedKeyBinding:
    """Return the KB-JWT of a presentation; Refused(HOLDER_PROOF_MISSING) when there is none.

    Whether one is demanded is the caller's policy, and here it always is: nothing in the input can waive it.
    Raises further what ``read_compact`` raises, and MalformedInput(CLAIMS_MALFORMED).
    Source: RFC 9901 4.3, 7.3.
    """
    if presentation.key_binding is None:
        raise Refused(Reason.HOLDER_PROOF_MISSING, "the presentation has no key binding")
    jws = read_compact(presentation.key_binding, typ=KEY_BINDING_TYP, max_bytes=_MAX_BYTES)
    if jws.header.chain:
        raise Refused(Reason.HEADER_UNEXPECTED, "a key binding brings no certificates")
    claims = claims_of(jws.payload, max_bytes=_MAX_BYTES)
    # ``aud`` as an array, even of one, is not a single string: RFC 9901 4.3.
    return UnverifiedKeyBinding(
        jws=jws,
        issued_at=required_time(claims, "iat"),
        expires_at=optional_time(claims, "exp"),
        audience=required_text(claims, "aud"),
        nonce=required_text(claims, "nonce"),
        sd_hash=required_text(claims, "sd_hash"),
    )


def check_holder_signature(presentation: UnverifiedSdJwt, binding: UnverifiedKeyBinding, holder_point: bytes) -> None:
    """Raise Refused unless the holder's key (from ``cnf``, nowhere else) signed exactly this presentation.

    Reasons: HOLDER_SIGNATURE_INVALID; SD_HASH_MISMATCH when it signed other disclosures.
    """
    if not binding.jws.signed_by(holder_point):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "the key binding is not signed by the holder's key")
    if binding.sd_hash != _sd_hash(presentation.hashed_part):
        raise Refused(Reason.SD_HASH_MISMATCH, "the key binding covers other disclosures")


def check_freshness(
    binding: UnverifiedKeyBinding, *, nonce: str, audience: str, now: int, max_age_seconds: int, tolerance_seconds: int
) -> None:
    """Raise Refused unless the key binding answers this request, now.

    Reasons: WRONG_AUDIENCE, NONCE_MISMATCH, CODE_FROM_FUTURE, CODE_EXPIRED; both texts are compared exactly.
    """
    if binding.audience != audience:
        raise Refused(Reason.WRONG_AUDIENCE, "the presentation was made for another audience")
    if binding.nonce != nonce:
        raise Refused(Reason.NONCE_MISMATCH, "the presentation answers another request")
    if binding.issued_at > now + tolerance_seconds:
        raise Refused(Reason.CODE_FROM_FUTURE, "the key binding was made in the future")
    if binding.issued_at < now - max_age_seconds - tolerance_seconds:
        raise Refused(Reason.CODE_EXPIRED, "the key binding is older than allowed")
    if binding.expires_at is not None and now > binding.expires_at + tolerance_seconds:
        raise Refused(Reason.CODE_EXPIRED, "the key binding has expired")


def _sd_hash(hashed_part: str) -> str:
    try:
        octets = hashed_part.encode("ascii")
    except UnicodeEncodeError as err:
        raise MalformedInput(Reason.TOKEN_MALFORMED, "a token is ASCII") from err
    return base64url.encode(sha256(octets).digest())
