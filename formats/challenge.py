"""The post's own QR code: a nonce and a request, signed by the post key, with the licence that says who asks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose, licence
from formats.cose import Checks, Sign1Draft
from formats.dataset import Group
from formats.encoding import base45, cbor
from formats.encoding.cbor import CborValue
from formats.licence import Licence
from formats.sd_cwt.model import read_bytes, read_time
from formats.site_policy import KeyLookup, read_groups, read_kind, read_word, write_groups, write_kind
from keys.algorithms import ES256

PREFIX = "EIDC1:"
TYP = "eid-challenge+cose"
MAX_BYTES = 400
NONCE_BYTES = 16
LIFETIME_SECONDS = 60
TOLERANCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one post asks now.

    nonce:   16 random bytes. ground: a code of the licence, None where none is needed.
    licence: the signed licence, as bytes.
    """

    nonce: bytes
    policy_id: str
    ground: str | None
    groups: frozenset[Group]
    issued_at: int
    licence: bytes


@dataclass(frozen=True, slots=True)
class VerifiedChallenge:
    """A challenge whose licence and signature hold; challenge_hash is the ``cnonce`` of the answer."""

    challenge_hash: bytes
    challenge: Challenge
    licence: Licence


def draft(challenge: Challenge, *, post_kid: bytes) -> Sign1Draft:
    """Return the challenge as a document to be signed by the post key.

    The payload is an array in the order of the fields, the ground last before the licence and empty where there is none.
    A value that a wallet would refuse is our mistake: ValueError.
    """
    encoded = cbor.encode(_payload(challenge))
    try:
        read_back = _from_payload(encoded)
    except MalformedInput as err:
        raise ValueError(f"this challenge breaks the profile: {err.detail}") from err
    if read_back != challenge:
        raise ValueError("this challenge does not survive its encoding")
    return cose.own_draft(TYP, post_kid, encoded)


def encode(data: bytes) -> str:
    """Return the text of the post's QR code; MalformedInput(TOO_LARGE) beyond 400 bytes."""
    if len(data) > MAX_BYTES:
        raise MalformedInput(Reason.TOO_LARGE, f"a challenge of {len(data)} bytes: shorten the place or the grounds")
    return PREFIX + base45.encode(data)


def decode(text: str) -> bytes:
    """Return the challenge bytes; MalformedInput: PREFIX_UNKNOWN, TOO_LARGE, BASE45_MALFORMED."""
    if not text.startswith(PREFIX):
        raise MalformedInput(Reason.PREFIX_UNKNOWN, "the text does not begin with EIDC1:")
    if len(text) > len(PREFIX) + MAX_BYTES // 2 * 3:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return base45.decode(text[len(PREFIX) :])


def challenge_hash(data: bytes) -> bytes:
    """Return what the answer carries as ``cnonce``: SHA-256 of the exact challenge bytes."""
    return hashlib.sha256(data).digest()


def read_challenge(text: str, *, licence_keys: KeyLookup, now: int) -> Checks[VerifiedChallenge]:
    """Return a challenge that a wallet may answer: licence signed and in force, post signature good, nothing over-asked.

    licence_keys: from kid to point, the licence signers a wallet trusts.
    Raises, in this order: PREFIX_UNKNOWN, TOO_LARGE, BASE45_MALFORMED; CHALLENGE_INVALID for a malformed one;
    LICENCE_INVALID; CHALLENGE_INVALID for a signature of another key than the licence names;
    CHALLENGE_EXPIRED outside 60 s (30 s tolerance); OVER_ASKING for a group or ground the licence does not list, or no
    ground where the licence lists some.
    """
    data = decode(text)
    try:
        sign1, _ = cose.decode_own(data, typ=TYP, max_bytes=MAX_BYTES)
        challenge = _from_payload(sign1.payload)
    except EidError as err:
        raise MalformedInput(Reason.CHALLENGE_INVALID, err.detail) from err
    permit = yield from licence.read(challenge.licence, keys=licence_keys, now=now)
    if not (yield from cose.check_signature(sign1, permit.post_point33, ES256)):
        raise Refused(Reason.CHALLENGE_INVALID, "the challenge is not signed by the licensed post")
    if not challenge.issued_at - TOLERANCE_SECONDS <= now <= challenge.issued_at + LIFETIME_SECONDS + TOLERANCE_SECONDS:
        raise Refused(Reason.CHALLENGE_EXPIRED, "the challenge is not from now")
    if not challenge.groups <= permit.groups:
        raise Refused(Reason.OVER_ASKING, "a group that the licence does not list")
    if (challenge.ground or permit.grounds) and challenge.ground not in permit.grounds:
        raise Refused(Reason.OVER_ASKING, "no ground, or one that the licence does not list")
    return VerifiedChallenge(challenge_hash(data), challenge, permit)


def _payload(challenge: Challenge) -> CborValue:
    return [
        challenge.nonce,
        write_kind(challenge.policy_id),
        write_groups(challenge.groups),
        challenge.issued_at,
        challenge.ground or "",
        challenge.licence,
    ]


def _from_payload(encoded: bytes) -> Challenge:
    fields = cbor.decode(encoded, max_bytes=MAX_BYTES)
    if type(fields) is not list or len(fields) != 6:
        raise _malformed("a challenge has six fields")
    nonce, policy_id, groups, issued_at, ground, permit = fields
    if type(permit) is not bytes:
        raise _malformed("the licence is no byte string")
    return Challenge(
        nonce=read_bytes(nonce, NONCE_BYTES),
        policy_id=read_kind(policy_id),
        ground=None if ground == "" else read_word(ground),
        groups=read_groups(groups),
        issued_at=read_time(issued_at),
        licence=permit,
    )


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
