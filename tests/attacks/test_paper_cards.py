"""Paper that lies: copies of every trick that was tried on printed codes, and what the reader says to each."""

from __future__ import annotations

import time
import zlib

import pytest

from core.errors import EidError
from core.reasons import Colour, Reason
from formats import challenge, claim_169, cose, licence, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.bundle.trust_table import KeyRole
from formats.claim_169 import FORM
from formats.cose import Sign1Draft
from formats.encoding import base45, cbor
from formats.signature_checks import run as answered
from formats.site_policy import BUILT_IN, PAPER, strictest
from keys.certificate_profiles import EKU_CARD_SIGNER, EKU_DOCUMENT_SIGNER, LEAF_PROFILES
from keys.certificates import check_chain
from keys.signing import KeyPurpose
from tests.builders import paper_readers as desk
from tests.builders import qr
from tests.builders.paper import CARD_EXPIRES, CARD_URI, Card, having, stored
from tests.builders.readers import judged as judged_as_code
from tests.builders.refusals import refused
from tests.builders.trust import NOW as TRUST_NOW
from tests.builders.trust import card_signer, document_signer, national_root, other_signer
from tests.builders.verdicts import BUREAU, ISSUED, NOW, Code, seeded, sign, signer
from tests.vectors.verdicts import run


def reason(card: Card | str, **changes: object) -> Reason:
    verdict = desk.judged(card, **changes)
    assert verdict.colour is Colour.RED
    return verdict.deciding


# --- compression


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    packer = zlib.compressobj(9)
    text = base45.encode(packer.compress(bytes(1_900_000)) + packer.flush())
    started = time.perf_counter()
    assert reason(text) is Reason.TOO_LARGE
    assert time.perf_counter() - started < 0.05


def test_a_card_inside_a_card_is_not_unfolded_twice() -> None:
    assert reason(Card(edit_token=stored)) is Reason.CBOR_MALFORMED


def test_nothing_rides_behind_a_card() -> None:
    token = Card().token
    assert reason(base45.encode(stored(token) + b"0")) is Reason.COMPRESSION_MALFORMED
    assert reason(base45.encode(stored(token + b"0"))) is Reason.CBOR_MALFORMED


def test_a_text_of_a_hundred_thousand_characters_costs_nothing() -> None:
    started = time.perf_counter()
    assert reason("A" * 100_000) is Reason.TOO_LARGE
    assert time.perf_counter() - started < 0.05


# --- every bit counts


def test_one_bit_of_any_byte_makes_it_red() -> None:
    token = Card().token
    for place in range(len(token)):
        bent = token[:place] + bytes((token[place] ^ 1 << place % 8,)) + token[place + 1 :]
        assert desk.judged(base45.encode(stored(bent))).colour is Colour.RED, place


def test_one_bit_of_any_compressed_byte_makes_it_red_or_changes_nothing() -> None:
    """Compression has spellings: what still unfolds to the very same token is the very same card."""
    token = Card().token
    packed = zlib.compress(token, 9)
    for place in range(len(packed)):
        bent = base45.encode(packed[:place] + bytes((packed[place] ^ 1 << place % 8,)) + packed[place + 1 :])
        verdict = desk.judged(bent)
        assert verdict.colour is Colour.RED or claim_169.decode(bent) == token, place


# --- keys


@pytest.mark.parametrize("name", ["issuer", "policies", "bundles", "cards of no form"])
def test_a_key_of_another_role_signs_no_card(name: str) -> None:
    assert reason(Card(issuer=name)) is Reason.ISSUER_NOT_AUTHORISED


def test_a_card_key_signs_no_qr_credential() -> None:
    assert judged_as_code(Code(issuer="printed cards")).deciding is Reason.ISSUER_NOT_AUTHORISED
    table = desk.trust("real")
    assert judged_as_code(Code(issuer="cards"), trust=table).deciding is Reason.ISSUER_NOT_AUTHORISED


