"""Printed cards on sheets of A4: a PDF with the font inside, so that every printer sets the same characters."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Final, assert_never

from fpdf import FPDF
from PIL import Image

from issuer.cards import PrintedCard
from issuer.printing.fonts import CardFont
from issuer.printing.layout import HEIGHT, SIDE_WIDTH, WIDTH, Box, Element, Picture, Text, lay_out

PER_SHEET: Final = 5
_PAGE_WIDTH, _PAGE_HEIGHT = 210.0, 297.0
_LEFT: Final = (_PAGE_WIDTH - WIDTH) / 2
_TOP: Final = (_PAGE_HEIGHT - PER_SHEET * HEIGHT) / 2
_POINTS: Final = 72 / 25.4
_FAMILY: Final = "card"
_CUT: Final = (170, 170, 170)
_JPEG_QUALITY: Final = 92


def draw_sheets(cards: Sequence[PrintedCard], font: CardFont, *, now: int) -> bytes:
    """Return the cards as a PDF, five to a sheet of A4 with lines to cut and to fold.

    now: written into the file as the time it was made.
    Raises Refused(QR_TOO_LONG) when a code needs a version above 25-M.
    """
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.fromtimestamp(now, UTC))
    pdf.set_auto_page_break(auto=False)
    for style, bold in (("", False), ("B", True)):
        face = font.face(bold=bold)
        pdf.add_font(_FAMILY, style=style, fname=face.path, collection_font_number=face.index)
    for place, card in enumerate(cards):
        row = place % PER_SHEET
        if row == 0:
            pdf.add_page()
        top = _TOP + row * HEIGHT
        for element in lay_out(card, font):
            _draw(pdf, element, top)
        _draw_lines(pdf, top)
    return bytes(pdf.output())


def _draw(pdf: FPDF, element: Element, top: float) -> None:
    x, y = _LEFT + element.x, top + element.y
    match element:
        case Box():
            pdf.set_fill_color(*element.colour)
            pdf.rect(x, y, element.width, element.height, style="F")
        case Picture():
            content = _jpeg(element.content) if element.smooth else element.content
            pdf.image(io.BytesIO(content), x, y, element.width, element.height)
        case Text():
            pdf.set_font(_FAMILY, style="B" if element.bold else "", size=element.size * _POINTS)
            pdf.set_text_color(*element.colour)
            turned = pdf.rotation(element.angle, x, y) if element.angle else nullcontext()
            with pdf.local_context(fill_opacity=element.opacity), turned:
                pdf.text(x, y, element.text)
        case _:
            assert_never(element)


def _draw_lines(pdf: FPDF, top: float) -> None:
    pdf.set_draw_color(*_CUT)
    pdf.set_line_width(0.15)
    pdf.rect(_LEFT, top, WIDTH, HEIGHT)
    pdf.set_dash_pattern(dash=1, gap=1)
    pdf.line(_LEFT + SIDE_WIDTH, top, _LEFT + SIDE_WIDTH, top + HEIGHT)
    pdf.set_dash_pattern()


def _jpeg(content: bytes) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()
