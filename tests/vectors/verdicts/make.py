"""Makes the verdict vectors again: ``python -m tests.vectors.verdicts.make``.

Every expected verdict below is written by hand from the rules; nothing is recorded but the answers to the signature
checks, for runners without cryptography. Keys are seeded and signatures deterministic, so the files come out the same.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from formats.cose import Checks
from formats.dataset import Glyph, Group
from formats.encoding import base45, cbor
from formats.sd_cwt import model
from formats.sd_cwt.model import Assurance, KeyStorage
from formats.sd_cwt.unpack import read_sd_cwt
from keys.signing import verify_signature
from tests.builders.verdicts import (
    BUREAU,
    BUREAU_EN,
    BUREAU_ZH,
    CHALLENGE_HASH,
    DAY,
    DESK_GROUPS,
    EXPIRES,
    GATE_GROUPS,
    ISSUED,
    NOW,
    OTHER_BUREAU,
    PERSON,
    POST,
    STATUS_URI,
    Code,
    answer,
    other_form,
    portrait,
    seeded,
    signer,
)
from tests.vectors.verdicts import run
from verifier.checkpoint.verdict import Verdict

Row = dict[str, Any]
Map = dict[Any, Any]
GREEN, AMBER, RED = "GREEN", "AMBER", "RED"
HOUR = 3600
OTHER_URI = f"https://eid.example/status/{OTHER_BUREAU}/a1"
EMPTY_URI = f"https://eid.example/status/{BUREAU}/not-in-the-bundle"
CLOCK = {"now": NOW, "doubtful": False, "confirmed": True}
UNCONFIRMED = {**CLOCK, "confirmed": False}
DOUBTFUL = {"now": NOW, "doubtful": True, "confirmed": False}
# Not on the curve: x^3 - 3x + b is no square for it. And an x that is no member of the field.
OFF_CURVE_X = (1).to_bytes(32, "big")
BEYOND_FIELD_X = b"\xff" * 32


def challenged(**changes: Any) -> Row:
    """Return what a post expects that showed its challenge ten seconds ago."""
    groups = changes.pop("groups", DESK_GROUPS)
    row = {"challenge_hash": CHALLENGE_HASH.hex(), "post_id": POST, "shown_at": NOW - 10, "answered": False}
    return {**row, "groups": sorted(group.word for group in groups), **changes}


def case(name: str, why: str, code: Code | str, colour: str, *reasons: str, **context: Any) -> Row:
    """Return one vector: at the gate for a one-way code, at the desk for an answer, unless the context says else."""
    at_desk = isinstance(code, Code) and code.cnonce is not None
    row: Row = {
        "id": name,
        "why": why,
        "text": code if isinstance(code, str) else code.text,
        "trust": "real",
        "statuses": "fresh",
        "policy": "desk" if at_desk else "gate",
        "expected": challenged() if at_desk else None,
        "clock": CLOCK,
        "seen": None,
        "training": False,
        "driver": "recorded",
        "colour": colour,
        "reasons": list(reasons),
    }
    unknown = context.keys() - row.keys()
    if unknown:
        raise ValueError(f"{name}: unknown context {unknown}")
    return {**row, **context}


# --- what the codes are judged against


def key(name: str, **changes: Any) -> Row:
    """Return one key of a trust table."""
    row: Row = {
        "kid": signer(name).key_id.hex(),
        "point": signer(name).point.hex(),
        "role": "CREDENTIAL",
        "bureau": BUREAU,
        "name_zh": BUREAU_ZH,
        "name_en": BUREAU_EN,
        "country": "CN",
        "scope": ["6901"],
        "forms": ["eid1", "dc+sd-jwt"],
        "valid_from": ISSUED - 30 * DAY,
        "retired_at": None,
        "state": "ACTIVE",
    }
    return {**row, **changes}


OTHER = {"bureau": OTHER_BUREAU, "name_zh": "样例市公安局第二分局", "name_en": "Second Branch", "scope": ["6902"]}
KEYS = [
    key("issuer"),
    key("issuer of another bureau", **OTHER),
    key("retired after", retired_at=ISSUED, state="STATUS_ONLY"),
    key("retired before", retired_at=ISSUED - 1, state="STATUS_ONLY"),
    key("begins at issue", valid_from=ISSUED),
    key("begins later", valid_from=ISSUED + 1),
    key("compromised", state="COMPROMISED"),
    key("destroyed", state="DESTROYED", retired_at=ISSUED + DAY),
    key("printed cards", role="CARD"),
    key("policies", role="POLICY"),
    key("bundles", role="BUNDLE"),
    key("online only", forms=["dc+sd-jwt"]),
]


def trust(**changes: Any) -> Row:
    """Return a trust table made an hour ago."""
    return {
        "number": 12,
        "issued_at": NOW - HOUR,
        "next_update": NOW + 7 * DAY,
        "specimen": False,
        "keys": KEYS,
        **changes,
    }


def snapshots(**changes: Any) -> Row:
    """Return the bureau's snapshot, two hours old, and another bureau's, in which the same places are revoked."""
    entries = {"100": 0, "101": 1, "102": 2, "103": 3}
    mine = {
        "number": 40,
        "as_of": NOW - 2 * HOUR,
        "expires_at": NOW + DAY,
        "lists": {STATUS_URI: {"size": 1000, "entries": entries}},
        **changes,
    }
    everything = {str(index): 0 for index in range(50)}
    other = {
        "number": 3,
        "as_of": NOW - 2 * HOUR,
        "expires_at": NOW + DAY,
        "lists": {uri: {"size": 1000, "entries": everything} for uri in (STATUS_URI, OTHER_URI)},
    }
    return {BUREAU: mine, OTHER_BUREAU: other}


def policy(name: str, required: tuple[Group, ...], **changes: Any) -> Row:
    """Return a site policy."""
    row: Row = {
        "policy_id": name,
        "site_kind": name,
        "name_zh": "样例岗位",
        "name_en": "Sample site",
        "required": sorted(group.word for group in required),
        "optional": [],
        "ground_required": False,
        "modes": ["CHALLENGE", "ONE_WAY"],
        "forms": ["eid1", "dc+sd-jwt"],
        "max_status_age_seconds": 12 * HOUR,
        "max_trust_age_seconds": 72 * HOUR,
        "unmanned": False,
        "minimum_assurance": "BASIC",
        "minimum_age": None,
        "retention": "nothing",
        "number": 1,
    }
    return {**row, **changes}


CONTEXTS: Row = {
    "trust": {
        "real": trust(),
        "specimen": trust(specimen=True),
        "old": trust(issued_at=NOW - 72 * HOUR - 1),
        "as old as allowed": trust(issued_at=NOW - 72 * HOUR),
        "due": trust(next_update=NOW - 31),
        "of the future": trust(issued_at=NOW + 31),
        "at the end": trust(issued_at=EXPIRES - HOUR, next_update=EXPIRES + DAY),
        "at the beginning": trust(issued_at=ISSUED - HOUR),
        "empty": trust(keys=[]),
    },
    "statuses": {
        "fresh": snapshots(),
        "as old as allowed": snapshots(as_of=NOW - 12 * HOUR),
        "old": snapshots(as_of=NOW - 12 * HOUR - 1),
        "expired": snapshots(as_of=NOW - 2 * HOUR, expires_at=NOW - 31),
        "of the future": snapshots(as_of=NOW + 31),
        "at the end": snapshots(as_of=EXPIRES - HOUR, expires_at=EXPIRES + DAY),
        "at the beginning": snapshots(as_of=ISSUED - HOUR),
        "none": {},
        "unreachable": {"raises": "STATUS_UNKNOWN"},
        "of another bureau": {"raises": "STATUS_WRONG_BUREAU"},
    },
    "policies": {
        "gate": policy("gate", (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT)),
        "desk": policy("desk", DESK_GROUPS, modes=["CHALLENGE"]),
        "door": policy("door", (Group.NAME,)),
        "shop": policy("shop", (Group.AGE_18, Group.PORTRAIT), minimum_age=18),
        "seniors": policy("seniors", (Group.OTHER_AGES, Group.PORTRAIT), minimum_age=60),
        "machine": policy("machine", (Group.NAME, Group.PORTRAIT), unmanned=True),
        "counter": policy("counter", (Group.NAME, Group.PORTRAIT), minimum_assurance="FULL"),
        "online": policy("online", (Group.NAME,), forms=["dc+sd-jwt"]),
        "one-way only": policy("one-way-only", (Group.NAME,), modes=["ONE_WAY"]),
    },
}


# --- the vectors, family by family


def good() -> Iterator[Row]:
    yield case("good-one-way", "a code shown five seconds ago", Code(), GREEN)
    yield case("good-answer", "the answer to the challenge on the screen", answer(), GREEN)
    yield case("good-no-portrait", "a site that needs the name only", Code(groups=(Group.NAME,)), GREEN, policy="door")
    yield case("good-clock-ahead", "the phone is 30 s ahead: inside the tolerance", Code(made_at=NOW + 30), GREEN)
    yield case("good-last-second", "iat + 60 + 30 is the last second", Code(made_at=NOW - 90), GREEN)
    yield case("good-unconfirmed", "an unconfirmed clock is no fault by itself", Code(), GREEN, clock=UNCONFIRMED)
    yield case("good-retired-later", "issued in the key's last second", Code(issuer="retired after"), GREEN)
    yield case("good-destroyed", "a destroyed key's credentials stay valid", Code(issuer="destroyed"), GREEN)
    yield case("good-first-second", "issued in the key's first second", Code(issuer="begins at issue"), GREEN)
    signature = "(r, n - s) is the same signature as (r, s)"
    yield case("good-issuer-other-s", signature, Code(edit_issuer_signature=other_form), GREEN)
    yield case("good-holder-other-s", signature, Code(edit_proof_signature=other_form), GREEN)
    yield case(
        "good-specimen",
        "a specimen at a reader in training",
        Code(specimen=True),
        GREEN,
        trust="specimen",
        training=True,
    )
    long_term = replace(PERSON, date_of_expiry=None)
    yield case("good-long-term", "a card valid for life has no last day", answer(person=long_term), GREEN)
    rare = replace(PERSON, full_name="示例\U00020bb7", glyphs=(Glyph(0x20BB7, seeded("glyph", 72)),))
    yield case("good-glyph", "a rare character with its signed picture", Code(person=rare), GREEN)
    asked = challenged(groups=(*DESK_GROUPS, Group.CIVIL))
    yield case(
        "good-optional-withheld", "what is asked and not required may be withheld", answer(), GREEN, expected=asked
    )
    yield case("good-limit", "answered in the 60th second", answer(), GREEN, expected=challenged(shown_at=NOW - 60))
    yield case("good-status-age", "a list as old as the site allows", Code(), GREEN, statuses="as old as allowed")
    yield case("good-trust-age", "a table as old as the site allows", Code(), GREEN, trust="as old as allowed")
    yield case("good-adult", "over 18", Code(), GREEN, policy="shop")
    last_day = date(2026, 12, 20)
    yield case(
        "good-thirty-days",
        "the card's last day is 30 days away",
        answer(person=replace(PERSON, date_of_expiry=last_day)),
        GREEN,
    )
    last = answer(made_at=EXPIRES - 10)
    yield case("good-end", "the credential's last second, with the tolerance", last, GREEN, **_at_the_end(30))
    first = answer(made_at=ISSUED)
    at_the_beginning = {
        "statuses": "at the beginning",
        "trust": "at the beginning",
        "clock": {**CLOCK, "now": ISSUED - 30},
    }
    shown = challenged(shown_at=ISSUED - 35)
    yield case("good-beginning", "its first second by a slow clock", first, GREEN, expected=shown, **at_the_beginning)
    yield case("good-attested", "an attested key at an unmanned gate", Code(), GREEN, policy="machine")
    yield case("good-full", "full enrolment at the counter", Code(), GREEN, policy="counter")


def _at_the_end(seconds: int) -> Row:
    clock, shown = {**CLOCK, "now": EXPIRES + seconds}, challenged(shown_at=EXPIRES - 20)
    return {"statuses": "at the end", "trust": "at the end", "clock": clock, "expected": shown}


def wire() -> Iterator[Row]:
    text, token = Code().text, Code().token
    for name, wrong in {
        "empty": "",
        "lower-case": "eid1:" + text[5:],
        "leading-space": " " + text,
        "next-version": "EID2:" + text[5:],
        "challenge": "EIDC1:" + text[5:],
        "url": "https://eid.example/show",
        "bare": text[5:],
    }.items():
        yield case(f"prefix-{name}", "not EID1:", wrong, RED, "prefix_unknown")
    body = text[5:]
    for name, wrong in {
        "lower-case": body.lower(),
        "newline": body + "\n",
        "foreign": body[:-1] + "!",
        "han": body[:-1] + "一",
        "leftover": body[: len(body) // 3 * 3] + "0",
        "beyond-two-bytes": ":::" + body[3:],
        "beyond-one-byte": body[: len(body) // 3 * 3] + "::",
        "surrogate": body[:-1] + "\ud800",
    }.items():
        yield case(f"base45-{name}", "not strict base45", "EID1:" + wrong, RED, "base45_malformed")
    # A space is a digit of base45: one more shifts every group after it, and some no longer fit two bytes.
    for name, wrong in {"leading-space": " " + body, "inner-space": body[:99] + " " + body[99:]}.items():
        yield case(f"base45-{name}", "nothing is trimmed", "EID1:" + wrong, RED, "base45_malformed")
    big = "EID1:" + base45.encode(b"\xd2" + b"\0" * 3072)
    yield case("too-large", "3,073 bytes", big, RED, "too_large")
    yield from _cbor(token)
    yield from _headers()
    yield from _claims()


def _cbor(token: bytes) -> Iterator[Row]:
    bent = {
        "nothing": b"",
        "trailing-byte": token + b"\0",
        "truncated": token[:-1],
        "head-only": token[:1],
        "tag-too-long": b"\xd8\x12" + token[1:],
        "untagged": token[1:],
        "other-tag": b"\xd1" + token[1:],
        "indefinite": token[:1] + b"\x9f" + token[2:] + b"\xff",
        "long-head": token[:1] + b"\x98\x04" + token[2:],
        "five-elements": token[:1] + b"\x85" + token[2:] + b"\0",
        "deep": b"\x81" * 2000 + b"\0",
        "break": b"\xff",
        "null": b"\xf6",
        "text": b"\x63abc",
    }
    for name, wrong in bent.items():
        text = "EID1:" + base45.encode(wrong)
        yield case(f"cbor-{name}", "not one strict COSE_Sign1", text, RED, "cbor_malformed")
    seconds = b"\x06\x1a" + ISSUED.to_bytes(4, "big")
    inside = {
        "float": b"\x06\xfb" + struct.pack(">d", float(ISSUED)),
        "long-int": b"\x06\x1b" + ISSUED.to_bytes(8, "big"),
        "bignum": b"\x06\xc2\x44" + ISSUED.to_bytes(4, "big"),
        "null": b"\x06\xf6",
        "undefined": b"\x06\xf7",
        "date": b"\x06\xc1\x1a" + ISSUED.to_bytes(4, "big"),
        "duplicate": seconds + seconds,
    }
    for name, wrong in inside.items():
        swap = _replaced(seconds, wrong, one_more=name == "duplicate")
        code = Code(edit_payload=swap)
        yield case(f"cbor-claims-{name}", "signed, and still not strict", code, RED, "cbor_malformed")
    unsorted = Code(edit_payload=lambda payload: _swapped(payload, seconds, b"\x04\x1a" + EXPIRES.to_bytes(4, "big")))
    yield case("cbor-claims-unsorted", "keys in another order", unsorted, RED, "cbor_malformed")


def _replaced(old: bytes, new: bytes, *, one_more: bool) -> Callable[[bytes], bytes]:
    def edit(payload: bytes) -> bytes:
        if payload.count(old) != 1:
            raise ValueError("the part to replace is not there once")
        return bytes((payload[0] + one_more,)) + payload[1:].replace(old, new)

    return edit


def _swapped(payload: bytes, one: bytes, two: bytes) -> bytes:
    if two + one not in payload:
        raise ValueError("the parts to swap are not beside each other")
    return payload.replace(two + one, one + two)


def _headers() -> Iterator[Row]:
    def added(label: int, value: Any) -> Callable[[Map], Map]:
        return lambda headers: {**headers, label: value}

    def without(label: int) -> Callable[[Map], Map]:
        return lambda headers: {k: v for k, v in headers.items() if k != label}

    wrong: dict[str, Code] = {
        "proof-crit": Code(edit_proof_headers=added(2, [16])),
        "proof-kid": Code(edit_proof_headers=added(4, seeded("kid", 8))),
        "proof-content-type": Code(edit_proof_headers=added(3, 61)),
        "proof-typ-of-status": Code(edit_proof_headers=added(16, "eid-status+cose")),
        "proof-no-typ": Code(edit_proof_headers=without(16)),
        "proof-no-kcwt": Code(edit_proof_headers=without(13)),
        "proof-no-alg": Code(edit_proof_headers=without(1)),
        "proof-unprotected": Code(edit_proof_unprotected=added(4, seeded("kid", 8))),
        "issuer-crit": Code(edit_headers=added(2, [16])),
        "issuer-x5chain": Code(edit_headers=added(33, b"certificate")),
        "issuer-typ-of-proof": Code(edit_headers=added(16, 294)),
        "issuer-typ-of-policy": Code(edit_headers=added(16, "eid-policy+cose")),
        "issuer-no-sd-alg": Code(edit_headers=without(170)),
        "issuer-other-sd-alg": Code(edit_headers=added(170, -43)),
        "issuer-no-kid": Code(edit_headers=without(4)),
        "issuer-short-kid": Code(edit_headers=added(4, signer("issuer").key_id[:7])),
        "issuer-text-kid": Code(edit_headers=added(4, "issuer-1")),
        "issuer-unprotected": Code(edit_unprotected=added(33, b"certificate")),
        "no-disclosures-listed": Code(edit_unprotected=lambda _: {17: []}),
        "eleven-disclosures": Code(edit_unprotected=lambda _: {17: [bytes([n]) for n in range(11)]}),
        "text-disclosure": Code(edit_unprotected=lambda _: {17: ["name"]}),
    }
    for name, code in wrong.items():
        yield case(f"header-{name}", "not the headers of the profile", code, RED, "header_unexpected")
    for name, number in {"minus-7": -7, "es384": -51, "eddsa": -19, "hmac": 5, "true": True, "text": "ES256"}.items():
        bent = {"proof": Code(edit_proof_headers=added(1, number)), "issuer": Code(edit_headers=added(1, number))}
        for part, code in bent.items():
            yield case(f"alg-{part}-{name}", "only -9 in EID1", code, RED, "algorithm_not_allowed")
    bare = "EID1:" + base45.encode(Code().sd_cwt)
    yield case("bare-sd-cwt", "nobody shows it", bare, RED, "holder_proof_missing")
    yield case("no-cnf", "bound to no key", Code(edit_claims=without(8)), RED, "holder_proof_missing")


def _claims() -> Iterator[Row]:
    def put(label: Any, value: Any) -> Callable[[Map], Map]:
        return lambda claims: {**claims, label: value}

    def drop(label: Any) -> Callable[[Map], Map]:
        return lambda claims: {k: v for k, v in claims.items() if k != label}

    reference = {"status_list": {"idx": 7, "uri": STATUS_URI, "more": 1}}
    wrong: dict[str, Callable[[Map], Map]] = {
        "no-exp": drop(4),
        "no-iat": drop(6),
        "no-sub": drop(2),
        "no-status": drop(65535),
        "no-key-storage": drop(model.KEY_STORAGE),
        "no-assurance": drop(model.ASSURANCE),
        "iss": put(1, "https://eid.example"),
        "nbf": put(5, ISSUED),
        "unknown": put(-70000, 1),
        "not-midnight": put(6, ISSUED + 1),
        "exp-not-midnight": put(4, EXPIRES - 1),
        "exp-before-iat": put(4, ISSUED - DAY),
        "negative-time": put(6, -DAY),
        "far-time": put(4, 2**33 // DAY * DAY + DAY),
        "time-true": put(6, True),
        "time-text": put(6, "2026-11-16"),
        "sub-short": put(2, "AAECAwQF"),
        "sub-bytes": put(2, seeded("sub", 8)),
        "specimen-false": put(model.SPECIMEN, False),
        "specimen-one": put(model.SPECIMEN, 1),
        "storage-three": put(model.KEY_STORAGE, 3),
        "assurance-true": put(model.ASSURANCE, True),
        "status-more": put(65535, reference),
        "index-negative": put(65535, {"status_list": {"idx": -1, "uri": STATUS_URI}}),
        "index-true": put(65535, {"status_list": {"idx": True, "uri": STATUS_URI}}),
        "uri-empty": put(65535, {"status_list": {"idx": 7, "uri": ""}}),
        "nine-digests": lambda claims: {k: v[:9] if isinstance(v, list) else v for k, v in claims.items()},
        "digests-unsorted": lambda claims: {k: v[::-1] if isinstance(v, list) else v for k, v in claims.items()},
    }
    for name, edit in wrong.items():
        yield case(
            f"claims-{name}", "signed claims outside the profile", Code(edit_claims=edit), RED, "claims_malformed"
        )
    proof: dict[str, Callable[[Map], Map]] = {
        "both": put(39, CHALLENGE_HASH),
        "neither": drop(7),
        "no-aud": drop(3),
        "no-iat": drop(6),
        "no-exp": drop(4),
        "longer": put(4, NOW + 120),
        "short-cti": put(7, seeded("cti", 15)),
        "iss": put(1, "me"),
        "sub": put(2, "me"),
    }
    for name, edit in proof.items():
        yield case(f"proof-{name}", "neither of the two shapes", Code(edit_proof=edit), RED, "claims_malformed")
    nonce = answer(cnonce=CHALLENGE_HASH[:31])
    yield case("proof-short-cnonce", "a nonce of 31 bytes", nonce, RED, "claims_malformed")


def issuer() -> Iterator[Row]:
    yield case("issuer-unknown", "a key nobody lists", Code(issuer="stranger"), RED, "issuer_unknown")
    yield case("issuer-empty-table", "no keys at all", Code(), RED, "issuer_unknown", trust="empty")
    holder = Code(issuer="holder", shown_by="holder")
    yield case("issuer-is-holder", "a holder signs its own credential", holder, RED, "issuer_unknown")
    for name in ("printed cards", "policies", "bundles", "online only"):
        row = case(
            f"issuer-role-{name.replace(' ', '-')}",
            "a key of another role",
            Code(issuer=name),
            RED,
            "issuer_not_authorised",
        )
        yield row
    withdrawn = "a compromised key takes all its credentials with it"
    yield case("issuer-compromised", withdrawn, Code(issuer="compromised"), RED, "issuer_key_withdrawn")
    names = Code(issuer="stranger", names_issuer="compromised")
    yield case("issuer-compromised-forged", "told before the signature", names, RED, "issuer_key_withdrawn")
    yield case(
        "issuer-retired", "issued after the key retired", Code(issuer="retired before"), RED, "issuer_key_out_of_period"
    )
    yield case(
        "issuer-early", "issued before the key's time", Code(issuer="begins later"), RED, "issuer_key_out_of_period"
    )
    named = Code(issuer="stranger", names_issuer="issuer")
    yield case("issuer-forged", "signed by another key than it names", named, RED, "issuer_signature_invalid")
    peer = Code(issuer="issuer of another bureau", names_issuer="issuer")
    yield case("issuer-peer", "exactly the named key is tried", peer, RED, "issuer_signature_invalid")
    for place in (0, 31, 32, 63):
        code = Code(edit_issuer_signature=_flip(place))
        yield case(f"issuer-flip-{place}", "one bit of the signature", code, RED, "issuer_signature_invalid")
    zero = Code(edit_issuer_signature=lambda _: bytes(64))
    yield case("issuer-zero", "r = s = 0", zero, RED, "issuer_signature_invalid")
    longer = _swap_after_signing(lambda c: {**c, 4: EXPIRES + DAY})
    yield case("issuer-longer-life", "exp changed after signing", longer, RED, "issuer_signature_invalid")
    rebound = _swap_after_signing(lambda c: {**c, 8: _cnf(signer("thief").point)}, shown_by="thief")
    yield case("issuer-other-cnf", "bound to a thief's key after signing", rebound, RED, "issuer_signature_invalid")
    yield case("issuer-specimen", "a specimen in real mode", Code(specimen=True), RED, "specimen_in_real_mode")
    training_card = Code(specimen=True, issuer="stranger")
    yield case("issuer-specimen-key", "a training card, in real mode", training_card, RED, "specimen_in_real_mode")
    yield case(
        "issuer-specimen-table", "a specimen root in real mode", Code(), RED, "specimen_in_real_mode", trust="specimen"
    )
    real = "a real code in training mode"
    yield case("issuer-real", real, Code(), RED, "real_in_specimen_mode", trust="specimen", training=True)
    specimen = Code(specimen=True)
    yield case("issuer-real-table", "a real root in training", specimen, RED, "real_in_specimen_mode", training=True)
    other = answer(issuer="issuer of another bureau", uri=OTHER_URI, index=500)
    yield case("scope-other-bureau", "names a bureau that did not sign", other, RED, "issuer_out_of_scope")
    for name, person in {
        "division": replace(PERSON, issuing_division="690201"),
        "country": replace(PERSON, issuing_country="HK"),
        "authority": replace(PERSON, issuing_authority="样例省公安厅"),
    }.items():
        code = answer(person=person)
        yield case(f"scope-{name}", "outside the bureau's powers", code, RED, "issuer_out_of_scope")


def _flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


def _cnf(point: bytes) -> Map:
    return {1: {1: 2, -1: 1, -2: point[1:], -3: point[0] == 3}}


def _put_cnf(cnf: Map) -> Callable[[Map], Map]:
    return lambda claims: {**claims, 8: cnf}


def _swap_after_signing(edit: Callable[[Map], Map], **changes: Any) -> Code:
    """Return a code whose claims were changed under the issuer's signature over the right ones."""
    right = Code(**changes).sd_cwt
    signature = right[-64:]
    return Code(edit_claims=edit, edit_issuer_signature=lambda _: signature, **changes)


