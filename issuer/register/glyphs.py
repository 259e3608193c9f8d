"""Pictures of rare characters, signed with a name so that a reader whose font lacks them still shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageFont

from core.errors import Misconfigured
from core.reasons import Reason
from formats.dataset import Glyph
from formats.sd_cwt.display import FIRST_GLYPH_CODE_POINT, LAST_GLYPH_CODE_POINT, MAX_GLYPHS
from issuer.register.findings import Finding, FindingCode, found
from issuer.register.portraits import QR_SIZE_MAX

GLYPH_PIXELS: Final = 24
"""Of the two sizes of the profile the smaller one: 72 bytes, as many strokes as a name plate has."""

_SIZE_MIN: Final = 12
_BYTES_IN_TOKEN: Final = 82
"""A bitmap with its code point and their heads."""
_NEVER_ASSIGNED: Final = "\U0003ffff"
"""A noncharacter: whatever a font draws for it is what it draws for every character it lacks."""


class GlyphFont:
    """One font file, opened once. The same file gives the same pictures."""

    def __init__(self, font: ImageFont.FreeTypeFont) -> None:
        self._font = font
        self._lacking = self._draw(_NEVER_ASSIGNED)

    @classmethod
    def open(cls, path: Path) -> GlyphFont:
        """Return the font in a TrueType or OpenType file; Misconfigured(SETTING_INVALID) for any other file."""
        try:
            return cls(ImageFont.truetype(path, GLYPH_PIXELS, layout_engine=ImageFont.Layout.BASIC))
        except (OSError, ValueError) as err:
            raise Misconfigured(Reason.SETTING_INVALID, "EID_GLYPH_FONT names no font file that can be read") from err

    def draw(self, character: str) -> bytes | None:
        """Return the picture of one character, or None where the font has none.

        24 x 24, one bit, rows from the top, first pixel in the highest bit; the drawing stands in the middle.
        """
        drawn = self._draw(character)
        return None if drawn == self._lacking or not any(drawn) else drawn

    def _draw(self, character: str) -> bytes:
        # Ideographs fill their em square; a font that draws beyond it is asked for a smaller size.
        for size in range(GLYPH_PIXELS, _SIZE_MIN - 1, -1):
            mask = self._font.font_variant(size=size).getmask(character, mode="1")
            width, height = mask.size
            if width <= GLYPH_PIXELS and height <= GLYPH_PIXELS:
                break
        else:
            return bytes(GLYPH_PIXELS * GLYPH_PIXELS // 8)
        picture = Image.new("1", (GLYPH_PIXELS, GLYPH_PIXELS))
        if width and height:
            shape = Image.frombytes("L", mask.size, bytes(mask)).point(bool, "1")
            picture.paste(shape, ((GLYPH_PIXELS - width) // 2, (GLYPH_PIXELS - height) // 2))
        return picture.tobytes()


def draw_glyphs(name: str, font: GlyphFont | None) -> tuple[Glyph, ...]:
    """Return the pictures that go with a name: of its first rare characters that the font has, at most four.

    A reader shows the others by their code points. Without a font there are none.
    Source: the frozen font table of ``formats.sd_cwt.display``; qr-trust-bundle 8.
    """
    if font is None:
        return ()
    drawn = ((character, font.draw(character)) for character in _rare_characters(name))
    return tuple(Glyph(ord(character), bitmap) for character, bitmap in drawn if bitmap is not None)[:MAX_GLYPHS]


def portrait_room(name: str) -> int:
    """Return how many bytes the QR portrait beside this name should have at most.

    What the pictures of rare characters take is left free, so that name, number and portrait still fit QR version 27-L;
    whatever font there is today, for stored portraits outlive a change of it.
    """
    return QR_SIZE_MAX - _BYTES_IN_TOKEN * len(_rare_characters(name)[:MAX_GLYPHS])


def check_glyphs_of(name: str, font: GlyphFont | None) -> tuple[Finding, ...]:
    """Return the finding about a name with rare characters that no picture will go with."""
    lacking = len(_rare_characters(name)) - len(draw_glyphs(name, font))
    return (found(FindingCode.GLYPH_MISSING, detail=f"{lacking} characters without a picture"),) if lacking else ()


def _rare_characters(name: str) -> tuple[str, ...]:
    if len(name.encode("utf-16-le")) == 2 * len(name):
        return ()  # nothing beyond the Basic Multilingual Plane, as in nearly every name
    return tuple(
        dict.fromkeys(
            character for character in name if FIRST_GLYPH_CODE_POINT <= ord(character) <= LAST_GLYPH_CODE_POINT
        )
    )
