"""What stands where on a printed card. Millimetres, from the top left corner; baselines for text.

Front and back lie side by side, each of the size of a bank card (ISO/IEC 7810 ID-1): cut out, folded in the middle and
laminated they make one card for the pocket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from formats.qr_picture import draw_png
from issuer.cards import PrintedCard
from issuer.printing.fonts import CardFont

SIDE_WIDTH, HEIGHT = 85.6, 54.0
WIDTH: Final = 2 * SIDE_WIDTH
QR_MAX_VERSION: Final = 25
_QR_SIDE: Final = 50.0
_QR_SCALE: Final = 8

Colour: TypeAlias = tuple[int, int, int]
_INK, _GREY, _WHITE = (20, 24, 32), (90, 96, 108), (255, 255, 255)
_BLUE, _AMBER, _RED = (24, 58, 110), (255, 193, 40), (200, 16, 30)
_LACKING: Final = "〓"
_FIRST_WIDE: Final = 0x2E80


@dataclass(frozen=True, slots=True)
class Text:
    """One line. size: of the em. angle: degrees against the clock. opacity: 0 to 1."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour = _INK
    bold: bool = False
    angle: float = 0
    opacity: float = 1


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file stretched over a rectangle; smooth: a photograph and no code."""

    x: float
    y: float
    width: float
    height: float
    content: bytes
    smooth: bool


Element: TypeAlias = Text | Box | Picture


def lay_out(card: PrintedCard, font: CardFont) -> tuple[Element, ...]:
    """Return the elements of front and back, in the order of drawing.

    Raises Refused(QR_TOO_LONG) when the code needs a version above 25-M.
    """
    return (*_front(card, font), *_back(card, font))


def _front(card: PrintedCard, font: CardFont) -> Iterator[Element]:
    yield Box(0, 0, SIDE_WIDTH, 9, _BLUE)
    yield Text(4, 6.3, "居民电子身份证", 5, _WHITE, bold=True)
    yield from _right("Electronic resident ID", 3, SIDE_WIDTH - 4, 6.1, font, colour=_WHITE)
    yield Picture(4, 11.2, 25.6, 32, card.portrait, smooth=True)
    yield from _name(card, font)
    yield Text(33, 35.2, "编号尾号 No. ends in", 2.3, _GREY)
    yield Text(33, 42.2, card.number_tail.strip("*"), 6.4, bold=True)
    yield Text(58, 35.2, "有效期至 Valid until", 2.3, _GREY)
    yield Text(58, 42.2, _last_day(card), 4.4, bold=True)
    yield Box(0, 45, SIDE_WIDTH, 9, _AMBER)
    yield Text(4, 51.2, "纸质凭证：请比对人脸", 4.4, bold=True)
    yield from _right("Paper: compare the face", 2.6, SIDE_WIDTH - 3.5, 51, font, bold=True)
    if card.specimen:
        yield Text(12, 41.5, "样证 SPECIMEN", 9.4, _RED, bold=True, angle=18, opacity=0.4)


def _name(card: PrintedCard, font: CardFont) -> Iterator[Element]:
    width = SIDE_WIDTH - 33 - 3
    shown = "".join(_LACKING if font.lacks(character) else character for character in card.full_name)
    lacking = dict.fromkeys(f"U+{ord(character):04X}" for character in card.full_name if font.lacks(character))
    size, lines = _fit(shown, width, ((10, 1), (7, 1), (5.8, 2), (4.2, 3), (3.2, 4)), font, bold=True)
    y = 11.2 + size * 0.95
    for line in lines:
        yield Text(33, y, line, size, bold=True)
        y += size * 1.15
    below: list[str] = []
    if lacking:
        below.append(f"{_LACKING} {' '.join(lacking)}")
    if card.name_latin is not None:
        below.append(card.name_latin)
    y += 3.4 - 0.92 * size
    for text in below:
        size, lines = _fit(text, width, ((3.6, 1), (2.8, 2), (2.3, 2), (1.9, 3)), font, bold=False)
        for line in lines:
            yield Text(33, y, line, size)
            y += size * 1.2


def _back(card: PrintedCard, font: CardFont) -> Iterator[Element]:
    code = draw_png(card.text, error_correction="M", scale=_QR_SCALE, max_version=QR_MAX_VERSION)
    yield Picture(SIDE_WIDTH + 1.5, (HEIGHT - _QR_SIDE) / 2, _QR_SIDE, _QR_SIDE, code, smooth=False)
    x, y = SIDE_WIDTH + 53.5, 6.4
    width = WIDTH - x - 3
    for text, sizes, bold, gap in (
        ("扫码核验", ((4.8, 1),), True, 0.0),
        ("Scan to verify", ((2.8, 1),), False, 1.6),
        (card.bureau_zh, ((3.1, 2), (2.6, 3)), True, 0.5),
        (card.bureau_en, ((2.2, 3), (1.9, 4)), False, 1.6),
        ("可被复印，须人证相符", ((2.5, 1), (2.2, 2)), False, 0.2),
        ("It can be copied: only the face proves the holder.", ((2.1, 2), (1.9, 3)), False, 1.0),
        ("遗失请报告发证机关", ((2.5, 1), (2.2, 2)), False, 0.2),
        ("If lost, tell the bureau.", ((2.1, 1), (1.9, 2)), False, 0.0),
    ):
        size, lines = _fit(text, width, sizes, font, bold=bold)
        for line in lines:
            yield Text(x, y, line, size, bold=bold)
            y += size * 1.22
        y += gap
    if card.specimen:
        yield Text(x, HEIGHT - 2.4, "样证 SPECIMEN", 3.6, _RED, bold=True)


def _right(
    text: str, size: float, right: float, y: float, font: CardFont, *, colour: Colour = _INK, bold: bool = False
) -> Iterator[Element]:
    yield Text(right - font.width(text, size, bold=bold), y, text, size, colour, bold=bold)


def _last_day(card: PrintedCard) -> str:
    # It ends at 00:00 UTC, which is a morning in China: the day before is the last whole one.
    return datetime.fromtimestamp(card.expires_at - 1, UTC).date().isoformat()


def _fit(
    text: str, width: float, sizes: tuple[tuple[float, int], ...], font: CardFont, *, bold: bool
) -> tuple[float, list[str]]:
    """Return the first of the sizes at which the text needs no more than its lines; the last one takes what is left."""
    size, lines = 0.0, [text]
    for size, most in sizes:
        lines = _wrap(text, width, size, font, bold=bold)
        if len(lines) <= most:
            break
    return size, lines


def _wrap(text: str, width: float, size: float, font: CardFont, *, bold: bool) -> list[str]:
    lines = [""]
    for piece in _pieces(text, lambda word: font.width(word, size, bold=bold) <= width):
        if lines[-1] and font.width((lines[-1] + piece).rstrip(), size, bold=bold) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Split where a line may break: after a space, around every wide character, and inside a word wider than a line."""
    word = ""
    for character in text:
        if word and not fits(word + character):
            yield word
            word = ""
        word += character
        if character == " " or ord(character) >= _FIRST_WIDE:
            yield word
            word = ""
    if word:
        yield word
