"""Showing: the holder key signs who it is for and when, over the SD-CWT with the chosen disclosures."""

from __future__ import annotations

from formats import cose
from formats.cose import Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.sd_cwt import model
from formats.sd_cwt.unpack import CNONCE_BYTES, CTI_BYTES, ONE_WAY_SECONDS
from keys.algorithms import ES256

AUDIENCE_ANY = "urn:eid:qr:any:1"
"""The audience of a one-way code: any reader of the scheme."""


def draft_one_way(sd_cwt: bytes, *, now: int, cti: bytes) -> Sign1Draft:
    """Return the key-binding token of a one-way code, to be signed by the holder key; ``cti`` is 16 random bytes."""
    if len(cti) != CTI_BYTES:
        raise ValueError("cti is 16 bytes")
    return _draft(sd_cwt, {model.AUD: AUDIENCE_ANY, model.IAT: now, model.EXP: now + ONE_WAY_SECONDS, model.CTI: cti})


def draft_answer(sd_cwt: bytes, *, now: int, audience: str, cnonce: bytes) -> Sign1Draft:
    """Return the key-binding token that answers a challenge, to be signed by the holder key.

    audience: the post's id, from the licence.
    cnonce:   SHA-256 of the exact challenge bytes.
    """
    if len(cnonce) != CNONCE_BYTES:
        raise ValueError("cnonce is 32 bytes")
    return _draft(sd_cwt, {model.AUD: audience, model.IAT: now, model.CNONCE: cnonce})


def _draft(sd_cwt: bytes, claims: CborMap) -> Sign1Draft:
    kcwt = cose.sign1_value(sd_cwt, max_bytes=model.MAX_TOKEN_BYTES)
    return Sign1Draft({cose.ALG: ES256.cose, cose.KCWT: kcwt, cose.TYP: model.TYP_KBT}, cbor.encode(claims))