def test_a_card_key_that_is_listed_for_qr_codes_signs_none_either() -> None:
    key = desk.trust("real").keys[signer("cards").key_id]
    assert key.role is KeyRole.CARD
    table = qr.a_trust_table(qr.trusted_key(qr.signer("cards"), KeyRole.CARD, forms=frozenset({"eid1", FORM})))
    assert table.usable(qr.signer("cards").key_id, KeyRole.CREDENTIAL, at=qr.NOW) is None


def test_a_card_key_signs_no_status_snapshot_no_policy_and_no_licence() -> None:
    key = qr.signer("cards")
    trust = qr.a_trust_table(qr.trusted_key(key, KeyRole.CARD, forms=frozenset({FORM})))
    with refused(Reason.BUNDLE_INVALID):
        answered(status_snapshot.read(qr.signed_snapshot(by=key), trust=trust))
    policies = {k.kid: k.point for k in trust.keys.values() if k.role is KeyRole.POLICY}
    with refused(Reason.BUNDLE_INVALID):
        answered(site_policy.read(qr.signed_policy(BUILT_IN["rail-gate"], by=key), keys=policies.get))
    permit = qr.sign(licence.draft(qr.a_licence(), signer_kid=key.key_id), key)
    with refused(Reason.LICENCE_INVALID):
        answered(licence.read(permit, keys=policies.get, now=qr.NOW))


def test_certificates_of_cards_and_of_every_other_kind_do_not_stand_for_each_other() -> None:
    root = national_root()
    cards = card_signer(root).certificates
    for profile in LEAF_PROFILES:
        if profile.purpose is not KeyPurpose.CARD_SIGNER:
            with refused(Reason.CERTIFICATE_INVALID):
                check_chain(cards, root=root.certificate, eku=profile.eku, now=TRUST_NOW)
    others = (
        document_signer(root),
        *(other_signer(root, p) for p in (KeyPurpose.BUNDLE_SIGNER, KeyPurpose.LIST_SIGNER)),
    )
    for other in others:
        with refused(Reason.CERTIFICATE_INVALID):
            check_chain(other.certificates, root=root.certificate, eku=EKU_CARD_SIGNER, now=TRUST_NOW)
    assert EKU_CARD_SIGNER != EKU_DOCUMENT_SIGNER


def test_the_key_id_of_another_key_is_of_no_use() -> None:
    assert reason(Card(issuer="stranger", names_issuer="cards")) is Reason.ISSUER_SIGNATURE_INVALID
    assert reason(Card(issuer="cards of another bureau", names_issuer="cards")) is Reason.ISSUER_SIGNATURE_INVALID
    assert reason(Card(issuer="cards", names_issuer="stranger")) is Reason.ISSUER_UNKNOWN


def test_another_bureau_does_not_speak_for_this_one() -> None:
    assert reason(Card(issuer="cards of another bureau")) is Reason.ISSUER_OUT_OF_SCOPE


# --- other documents in the slot of a card


def test_no_other_document_of_ours_is_a_card() -> None:
    documents = {
        "qr token": Code().token,
        "credential": Code().sd_cwt,
        "trust table": _signed(trust_table.draft(desk.trust("real"), signer_kid=signer("cards").key_id)),
        "policy": _signed(site_policy.draft(strictest(), signer_kid=signer("cards").key_id)),
        "challenge": qr.a_challenge(),
        "plain": _signed(Sign1Draft({cose.ALG: -7, cose.KID: signer("cards").key_id}, cbor.encode({1: 1}))),
    }
    for name, document in documents.items():
        verdict = desk.judged(base45.encode(stored(document)))
        assert verdict.deciding in {
            Reason.ALGORITHM_NOT_ALLOWED,
            Reason.CLAIMS_MALFORMED,
        }, name


def _signed(draft: Sign1Draft) -> bytes:
    return draft.finish(sign("cards", draft.to_be_signed()))


def test_a_card_is_no_showing_under_any_prefix() -> None:
    text = Card().text
    assert judged_as_code(text).deciding is Reason.PREFIX_UNKNOWN
    for prefixed in ("EID1:" + base45.encode(Card().token), "EID1:" + text):
        assert judged_as_code(prefixed).colour is Colour.RED
    with pytest.raises(EidError):
        answered(challenge.read_challenge(text, licence_keys=qr.licence_keys, now=qr.NOW))


