"""What a JOSE credential carries about its status: the place of its entry in a published list."""

from __future__ import annotations

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding.json import JsonValue
from formats.sd_cwt.model import MAX_URI_CHARACTERS, StatusReference

_LARGEST_INDEX = 1 << 32


def status_claim(reference: StatusReference) -> dict[str, JsonValue]:
    """Return the ``status`` claim (Token Status List 6.2)."""
    return {"status_list": {"idx": reference.index, "uri": reference.uri}}


def read_status_claim(claims: dict[str, JsonValue]) -> StatusReference:
    """Return the reference in a credential's claims; MalformedInput(CLAIMS_MALFORMED) when it is missing or malformed.

    The URI must be http or https; whether http may be fetched is the fetcher's rule. Other ways to tell the status
    beside ``status_list`` are ignored, as the draft has it.
    """
    status = claims.get("status")
    place = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(place, dict):
        raise _malformed("the credential has no reference into a status list")
    index, uri = place.get("idx"), place.get("uri")
    if type(index) is not int or not 0 <= index < _LARGEST_INDEX:
        raise _malformed("the status index is not an unsigned integer below 2^32")
    if type(uri) is not str or len(uri) > MAX_URI_CHARACTERS or not uri.startswith(("https://", "http://")):
        raise _malformed("the status list's address is not a URI")
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        raise _malformed("the status list's address carries other characters than printable ASCII")
    return StatusReference(uri, index)


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
