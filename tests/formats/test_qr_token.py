from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats import qr_token
from tests.builders.refusals import refused


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_to_the_same(kbt: bytes) -> None:
    assert qr_token.decode(qr_token.encode(kbt)) == kbt


@pytest.mark.parametrize(
    "text", ["", "EID1", "eid1:00", "EID2:00", "EIDC1:00", " EID1:00", "HC1:00", "https://example.org"]
)
def test_refuses_another_prefix(text: str) -> None:
    with refused(Reason.PREFIX_UNKNOWN):
        qr_token.decode(text)


@pytest.mark.parametrize("text", ["EID1:bb8", "EID1:BB8\n", "EID1:A", "EID1:GGW", "EID1:样样样"])
def test_refuses_what_is_not_strict_base45(text: str) -> None:
    with refused(Reason.BASE45_MALFORMED):
        qr_token.decode(text)


def test_a_token_has_a_largest_size_both_ways() -> None:
    text = qr_token.encode(bytes(3072))
    assert qr_token.decode(text) == bytes(3072)
    with refused(Reason.TOO_LARGE):
        qr_token.encode(bytes(3073))
    with refused(Reason.TOO_LARGE):
        qr_token.decode(text + "00")
