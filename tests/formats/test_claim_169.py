"""The bytes of a printed card: what is written, what is read, and the official vectors of the pipeline."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats import claim_169
from formats.claim_169 import draft_card, masked_tail, open_content, read_card
from formats.cose import decode_sign1
from formats.encoding import base45, cbor
from formats.sd_cwt.model import StatusReference
from keys.algorithms import ES256
from keys.signing import verify_signature
from tests.builders.paper import Card, stored
from tests.builders.refusals import outcome, refused
from tests.builders.verdicts import portrait, signer
from tests.support.vectors import VectorsUnusable, files, load_json

CLAIM_169 = "claim-169"
FIELDS = {
    *("name", "description", "category", "qr_data", "signing_key", "encryption_key"),
    *("expected_claim169", "expected_cwt_meta", "expected_error"),
}
EU_DCC_FIELDS = {
    *("JSON", "CBOR", "COSE", "COMPRESSED", "BASE45", "PREFIX", "2DCODE", "TESTCTX", "EXPECTEDRESULTS"),
}
# Nothing of others is a card of ours: each is refused for the first rule it breaks.
REFUSED = {
    "valid-claim169-example": Reason.CBOR_MALFORMED,  # not signed
    "valid-demographics-full": Reason.CBOR_MALFORMED,  # not signed
    "valid-ecdsa-p256-signed": Reason.HEADER_UNEXPECTED,  # names no key
    "valid-ed25519-signed": Reason.ALGORITHM_NOT_ALLOWED,
    "valid-encrypted-aes256": Reason.CARD_ENCRYPTED,
    "valid-minimal": Reason.CBOR_MALFORMED,  # not signed
    "valid-with-face": Reason.CBOR_MALFORMED,  # not signed
    "valid-with-fingerprints": Reason.CBOR_MALFORMED,  # not signed
    "edge-expired": Reason.CBOR_MALFORMED,  # not signed
    "edge-not-yet-valid": Reason.CBOR_MALFORMED,  # not signed
    "invalid-bad-base45": Reason.BASE45_MALFORMED,
    "invalid-bad-zlib": Reason.COMPRESSION_MALFORMED,
    "invalid-not-cose": Reason.CBOR_MALFORMED,
}
NAMES = {"id": 1, "fullName": 4, "dateOfBirth": 8, "gender": 9, "address": 10, "countryOfIssuance": 23}
TIMES = {"issuer": 1, "expiresAt": 4, "notBefore": 5, "issuedAt": 6}


def draft(card: Card, **changes: Any) -> Any:
    named = {"signer_kid": signer("cards").key_id, "algorithm": ES256, **changes}
    return draft_card(card.facts, card.terms, **named)


# --- our own bytes


@pytest.mark.parametrize("card", [Card(), Card(name_latin=None), Card(specimen=True), Card(full_name="甲" * 50)])
def test_reads_back_what_was_written(card: Card) -> None:
    read = read_card(claim_169.decode(claim_169.encode(card.token)))
    assert read.terms == card.terms
    assert open_content(read.content) == card.facts
    assert read.kid == signer("cards").key_id


def test_the_headers_are_exactly_the_algorithm_as_others_write_it_and_the_key() -> None:
    sign1 = decode_sign1(Card().token, max_bytes=4096)
    assert sign1.protected == {1: -7, 4: signer("cards").key_id}
    assert sign1.unprotected == {}


def test_the_claims_are_few_and_hold_no_key_no_citizen_number_and_no_address() -> None:
    claims = cbor.decode_map(decode_sign1(Card(specimen=True).token, max_bytes=4096).payload, max_bytes=4096)
    assert claims.keys() == {4, 6, 169, 65535, -65548, -65549, -65550}
    content = claims[169]
    assert isinstance(content, dict)
    assert content.keys() == {1, 4, 16, 17, 19, 23}


def test_a_card_is_signed_by_the_bureaus_key_over_what_was_drafted() -> None:
    card = draft(Card())
    signature = signer("cards").sign(card.to_be_signed())
    read = read_card(card.finish(signature))
    point = signer("cards").point
    assert verify_signature(point, ES256, read.sign1.to_be_signed(), read.sign1.signature)


def test_the_end_of_a_number_is_masked() -> None:
    assert masked_tail("E0123456789") == "****6789"
    assert outcome(open_content, {**_content(), 1: "E0123456789"}) is Reason.CLAIMS_MALFORMED


def _content() -> Any:
    return read_card(Card().token).content


def test_terms_that_no_reader_would_accept_are_our_mistake() -> None:
    for wrong in (
        replace(Card(), issued_at=Card().issued_at + 1),
        replace(Card(), expires_at=Card().issued_at),
        replace(Card(), division="6901"),
        replace(Card(), uri="a space"),
        replace(Card(), index=-1),
    ):
        with pytest.raises(ValueError):
            draft(wrong)


def test_facts_that_no_reader_would_accept_are_refused_before_signing() -> None:
    for wrong, reason in (
        (Card(full_name="示例\u202e甲"), Reason.TEXT_BAD),
        (Card(name_latin="A" * 61), Reason.TEXT_BAD),
        (Card(portrait=b"<svg/>"), Reason.PORTRAIT_BAD),
        (Card(number_tail="690101199001010018"), Reason.CLAIMS_MALFORMED),
        (Card(country="China"), Reason.CLAIMS_MALFORMED),
    ):
        with refused(reason):
            draft(wrong)


def test_is_written_under_es256_only() -> None:
    with pytest.raises(ValueError):
        draft(Card(), algorithm=replace(ES256, name="another"))


def test_a_token_larger_than_a_card_is_not_written() -> None:
    with refused(Reason.TOO_LARGE):
        claim_169.encode(bytes(4097))
    assert claim_169.decode(claim_169.encode(bytes(4096))) == bytes(4096)


@given(content=st.binary(max_size=600))
def test_packing_and_unpacking_is_the_identity(content: bytes) -> None:
    assert claim_169.decode(claim_169.encode(content)) == content
    assert claim_169.decode(base45.encode(stored(content))) == content


@given(text=st.text(max_size=200) | st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=200))
def test_any_text_is_refused_by_our_errors_only(text: str) -> None:
    token = outcome(claim_169.decode, text)
    assert isinstance(token, Reason) or isinstance(outcome(read_card, token), Reason)


@given(token=st.binary(max_size=200))
def test_any_bytes_are_refused_by_our_errors_only(token: bytes) -> None:
    assert isinstance(outcome(read_card, token), Reason)


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"", Reason.COMPRESSION_MALFORMED),
        (zlib.compress(b"x")[:-1], Reason.COMPRESSION_MALFORMED),
        (zlib.compress(b"x") + b"\0", Reason.COMPRESSION_MALFORMED),
        (zlib.compress(b"x")[2:-4], Reason.COMPRESSION_MALFORMED),
        (zlib.compress(bytes(5000)), Reason.TOO_LARGE),
        (stored(bytes(4097)), Reason.TOO_LARGE),
        (b"\x78\xbb\x00\x00\x00\x01\x03\x00\x00\x00\x00\x01", Reason.COMPRESSION_MALFORMED),
    ],
)
def test_only_one_whole_zlib_stream_is_inflated(packed: bytes, reason: Reason) -> None:
    assert outcome(claim_169.decode, base45.encode(packed)) is reason


def test_a_bomb_is_never_inflated_whole() -> None:
    """A megabyte behind a text of a QR code's length: the cap ends the work."""
    packer = zlib.compressobj(9)
    bomb = packer.compress(bytes(1 << 20)) + packer.flush()
    assert len(base45.encode(bomb)) < 4296
    assert outcome(claim_169.decode, base45.encode(bomb)) is Reason.TOO_LARGE


