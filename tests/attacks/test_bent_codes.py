"""One flipped bit anywhere is never GREEN, and no text whatever brings the judge down."""

from __future__ import annotations

from functools import cache

from hypothesis import example, given
from hypothesis import strategies as st

from core.reasons import Colour
from formats import qr_token
from formats.encoding import base45
from tests.builders.readers import challenge, judged
from tests.builders.verdicts import Code, answer


@cache
def one_way() -> bytes:
    return Code().token


@cache
def reply() -> bytes:
    return answer().token


def flipped(token: bytes, bit: int) -> str:
    place, shift = divmod(bit % (8 * len(token)), 8)
    return qr_token.encode(token[:place] + bytes((token[place] ^ 1 << shift,)) + token[place + 1 :])


def test_every_single_byte_of_a_one_way_code_counts() -> None:
    """One bit of every byte, without exception."""
    for place in range(len(one_way())):
        assert judged(flipped(one_way(), 8 * place + place % 8)).colour is Colour.RED, place


@given(bit=st.integers(min_value=0, max_value=2**16))
def test_one_flipped_bit_of_a_one_way_code_is_red(bit: int) -> None:
    assert judged(flipped(one_way(), bit)).colour is Colour.RED


@given(bit=st.integers(min_value=0, max_value=2**16))
def test_one_flipped_bit_of_an_answer_is_red(bit: int) -> None:
    assert judged(flipped(reply(), bit), expected=challenge()).colour is Colour.RED


@given(cut=st.integers(min_value=0, max_value=4000))
def test_a_code_cut_short_is_red(cut: int) -> None:
    token = one_way()
    assert judged(qr_token.encode(token[: cut % len(token)])).colour is Colour.RED


@given(tail=st.binary(min_size=1, max_size=40))
def test_a_code_with_a_tail_is_red(tail: bytes) -> None:
    assert judged(qr_token.encode(one_way() + tail)).colour is Colour.RED


@given(text=st.text(max_size=300))
@example("EID1:\ud800")
@example("EID1:" + "A" * 100_000)
@example("\0")
def test_any_text_is_red_and_raises_nothing(text: str) -> None:
    for shown in (text, "EID1:" + text):
        assert judged(shown).colour is Colour.RED


@given(data=st.binary(max_size=400))
def test_any_bytes_are_red_and_raise_nothing(data: bytes) -> None:
    assert judged("EID1:" + base45.encode(data)).colour is Colour.RED


@given(data=st.binary(min_size=1, max_size=60), place=st.integers(min_value=0, max_value=2000))
def test_bytes_written_over_a_code_are_red(data: bytes, place: int) -> None:
    token = one_way()
    start = place % (len(token) - len(data))
    bent = token[:start] + data + token[start + len(data) :]
    if bent != token:
        assert judged(qr_token.encode(bent)).colour is Colour.RED


@given(text=st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=200))
def test_any_alphanumeric_text_is_red(text: str) -> None:
    assert judged("EID1:" + text).colour is Colour.RED