def holder() -> Iterator[Row]:
    beyond = Code(edit_claims=_put_cnf(_cnf(b"\x02" + BEYOND_FIELD_X)))
    yield case("holder-beyond-field", "x is not in the field", beyond, RED, "holder_key_invalid")
    off = Code(edit_claims=_put_cnf(_cnf(b"\x02" + OFF_CURVE_X)))
    yield case("holder-off-curve", "no point has this x", off, RED, "holder_key_invalid")
    forms: dict[str, Map] = {
        "private": {1: 2, -1: 1, -2: signer("holder").point[1:], -3: True, -4: seeded("d", 32)},
        "uncompressed": {1: 2, -1: 1, -2: signer("holder").point[1:], -3: seeded("y", 32)},
        "other-curve": {1: 2, -1: 2, -2: signer("holder").point[1:], -3: True},
        "okp": {1: 1, -1: 6, -2: signer("holder").point[1:]},
        "short-x": {1: 2, -1: 1, -2: signer("holder").point[2:], -3: True},
    }
    for name, form in forms.items():
        code = Code(edit_claims=_put_cnf({1: form}))
        yield case(f"holder-key-{name}", "not one compressed P-256 key", code, RED, "holder_key_invalid")
    kid = Code(edit_claims=_put_cnf({3: seeded("kid", 8)}))
    yield case("holder-key-by-name", "cnf names a key instead of carrying it", kid, RED, "holder_key_invalid")
    thief = "the showing is signed by another key"
    yield case("holder-other-key", thief, Code(shown_by="thief"), RED, "holder_signature_invalid")
    yield case(
        "holder-issuer-key",
        "the issuer cannot show it either",
        Code(shown_by="issuer"),
        RED,
        "holder_signature_invalid",
    )
    yield case("holder-answer-other-key", thief, answer(shown_by="thief"), RED, "holder_signature_invalid")
    for place in (0, 31, 32, 63):
        code = Code(edit_proof_signature=_flip(place))
        yield case(f"holder-flip-{place}", "one bit of the signature", code, RED, "holder_signature_invalid")
    zero = Code(edit_proof_signature=lambda _: bytes(64))
    yield case("holder-zero", "r = s = 0", zero, RED, "holder_signature_invalid")
    early = Code(made_at=NOW - 1000)
    old = early.token[-64:]
    redated = Code(edit_proof_signature=lambda _: old)
    yield case("holder-redated", "an old showing with a new time", redated, RED, "holder_signature_invalid")
    added = Code(groups=(Group.NAME,)).token[-64:]
    more = Code(edit_proof_signature=lambda _: added)
    yield case("holder-added-groups", "more disclosures than were signed", more, RED, "holder_signature_invalid")
    yield case("holder-driver-fails", "the driver breaks", Code(), AMBER, "could_not_check", driver="fails")


