"""Opens the font that rare characters are drawn with."""

from __future__ import annotations

from api.settings import Settings
from issuer.register.glyphs import GlyphFont


def open_glyph_font(settings: Settings) -> GlyphFont | None:
    """Return the font a deployment names, None where it names none; Misconfigured(SETTING_INVALID) for another file."""
    return None if settings.glyph_font is None else GlyphFont.open(settings.glyph_font)
