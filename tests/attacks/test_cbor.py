"""CBOR that two readers would read differently, or one for ever, in every place where a form has a map.

Whoever signs a place signs the bent bytes, so that nothing but their spelling is wrong. Where tag 24 is taken off, moved
or put on twice is told in ``test_mdoc_items.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from formats import qr_token
from formats.encoding import base45, cbor
from formats.sd_cwt.model import disclosure_digest
from formats.status_list.cwt_token import build_cwt, read_cwt
from formats.status_list.entries import build_entries
from keys.certificates import leaf_key
from tests.builders import mdoc, paper_readers, readers
from tests.builders.mdoc import Answer, device_authentication, signature_structure, tagged
from tests.builders.paper import Card, stored
from tests.builders.presentations import HOLDER, INDEX, ISSUER, STATUS_URI, Showing, a_trust
from tests.builders.presentations import judged as judged_online
from tests.builders.published import Serves
from tests.builders.refusals import refused
from tests.builders.spellings import SPELLINGS, UNUSED, Spelling, one_more
from tests.builders.trust import DAY, NOW
from tests.builders.verdicts import Code, sign
from verifier.checkpoint.verdict import Check, Verdict
from verifier.gateways.status_lists import OnlineStatuses

every_spelling = pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
KNOWN_ONLY = one_more(UNUSED + b"\x00")
"""Strict CBOR with one more member: what is refused for its spelling is not refused for being there."""


def same(encoded: bytes) -> bytes:
    return encoded


def said(verdict: Verdict) -> tuple[Colour, Check, Reason]:
    return verdict.colour, verdict.findings[-1].check, verdict.deciding


def parts_of(token: bytes) -> list[Any]:
    """The four elements of a COSE_Sign1 under tag 18, or without a tag."""
    value = cbor2.loads(token)
    return list(value.value if isinstance(value, CBORTag) else value)


def sign1(protected: bytes, unprotected: bytes, payload: bytes, signer: Callable[[bytes], bytes]) -> bytes:
    """A COSE_Sign1 of parts that are spelled already, with a signature that holds."""
    signature = signer(signature_structure(protected, payload))
    return b"\xd2\x84" + cbor2.dumps(protected) + unprotected + cbor2.dumps(payload) + cbor2.dumps(signature)


# --- the QR code -----------------------------------------------------------------------------------------------------

BY_ISSUER = partial(sign, "issuer")
BY_HOLDER = partial(sign, "holder")


def shown(sd_cwt: bytes, proof: Spelling = same, proof_headers: Spelling = same, *, outside: bytes = b"\xa0") -> str:
    """A one-way code around exactly this SD-CWT."""
    protected = b"\xa3\x01\x28\x0d" + sd_cwt + b"\x10\x19\x01\x26"
    payload = parts_of(Code().token)[2]
    return qr_token.encode(sign1(proof_headers(protected), outside, proof(payload), BY_HOLDER))


def issued(headers: Spelling = same, claims: Spelling = same, outside: Spelling = same) -> bytes:
    """The SD-CWT of that code."""
    protected, unprotected, payload, _ = parts_of(Code().sd_cwt)
    return sign1(headers(protected), outside(cbor2.dumps(unprotected)), claims(payload), BY_ISSUER)


def disclosing(spell: Spelling) -> str:
    """A code whose issuer signed the digest of a disclosure with its group spelled like that."""
    good = parts_of(Code().sd_cwt)[1][17][0]
    group = cbor2.dumps(cbor2.loads(good)[1])
    assert good.count(group) == 1
    bent = good.replace(group, spell(group))

    def claims(read: dict[Any, Any]) -> dict[Any, Any]:
        others = {*read[cbor.REDACTED_KEYS]} - {disclosure_digest(good)}
        return {**read, cbor.REDACTED_KEYS: sorted({*others, disclosure_digest(bent)})}

    return Code(edit_claims=claims, edit_disclosures=lambda listed: [bent, *listed[1:]]).text


CODE_PLACES: dict[str, tuple[Callable[[Spelling], str], Reason]] = {
    "the holder's headers": (lambda spell: shown(issued(), proof_headers=spell), Reason.HEADER_UNEXPECTED),
    "the holder's claims": (lambda spell: shown(issued(), spell), Reason.CLAIMS_MALFORMED),
    "the issuer's headers": (lambda spell: shown(issued(headers=spell)), Reason.HEADER_UNEXPECTED),
    "the issuer's claims": (lambda spell: shown(issued(claims=spell)), Reason.CLAIMS_MALFORMED),
    "the list of disclosures": (lambda spell: shown(issued(outside=spell)), Reason.HEADER_UNEXPECTED),
}
every_place_of_a_code = pytest.mark.parametrize("place", CODE_PLACES)


@every_place_of_a_code
def test_a_code_put_together_like_that_is_green_and_no_member_may_be_added(place: str) -> None:
    make, unknown = CODE_PLACES[place]
    assert readers.judged(make(same)).colour is Colour.GREEN
    assert said(readers.judged(make(KNOWN_ONLY))) == (Colour.RED, Check.STRUCTURE, unknown)


@every_place_of_a_code
@every_spelling
def test_a_code_has_one_spelling(place: str, spell: Spelling) -> None:
    make, _ = CODE_PLACES[place]
    assert said(readers.judged(make(spell))) == (Colour.RED, Check.STRUCTURE, Reason.CBOR_MALFORMED)


@every_spelling
def test_a_disclosure_of_a_code_has_one_spelling(spell: Spelling) -> None:
    assert readers.judged(disclosing(same)).colour is Colour.GREEN
    found = said(readers.judged(disclosing(spell)))
    assert found == (Colour.RED, Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


# --- the printed card ------------------------------------------------------------------------------------------------


def card(headers: Spelling = same, claims: Spelling = same, content: Spelling = same, outside: bytes = b"\xa0") -> str:
    """A card whose bureau signed these spellings."""
    protected, _, payload, _ = parts_of(Card().token)
    inner = cbor2.dumps(cbor2.loads(payload)[169])
    assert payload.count(inner) == 1
    spelled = claims(payload.replace(inner, content(inner)))
    return base45.encode(stored(sign1(headers(protected), outside, spelled, partial(sign, "cards"))))


CARD_PLACES: dict[str, tuple[Callable[[Spelling], str], Check, Reason]] = {
    "headers": (lambda spell: card(headers=spell), Check.STRUCTURE, Reason.HEADER_UNEXPECTED),
    "claims": (lambda spell: card(claims=spell), Check.STRUCTURE, Reason.CLAIMS_MALFORMED),
    "what it says of its holder": (lambda spell: card(content=spell), Check.CONTENT, Reason.CLAIMS_MALFORMED),
}
every_place_of_a_card = pytest.mark.parametrize("place", CARD_PLACES)


@every_place_of_a_card
def test_a_card_put_together_like_that_is_paper_and_no_member_may_be_added(place: str) -> None:
    make, check, unknown = CARD_PLACES[place]
    right = paper_readers.judged(make(same))
    assert (right.colour, right.deciding) == (Colour.AMBER, Reason.PAPER_CARD)
    assert said(paper_readers.judged(make(KNOWN_ONLY))) == (Colour.RED, check, unknown)


@every_place_of_a_card
@every_spelling
def test_a_card_has_one_spelling(place: str, spell: Spelling) -> None:
    make, _, _ = CARD_PLACES[place]
    assert said(paper_readers.judged(make(spell))) == (Colour.RED, Check.STRUCTURE, Reason.CBOR_MALFORMED)


def test_headers_outside_the_signature_stay_empty_and_short() -> None:
    for empty in (b"\xbf\xff", b"\xb8\x00", b"\xb9\x00\x00", b"\xa1\x00\x00\xa0"):
        assert said(readers.judged(shown(issued(), outside=empty)))[2] is Reason.CBOR_MALFORMED
        assert said(paper_readers.judged(card(outside=empty)))[2] is Reason.CBOR_MALFORMED


# --- mdoc ------------------------------------------------------------------------------------------------------------


def in_mso(spell: Spelling) -> Answer:
    return Answer(edit_payload=lambda payload: tagged(spell(cbor2.loads(payload).value)))


def in_item(spell: Spelling) -> Answer:
    """The issuer signed the digest of these very bytes, inside tag 24."""
    first = Answer().items[0]
    bent = spell(cbor2.dumps(first))

    def mso(plain: dict[str, Any]) -> dict[str, Any]:
        digests = {**plain["valueDigests"][mdoc.NAMESPACE], first["digestID"]: sha256(tagged(bent)).digest()}
        return {**plain, "valueDigests": {mdoc.NAMESPACE: digests}}

    return Answer(edit_mso=mso, edit_shown=lambda listed: [CBORTag(24, bent), *listed[1:]])


def in_issuer_headers(spell: Spelling) -> Answer:
    def again(auth: list[Any]) -> list[Any]:
        headers = spell(auth[0])
        return [headers, auth[1], auth[2], ISSUER.sign(signature_structure(headers, auth[2]))]

    return Answer(edit_auth=again)


def in_device_headers(spell: Spelling) -> Answer:
    covered = device_authentication(mdoc.TRANSCRIPT, mdoc.DOCTYPE, tagged(b"\xa0"))

    def again(auth: dict[str, Any]) -> dict[str, Any]:
        headers = spell(auth["deviceSignature"][0])
        return {"deviceSignature": [headers, {}, None, HOLDER.sign(signature_structure(headers, covered))]}

    return Answer(edit_device_auth=again)


def in_certificates(spell: Spelling) -> bytes:
    """The map with the certificates, which no signature covers."""
    outside = cbor2.dumps({33: ISSUER.certificates[0]})
    data = Answer().data
    assert data.count(outside) == 1
    return data.replace(outside, spell(outside))


MDOC_PLACES: dict[str, tuple[Callable[[Spelling], Answer | bytes], Reason]] = {
    "the mso": (in_mso, Reason.CBOR_MALFORMED),
    "an item": (in_item, Reason.DISCLOSURE_MALFORMED),
    "the issuer's headers": (in_issuer_headers, Reason.CBOR_MALFORMED),
    "the device's headers": (in_device_headers, Reason.CBOR_MALFORMED),
    "the certificates": (in_certificates, Reason.CBOR_MALFORMED),
    "the answer": (lambda spell: spell(Answer().data), Reason.CBOR_MALFORMED),
}


@pytest.mark.parametrize("place", MDOC_PLACES)
def test_an_answer_put_together_like_that_is_green(place: str) -> None:
    make, _ = MDOC_PLACES[place]
    assert mdoc.judged(make(same)).colour is Colour.GREEN


# A member or a header out of place is met before anybody asks how it is spelled.
MET_FIRST = {
    **dict.fromkeys(
        [
            ("the answer", name)
            for name in (
                "an indefinite text",
                "an indefinite byte string",
                "an indefinite array",
                "a number longer than need be",
                "a float",
                "not a number",
                "undefined",
                "a key that is a float",
                "a key that is true",
                "a key that is an array",
                "a key that is a byte string",
            )
        ],
        Reason.CLAIMS_MALFORMED,
    ),
    ("the certificates", "a key that is a float"): Reason.HEADER_UNEXPECTED,
    ("the certificates", "a key that is true"): Reason.HEADER_UNEXPECTED,
    # These move everything behind them.
    ("the certificates", "a byte behind it"): Reason.CLAIMS_MALFORMED,
    ("the certificates", "itself behind it"): Reason.CLAIMS_MALFORMED,
    ("the certificates", "a byte cut off"): Reason.CLAIMS_MALFORMED,
}


@pytest.mark.parametrize("place", MDOC_PLACES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_an_mdoc_has_one_spelling_but_for_the_order_of_its_keys(place: str, name: str) -> None:
    make, usual = MDOC_PLACES[place]
    reason = MET_FIRST.get((place, name), usual)
    assert said(mdoc.judged(make(SPELLINGS[name]))) == (Colour.RED, Check.STRUCTURE, reason)


# --- a status list in its CWT form -----------------------------------------------------------------------------------


def listed(headers: Spelling = same, claims: Spelling = same, inside: Spelling = same) -> bytes:
    """A list of the bureau in which every credential counts, in these spellings."""
    right = build_cwt(
        STATUS_URI,
        build_entries(1 << 14, 2, {}),
        bits=2,
        issued_at=NOW - 60,
        expires_at=NOW + DAY,
        ttl_seconds=300,
        signer=ISSUER,
    )
    protected, _, payload, _ = parts_of(right)
    inner = cbor2.dumps(cbor2.loads(payload)[65533])
    assert payload.count(inner) == 1
    return sign1(headers(protected), b"\xa0", claims(payload.replace(inner, inside(inner))), ISSUER.sign)


LIST_PLACES: dict[str, Callable[[Spelling], bytes]] = {
    "headers": lambda spell: listed(headers=spell),
    "claims": lambda spell: listed(claims=spell),
    "the list": lambda spell: listed(inside=spell),
}


def with_list(token: bytes) -> tuple[Colour, Reason]:
    verdict = judged_online(Showing(index=INDEX), statuses=OnlineStatuses(Serves(token), a_trust()).at(NOW))
    return verdict.colour, verdict.deciding


@pytest.mark.parametrize("place", LIST_PLACES)
def test_a_list_put_together_like_that_counts_with_a_member_more_too(place: str) -> None:
    for spell in (same, KNOWN_ONLY):
        assert with_list(LIST_PLACES[place](spell)) == (Colour.GREEN, Reason.ALL_CHECKS_PASSED)


@pytest.mark.parametrize("place", LIST_PLACES)
@every_spelling
def test_a_list_has_one_spelling_but_for_the_order_of_its_keys(place: str, spell: Spelling) -> None:
    token = LIST_PLACES[place](spell)
    with refused(Reason.CBOR_MALFORMED):
        read_cwt(token, uri=STATUS_URI, signer_of=lambda chain: leaf_key(chain[0]), now=NOW, tolerance_seconds=30)
    assert with_list(token) == (Colour.AMBER, Reason.STATUS_UNKNOWN)
