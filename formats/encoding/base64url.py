"""Strict base64url without padding (RFC 4648 section 5, as JOSE uses it)."""

from __future__ import annotations

import binascii

from core.errors import MalformedInput
from core.reasons import Reason

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    """Return the bytes as base64url text without padding.

    >>> encode(bytes.fromhex("fbff"))
    '-_8'
    """
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of strict base64url text.

    Raises MalformedInput(BASE64URL_MALFORMED) for padding, white space, foreign characters, an impossible length, or
    unused bits that are not zero: one value has one spelling.

    >>> decode("-_8").hex()
    'fbff'
    """
    try:
        spelled = text.encode("ascii")
        data = binascii.a2b_base64(spelled.translate(_FROM_URL) + b"==")
    except (UnicodeEncodeError, binascii.Error) as err:
        raise MalformedInput(Reason.BASE64URL_MALFORMED, "not base64url text") from err
    # The library drops foreign characters and ignores unused bits; only the exact spelling prints back the same.
    if binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL) != spelled:
        raise MalformedInput(Reason.BASE64URL_MALFORMED, "not strict base64url text")
    return data
