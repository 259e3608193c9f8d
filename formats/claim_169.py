"""The printed card: a CWT with claim 169 (identity-data), signed, compressed, in base45 without a prefix.

For people without a phone: nobody's key is bound to it, so whoever holds the paper can show it. It says the least a face
can be compared with: name, portrait, the end of the document number. Source: claim 169 specification 1.2.0; RFC 8392.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Final

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import Sign1Draft, UnverifiedSign1
from formats.encoding import base45, cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.sd_cwt.display import check_portrait, check_text
from formats.sd_cwt.model import (
    ASSURANCE,
    DAY_SECONDS,
    EXP,
    IAT,
    SPECIMEN,
    STATUS,
    Assurance,
    KeyStorage,
    StatusReference,
    read_status,
    read_time,
)
from keys.algorithms import ES256, Algorithm

FORM: Final = "claim-169"
"""The name of this form in trust tables, policies and batches."""
MAX_BYTES: Final = 4096
"""What a card may inflate to."""
LONGEST_NAME, LONGEST_LATIN_NAME = 50, 60

IDENTITY_DATA: Final = 169
DIVISION: Final = -65550
# Labels inside claim 169.
ID, FULL_NAME, PHOTO, PHOTO_FORMAT, SECOND_NAME, COUNTRY = 1, 4, 16, 17, 19, 23
WEBP: Final = 4

# ES256 by the number that readers of claim 169 know (RFC 9053); EID1 writes the newer one.
_ALG: Final = -7
_HEADERS: Final = frozenset({cose.ALG, cose.KID})
_REQUIRED: Final = frozenset({EXP, IAT, IDENTITY_DATA, STATUS, ASSURANCE, DIVISION})
_WITH_SPECIMEN: Final = _REQUIRED | {SPECIMEN}
_IDENTITY: Final = frozenset({ID, FULL_NAME, PHOTO, PHOTO_FORMAT, COUNTRY})
_WITH_SECOND_NAME: Final = _IDENTITY | {SECOND_NAME}
_MASK: Final = "****"
_TAIL: Final = re.compile(r"\*{4}[0-9A-Z]{4}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_DIVISION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_ENCRYPT0_HEAD: Final = b"\xd0"
# A QR code holds no more in alphanumeric mode.
_MAX_CHARACTERS: Final = 4296


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says of its holder.

    number_tail: the end of the e-ID's own document number, masked: ``****1234``. It is no part of the citizen number.
    portrait:    WebP, 64 x 80, at most 600 bytes. country: of the issuing bureau, two letters.
    """

    full_name: str
    name_latin: str | None
    number_tail: str
    portrait: bytes
    country: str


@dataclass(frozen=True, slots=True)
class CardTerms:
    """What a card says of itself.

    issued_at, expires_at: instants at UTC midnight. division: of the issuing bureau, six digits.
    """

    issued_at: int
    expires_at: int
    status: StatusReference
    assurance: Assurance
    division: str
    specimen: bool

    @property
    def key_storage(self) -> KeyStorage | None:
        """None: a card is bound to no holder key."""
        return None


@dataclass(frozen=True, slots=True)
class UnverifiedCard:
    """A printed card as read; nothing in it is trusted yet, and nothing of its content has been looked at."""

    sign1: UnverifiedSign1
    kid: bytes
    terms: CardTerms
    content: CborMap


def masked_tail(document_number: str) -> str:
    """Return the end of a document number as a card carries it.

    >>> masked_tail("E0123456789")
    '****6789'
    """
    return _MASK + document_number[-4:]


def draft_card(card: CardFacts, terms: CardTerms, *, signer_kid: bytes, algorithm: Algorithm) -> Sign1Draft:
    """Return the unsigned card of one person.

    Raises MalformedInput (TEXT_BAD, PORTRAIT_BAD, CLAIMS_MALFORMED) for a fact no reader would accept; ValueError for
    terms or a signer that break the profile: that is our mistake.
    """
    if algorithm is not ES256:
        raise ValueError("a card is signed with ES256")
    identity: CborMap = {
        ID: card.number_tail,
        FULL_NAME: card.full_name,
        PHOTO: card.portrait,
        PHOTO_FORMAT: WEBP,
        COUNTRY: card.country,
    }
    if card.name_latin is not None:
        identity[SECOND_NAME] = card.name_latin
    open_content(identity)
    claims: CborMap = {
        EXP: terms.expires_at,
        IAT: terms.issued_at,
        IDENTITY_DATA: identity,
        STATUS: {"status_list": {"idx": terms.status.index, "uri": terms.status.uri}},
        ASSURANCE: int(terms.assurance),
        DIVISION: terms.division,
    }
    if terms.specimen:
        claims[SPECIMEN] = True
    try:
        _read_terms(claims)
    except MalformedInput as err:
        raise ValueError(f"these claims break the profile: {err.detail}") from err
    return Sign1Draft({cose.ALG: _ALG, cose.KID: signer_kid}, cbor.encode(claims))