def freshness() -> Iterator[Row]:
    yield case(
        "mode-one-way-to-challenge", "one-way, a challenge is shown", Code(), RED, "wrong_mode", expected=challenged()
    )
    yield case(
        "mode-answer-to-one-way",
        "an answer, none is expected",
        answer(),
        RED,
        "wrong_mode",
        expected=None,
        policy="gate",
    )
    yield case("mode-policy-challenge", "the site takes answers only", Code(), RED, "wrong_mode", policy="desk")
    only = {"policy": "one-way only", "expected": challenged()}
    yield case("mode-policy-one-way", "the site takes one-way codes only", answer(), RED, "wrong_mode", **only)
    yield case("audience-other-post", "made for another post", answer(audience="post-0018"), RED, "wrong_audience")
    yield case("audience-case", "an audience is compared exactly", answer(audience=POST.upper()), RED, "wrong_audience")
    yield case("audience-one-way", "a one-way code for one post", Code(audience=POST), RED, "wrong_audience")
    other = answer(audience="urn:eid:qr:any:1")
    yield case("audience-any-answer", "an answer for any post", other, RED, "wrong_audience")
    nonce = answer(cnonce=seeded("other challenge", 32))
    yield case("nonce-other", "answers another challenge", nonce, RED, "nonce_mismatch")
    flip = answer(cnonce=_flip(31)(CHALLENGE_HASH))
    yield case("nonce-flip", "one bit of the nonce", flip, RED, "nonce_mismatch")
    again = challenged(answered=True)
    yield case("challenge-again", "a second answer", answer(), RED, "challenge_already_answered", expected=again)
    late = challenged(shown_at=NOW - 61)
    yield case("challenge-late", "after the limit of 60 s", answer(), RED, "challenge_expired", expected=late)
    ahead = challenged(shown_at=NOW + 1)
    yield case("challenge-ahead", "shown after now", answer(), RED, "challenge_expired", expected=ahead)
    yield case("answer-before-challenge", "made before it was shown", answer(made_at=NOW - 41), RED, "code_expired")
    yield case("answer-future", "made in the future", answer(made_at=NOW + 31), RED, "code_from_future")
    unsure = {"clock": UNCONFIRMED}
    yield case(
        "answer-future-unconfirmed", "whose clock?", answer(made_at=NOW + 31), AMBER, "check_clock_first", **unsure
    )
    yield case("answer-doubtful", "at best AMBER", answer(), AMBER, "clock_doubtful", clock=DOUBTFUL)
    yield case("code-expired", "a second past the window", Code(made_at=NOW - 91), RED, "code_expired")
    yield case("code-two-minutes", "two minutes later", Code(made_at=NOW - 125), RED, "code_expired")
    yield case("code-future", "a second before the window", Code(made_at=NOW + 31), RED, "code_from_future")
    yield case("code-late-unconfirmed", "whose clock?", Code(made_at=NOW - 91), AMBER, "check_clock_first", **unsure)
    yield case("code-early-unconfirmed", "whose clock?", Code(made_at=NOW + 31), AMBER, "check_clock_first", **unsure)
    yield case("code-doubtful", "no one-way code without a clock", Code(), RED, "one_way_needs_clock", clock=DOUBTFUL)
    yield case("seen", "shown here 20 s ago", Code(), AMBER, "seen_here", seen=NOW - 20)
    yield case("seen-full", "the memory is full", Code(), AMBER, "replay_memory_full", seen="full")
    signed = Code(edit_proof_signature=other_form)
    yield case("seen-other-s", "the same showing in other signature bytes", signed, AMBER, "seen_here", seen=NOW - 20)
    forged = Code(shown_by="thief")
    yield case("seen-forged", "RED stops before the memory", forged, RED, "holder_signature_invalid", seen=NOW - 20)
    yield case("expired", "exp + 30 is past", _aged(-14), RED, "credential_expired")
    yield case("not-yet", "issued for tomorrow", _aged(5), RED, "credential_not_yet_valid")
    last = answer(made_at=EXPIRES - 10)
    yield case("expired-just-now", "a second past the tolerance", last, RED, "credential_expired", **_at_the_end(31))
    past = answer(issued_at=ISSUED - 14 * DAY, expires_at=ISSUED)
    yield case("expired-answer", "expired by a known clock", past, RED, "credential_expired")
    codes = ("clock_doubtful", "check_clock_first")
    # The showing itself is outside too, by instants that were signed: no clock is needed to see that.
    yield case(
        "expired-doubtful",
        "the clock may be wrong, the proof is not",
        past,
        RED,
        "proof_outside_validity",
        *codes,
        clock=DOUBTFUL,
    )
    edge = Code(made_at=EXPIRES - 30)
    at_end = {"clock": {**CLOCK, "now": EXPIRES - 20}, "statuses": "fresh", "trust": "real", "policy": "gate"}
    yield case("proof-outlives", "the code would outlive the credential", edge, RED, "proof_outside_validity", **at_end)
    before = Code(made_at=ISSUED - 10)
    at_start = {"clock": {**CLOCK, "now": ISSUED}}
    yield case("proof-before", "shown before it was issued", before, RED, "proof_outside_validity", **at_start)


