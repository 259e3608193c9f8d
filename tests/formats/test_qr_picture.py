from __future__ import annotations

import io

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import EidError
from core.reasons import Reason
from formats.qr_picture import draw_png, draw_terminal, version_of

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def token(characters: int) -> str:
    """A text of the wire form's alphabet, the same in every run."""
    state, out = 1, []
    for _ in range(characters - 5):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        out.append(ALPHABET[(state >> 8) % 45])
    return "EID1:" + "".join(out)


def read_back(png: bytes) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))]


@pytest.mark.parametrize("characters", [6, 100, 975, 2100])
@pytest.mark.parametrize("level", ["L", "M"])
def test_an_independent_reader_reads_it_back(characters: int, level: str) -> None:
    text = token(characters)
    assert read_back(draw_png(text, error_correction=level, max_version=40)) == [text]


@given(st.text(alphabet=ALPHABET, min_size=1, max_size=60))
@settings(max_examples=15)
def test_any_text_of_the_alphabet_reads_back(text: str) -> None:
    assert read_back(draw_png("EID1:" + text)) == ["EID1:" + text]


def test_links_are_written_as_bytes() -> None:
    link = "openid-credential-offer://?credential_offer=%7B%7D&name=号"
    assert read_back(draw_png(link)) == [link]


def test_it_is_a_one_bit_png_with_a_quiet_zone() -> None:
    picture = Image.open(io.BytesIO(draw_png("EID1:A", scale=3)))
    modules = 17 + 4 * version_of("EID1:A") + 8
    assert (picture.format, picture.mode, picture.size) == ("PNG", "1", (modules * 3, modules * 3))
    assert all(picture.getpixel((x, y)) == 255 for x in range(modules * 3) for y in (0, 11))
    assert picture.getpixel((12, 12)) == 0


def test_the_border_is_the_callers() -> None:
    assert Image.open(io.BytesIO(draw_png("EID1:A", scale=1, border=0))).size == (21, 21)


def test_the_budget_of_versions() -> None:
    assert version_of(token(975)) == 18
    assert version_of(token(2100)) == 27
    assert version_of(token(2132)) == 27
    assert version_of(token(2133)) == 28
    assert version_of(token(975), error_correction="M") > 18
    assert version_of("a" * 100) > version_of("A" * 100)


def test_refuses_a_text_beyond_the_limit_unless_allowed() -> None:
    text = token(2133)
    for draw in (draw_png, draw_terminal):
        with pytest.raises(EidError) as caught:
            draw(text)
        assert caught.value.reason is Reason.QR_TOO_LONG
    assert read_back(draw_png(text, max_version=28)) == [text]
    with pytest.raises(EidError) as caught:
        version_of(token(5000))
    assert caught.value.reason is Reason.QR_TOO_LONG


def test_the_terminal_shows_the_same_modules() -> None:
    text = token(120)
    lines = draw_terminal(text).split("\n")
    shown = []
    for line in lines:
        shown.append([cell in " ▄" for cell in line])
        shown.append([cell in " ▀" for cell in line])
    picture = Image.open(io.BytesIO(draw_png(text, scale=1)))
    size = picture.size[0]
    assert [row[:size] for row in shown[:size]] == [
        [picture.getpixel((x, y)) == 0 for x in range(size)] for y in range(size)
    ]
