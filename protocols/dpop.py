"""DPoP proofs: how a wallet shows, with each request, that it holds the key its token is bound to (RFC 9449)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from core.errors import EidError, Refused
from core.reasons import Reason
from formats.encoding import base64url
from formats.encoding.json import JsonValue
from keys.jwk import jwk_thumbprint
from keys.signing import Signer
from protocols.holder_jwt import read_holder_jwt, sign_holder_jwt

TYPE: Final = "dpop+jwt"
MAX_BYTES: Final = 4096
TOLERANCE_SECONDS: Final = 30
"""How far the wallet's clock may be ahead of ours."""
LIFETIME_SECONDS: Final = 60
"""How old a proof may be. Its ``jti`` is remembered at least this long and the tolerance."""
_JTI_MIN, _JTI_MAX = 8, 256
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class DpopProof:
    """A checked proof.

    jkt:           RFC 7638 thumbprint of the key, base64url.
    proof_id:      32 bytes that name this very proof: what the replay memory keys on.
    remember_until: instant after which the proof is too old anyway.
    """

    jkt: str
    proof_id: bytes
    remember_until: int


def sign_dpop(
    signer: Signer,
    *,
    method: str,
    url: str,
    jti: str,
    now: int,
    access_token: str | None = None,
    nonce: str | None = None,
) -> str:
    """Return a DPoP proof for one request.

    url:          the target URI; query and fragment are left out of ``htu``.
    jti:          fresh for each request, at least 96 random bits as text.
    access_token: the token sent in the same request, if any: its hash goes into ``ath``.
    """
    claims: dict[str, JsonValue] = {"jti": jti, "htm": method, "htu": _without_query(url), "iat": now}
    if access_token is not None:
        claims["ath"] = token_hash(access_token)
    if nonce is not None:
        claims["nonce"] = nonce
    return sign_holder_jwt(claims, typ=TYPE, signer=signer)


def check_dpop(token: str, *, method: str, url: str, now: int, access_token: str | None = None) -> DpopProof:
    """Return the checked proof of one request; Refused(DPOP_INVALID) for any fault.

    url:          the endpoint's own address, made from configuration, never from the Host header.
    access_token: the token of the same request; then ``ath`` must be its hash. Without one ``ath`` is not looked at.
    The caller still has to compare ``jkt`` with the token's and to remember ``proof_id``.
    Source: RFC 9449 4.3.
    """
    try:
        return _check(token, method=method, url=url, now=now, access_token=access_token)
    except EidError as err:
        raise Refused(Reason.DPOP_INVALID, err.detail) from err


def token_hash(access_token: str) -> str:
    """Return ``ath``: base64url of the SHA-256 of the token's ASCII text.

    >>> token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
    'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
    """
    return base64url.encode(sha256(access_token.encode("ascii", "replace")).digest())


def _check(token: str, *, method: str, url: str, now: int, access_token: str | None) -> DpopProof:
    proof = read_holder_jwt(token, typ=TYPE, max_bytes=MAX_BYTES)
    claims = proof.claims
    jti = claims.get("jti")
    if type(jti) is not str or not _JTI_MIN <= len(jti) <= _JTI_MAX:
        raise _invalid("jti is missing or of the wrong size")
    if claims.get("htm") != method:
        raise _invalid("the proof is for another method")
    if not _same_target(claims.get("htu"), url):
        raise _invalid("the proof is for another address")
    issued_at = claims.get("iat")
    if type(issued_at) is not int or not now - LIFETIME_SECONDS <= issued_at <= now + TOLERANCE_SECONDS:
        raise _invalid("the proof is too old or from the future")
    if access_token is not None and claims.get("ath") != token_hash(access_token):
        raise _invalid("the proof is for another token")
    if not proof.is_signed():
        raise _invalid("the signature is wrong")
    jkt = jwk_thumbprint(proof.point)
    # The key is part of the name: one wallet cannot use up another one's jti.
    proof_id = sha256(f"{jkt}.{jti}".encode()).digest()
    return DpopProof(jkt=jkt, proof_id=proof_id, remember_until=issued_at + LIFETIME_SECONDS + TOLERANCE_SECONDS)


def _same_target(htu: object, url: str) -> bool:
    if htu == url:
        return True
    if type(htu) is not str or "?" in htu or "#" in htu:
        return False
    return _normal(htu) is not None and _normal(htu) == _normal(url)


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme and host in lower case, the default port filled in, an empty path as "/": RFC 3986 6.2.2 and 6.2.3."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.hostname is None:
        return None
    scheme = parts.scheme.lower()
    return scheme, parts.hostname, port or _DEFAULT_PORTS.get(scheme), parts.path or "/"


def _without_query(url: str) -> str:
    return url.split("#", 1)[0].split("?", 1)[0]


def _invalid(detail: str) -> Refused:
    return Refused(Reason.DPOP_INVALID, detail)
