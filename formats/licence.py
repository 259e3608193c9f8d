"""The licence of one post: who it is, where it stands, what it may ask, and the key its challenges are signed with."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import Checks, Sign1Draft
from formats.dataset import Group
from formats.encoding import cbor
from formats.encoding.cbor import CborValue
from formats.sd_cwt.display import check_text
from formats.sd_cwt.model import POINT_BYTES, read_bytes, read_time
from formats.site_policy import KeyLookup, read_groups, read_kind, read_word, write_groups, write_kind
from keys.algorithms import ES256

TYP = "eid-licence+cose"
MAX_BYTES = 400
LONGEST_SECONDS = 72 * 3600
TOLERANCE_SECONDS = 30
_LONGEST_PLACE = 40

GROUNDS = {
    "suspect": ("对有违法犯罪嫌疑的人员查明身份", "a suspect's identity"),
    "control": ("依法实施现场管制", "on-site control ordered by law"),
    "incident": ("突发事件现场", "a sudden incident"),
    "event": ("车站、港口、机场或重大活动场所", "a station, port, airport or major event"),
    "law": ("法律规定的其他情形", "another ground set by law"),
}
"""The grounds of article 15 of the Resident ID Card Law: codes short enough for a challenge, and what wallets say."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What the reader root allows one post.

    number:     grows with each renewal.
    place:      the name a wallet shows, as it is.
    groups:     all the post may ever ask; grounds: the codes it may name, () where none is needed.
    post_point33: the post's public key; expires_at at most 72 hours ahead.
    """

    number: int
    post_id: str
    place: str
    site_kind: str
    groups: frozenset[Group]
    grounds: tuple[str, ...]
    post_point33: bytes
    expires_at: int
    specimen: bool


def draft(licence: Licence, *, signer_kid: bytes) -> Sign1Draft:
    """Return the licence as a document to be signed by a licence (policy) signer.

    The payload is an array, in the order of the fields: it travels in every challenge.
    A value that the reader would refuse is our mistake: ValueError.
    """
    payload: CborValue = [
        licence.number,
        licence.post_id,
        licence.place,
        write_kind(licence.site_kind),
        write_groups(licence.groups),
        list[CborValue](licence.grounds),
        licence.post_point33,
        licence.expires_at,
        licence.specimen,
    ]
    encoded = cbor.encode(payload)
    try:
        read_back = _from_payload(encoded)
    except MalformedInput as err:
        raise ValueError(f"this licence breaks the profile: {err.detail}") from err
    if read_back != licence:
        raise ValueError("this licence does not survive its encoding")
    return cose.own_draft(TYP, signer_kid, encoded)


def read(data: bytes, *, keys: KeyLookup, now: int) -> Checks[Licence]:
    """Return a licence whose signature holds and which is in force: ``read_signed``, then ``check_in_force``."""
    licence = yield from read_signed(data, keys=keys)
    check_in_force(licence, now=now)
    return licence


def read_signed(data: bytes, *, keys: KeyLookup) -> Checks[Licence]:
    """Return a licence whose signature holds under a key that ``keys`` knows, in force or not.

    A post keeps an expired one in its bundle and cannot challenge with it; a wallet uses ``read``.
    Raises MalformedInput or Refused(LICENCE_INVALID): malformed, or signed by another.
    """
    try:
        sign1, kid = cose.decode_own(data, typ=TYP, max_bytes=MAX_BYTES)
    except EidError as err:
        raise MalformedInput(Reason.LICENCE_INVALID, err.detail) from err
    key = keys(kid)
    if key is None or not (yield from cose.check_signature(sign1, key, ES256)):
        raise Refused(Reason.LICENCE_INVALID, "the licence is not signed by a licence signer")
    try:
        return _from_payload(sign1.payload)
    except MalformedInput as err:
        raise MalformedInput(Reason.LICENCE_INVALID, err.detail) from err


def check_in_force(licence: Licence, *, now: int) -> None:
    """Demand that a licence has not expired and ends within 72 hours (30 s tolerance): Refused(LICENCE_INVALID)."""
    if not now - TOLERANCE_SECONDS <= licence.expires_at <= now + LONGEST_SECONDS + TOLERANCE_SECONDS:
        raise Refused(Reason.LICENCE_INVALID, "the licence has expired, or runs longer than a licence may")


def _from_payload(encoded: bytes) -> Licence:
    fields = cbor.decode(encoded, max_bytes=MAX_BYTES)
    if type(fields) is not list or len(fields) != 9:
        raise _malformed("a licence has nine fields")
    number, post_id, place, kind, groups, grounds, point, expires_at, specimen = fields
    if type(number) is not int or not 0 < number < 1 << 32:
        raise _malformed("the number is not a positive number of 32 bits")
    if type(place) is not str or type(specimen) is not bool or type(grounds) is not list:
        raise _malformed("a field of the licence is of another type")
    check_text(place, longest=_LONGEST_PLACE)
    codes = tuple(read_word(ground) for ground in grounds)
    if len(set(codes)) != len(codes):
        raise _malformed("a ground is listed twice")
    post_point33 = read_bytes(point, POINT_BYTES)
    if post_point33[0] not in {2, 3}:
        raise _malformed("the post key is not a compressed point")
    return Licence(
        number=number,
        post_id=read_word(post_id),
        place=place,
        site_kind=read_kind(kind),
        groups=read_groups(groups),
        grounds=codes,
        post_point33=post_point33,
        expires_at=read_time(expires_at),
        specimen=specimen,
    )


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
