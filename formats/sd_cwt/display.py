"""What may be shown on a screen: texts, glyphs and portraits that came from outside."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from core.errors import MalformedInput
from core.reasons import Reason

MAX_COMBINING_MARKS = 4
MAX_GLYPHS = 4
MAX_PORTRAIT_BYTES = 600
PORTRAIT_WIDTH, PORTRAIT_HEIGHT = 64, 80
MAX_ONLINE_PORTRAIT_SIDE = 2048
GLYPH_BYTES = frozenset({72, 128})

# The frozen font table: what every reader's font has is the Basic Multilingual Plane and plane 1. Only the ideographs of
# planes 2 and 3 may come with a picture, so that no picture ever replaces a known character.
FIRST_GLYPH_CODE_POINT, LAST_GLYPH_CODE_POINT = 0x20000, 0x3FFFD

_HALF_BLOCKS = {"00": " ", "10": "▀", "01": "▄", "11": "█"}
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def check_text(text: str, *, longest: int, marks_in_a_row: bool = False) -> None:
    """Check a text that will be shown as it is; it is never normalised.

    longest:        in code points.
    marks_in_a_row: count combining marks per run and not over the whole text, for scripts that spell vowels with them.
    Raises MalformedInput(TEXT_BAD): empty, blank at an end or too long; control, format, bidirectional, private-use or
    separator characters, noncharacters, letters that look like nothing; more than four combining marks.
    """
    if not 0 < len(text) <= longest or text[0].isspace() or text[-1].isspace():
        raise MalformedInput(Reason.TEXT_BAD, "a text is empty, too long, or blank at an end")
    if text.isalnum() and _BLANK_LETTERS.isdisjoint(text):
        return  # letters and digits only: no marks, nothing invisible
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _REFUSED_CATEGORIES or character in _BLANK_LETTERS or _is_noncharacter(ord(character)):
            raise MalformedInput(Reason.TEXT_BAD, "a text carries a character that is not shown as itself")
        if category[0] == "M":
            marks += 1
            if marks > MAX_COMBINING_MARKS:
                raise MalformedInput(Reason.TEXT_BAD, "a text carries too many combining marks")
        elif marks_in_a_row:
            marks = 0


def _is_noncharacter(code_point: int) -> bool:
    return code_point & 0xFFFE == 0xFFFE or 0xFDD0 <= code_point <= 0xFDEF


def check_glyphs(glyphs: Sequence[tuple[int, bytes]]) -> None:
    """Check pictures of rare characters: at most four, one each, 24 x 24 or 32 x 32, none for a character of the fonts.

    Raises MalformedInput(GLYPH_BAD).
    """
    code_points = {code_point for code_point, _ in glyphs}
    if not 0 < len(glyphs) <= MAX_GLYPHS or len(code_points) != len(glyphs):
        raise MalformedInput(Reason.GLYPH_BAD, "no glyphs, too many, or two for one character")
    for code_point, bitmap in glyphs:
        if not FIRST_GLYPH_CODE_POINT <= code_point <= LAST_GLYPH_CODE_POINT or _is_noncharacter(code_point):
            raise MalformedInput(Reason.GLYPH_BAD, "a glyph for a character that every reader's font has")
        if len(bitmap) not in GLYPH_BYTES:
            raise MalformedInput(Reason.GLYPH_BAD, "a glyph of another size than 24 x 24 or 32 x 32")


def glyph_lines(bitmap: bytes) -> tuple[str, ...]:
    """Return a checked glyph as lines of half blocks, two rows of pixels each, for a terminal.

    >>> glyph_lines(bytes([255, 255, 255]) + bytes(69))[0]
    '▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀'
    """
    side = math.isqrt(8 * len(bitmap))
    pixels = f"{int.from_bytes(bitmap, 'big'):0{side * side}b}"
    rows = [pixels[start : start + side] for start in range(0, side * side, side)]
    return tuple(
        "".join(_HALF_BLOCKS[upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )


def check_portrait(picture: bytes) -> None:
    """Check that a portrait is WebP of exactly one VP8 or VP8L chunk, 64 x 80, without alpha, at most 600 bytes.

    Raises MalformedInput(PORTRAIT_BAD).
    """
    if len(picture) > MAX_PORTRAIT_BYTES or webp_dimensions(picture) != (PORTRAIT_WIDTH, PORTRAIT_HEIGHT):
        raise MalformedInput(Reason.PORTRAIT_BAD, "not a plain WebP picture of 64 x 80, or too large")


def check_online_portrait(picture: bytes) -> None:
    """Check the larger portrait of the online forms: the same kind of file, no side longer than 2048 pixels.

    A header of a few bytes could otherwise make whoever draws the picture unpack a gigabyte.
    Raises MalformedInput(PORTRAIT_BAD).
    """
    dimensions = webp_dimensions(picture)
    if dimensions is None or not all(0 < side <= MAX_ONLINE_PORTRAIT_SIDE for side in dimensions):
        raise MalformedInput(Reason.PORTRAIT_BAD, "not a plain WebP picture, or too large")


def webp_dimensions(picture: bytes) -> tuple[int, int] | None:
    """Return width and height of a WebP file of exactly one VP8 or VP8L chunk without alpha; None for any other file.

    Nothing is decoded: the headers alone are read (RFC 9649 sections 2.3 to 2.6).
    """
    size = int.from_bytes(picture[16:20], "little")
    if (
        picture[:4] != b"RIFF"
        or int.from_bytes(picture[4:8], "little") != len(picture) - 8
        or picture[8:12] != b"WEBP"
        or len(picture) != 20 + size + (size & 1)
        or any(picture[20 + size :])
    ):
        return None
    dimensions = {b"VP8 ": _vp8_dimensions, b"VP8L": _vp8l_dimensions}.get(picture[12:16])
    return None if dimensions is None else dimensions(picture[20 : 20 + size])


def _vp8_dimensions(chunk: bytes) -> tuple[int, int] | None:
    # RFC 6386 section 9.1: a key frame, shown, then the start code, then 14 bits and a scale each.
    if len(chunk) <= 10 or chunk[0] & 1 or chunk[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(chunk[6:8], "little"), int.from_bytes(chunk[8:10], "little")


def _vp8l_dimensions(chunk: bytes) -> tuple[int, int] | None:
    # RFC 9649 section 3.4: signature, 14 bits width - 1, 14 bits height - 1, no alpha, version 0.
    if len(chunk) <= 5 or chunk[0] != 0x2F or chunk[4] >> 4:
        return None
    bits = int.from_bytes(chunk[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
