"""One flipped bit anywhere is never GREEN, in no form, and no text whatever brings the judge down."""

from __future__ import annotations

from functools import cache

import cbor2
from hypothesis import example, given
from hypothesis import strategies as st

from core.reasons import Colour
from formats import qr_token
from formats.dataset import Group
from formats.encoding import base45
from tests.builders.mdoc import judged as judged_mdoc
from tests.builders.mdoc import presented
from tests.builders.presentations import Showing
from tests.builders.presentations import judged as judged_online
from tests.builders.readers import challenge, judged, policy
from tests.builders.verdicts import Code, answer


@cache
def one_way() -> bytes:
    return Code().token


@cache
def name_only() -> bytes:
    """The shortest code that a site takes."""
    return Code(groups=(Group.NAME,)).token


@cache
def reply() -> bytes:
    return answer().token


def bent(text: str, place: int, bit: int) -> str:
    return text[:place] + chr(ord(text[place]) ^ 1 << bit) + text[place + 1 :]


def flipped(token: bytes, bit: int) -> str:
    place, shift = divmod(bit % (8 * len(token)), 8)
    return qr_token.encode(token[:place] + bytes((token[place] ^ 1 << shift,)) + token[place + 1 :])


def test_every_single_bit_of_a_code_counts() -> None:
    """All of them, without exception."""
    at_door = {"policy": policy("door")}
    assert judged(qr_token.encode(name_only()), **at_door).colour is Colour.GREEN
    for bit in range(8 * len(name_only())):
        assert judged(flipped(name_only(), bit), **at_door).colour is Colour.RED, bit


def test_every_single_byte_of_a_one_way_code_counts() -> None:
    """One bit of every byte, the portrait's too."""
    assert judged(qr_token.encode(one_way())).colour is Colour.GREEN
    for place in range(len(one_way())):
        assert judged(flipped(one_way(), 8 * place + place % 8)).colour is Colour.RED, place


def test_every_single_character_of_a_code_counts() -> None:
    """One bit of each, as a picture that was read wrongly would give it."""
    text = qr_token.encode(name_only())
    for place in range(len(text)):
        assert judged(bent(text, place, place % 7), policy=policy("door")).colour is Colour.RED, place


@given(bit=st.integers(min_value=0, max_value=2**16))
def test_one_flipped_bit_of_an_answer_is_red(bit: int) -> None:
    assert judged(flipped(reply(), bit), expected=challenge()).colour is Colour.RED


@cache
def presentation() -> str:
    return Showing().text


@cache
def device_response() -> bytes:
    return presented()


def test_one_flipped_bit_of_every_third_character_of_a_presentation_is_red() -> None:
    text = presentation()
    assert judged_online(text).colour is Colour.GREEN
    for place in range(0, len(text), 3):
        assert judged_online(bent(text, place, place % 7)).colour is Colour.RED, place


def test_one_flipped_bit_of_every_third_byte_of_an_mdoc_is_red() -> None:
    data = device_response()
    assert judged_mdoc(data).colour is Colour.GREEN
    for place in range(0, len(data), 3):
        octets = bytearray(data)
        octets[place] ^= 1 << place % 8
        assert judged_mdoc(bytes(octets)).colour is Colour.RED, place


def test_every_single_bit_of_what_the_holder_signed_with_counts() -> None:
    """Both signatures stand last: nothing behind them would notice."""
    text, data = presentation(), device_response()
    for place in range(text.rindex(".") + 1, len(text)):
        for bit in range(7):
            assert judged_online(bent(text, place, bit)).colour is Colour.RED, (place, bit)
    start = data.index(cbor2.loads(data)["documents"][0]["deviceSigned"]["deviceAuth"]["deviceSignature"][3])
    for bit in range(8 * start, 8 * len(data)):
        octets = bytearray(data)
        octets[bit // 8] ^= 1 << bit % 8
        assert judged_mdoc(bytes(octets)).colour is Colour.RED, bit


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
    overwritten = token[:start] + data + token[start + len(data) :]
    if overwritten != token:
        assert judged(qr_token.encode(overwritten)).colour is Colour.RED


@given(text=st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=200))
def test_any_alphanumeric_text_is_red(text: str) -> None:
    assert judged("EID1:" + text).colour is Colour.RED
