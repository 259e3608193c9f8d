"""An independent reader, zxing-cpp used directly, reads our pictures byte for byte: the offer, the challenge, the QR token."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from formats import challenge, qr_token
from formats.qr_picture import draw_png
from tests.builders import qr

OFFER: Final = (
    "openid-credential-offer://?credential_offer_uri="
    "http%3A%2F%2F127.0.0.1%3A8080%2Fissuer%2Foffers%2FUQ5sW3j5syAnq1Cue5RMoQ"
)
TEXTS: Final = {
    "offer": (OFFER, "M"),
    "challenge": (challenge.encode(qr.a_challenge()), "M"),
    "token": (qr.show_one_way(qr.issue()), "L"),
}


def read(picture: Image.Image) -> list[bytes]:
    """What the judge reads: the bytes of every code it finds."""
    found = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    return [code.bytes for code in found]


def half_blank(picture: Image.Image) -> Image.Image:
    """The lower half gone: more than any error correction brings back."""
    damaged = picture.convert("L")
    damaged.paste(255, (0, damaged.height // 2, damaged.width, damaged.height))
    return damaged


def one_module_field_inverted(picture: Image.Image) -> Image.Image:
    """A third of the data turned to its opposite: still a code to look at."""
    pixels = np.asarray(picture.convert("L")).copy()
    third = pixels.shape[0] // 3
    pixels[third : 2 * third, third : 2 * third] ^= 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("name", TEXTS)
def test_the_judge_refuses_a_spoiled_copy_and_reads_the_picture_byte_for_byte(name: str) -> None:
    text, level = TEXTS[name]
    picture = Image.open(BytesIO(draw_png(text, error_correction=level)))
    for spoil in (half_blank, one_module_field_inverted):
        assert text.encode() not in read(spoil(picture)), "a judge that reads this proves nothing"
    assert read(picture) == [text.encode()]


def test_what_the_judge_read_is_the_token_that_was_shown() -> None:
    text, level = TEXTS["token"]
    (seen,) = read(Image.open(BytesIO(draw_png(text, error_correction=level))))
    assert qr_token.encode(qr_token.decode(seen.decode("ascii"))) == text


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_is_read_whichever_way_the_phone_is_held(turns: int) -> None:
    text, level = TEXTS["token"]
    picture = Image.open(BytesIO(draw_png(text, error_correction=level)))
    assert read(picture.convert("L").rotate(90 * turns, expand=True)) == [text.encode()]