def _aged(days: int) -> Code:
    return Code(issued_at=ISSUED + days * DAY, expires_at=EXPIRES + days * DAY - (2 * DAY if days < 0 else 0))


def disclosures() -> Iterator[Row]:
    other = Code(salt="other person").sd_cwt
    foreign = _disclosures_of(other)
    mixed = Code(edit_disclosures=lambda shown: [foreign[0], *shown[1:]])
    yield case("disclosure-foreign", "another credential's disclosure", mixed, RED, "disclosure_unreferenced")
    extra = Code(edit_disclosures=lambda shown: [*shown, foreign[0]])
    yield case("disclosure-extra", "one that nothing refers to", extra, RED, "disclosure_unreferenced")
    bent = Code(edit_disclosures=lambda shown: [_flip(5)(shown[0]), *shown[1:]])
    yield case("disclosure-changed", "one bit of its salt changed", bent, RED, "disclosure_unreferenced")
    twice = Code(edit_disclosures=lambda shown: [*shown, shown[0]])
    yield case("disclosure-twice", "shown twice", twice, RED, "disclosure_duplicate")
    double = Code(edit_claims=_doubled)
    yield case("digest-twice", "a digest signed twice", double, RED, "disclosure_duplicate")
    contents: dict[str, list[Any]] = {
        "decoy": [seeded("salt-name", 16)],
        "array-element": [seeded("salt-name", 16), {1: "示例甲"}],
        "short-salt": [seeded("salt", 15), {1: "示例甲"}, int(Group.NAME)],
        "unknown-group": [seeded("salt", 16), {1: "示例甲"}, -65600],
        "clear-claim": [seeded("salt", 16), EXPIRES + DAY, 4],
        "text-group": [seeded("salt", 16), {1: "示例甲"}, "name"],
        "no-map": [seeded("salt", 16), "示例甲", int(Group.NAME)],
        "unknown-key": [seeded("salt", 16), {1: "示例甲", 9: "x"}, int(Group.NAME)],
        "missing-key": [seeded("salt", 16), {2: "SHILI JIA"}, int(Group.NAME)],
        "bad-date": [seeded("salt", 16), {1: "1990-02-30"}, int(Group.BIRTH_DATE)],
        "age-one": [seeded("salt", 16), {18: 1}, int(Group.AGE_18)],
        "number-int": [seeded("salt", 16), {1: 690101199001010018}, int(Group.NUMBER_TAIL)],
    }
    for name, content in contents.items():
        yield case(f"disclosure-{name}", "signed, and of another shape", _with(content), RED, "disclosure_malformed")
    same_salt = _with([seeded("salt-portrait", 16), {1: "示例甲"}, int(Group.NAME)])
    yield case("disclosure-same-salt", "two disclosures with one salt", same_salt, RED, "disclosure_duplicate")
    for name, text in {
        "bidi": "示例\u202e甲",
        "format": "示\u200b例甲",
        "control": "示例\x07甲",
        "zalgo": "e\u0301\u0301\u0301\u0301\u0301",
        "empty": "",
        "blank": " 甲",
        "private-use": "\ue000甲",
        "long": "甲" * 51,
    }.items():
        code = _with([seeded("salt", 16), {1: text}, int(Group.NAME)])
        yield case(f"text-{name}", "a name that would not show as itself", code, RED, "text_bad")
    good_picture = portrait()
    for name, picture in {
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "extended": good_picture[:12] + b"VP8X" + good_picture[16:],
        "two-chunks": good_picture[:500] + b"EXIF\x04\0\0\0abcd",
        "trailing": good_picture + b"\0\0",
        "wide": portrait(width=65),
        "tall": portrait(height=81),
        "large": portrait(602),
        "empty": b"",
        "alpha": good_picture[:24] + bytes((good_picture[24] | 0x10,)) + good_picture[25:],
    }.items():
        code = _with([seeded("salt", 16), {1: picture}, int(Group.PORTRAIT)], place=GATE_GROUPS.index(Group.PORTRAIT))
        yield case(f"portrait-{name}", "not the one plain WebP chunk", code, RED, "portrait_bad")
    for name, glyphs in {
        "common-character": [[ord("甲"), bytes(72)]],
        "latin": [[ord("A"), bytes(72)]],
        "size": [[0x20BB7, bytes(71)]],
        "other-name": [[0x20BB8, bytes(72)]],
        "five": [[0x20BB7 + n, bytes(72)] for n in range(5)],
        "twice": [[0x20BB7, bytes(72)], [0x20BB7, bytes(72)]],
        "none": [],
    }.items():
        values = {1: "示例甲A\U00020bb7", 3: glyphs}
        code = _with([seeded("salt", 16), values, int(Group.NAME)])
        yield case(f"glyph-{name}", "no picture may replace a known character", code, RED, "glyph_bad")
    sensitive = "never in a one-way code"
    for group in (Group.CITIZEN_NUMBER, Group.ADDRESS):
        code = Code(groups=(*GATE_GROUPS, group))
        yield case(f"group-one-way-{group.word}", sensitive, code, RED, "group_too_sensitive")
    more = answer(groups=(*DESK_GROUPS, Group.ADDRESS))
    yield case("group-not-asked", "the address was not asked for", more, RED, "group_not_asked")
    nothing = challenged(groups=())
    yield case("group-nothing-asked", "nothing was asked for", answer(), RED, "group_not_asked", expected=nothing)


