"""Credential offers, by value and by reference (OpenID4VCI 1.0, 4.1)."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import json
from protocols.wire import WireModel

SCHEME: Final = "openid-credential-offer"
MAX_BYTES: Final = 8192
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class TxCode(WireModel):
    """What the wallet asks the person to type; an empty object still means that a code is needed."""

    input_mode: Literal["numeric", "text"] = "numeric"
    length: int | None = Field(default=None, gt=0)
    description: str | None = Field(default=None, max_length=300)


class PreAuthorizedGrant(WireModel):
    """The right to fetch, as a code that works once."""

    pre_authorized_code: str = Field(alias="pre-authorized_code", min_length=1, max_length=1024)
    tx_code: TxCode | None = None
    authorization_server: str | None = None


class Grants(WireModel):
    """The grants of an offer; those we do not know are ignored."""

    pre_authorized_code: PreAuthorizedGrant | None = Field(
        default=None, alias="urn:ietf:params:oauth:grant-type:pre-authorized_code"
    )


class CredentialOffer(WireModel):
    """An invitation to fetch credentials from one issuer. Untrusted input until the issuer has answered."""

    credential_issuer: str = Field(min_length=1, max_length=1024)
    credential_configuration_ids: list[str] = Field(min_length=1, max_length=32)
    grants: Grants | None = None

    def link(self) -> str:
        """Return the offer by value, as a link for a QR code or a button."""
        return f"{SCHEME}://?credential_offer={quote(json.encode(self.to_wire()).decode(), safe='')}"


def reference_link(uri: str) -> str:
    """Return the link of an offer by reference.

    >>> reference_link("https://eid.example/issuer/offers/abc")
    'openid-credential-offer://?credential_offer_uri=https%3A%2F%2Feid.example%2Fissuer%2Foffers%2Fabc'
    """
    return f"{SCHEME}://?credential_offer_uri={quote(uri, safe='')}"


def read_offer(data: bytes | str) -> CredentialOffer:
    """Return the offer in JSON text of at most 8 KiB; MalformedInput(OFFER_MALFORMED) for anything else."""
    return CredentialOffer.read_json(data, max_bytes=MAX_BYTES, reason=Reason.OFFER_MALFORMED)


def read_offer_link(text: str) -> CredentialOffer | str:
    """Return the offer in a link, or the URI it must be fetched from.

    text: any link that carries ``credential_offer`` or ``credential_offer_uri`` (never both), in its query.
    The URI must be https, or http on this machine. Raises MalformedInput(OFFER_MALFORMED).
    """
    if len(text) > 4 * MAX_BYTES:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the link is too long")
    try:
        pairs = parse_qsl(urlsplit(text.strip()).query, strict_parsing=True, max_num_fields=16)
    except ValueError as err:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the text is not an offer link") from err
    wanted = [pair for pair in pairs if pair[0] in {"credential_offer", "credential_offer_uri"}]
    if len(wanted) != 1:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the link must carry one offer or one reference")
    name, value = wanted[0]
    if name == "credential_offer":
        return read_offer(value)
    return _checked_uri(value)


def _checked_uri(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError as err:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the offer's address is malformed") from err
    if (
        host is None
        or parts.fragment
        or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
    ):
        raise MalformedInput(Reason.OFFER_MALFORMED, "the offer's address must be https")
    return uri
