"""The Rust library ``claim169`` reads the cards we print, and we read what it encodes as our rules say.

It first proves that it can say no: a judge that accepts everything has judged nothing.
"""

from __future__ import annotations

import zlib

import claim169
import pytest

from core.reasons import Reason
from formats import claim_169
from formats.encoding import base45
from tests.builders.paper import Card
from tests.builders.paper_readers import judged
from tests.builders.refusals import outcome
from tests.builders.verdicts import DAY, NOW, signer

POINT = signer("cards").point


def read(text: str, point: bytes = POINT) -> claim169.DecodeResult:
    # It reads the system's clock; whether a card has expired is asked of it by its times below.
    return claim169.decode_with_ecdsa_p256(text, point, validate_timestamps=False)


def repacked(token: bytes) -> str:
    return base45.encode(zlib.compress(token, 9))


def test_the_judge_refuses_corrupted_cards() -> None:
    """One bit of the signature, of the name and of the portrait; another key; a cut text."""
    token = Card().token
    for place in (len(token) - 1, token.index("示例甲".encode()), token.index(b"VP8L") + 30):
        bent = token[:place] + bytes((token[place] ^ 1,)) + token[place + 1 :]
        with pytest.raises(claim169.Claim169Exception):
            read(repacked(bent))
    with pytest.raises(claim169.SignatureError):
        read(repacked(token), signer("stranger").point)
    with pytest.raises(claim169.Claim169Exception):
        read(claim_169.encode(token)[:600])


@pytest.mark.parametrize("card", [Card(), Card(name_latin=None), Card(specimen=True), Card(full_name="甲" * 50)])
def test_the_judge_reads_what_we_print(card: Card) -> None:
    found = read(claim_169.encode(card.token))
    assert found.is_verified()
    assert found.claim169.id == card.number_tail
    assert found.claim169.full_name == card.full_name
    assert found.claim169.secondary_full_name == card.name_latin
    assert found.claim169.country_of_issuance == card.country
    assert bytes(found.claim169.photo) == card.portrait
    assert found.claim169.photo_format == claim_169.WEBP
    assert (found.cwt_meta.issued_at, found.cwt_meta.expires_at) == (card.issued_at, card.expires_at)
    assert found.claim169.address is None
    assert found.claim169.date_of_birth is None


def test_the_judge_finds_the_key_and_the_algorithm_we_name() -> None:
    found = claim169.inspect(claim_169.encode(Card().token))
    assert bytes(found.key_id) == signer("cards").key_id
    assert found.algorithm == "ES256"


def encoded(*, key_id: bytes | None, **fields: str) -> str:
    person = claim169.Claim169Input(id="****6789", full_name="示例甲")
    person.country_of_issuance = "CN"
    for name, value in fields.items():
        setattr(person, name, value)
    times = claim169.CwtMetaInput(expires_at=NOW + DAY)
    times.issued_at = NOW - DAY

    def sign(algorithm: str, kid: bytes | None, message: bytes) -> bytes:
        return signer("cards").sign(message)

    return str(claim169.encode_with_signer(person, times, sign, "ES256", key_id=key_id))


def test_what_the_judge_encodes_goes_through_our_pipeline_and_is_no_card_of_ours() -> None:
    """Signed by our very key, with our key id: it lacks status and division, and is refused for that alone."""
    text = encoded(key_id=signer("cards").key_id)
    assert read(text).is_verified()
    assert outcome(claim_169.read_card, claim_169.decode(text)) is Reason.CLAIMS_MALFORMED
    assert judged(text).deciding is Reason.CLAIMS_MALFORMED


def test_what_the_judge_encodes_without_a_key_id_is_refused() -> None:
    assert judged(encoded(key_id=None)).deciding is Reason.HEADER_UNEXPECTED


def test_what_the_judge_signs_with_ed25519_is_refused_by_name() -> None:
    text = claim169.encode_with_ed25519(claim169.Claim169Input(id="1"), claim169.CwtMetaInput(), bytes(range(32)))
    assert judged(text).deciding is Reason.ALGORITHM_NOT_ALLOWED


def test_what_the_judge_does_not_sign_is_refused() -> None:
    text = claim169.encode_unsigned(claim169.Claim169Input(id="1"), claim169.CwtMetaInput())
    assert judged(text).deciding is Reason.CBOR_MALFORMED


def test_what_the_judge_encrypts_is_refused_by_name() -> None:
    person, times = claim169.Claim169Input(id="1"), claim169.CwtMetaInput()
    text = claim169.encode_signed_encrypted(person, times, bytes(range(32)), bytes(32))
    assert judged(text).deciding is Reason.CARD_ENCRYPTED
