"""Strict base64url without padding (RFC 4648 section 5, as JOSE uses it)."""

from __future__ import annotations

import binascii

from core.errors import MalformedInput
from core.reasons import Reason

_TO_URL = bytes.maketrans(b"+/", b"-_")
# The signs of the other alphabet and the padding become foreign ones, so that the library refuses them.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/   ")
# The last character of a text whose length is not a multiple of four has bits that must be zero.
_PADDING = (b"", b"", b"==", b"=")
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}


def encode(data: bytes) -> str:
    """Return the bytes as base64url text without padding.

    >>> encode(bytes.fromhex("fbff"))
    '-_8'
    """
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of strict base64url text.

    Raises MalformedInput(BASE64URL_MALFORMED) for padding, white space, foreign characters, an impossible length, or
    unused bits that are not zero: one value has one spelling.

    >>> decode("-_8").hex()
    'fbff'
    """
    left = len(text) & 3
    if left and text[-1] not in _LAST.get(left, ()):
        raise MalformedInput(Reason.BASE64URL_MALFORMED, "not an exact spelling of octets in base64url")
    try:
        return binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + _PADDING[left], strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise MalformedInput(Reason.BASE64URL_MALFORMED, "not base64url text") from err
