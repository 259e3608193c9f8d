"""The frozen vectors of the printed card: they have not moved, and the reader gives what they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from core.reasons import Reason
from formats import claim_169
from formats.claim_169 import CardFacts, open_content, read_card
from keys.algorithms import ES256
from keys.cose_key import key_id
from keys.signing import verify_signature
from tests.builders.refusals import outcome
from tests.support.vectors import ROOT
from tests.vectors.make import PORTRAIT
from tests.vectors.make_card import HASH, VECTORS, spelled

FROZEN: dict[str, Any] = json.loads(VECTORS.read_bytes())
POINT = bytes.fromhex(FROZEN["key"]["point"])


def test_the_file_is_the_one_that_was_frozen() -> None:
    digest, name = HASH.read_text(encoding="ascii").split()
    assert name == VECTORS.name
    assert hashlib.sha256(VECTORS.read_bytes()).hexdigest() == digest


def test_the_generator_still_makes_the_same_bytes() -> None:
    assert spelled() == VECTORS.read_bytes()


def test_the_key_id_is_that_of_the_point() -> None:
    assert key_id(POINT).hex() == FROZEN["key"]["kid"]


@pytest.mark.parametrize("row", FROZEN["valid"], ids=lambda row: row["id"])
def test_valid_cards_open(row: dict[str, str]) -> None:
    token = claim_169.decode(row["text"])
    assert token.hex() == row["cbor"]
    card = read_card(token)
    assert verify_signature(POINT, ES256, card.sign1.to_be_signed(), card.sign1.signature)
    latin = None if row["id"] == "card_without_latin_name" else "SHILI JIA"
    assert open_content(card.content) == CardFacts("示例甲", latin, "****6789", PORTRAIT, "CN")
    assert card.terms.specimen is (row["id"] == "card_specimen")


@pytest.mark.parametrize("row", FROZEN["invalid"], ids=lambda row: row["id"])
def test_invalid_cards_are_refused_for_the_stated_reason(row: dict[str, str]) -> None:
    found = outcome(lambda: open_content(read_card(claim_169.decode(row["text"])).content))
    assert isinstance(found, Reason)
    assert found.code == row["reason"]


def test_the_document_quotes_the_frozen_vectors() -> None:
    text = (ROOT / "docs" / "qr-profile.md").read_text(encoding="utf-8")
    assert HASH.read_text(encoding="ascii").split()[0] in text
    for row in FROZEN["invalid"]:
        assert f"`{row['id']}`" in text
