from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.encoding import base64url
from tests.builders.refusals import outcome, refused


@given(st.binary(max_size=80))
def test_what_is_encoded_decodes_to_the_same(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@given(st.text(alphabet="AQgw-_=+/ \n.é", max_size=12))
def test_whatever_decodes_prints_back_the_same_text(text: str) -> None:
    data = outcome(lambda: base64url.decode(text))
    assert data is Reason.BASE64URL_MALFORMED or (isinstance(data, bytes) and base64url.encode(data) == text)


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A A", "AAA\n", "+w", "/w", "AA.AA", "é", "\ud800", "AAAAA"])
def test_refuses_every_other_spelling(text: str) -> None:
    with refused(Reason.BASE64URL_MALFORMED):
        base64url.decode(text)