def encode(token: bytes) -> str:
    """Return the text of the printed QR code; MalformedInput(TOO_LARGE) for a card no reader would take."""
    if len(token) > MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return base45.encode(zlib.compress(token, 9))


def decode(text: str) -> bytes:
    """Return the token in the text of a printed QR code.

    Raises MalformedInput: TOO_LARGE for a text beyond one QR code or a token that inflates beyond 4 kB, BASE45_MALFORMED,
    COMPRESSION_MALFORMED for anything but one whole zlib stream with nothing behind it. Nothing is trimmed or folded.
    """
    if len(text) > _MAX_CHARACTERS:
        raise MalformedInput(Reason.TOO_LARGE, "longer than any QR code")
    packed = base45.decode(text)
    inflater = zlib.decompressobj()
    try:
        token = inflater.decompress(packed, MAX_BYTES + 1)
    except zlib.error as err:
        raise MalformedInput(Reason.COMPRESSION_MALFORMED, "not a zlib stream") from err
    if len(token) > MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, f"it inflates to more than {MAX_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise MalformedInput(Reason.COMPRESSION_MALFORMED, "the zlib stream is cut short, or something follows it")
    return token


def read_card(token: bytes) -> UnverifiedCard:
    """Return a card, strictly typed, its signature not checked and its content not opened.

    Raises MalformedInput: CARD_ENCRYPTED for a COSE_Encrypt0; CBOR_MALFORMED for anything else than tag 18 over
    deterministic CBOR; HEADER_UNEXPECTED for headers other than {alg, kid}; CLAIMS_MALFORMED for claims that are missing,
    unknown (``cnf`` among them) or of another type; and Refused(ALGORITHM_NOT_ALLOWED) for any algorithm but -7.
    """
    if token.startswith(_ENCRYPT0_HEAD):
        raise MalformedInput(Reason.CARD_ENCRYPTED, "a COSE_Encrypt0: encrypted cards are not accepted")
    sign1 = cose.decode_sign1(token, max_bytes=MAX_BYTES)
    if sign1.protected.get(cose.ALG) != _ALG:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "a printed card is signed with ES256, written as -7")
    if sign1.protected.keys() != _HEADERS or sign1.unprotected:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "not exactly the headers alg and kid")
    kid = cose.read_kid(sign1.protected[cose.KID])
    claims = cbor.decode_map(sign1.payload, max_bytes=MAX_BYTES)
    terms = _read_terms(claims)
    content = claims[IDENTITY_DATA]
    if type(content) is not dict:
        raise _malformed("claim 169 is no map")
    return UnverifiedCard(sign1, kid, terms, content)


def open_content(content: CborMap) -> CardFacts:
    """Return what a card says of its holder, each value checked for type and for what may be displayed.

    Call it after the signature holds.
    Raises MalformedInput: CLAIMS_MALFORMED for an entry that is missing, unknown (a citizen number or an address among
    them) or of another type; TEXT_BAD; PORTRAIT_BAD.
    """
    if content.keys() not in (_IDENTITY, _WITH_SECOND_NAME):
        raise _malformed("an entry of claim 169 is missing or unknown")
    photo = content[PHOTO]
    if type(photo) is not bytes or content[PHOTO_FORMAT] != WEBP:
        raise MalformedInput(Reason.PORTRAIT_BAD, "the photo is not the bytes of a WebP picture")
    check_portrait(photo)
    return CardFacts(
        full_name=_name(content[FULL_NAME], LONGEST_NAME),
        name_latin=_name(content[SECOND_NAME], LONGEST_LATIN_NAME) if SECOND_NAME in content else None,
        number_tail=_coded(content[ID], _TAIL),
        portrait=photo,
        country=_coded(content[COUNTRY], _COUNTRY),
    )


def _read_terms(claims: CborMap) -> CardTerms:
    labels = claims.keys()
    if labels != _REQUIRED and (labels != _WITH_SPECIMEN or claims[SPECIMEN] is not True):
        raise _malformed("a claim is missing or unknown")
    issued_at, expires_at = read_time(claims[IAT]), read_time(claims[EXP])
    if issued_at % DAY_SECONDS or expires_at % DAY_SECONDS or not issued_at < expires_at:
        raise _malformed("iat and exp are not midnights in order")
    assurance = claims[ASSURANCE]
    if type(assurance) is not int or assurance not in {*Assurance}:
        raise _malformed("the assurance is no level of the table")
    return CardTerms(
        issued_at=issued_at,
        expires_at=expires_at,
        status=read_status(claims[STATUS]),
        assurance=Assurance(assurance),
        division=_coded(claims[DIVISION], _DIVISION),
        specimen=SPECIMEN in labels,
    )


def _name(value: CborValue, longest: int) -> str:
    if type(value) is not str:
        raise _malformed("a name is no text")
    check_text(value, longest=longest)
    return value


def _coded(value: CborValue, shape: re.Pattern[str]) -> str:
    if type(value) is not str or shape.fullmatch(value) is None:
        raise _malformed("a coded text is of another shape")
    return value


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
