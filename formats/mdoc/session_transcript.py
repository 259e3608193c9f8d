"""The SessionTranscript of OpenID4VP: the bytes that tie a device signature to one request (OpenID4VP 1.0, B.2.6)."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.model import MAX_BYTES, TAG_CBOR

_REDIRECT: Final = "OpenID4VPHandover"
_BROWSER: Final = "OpenID4VPDCAPIHandover"


def redirect_transcript(*, client_id: str, nonce: str, response_uri: str, jwk_thumbprint: bytes | None) -> bytes:
    """Return the transcript of a request answered by redirect or direct post (B.2.6.1).

    client_id:      the full one, with its prefix.
    jwk_thumbprint: raw SHA-256 of the key the response is encrypted to; None where it is not encrypted.
    """
    return _transcript(_REDIRECT, [client_id, nonce, jwk_thumbprint, response_uri])


def browser_transcript(*, origin: str, nonce: str, jwk_thumbprint: bytes | None) -> bytes:
    """Return the transcript of a request through the Digital Credentials API (B.2.6.2).

    origin: of the page that asked, without the prefix ``origin:``.
    """
    return _transcript(_BROWSER, [origin, nonce, jwk_thumbprint])


def read_transcript(data: bytes) -> bytes:
    """Return a transcript that came from outside, unchanged, when it is an array of three in strict CBOR.

    Raises MalformedInput: TOO_LARGE beyond 65,536 bytes, CBOR_MALFORMED.
    """
    value = cbor.decode_foreign(data, max_bytes=MAX_BYTES, tags=(TAG_CBOR,))
    if type(value) is not list or len(value) != 3:
        raise MalformedInput(Reason.CBOR_MALFORMED, "a session transcript is an array of three")
    return data


def _transcript(handover: str, session: list[ForeignValue]) -> bytes:
    return cbor.encode_foreign([None, None, [handover, sha256(cbor.encode_foreign(session)).digest()]])
