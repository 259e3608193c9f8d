"""The font cards are set in: one with Chinese characters, named by the operator or found where systems keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from core.errors import Misconfigured
from core.reasons import Reason

_NOTO: Final = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/noto-cjk"),
    Path("/usr/share/fonts/google-noto-cjk"),
    Path("/usr/share/fonts/google-noto-sans-cjk-fonts"),
    Path("/usr/local/share/fonts"),
)
_REGULAR, _BOLD = "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"
_SIMPLIFIED: Final = " SC"
_FACES_MAX: Final = 64
_TRIAL: Final = "样"
# A code point that is no character: every font answers it with the picture for what it lacks.
_NEVER: Final = "\U0010ffff"
_EM: Final = 1000


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file; ``index`` counts the faces of a collection."""

    path: Path
    index: int

    def at(self, pixels: int) -> ImageFont.FreeTypeFont:
        """Return it at this size."""
        return _opened(self.path, self.index, pixels)


@dataclass(frozen=True, slots=True)
class CardFont:
    """Two weights of one font; both are the same face where there is only one."""

    regular: Face
    bold: Face

    def face(self, *, bold: bool) -> Face:
        """Return the face of a weight."""
        return self.bold if bold else self.regular

    def width(self, text: str, size: float, *, bold: bool) -> float:
        """Return how wide a line is when set at this size, in the unit of the size."""
        return self.face(bold=bold).at(_EM).getlength(text) * size / _EM

    def lacks(self, character: str) -> bool:
        """Say whether the font has no picture of a character."""
        font = self.bold.at(32)
        return bytes(font.getmask(character)) == bytes(font.getmask(_NEVER))


def find_font(chosen: Path | None, *, folders: tuple[Path, ...] = _NOTO) -> CardFont:
    """Return the font to set cards in.

    chosen: the operator's font file, TrueType or OpenType, also a collection; None looks for Noto Sans CJK.
    Raises Misconfigured(FONT_MISSING) where there is none, or the one chosen has no Chinese characters.
    """
    if chosen is not None:
        face = _face(chosen)
        return CardFont(face, face)
    for folder in folders:
        if (folder / _REGULAR).is_file():
            regular = _face(folder / _REGULAR)
            bold = folder / _BOLD
            return CardFont(regular, _face(bold) if bold.is_file() else regular)
    raise Misconfigured(Reason.FONT_MISSING, "install fonts-noto-cjk, or name a font file with EID_CARD_FONT")


def _face(path: Path) -> Face:
    faces = list(_faces(path))
    face = next((face for face in faces if face.at(_EM).getname()[0].endswith(_SIMPLIFIED)), faces[0])  # type: ignore[union-attr]  # every face has a name
    if CardFont(face, face).lacks(_TRIAL):
        raise Misconfigured(Reason.FONT_MISSING, f"{path.name} has no Chinese characters")
    return face


def _faces(path: Path) -> Iterator[Face]:
    for index in range(_FACES_MAX):
        face = Face(path, index)
        try:
            face.at(_EM)
        except OSError as err:
            if index == 0:
                raise Misconfigured(Reason.FONT_MISSING, f"{path} is no font file") from err
            return
        yield face


@lru_cache(maxsize=64)
def _opened(path: Path, index: int, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, index=index)