def _disclosures_of(sd_cwt: bytes) -> list[bytes]:
    return list(read_sd_cwt(sd_cwt).disclosures)


def _doubled(claims: Map) -> Map:
    return {k: sorted([*v[:9], v[0]]) if isinstance(v, list) else v for k, v in claims.items()}


def _with(content: list[Any], *, place: int = 0) -> Code:
    """Return a code that shows this disclosure in the place of one of its own, signed as if it were right."""
    disclosure = cbor.encode(content)
    digest = model.disclosure_digest(disclosure)
    hidden = model.disclosure_digest(_disclosures_of(Code().sd_cwt)[place])

    def sign_it(claims: Map) -> Map:
        return {
            k: sorted([*(d for d in v if d != hidden), digest]) if isinstance(v, list) else v for k, v in claims.items()
        }

    return Code(
        edit_claims=sign_it,
        edit_disclosures=lambda shown: [*shown[:place], disclosure, *shown[place + 1 :]],
    )


def status() -> Iterator[Row]:
    for index, code in enumerate(
        ("status_revoked", "status_suspended", "status_reported_lost", "status_superseded"), start=100
    ):
        yield case(code.replace("_", "-"), "the snapshot says so", Code(index=index), RED, code)
    old = "bad news does not grow old"
    yield case("status-revoked-old", old, Code(index=100), RED, "status_revoked", statuses="old")
    yield case("status-revoked-expired", old, Code(index=100), RED, "status_revoked", statuses="expired")
    yield case("status-last", "the last place of the list", Code(index=999), GREEN)
    yield case("status-beyond", "the first place beyond it", Code(index=1000), RED, "status_index_out_of_range")
    unknown = "unknown is never valid"
    yield case("status-not-covered", unknown, Code(uri=EMPTY_URI), AMBER, "status_unknown")
    yield case("status-no-snapshot", unknown, Code(), AMBER, "status_unknown", statuses="none")
    yield case("status-unreachable", unknown, Code(), AMBER, "status_unknown", statuses="unreachable")
    yield case("status-expired", "an expired list proves nothing", Code(), AMBER, "status_unknown", statuses="expired")
    borrowed = "a list of another bureau under this address"
    yield case("status-other-uri", borrowed, Code(uri=OTHER_URI), AMBER, "status_unknown")
    wrong = {"statuses": "of another bureau"}
    yield case("status-wrong-bureau", "the source found a foreign signer", Code(), RED, "status_wrong_bureau", **wrong)
    yield case("status-stale", "a second older than allowed", Code(), AMBER, "status_stale", statuses="old")
    yield case(
        "status-future", "a list of the reader's future", Code(), AMBER, "clock_doubtful", statuses="of the future"
    )
    yield case("trust-stale", "a second older than allowed", Code(), AMBER, "trust_list_stale", trust="old")
    yield case("trust-due", "its successor is due", Code(), AMBER, "trust_list_stale", trust="due")
    yield case("trust-future", "a table of the reader's future", Code(), AMBER, "clock_doubtful", trust="of the future")
    both = {"statuses": "old", "trust": "old", "seen": NOW - 9}
    codes = ("seen_here", "status_stale", "trust_list_stale")
    yield case("amber-goes-on", "every doubt is told", Code(), AMBER, *codes, **both)
    yield case("red-decides", "RED after AMBER", Code(index=100), RED, "status_revoked", "seen_here", seen=NOW - 9)