def test_what_comes_behind_the_cap_is_not_even_inflated() -> None:
    broken = zlib.compress(bytes(1 << 16))[:-4] + bytes(4)
    assert outcome(claim_169.decode, base45.encode(broken)) is Reason.TOO_LARGE


def test_the_longest_text_is_read_and_one_more_character_is_not() -> None:
    assert outcome(claim_169.decode, "0" * 4296) is Reason.COMPRESSION_MALFORMED
    assert outcome(claim_169.decode, "0" * 4297) is Reason.TOO_LARGE


def test_a_portrait_of_the_full_size_fits() -> None:
    card = Card(portrait=portrait(600))
    assert open_content(read_card(card.token).content).portrait == card.portrait


def test_a_status_reference_is_one_uri_and_one_index() -> None:
    assert read_card(Card(index=5).token).terms.status == StatusReference(Card().uri, 5)


# --- the official vectors of claim 169


def vectors() -> dict[str, Any]:
    found = {path.stem: load_json(CLAIM_169, path.name, fields=FIELDS) for path in files(CLAIM_169, "*.json")}
    if found.keys() != REFUSED.keys():
        raise VectorsUnusable("the vectors of claim 169 are not those this test knows")
    return found


def test_every_official_vector_is_refused_for_its_reason() -> None:
    for name, vector in vectors().items():
        found = outcome(_read_whole, vector["qr_data"])
        assert found is REFUSED[name], name


