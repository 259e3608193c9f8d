"""The wire form of a showing: ``EID1:`` and the base45 of a key-binding token, for alphanumeric mode."""

from __future__ import annotations

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import base45

PREFIX = "EID1:"
FORM = "eid1"
"""The name of this form in trust tables, policies and batches."""
MAX_BYTES = 3072
_MAX_CHARACTERS = MAX_BYTES // 2 * 3


def encode(kbt: bytes) -> str:
    """Return the text of the QR code.

    Raises MalformedInput(TOO_LARGE) beyond 3,072 bytes: no reader would take it.
    """
    if len(kbt) > MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return PREFIX + base45.encode(kbt)


def decode(text: str) -> bytes:
    """Return the key-binding token in the text of a QR code.

    Raises MalformedInput: PREFIX_UNKNOWN for another kind of code, TOO_LARGE beyond 3,072 bytes, BASE45_MALFORMED.
    Nothing is trimmed or folded.
    """
    if not text.startswith(PREFIX):
        raise MalformedInput(Reason.PREFIX_UNKNOWN, "the text does not begin with EID1:")
    if len(text) > len(PREFIX) + _MAX_CHARACTERS:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return base45.decode(text[len(PREFIX) :])