def policy_rules() -> Iterator[Row]:
    yield case(
        "form", "the site takes no QR codes", Code(groups=(Group.NAME,)), RED, "form_not_accepted", policy="online"
    )
    few = Code(groups=(Group.NAME, Group.NUMBER_TAIL))
    yield case("field-missing", "no portrait", few, AMBER, "field_missing")
    nothing = Code(groups=())
    yield case("field-nothing", "nothing shown at all", nothing, AMBER, "field_missing")
    yield case("field-missing-answer", "no number", answer(groups=(Group.NAME,)), AMBER, "field_missing")
    minor = replace(PERSON, birth_date=date(2010, 11, 17), citizen_number="690101201011170018")
    stale = Code(person=minor)
    yield case("age-stale-no", "a no of four days ago", stale, AMBER, "age_answer_stale", policy="shop")
    today = ISSUED + 4 * DAY
    fresh = Code(person=minor, issued_at=today, expires_at=today + 10 * DAY, as_of=date(2026, 11, 20))
    yield case("age-no", "a no of today", fresh, RED, "age_not_met", policy="shop")
    yield case("age-not-shown", "no answer", Code(groups=(Group.PORTRAIT,)), AMBER, "field_missing", policy="shop")
    young = Code(groups=(Group.PORTRAIT, Group.OTHER_AGES), issued_at=today, expires_at=today + 10 * DAY)
    yield case("age-other-no", "not over 60", young, RED, "age_not_met", policy="seniors")
    old = replace(PERSON, birth_date=date(1950, 1, 1), citizen_number="690101195001010015")
    senior = Code(person=old, groups=(Group.PORTRAIT, Group.OTHER_AGES))
    yield case("age-other-yes", "over 60", senior, GREEN, policy="seniors")
    wrong = Code(person=old, groups=(Group.PORTRAIT, Group.AGE_18))
    yield case("age-other-answer", "over 18 does not answer over 60", wrong, AMBER, "field_missing", policy="seniors")
    software = Code(key_storage=KeyStorage.SOFTWARE)
    yield case("software-key", "at an unmanned gate", software, RED, "key_storage_insufficient", policy="machine")
    yield case("software-key-manned", "a person is there", software, GREEN)
    basic = Code(assurance=Assurance.BASIC)
    yield case("assurance", "enrolled by letter", basic, AMBER, "assurance_insufficient", policy="counter")
    for name, last, colour, codes in (
        ("expiring", date(2026, 12, 19), AMBER, ("document_expiring",)),
        ("last-day", date(2026, 11, 20), AMBER, ("document_expiring",)),
        ("day-after", date(2026, 11, 19), RED, ("credential_expired",)),
    ):
        person = replace(PERSON, date_of_expiry=last)
        yield case(f"document-{name}", "the card's last day", answer(person=person), colour, *codes)
    late = NOW + 8 * HOUR + 1
    person = replace(PERSON, date_of_expiry=date(2026, 11, 20))
    evening = {"clock": {**CLOCK, "now": late}, "expected": challenged(shown_at=late - 10)}
    code = answer(person=person, made_at=late - 5)
    yield case("document-beijing", "past midnight in Beijing", code, RED, "credential_expired", **evening)


