"""One synthetic resident's printed card, and ways to make each part of it wrong.

Everything is seeded and signatures are deterministic, as in ``tests.builders.verdicts``; the compressed form is written by
hand (stored blocks), because two zlib libraries compress one card to different bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from cbor2 import CBORTag

from formats.claim_169 import CardFacts, CardTerms, draft_card
from formats.cose import Sign1Draft
from formats.encoding import base45, cbor
from formats.sd_cwt.model import Assurance, StatusReference
from keys.algorithms import ES256
from tests.builders.verdicts import BUREAU, DAY, ISSUED, Edit, portrait, same, sign, signer

CARD_URI: Final = f"https://eid.example/status/{BUREAU}/c1"
CARD_EXPIRES: Final = ISSUED + 364 * DAY


@dataclass(frozen=True)
class Card:
    """A printed card as the bureau makes it; each field can be made wrong.

    The ``edit_`` fields change a decoded part before it is encoded and signed again; ``edit_token`` and ``edit_packed``
    change the signed bytes and the compressed ones.
    """

    full_name: str = "示例甲"
    name_latin: str | None = "SHILI JIA"
    number_tail: str = "****6789"
    portrait: bytes = portrait(540)
    country: str = "CN"
    issuer: str = "cards"
    names_issuer: str | None = None
    issued_at: int = ISSUED
    expires_at: int = CARD_EXPIRES
    index: int = 7
    uri: str = CARD_URI
    assurance: Assurance = Assurance.FULL
    division: str = "690101"
    specimen: bool = False
    edit_content: Edit = same
    edit_claims: Edit = same
    edit_payload: Edit = same
    edit_headers: Edit = same
    edit_unprotected: Edit = same
    edit_signature: Edit = same
    edit_token: Edit = same
    edit_packed: Edit = same

    @property
    def facts(self) -> CardFacts:
        """What the card says of its holder."""
        return CardFacts(self.full_name, self.name_latin, self.number_tail, self.portrait, self.country)

    @property
    def terms(self) -> CardTerms:
        """What the card says of itself."""
        return CardTerms(
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            status=StatusReference(self.uri, self.index),
            assurance=self.assurance,
            division=self.division,
            specimen=self.specimen,
        )

    @property
    def names_kid(self) -> bytes:
        """The id of the key the card names."""
        return signer(self.names_issuer or self.issuer).key_id

    @property
    def token(self) -> bytes:
        """The signed CWT."""
        draft = draft_card(self.facts, self.terms, signer_kid=self.names_kid, algorithm=ES256)
        claims = cbor.decode_map(draft.payload, max_bytes=4096)
        claims[169] = self.edit_content(claims[169])
        payload = self.edit_payload(cbor.encode(self.edit_claims(claims)))
        signed = Sign1Draft(self.edit_headers(draft.protected), payload)
        signature = self.edit_signature(sign(self.issuer, signed.to_be_signed()))
        elements = [signed.protected_bytes, self.edit_unprotected({}), payload, signature]
        return self.edit_token(cbor.encode(CBORTag(18, elements)))

    @property
    def text(self) -> str:
        """What the QR picture on the card holds."""
        return base45.encode(self.edit_packed(stored(self.token)))


def stored(content: bytes) -> bytes:
    """Return a zlib stream that only stores what it holds (RFC 1950, RFC 1951 section 3.2.4)."""
    size = len(content)
    head = b"\x78\x01\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    return head + content + zlib.adler32(content).to_bytes(4, "big")


def having(label: int, value: object) -> Edit:
    """Return the edit that sets one entry of a map."""
    return lambda entries: {**entries, label: value}