# --- claims


def test_a_holder_key_in_a_card_is_refused() -> None:
    """A card with a key would promise a proof that nobody asks for."""
    bound = Card(edit_claims=lambda claims: {**claims, 8: {1: {1: 2, -1: 1, -2: bytes(32), -3: True}}})
    assert reason(bound) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("entry", [{1: "690101199001010018"}, {10: "样例省样例市示范区"}, {8: "19900101"}, {62: []}])
def test_a_citizen_number_an_address_or_more_is_refused(entry: dict[int, object]) -> None:
    assert reason(Card(edit_content=lambda content: {**content, **entry})) is Reason.CLAIMS_MALFORMED


def test_the_specimen_mark_cannot_be_taken_away_or_forged() -> None:
    specimen = Card(specimen=True)
    assert reason(specimen) is Reason.SPECIMEN_IN_REAL_MODE
    mark = cbor.encode({-65549: True})[1:]
    cut = specimen.token.replace(mark, b"")
    assert desk.judged(base45.encode(stored(cut))).colour is Colour.RED
    training = {"trust": desk.trust("specimen"), "training": True}
    assert reason(Card(), **training) is Reason.REAL_IN_SPECIMEN_MODE


@pytest.mark.parametrize(
    "picture",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><body onload=alert(1)>",
        b"GIF89a" + bytes(200),
        seeded("noise", 300),
    ],
)
def test_a_picture_that_is_none_is_never_shown(picture: bytes) -> None:
    verdict = desk.judged(Card(edit_content=lambda content: {**content, 16: picture}))
    assert (verdict.deciding, verdict.person) == (Reason.PORTRAIT_BAD, None)


# --- time and status


@pytest.mark.parametrize(
    ("now", "expected"),
    [(ISSUED - 3600, Reason.CREDENTIAL_NOT_YET_VALID), (CARD_EXPIRES + 3600, Reason.CREDENTIAL_EXPIRED)],
)
def test_a_card_outside_its_validity_is_refused(now: int, expected: Reason) -> None:
    clock = run.reader_clock({"now": now, "doubtful": False, "confirmed": True})
    assert reason(Card(), clock=clock) is expected


@pytest.mark.parametrize("time_claim", ["2026-11-16T00:00:00Z", 1_763_251_200_000, -1, 2**33, True])
def test_odd_times_are_refused(time_claim: object) -> None:
    for label in (4, 6):
        bent = Card(edit_claims=having(label, time_claim))
        assert reason(bent) is Reason.CLAIMS_MALFORMED


def test_a_revoked_card_is_refused_and_another_bureaus_list_does_not_vouch() -> None:
    assert reason(Card(index=100)) is Reason.STATUS_REVOKED
    foreign = CARD_URI.replace(BUREAU, "690201000000")
    verdict = desk.judged(Card(uri=foreign))
    assert verdict.colour is Colour.AMBER
    assert verdict.deciding is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("index", [-1, 1 << 32, True, "7"])
def test_a_place_in_a_list_that_cannot_be_is_refused(index: object) -> None:
    status = {"status_list": {"idx": index, "uri": CARD_URI}}
    assert reason(Card(edit_claims=lambda claims: {**claims, 65535: status})) is Reason.CLAIMS_MALFORMED


# --- sites


def test_no_built_in_site_takes_paper() -> None:
    for policy in BUILT_IN.values():
        assert PAPER not in policy.forms
    assert reason(Card(), policy=strictest()) is Reason.FORM_NOT_ACCEPTED


def test_paper_at_an_unmanned_gate_is_refused() -> None:
    assert reason(Card(), policy=desk.policy("machine")) is Reason.FORM_NOT_ACCEPTED


def test_a_copy_of_a_card_is_never_more_than_paper() -> None:
    """The same picture a hundred times: each time the officer is told to look at the face."""
    text = Card().text
    assert {desk.judged(text, clock=_at(NOW + day * 60)).deciding for day in range(100)} == {Reason.PAPER_CARD}


def _at(now: int) -> object:
    return run.reader_clock({"now": now, "doubtful": False, "confirmed": True})
