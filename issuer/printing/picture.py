"""A printed card as a PNG picture, for card printers and for looking at."""

from __future__ import annotations

import io
from typing import Final, assert_never

from PIL import Image, ImageDraw

from issuer.cards import PrintedCard
from issuer.printing.fonts import CardFont
from issuer.printing.layout import HEIGHT, WIDTH, Box, Element, Picture, Text, lay_out

DOTS_PER_INCH: Final = 600
_DOTS: Final = DOTS_PER_INCH / 25.4


def draw_card(card: PrintedCard, font: CardFont) -> bytes:
    """Return front and back of one card side by side, as a PNG at 600 dots an inch.

    Raises Refused(QR_TOO_LONG) when its code needs a version above 25-M.
    """
    canvas = Image.new("RGB", (_dots(WIDTH), _dots(HEIGHT)), "white")
    for element in lay_out(card, font):
        canvas = _drawn(canvas, element, font)
    file = io.BytesIO()
    canvas.save(file, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return file.getvalue()


def _drawn(canvas: Image.Image, element: Element, font: CardFont) -> Image.Image:
    match element:
        case Box():
            corner = (_dots(element.x + element.width), _dots(element.y + element.height))
            ImageDraw.Draw(canvas).rectangle((_dots(element.x), _dots(element.y), *corner), fill=element.colour)
        case Picture():
            size = (_dots(element.width), _dots(element.height))
            with Image.open(io.BytesIO(element.content)) as picture:
                how = Image.Resampling.LANCZOS if element.smooth else Image.Resampling.NEAREST
                canvas.paste(picture.convert("RGB").resize(size, how), (_dots(element.x), _dots(element.y)))
        case Text():
            return _written(canvas, element, font)
        case _:
            assert_never(element)
    return canvas


def _written(canvas: Image.Image, text: Text, font: CardFont) -> Image.Image:
    face = font.face(bold=text.bold).at(_dots(text.size))
    place = (_dots(text.x), _dots(text.y))
    if not text.angle and text.opacity == 1:
        ImageDraw.Draw(canvas).text(place, text.text, text.colour, face, anchor="ls")
        return canvas
    layer = Image.new("L", canvas.size, 0)
    ImageDraw.Draw(layer).text(place, text.text, round(255 * text.opacity), face, anchor="ls")
    turned = layer.rotate(text.angle, Image.Resampling.BICUBIC, center=place)
    canvas.paste(text.colour, mask=turned)
    return canvas


def _dots(millimetres: float) -> int:
    return round(millimetres * _DOTS)