def _read_whole(text: str) -> object:
    return read_card(claim_169.decode(text))


def test_the_stages_of_official_vectors_give_what_they_say() -> None:
    checked = 0
    for name, vector in vectors().items():
        if vector["category"] == "invalid" or "encryption_key" in vector:
            continue
        claims, content = _stages(vector["qr_data"])
        times = vector["expected_cwt_meta"]
        assert {word: claims[label] for word, label in TIMES.items() if label in claims} == {
            word: times[word] for word in TIMES if word in times
        }, name
        expected = vector["expected_claim169"]
        for word, label in NAMES.items():
            assert content.get(label) == expected.get(word), (name, word)
        checked += 1
    assert checked == 9


def _stages(text: str) -> tuple[Any, Any]:
    """Undo base45 and zlib with our codecs, the envelope with the strict codec for CBOR of others."""
    token = cbor.decode_foreign(claim_169.decode(text), max_bytes=4096, tags=(18,))
    payload: Any = token.value[2]  # type: ignore[union-attr]  # a tag around four elements, or the test fails
    claims: Any = cbor.decode_foreign(payload, max_bytes=4096)
    return claims, claims[169]


def test_the_signed_official_vector_holds_under_its_key_and_not_with_a_bit_flipped() -> None:
    vector = vectors()["valid-ecdsa-p256-signed"]
    sign1 = decode_sign1(claim_169.decode(vector["qr_data"]), max_bytes=4096)
    key = bytes.fromhex(vector["signing_key"]["public_key_hex"])
    point = (b"\x03" if key[64] & 1 else b"\x02") + key[1:33]
    assert sign1.protected == {1: -7}
    assert verify_signature(point, ES256, sign1.to_be_signed(), sign1.signature)
    assert not verify_signature(point, ES256, sign1.to_be_signed() + b"\0", sign1.signature)


def test_the_official_edges_lie_outside_their_validity() -> None:
    now = 1_795_132_800
    expired, _ = _stages(vectors()["edge-expired"]["qr_data"])
    early, _ = _stages(vectors()["edge-not-yet-valid"]["qr_data"])
    assert expired[4] < now < early[5]


# --- the pipeline of the EU certificates, which is the same but for a prefix


def test_the_pipeline_undoes_the_eu_certificates_stage_by_stage() -> None:
    whole = 0
    for path in files("eu-dcc", "*.json"):
        vector = load_json("eu-dcc", path.name, fields=EU_DCC_FIELDS)
        text, expected = _without_prefix(vector), vector["EXPECTEDRESULTS"]
        if expected.get("EXPECTEDB45DECODE") is False:
            assert outcome(base45.decode, text) is Reason.BASE45_MALFORMED
            continue
        token = claim_169.decode(text)
        assert isinstance(outcome(read_card, token), Reason), path.name
        if {"BASE45", "COMPRESSED", "COSE"} <= vector.keys():
            assert text == vector["BASE45"]
            assert base45.decode(text).hex() == vector["COMPRESSED"].lower()
            assert token.hex() == vector["COSE"].lower()
            whole += 1
    assert whole == 3


def _without_prefix(vector: Any) -> str:
    return str(vector["PREFIX"])[len("HC1:") :]
