"""The ``jwt`` key proof: how a wallet shows the issuer that it holds a key (OpenID4VCI 1.0, F.1 and F.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import EidError, Refused
from core.reasons import Reason
from formats.encoding.json import JsonValue
from keys.signing import Signer
from protocols.holder_jwt import read_holder_jwt, sign_holder_jwt

TYPE: Final = "openid4vci-proof+jwt"
MAX_BYTES: Final = 8192
LIFETIME_SECONDS: Final = 300
"""How old a proof may be; as long as the nonce inside lives."""
TOLERANCE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A checked proof: the holder's public key (33-byte point) and the nonce it was made for.

    The nonce is only known to be inside the signature; whether it is one of ours, fresh and unused, the issuer decides.
    """

    point: bytes
    nonce: str


def sign_key_proof(signer: Signer, *, audience: str, nonce: str, now: int) -> str:
    """Return a key proof without ``iss``, as anonymous pre-authorized access demands.

    audience: the credential issuer identifier, not the address of the endpoint.
    """
    claims: dict[str, JsonValue] = {"aud": audience, "iat": now, "nonce": nonce}
    return sign_holder_jwt(claims, typ=TYPE, signer=signer)


def check_key_proof(token: str, *, audience: str, now: int) -> KeyProof:
    """Return the checked proof; Refused(PROOF_INVALID), or PROOF_NONCE_INVALID where only the nonce is missing.

    The key must be in the header as ``jwk`` and nothing else may name one: ``kid`` and ``x5c`` are refused beside it
    and instead of it. A ``kid`` inside the JWK is ignored.
    """
    try:
        return _check(token, audience=audience, now=now)
    except EidError as err:
        reason = err.reason if err.reason is Reason.PROOF_NONCE_INVALID else Reason.PROOF_INVALID
        raise Refused(reason, err.detail) from err


def _check(token: str, *, audience: str, now: int) -> KeyProof:
    proof = read_holder_jwt(token, typ=TYPE, max_bytes=MAX_BYTES)
    claims = proof.claims
    if claims.get("aud") != audience:
        raise _invalid("the proof is for another issuer")
    issued_at = claims.get("iat")
    if type(issued_at) is not int or not now - LIFETIME_SECONDS <= issued_at <= now + TOLERANCE_SECONDS:
        raise _invalid("the proof is too old or from the future")
    if not proof.is_signed():
        raise _invalid("the signature is wrong")
    nonce = claims.get("nonce")
    if type(nonce) is not str:
        raise Refused(Reason.PROOF_NONCE_INVALID, "the proof carries no nonce")
    return KeyProof(point=proof.point, nonce=nonce)


def _invalid(detail: str) -> Refused:
    return Refused(Reason.PROOF_INVALID, detail)