FAMILIES: dict[str, Callable[[], Iterator[Row]]] = {
    "good": good,
    "wire": wire,
    "issuer": issuer,
    "holder": holder,
    "freshness": freshness,
    "disclosures": disclosures,
    "status": status,
    "policy": policy_rules,
}


# --- the files


def made() -> dict[str, bytes]:
    """Return the content of every file by its name without ending, the hashes among them."""
    rows = {name: list(family()) for name, family in FAMILIES.items()}
    answers: dict[str, bool] = {}
    for family in rows.values():
        for row in family:
            run.Vector(row, CONTEXTS).verdict(recording(answers))
    contents: dict[str, Any] = {**rows, "contexts": CONTEXTS, "answers": answers, **_paper()}
    files = {name: _encoded(content) for name, content in contents.items()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "hashes": _encoded(hashes)}


def _paper() -> Row:
    # What it is made of is imported from here, so it can be named only when all of this is known.
    from tests.vectors.verdicts import make_paper

    rows, answers, contexts = make_paper.content_of()
    return {"paper": rows, "paper_answers": answers, "paper_contexts": contexts}


def recording(answers: dict[str, bool]) -> run.Driver:
    def driver(checks: Checks[Verdict]) -> Verdict:
        try:
            question = next(checks)
            while True:
                held = verify_signature(question.key, question.algorithm, question.message, question.signature)
                answers[run.fingerprint(question)] = held
                question = checks.send(held)
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict

    return driver


def _encoded(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()


def main() -> None:
    """Write the files."""
    for name, content in made().items():
        (run.FOLDER / f"{name}.json").write_bytes(content)
    sys.stdout.write(f"{sum(len(list(family())) for family in FAMILIES.values())} vectors written\n")


if __name__ == "__main__":
    main()
