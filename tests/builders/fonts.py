"""A tiny font made for a test: a few rare characters, each drawn as a shape of its own."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

EM = 1000
Box = tuple[int, int, int, int]

# Characters of the golden records, one that the font maps and leaves blank, and one drawn far beyond its em square.
BLANK = "\U00020002"
HUGE = "\U00020003"
SHAPES: dict[str, tuple[Box, ...]] = {
    "𠅤": ((100, 600, 900, 700), (450, 0, 550, 600)),
    "𫖯": ((100, 0, 200, 800), (100, 0, 900, 100)),
    "𬱖": ((0, 0, 400, 800), (600, 0, 900, 800)),
    "𬀩": ((0, 300, 900, 500),),
    "\U0002d544": ((300, 300, 700, 700),),
    "\U0002e9b6": ((0, 0, 900, 100), (0, 700, 900, 800)),
    HUGE: ((0, 0, 1500, 1500),),
}


@cache
def tiny_font() -> bytes:
    """Return a TrueType font of these shapes; what it lacks is drawn as an empty frame."""
    names = {character: f"u{ord(character):X}" for character in (*SHAPES, BLANK)}
    shapes = {names[character]: boxes for character, boxes in SHAPES.items()} | {names[BLANK]: ()}
    shapes[".notdef"] = ((0, 0, 900, 50), (0, 750, 900, 800))
    order = [".notdef", *names.values()]
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    builder.setupGlyf({name: _outline(shapes[name]) for name in order})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (EM, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Tiny", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    # A date in the file would make each run's file another one.
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def a_font_file(folder: Path) -> Path:
    """Write the tiny font and return its path."""
    path = folder / "tiny.ttf"
    path.write_bytes(tiny_font())
    return path


def _outline(boxes: tuple[Box, ...]) -> object:
    pen = TTGlyphPen(None)
    for left, bottom, right, top in boxes:
        pen.moveTo((left, bottom))
        for point in ((left, top), (right, top), (right, bottom)):
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()
