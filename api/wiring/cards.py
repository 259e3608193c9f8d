"""Builds what prints cards: the desk over the issuer's side of a home, with the bureau's key for cards."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings
from api.wiring.issuer import IssuerRole
from core.errors import Misconfigured
from core.reasons import Reason
from issuer.cards import CardDesk, CardSigner
from issuer.printing.fonts import CardFont, find_font
from keys.certificates import validity_of
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles


@dataclass(frozen=True, slots=True)
class CardPrinting:
    """The desk that makes cards, and the font they are set in."""

    desk: CardDesk
    font: CardFont


def open_card_printing(settings: Settings, role: IssuerRole, keys: KeyFiles) -> CardPrinting:
    """Return what prints the cards of a home.

    Raises NotFound(KEY_UNKNOWN) for a home without a card signer, Misconfigured(KEY_STATE) for one without certificate,
    Misconfigured(FONT_MISSING).
    """
    font = find_font(settings.card_font)
    signer = keys.open(KeyPurpose.CARD_SIGNER)
    if not signer.certificates:
        raise Misconfigured(Reason.KEY_STATE, "the card signer has no certificate; run eid init")
    key = CardSigner(signer, validity_of(signer.certificates[0]).not_before)
    return CardPrinting(CardDesk(role.context, lists=role.status, signer=key), font)
