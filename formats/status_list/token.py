"""The Status List Token in its JWT form: many statuses in one signed, expiring list.

Source: Token Status List, sections 4, 5.1, 8.3.
"""

from __future__ import annotations

from typing import Final

from core.errors import Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from formats.jose import (
    UnverifiedJws,
    claims_of,
    optional_time,
    read_compact,
    required_text,
    required_time,
    sign_compact,
)
from formats.status_list.model import (
    TOKEN_MAX_BYTES,
    WIDTHS,
    Deflated,
    SignerOf,
    StatusList,
    aggregation_of,
    check_list,
    check_terms,
    inflate,
    malformed,
    stream_of,
)
from keys.signing import Signer

TYP: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"


def build_token(
    uri: str,
    entries: bytes | Deflated,
    *,
    bits: int,
    issued_at: int,
    expires_at: int,
    ttl_seconds: int,
    signer: Signer,
    aggregation_uri: str | None = None,
) -> str:
    """Return the signed list; the header carries the signer's ``x5c``, so that today's wallets can check it alone.

    uri:             the address it is published at, exactly as the credentials name it.
    entries:         the packed statuses (``formats.status_list.entries.build_entries``), at most 1 MiB.
    aggregation_uri: where the issuer names all its lists.
    """
    check_terms(bits, issued_at=issued_at, expires_at=expires_at)
    listed: dict[str, JsonValue] = {"bits": bits, "lst": base64url.encode(stream_of(entries))}
    if aggregation_uri is not None:
        listed["aggregation_uri"] = aggregation_uri
    payload = json.encode({"sub": uri, "iat": issued_at, "exp": expires_at, "ttl": ttl_seconds, "status_list": listed})
    return sign_compact(payload, signer, typ=TYP)


def read_token(
    token: str,
    *,
    uri: str,
    signer_of: SignerOf,
    now: int,
    tolerance_seconds: int,
) -> StatusList:
    """Return the list behind a token, every check done.

    uri:       what the credential names; ``sub`` must be the same, byte for byte.
    signer_of: who may sign, by the chain of ``x5c``; usually ``IssuerTrust.list_signer``.
    Raises MalformedInput for its structure, what ``signer_of`` raises, Refused(STATUS_UNKNOWN) for a wrong signature,
    another ``sub`` or a list from the future, Refused(STATUS_STALE) after ``exp``.
    Whatever is raised, the list says nothing about any credential.
    """
    jws = read_compact(token, typ=TYP, max_bytes=TOKEN_MAX_BYTES)
    signer = signer_of(jws.header.chain)
    if not jws.signed_by(signer.point, signer.algorithm):
        raise Refused(Reason.STATUS_UNKNOWN, "the status list's signature is wrong")
    return check_list(_read_claims(jws), uri=uri, now=now, tolerance_seconds=tolerance_seconds)


def read_list(listed: JsonValue) -> tuple[int, bytes]:
    """Return width and entries of the ``status_list`` object; MalformedInput for any other shape.

    The stream must be one whole zlib stream of at most 1 MiB inflated, with nothing behind it.
    """
    if not isinstance(listed, dict):
        raise malformed("status_list is not an object")
    bits, packed = listed.get("bits"), listed.get("lst")
    if type(bits) is not int or bits not in WIDTHS or type(packed) is not str:
        raise malformed("status_list lacks its width or its entries")
    return bits, inflate(base64url.decode(packed))


def _read_claims(jws: UnverifiedJws) -> StatusList:
    claims = claims_of(jws.payload, max_bytes=TOKEN_MAX_BYTES)
    ttl_seconds = optional_time(claims, "ttl")
    if ttl_seconds == 0:
        raise malformed("ttl must be positive")
    listed = claims.get("status_list")
    bits, entries = read_list(listed)
    return StatusList(
        uri=required_text(claims, "sub"),
        bits=bits,
        entries=entries,
        issued_at=required_time(claims, "iat"),
        expires_at=required_time(claims, "exp"),
        ttl_seconds=ttl_seconds,
        aggregation_uri=aggregation_of(listed),
    )
