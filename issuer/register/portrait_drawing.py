"""Portraits of nobody: faces drawn by code from a seed, for synthetic people."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 358, 441
"""Pixels of an ID photo."""

_SCALE = 2
_CENTRE = WIDTH / 2
_ZOOM = 1.22
_ZOOM_Y, _ZOOM_TO_Y = 225.0, 236.0
_CHIN_MIN, _CHIN_MAX = 292, 312

Colour = tuple[int, int, int]
Point = tuple[float, float]

_SKINS: tuple[Colour, ...] = (
    (250, 224, 200), (245, 213, 184), (240, 203, 170), (232, 190, 152), (222, 176, 136), (206, 158, 118), (188, 140, 104),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = ((22, 20, 22), (34, 27, 25), (48, 36, 30), (66, 48, 38), (30, 30, 40))
_GREYS: tuple[Colour, ...] = ((120, 118, 118), (160, 158, 156), (205, 204, 202))
_CLOTHES: tuple[Colour, ...] = (
    (28, 34, 52), (52, 58, 66), (120, 36, 42), (36, 84, 70), (44, 76, 128), (96, 78, 110), (70, 54, 44), (150, 110, 60),
    (20, 20, 24), (86, 110, 140),
)  # fmt: skip
_LIPS: tuple[Colour, ...] = ((196, 104, 98), (180, 92, 88), (206, 88, 92), (168, 96, 84))
_SHORT_STYLES = ("crop", "side_parting", "swept_up", "fringe", "receding", "curls")
_LONG_STYLES = ("bob", "long_straight", "bun", "ponytail", "fringe", "curls")


@dataclass(frozen=True, slots=True)
class _Face:
    skin: Colour
    hair: Colour
    lips: Colour
    style: str
    half_width: float
    jaw: float
    chin: float
    eye_gap: float
    eye_width: float
    eye_open: float
    brow_height: float
    brow_tilt: float
    brow_weight: float
    nose_length: float
    nose_width: float
    mouth_width: float
    smile: float
    lip_weight: float
    ear: float
    age: int


def draw_portrait(seed: int, *, sex: int, age: int) -> bytes:
    """Return a drawn face on white, 358 x 441, as a JPEG file; the same arguments give the same bytes.

    sex: 2 for the hair styles of women, anything else for those of men; age: full years, for hair, lines and size.
    """
    rng = random.Random(f"portrait:{seed}:{sex}:{age}")
    face = _imagine(rng, sex, age)
    canvas = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), "white")
    pen = _Pen(ImageDraw.Draw(canvas))
    _draw_back_hair(pen, face)
    _draw_body(pen, face, rng)
    _draw_head(pen, face)
    _draw_features(pen, face)
    _draw_front_hair(pen, face, rng)
    _draw_extras(pen, face, rng, sex)
    file = io.BytesIO()
    canvas.reduce(_SCALE).filter(ImageFilter.GaussianBlur(0.6)).save(file, "JPEG", quality=88)
    return file.getvalue()


class _Pen:
    """Draws in the coordinates of the face, which the zoom brings to the size of an ID photo."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def oval(self, x: float, y: float, half_width: float, half_height: float, colour: Colour) -> None:
        self._draw.ellipse(_box(x, y, half_width, half_height), fill=colour)

    def shape(self, points: list[Point], colour: Colour) -> None:
        self._draw.polygon([_place(point) for point in points], fill=colour)

    def line(self, points: list[Point], colour: Colour, weight: float) -> None:
        self._draw.line([_place(point) for point in points], fill=colour, width=_thick(weight), joint="curve")

    def arc(self, x: float, y: float, size: Point, angles: Point, colour: Colour, weight: float) -> None:
        self._draw.arc(_box(x, y, *size), *angles, fill=colour, width=_thick(weight))

    def sector(self, x: float, y: float, size: Point, angles: Point, colour: Colour) -> None:
        self._draw.chord(_box(x, y, *size), *angles, fill=colour)


def _place(point: Point) -> Point:
    x, y = point
    return ((x - _CENTRE) * _ZOOM + _CENTRE) * _SCALE, ((y - _ZOOM_Y) * _ZOOM + _ZOOM_TO_Y) * _SCALE


def _box(x: float, y: float, half_width: float, half_height: float) -> list[Point]:
    return [_place((x - half_width, y - half_height)), _place((x + half_width, y + half_height))]


def _thick(weight: float) -> int:
    return max(1, round(weight * _ZOOM * _SCALE))


def _imagine(rng: random.Random, sex: int, age: int) -> _Face:
    child = age < 13
    styles: tuple[str, ...] = _LONG_STYLES if sex == 2 else _SHORT_STYLES
    if sex != 2 and age > 40 and rng.random() < 0.2:
        styles = ("bald",)
    return _Face(
        skin=rng.choice(_SKINS),
        hair=rng.choice(_GREYS) if rng.random() < (age - 45) / 25 else rng.choice(_HAIRS),
        lips=rng.choice(_LIPS),
        style=rng.choice(styles),
        half_width=rng.uniform(70, 82) if child else rng.uniform(68, 90),
        jaw=rng.uniform(0.45, 0.6) if child or sex == 2 else rng.uniform(0.5, 0.82),
        chin=rng.uniform(_CHIN_MIN - 8, _CHIN_MIN + 4) if child else rng.uniform(_CHIN_MIN, _CHIN_MAX),
        eye_gap=rng.uniform(30, 39),
        eye_width=rng.uniform(14, 19) + (2 if child else 0),
        eye_open=rng.uniform(4.5, 8.5) + (2 if child else 0),
        brow_height=rng.uniform(15, 23),
        brow_tilt=rng.uniform(-4, 5),
        brow_weight=rng.uniform(3, 4.5) if sex == 2 else rng.uniform(4.5, 7.5),
        nose_length=rng.uniform(30, 36) if child else rng.uniform(36, 50),
        nose_width=rng.uniform(10, 18),
        mouth_width=rng.uniform(20, 32),
        smile=rng.uniform(-1.5, 5),
        lip_weight=rng.uniform(4, 8.5),
        ear=rng.uniform(11, 17),
        age=age,
    )


_EYES_Y = 208.0
_BROW_TOP = 118.0


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return red, green, blue


def _draw_back_hair(pen: _Pen, face: _Face) -> None:
    half, dark = face.half_width, _shade(face.hair, 0.85)
    if face.style == "long_straight":
        pen.oval(_CENTRE, 190, half + 22, 98, dark)
        pen.shape(
            [
                (_CENTRE - half - 22, 190),
                (_CENTRE + half + 22, 190),
                (_CENTRE + half + 30, 400),
                (_CENTRE - half - 30, 400),
            ],
            dark,
        )
    elif face.style == "bob":
        pen.oval(_CENTRE, 190, half + 22, 94, dark)
        pen.shape(
            [
                (_CENTRE - half - 22, 190),
                (_CENTRE + half + 22, 190),
                (_CENTRE + half + 14, 300),
                (_CENTRE - half - 14, 300),
            ],
            dark,
        )
    elif face.style == "bun":
        pen.oval(_CENTRE, 88, 34, 28, dark)
    elif face.style == "ponytail":
        pen.shape(
            [
                (_CENTRE + half - 12, 130),
                (_CENTRE + half + 34, 190),
                (_CENTRE + half + 26, 330),
                (_CENTRE + half - 4, 250),
            ],
            dark,
        )
    elif face.style == "curls":
        for step in range(9):
            pen.oval(
                _CENTRE - half - 4 + step * (2 * half + 8) / 8, 150 - 34 * (1 - ((step - 4) / 4) ** 2), 26, 28, dark
            )


def _draw_body(pen: _Pen, face: _Face, rng: random.Random) -> None:
    cloth = rng.choice(_CLOTHES)
    shoulder = rng.uniform(104, 132)
    top = face.chin + rng.uniform(30, 40)
    pen.shape(
        [(_CENTRE - 44, top - 14), (_CENTRE + 44, top - 14), (_CENTRE + shoulder, top + 20), (_CENTRE + shoulder + 24, HEIGHT),
         (_CENTRE - shoulder - 24, HEIGHT), (_CENTRE - shoulder, top + 20)],
        cloth,
    )  # fmt: skip
    for side in (-1, 1):
        pen.oval(_CENTRE + side * (shoulder - 8), top + 48, 32, 32, cloth)
    neck = face.half_width * 0.52
    shadow = _shade(face.skin, 0.86)
    pen.shape(
        [
            (_CENTRE - neck, face.chin - 40),
            (_CENTRE + neck, face.chin - 40),
            (_CENTRE + neck + 6, top),
            (_CENTRE - neck - 6, top),
        ],
        shadow,
    )
    _draw_collar(pen, rng, neck, top, cloth)


def _draw_collar(pen: _Pen, rng: random.Random, neck: float, top: float, cloth: Colour) -> None:
    kind = rng.randrange(4)
    white: Colour = (240, 240, 242)
    if kind == 0:
        pen.sector(_CENTRE, top - 4, (neck + 10, 26), (0, 180), _shade(cloth, 0.8))
    elif kind == 1:
        for side in (-1, 1):
            pen.shape(
                [
                    (_CENTRE + side * (neck + 8), top - 16),
                    (_CENTRE, top + 34),
                    (_CENTRE + side * (neck + 14), top + 26),
                ],
                white,
            )
        pen.shape(
            [(_CENTRE - 7, top + 28), (_CENTRE + 7, top + 28), (_CENTRE + 11, HEIGHT), (_CENTRE - 11, HEIGHT)],
            _shade(cloth, 1.7),
        )
    elif kind == 2:
        pen.shape(
            [
                (_CENTRE - neck - 12, top - 22),
                (_CENTRE + neck + 12, top - 22),
                (_CENTRE + neck + 18, top + 16),
                (_CENTRE - neck - 18, top + 16),
            ],
            _shade(cloth, 1.2),
        )
    else:
        for side in (-1, 1):
            pen.line([(_CENTRE + side * (neck + 10), top - 10), (_CENTRE + side * 6, HEIGHT)], _shade(cloth, 0.65), 5)


def _draw_head(pen: _Pen, face: _Face) -> None:
    half, chin = face.half_width, face.chin
    for side in (-1, 1):
        pen.oval(_CENTRE + side * half, _EYES_Y + 12, face.ear * 0.62, face.ear + 7, face.skin)
        pen.oval(_CENTRE + side * half, _EYES_Y + 12, face.ear * 0.3, face.ear, _shade(face.skin, 0.88))
    pen.oval(_CENTRE, 190, half, 86, face.skin)
    # The lower face: from the cheeks to the corners of the jaw to the chin.
    jaw_y = chin - 26
    points = [
        (_CENTRE - half, 192),
        (_CENTRE + half, 192),
        (_CENTRE + half * 0.95, 240),
        (_CENTRE + half * face.jaw, jaw_y),
    ]
    points += [(_CENTRE + half * face.jaw * 0.5, chin - 3), (_CENTRE, chin)]
    mirrored = [(2 * _CENTRE - x, y) for x, y in reversed(points[2:5])]
    pen.shape(points + mirrored, face.skin)
    pen.oval(_CENTRE, chin - 34, half * face.jaw, 34, face.skin)
    for side in (-1, 1):
        pen.oval(_CENTRE + side * half * 0.55, 248, 15, 10, _blend(face.skin, (226, 120, 110), 0.16))


def _blend(base: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(base, other, strict=True))
    return red, green, blue


def _draw_features(pen: _Pen, face: _Face) -> None:
    line = _shade(face.skin, 0.66)
    brow = face.hair if face.age < 60 else _blend(face.hair, (120, 116, 112), 0.4)
    for side in (-1, 1):
        _draw_eye(pen, face, _CENTRE + side * face.eye_gap)
        x, y = _CENTRE + side * face.eye_gap, _EYES_Y - face.brow_height
        inner, outer = x - side * face.eye_width * 1.1, x + side * face.eye_width * 1.25
        pen.line([(inner, y + face.brow_tilt), (x, y - 3), (outer, y + 3)], brow, face.brow_weight)
    tip = _EYES_Y + face.nose_length
    pen.line([(_CENTRE - 5, _EYES_Y + 12), (_CENTRE - 4, tip - 10)], _shade(face.skin, 0.87), 2.5)
    pen.arc(_CENTRE, tip - 4, (face.nose_width, 9), (25, 155), line, 2.2)
    for side in (-1, 1):
        pen.oval(_CENTRE + side * face.nose_width * 0.5, tip + 2, 2.8, 1.8, _shade(line, 0.75))
    mouth = tip + (face.chin - tip) * 0.42
    pen.sector(_CENTRE, mouth - face.smile, (face.mouth_width, face.lip_weight), (180, 360), face.lips)
    pen.sector(
        _CENTRE,
        mouth - face.smile,
        (face.mouth_width, face.lip_weight * 1.2 + max(face.smile, 0)),
        (0, 180),
        _shade(face.lips, 1.08),
    )
    pen.line(
        [
            (_CENTRE - face.mouth_width, mouth - face.smile),
            (_CENTRE, mouth),
            (_CENTRE + face.mouth_width, mouth - face.smile),
        ],
        _shade(face.lips, 0.6),
        1.8,
    )


def _draw_eye(pen: _Pen, face: _Face, x: float) -> None:
    width, opened = face.eye_width, face.eye_open
    pen.oval(x, _EYES_Y, width, opened, (248, 247, 244))
    pen.oval(x, _EYES_Y, opened + 1.5, opened + 0.8, (58, 38, 28))
    pen.oval(x, _EYES_Y, opened * 0.5, opened * 0.5, (14, 10, 10))
    pen.oval(x - 2.2, _EYES_Y - 2.4, 1.4, 1.4, (255, 255, 255))
    pen.arc(x, _EYES_Y + 0.5, (width + 0.5, opened + 1.5), (190, 350), (30, 22, 20), 2.8)
    pen.arc(x, _EYES_Y - 4, (width + 2, opened + 2), (200, 340), _shade(face.skin, 0.72), 1.4)


def _draw_front_hair(pen: _Pen, face: _Face, rng: random.Random) -> None:
    half, hair = face.half_width, face.hair
    cap = (half + 5, 84.0)
    if face.style == "bald":
        for side in (-1, 1):
            pen.oval(_CENTRE + side * half, 196, 8, 24, hair)
        return
    if face.style == "receding":
        for side in (-1, 1):
            pen.shape(
                [
                    (_CENTRE + side * (half + 6), 212),
                    (_CENTRE + side * (half + 4), 146),
                    (_CENTRE + side * half * 0.62, 112),
                    (_CENTRE + side * half * 0.78, 176),
                ],
                hair,
            )
        pen.sector(_CENTRE, 178, (half + 1, 77), (215, 325), hair)
        return
    low = {"crop": 205.0, "swept_up": 208.0, "bun": 202.0, "ponytail": 202.0}.get(face.style, 197.0)
    pen.sector(_CENTRE, 182, cap, (low, 540 - low), hair)
    for side in (-1, 1):
        length = {"bob": 284, "long_straight": 330, "crop": 196, "bun": 206}.get(face.style, 216)
        pen.shape(
            [
                (_CENTRE + side * (half + 6), 160),
                (_CENTRE + side * (half - 9), 150),
                (_CENTRE + side * (half - 4), 196),
                (_CENTRE + side * (half + 7), length),
            ],
            hair,
        )
    _draw_fringe(pen, face, rng)


def _draw_fringe(pen: _Pen, face: _Face, rng: random.Random) -> None:
    half, hair = face.half_width, face.hair
    if face.style in ("fringe", "bob"):
        for step in range(9):
            x = _CENTRE - half * 0.86 + step * half * 1.72 / 8
            pen.shape([(x - 14, 140), (x + 14, 140), (x + rng.uniform(-6, 6), 178 + rng.uniform(-4, 4))], hair)
    elif face.style in ("side_parting", "long_straight"):
        side = rng.choice((-1, 1))
        pen.shape(
            [
                (_CENTRE + side * half, 182),
                (_CENTRE + side * (half + 3), 136),
                (_CENTRE - side * half * 0.3, 112),
                (_CENTRE - side * half * 0.4, 142),
            ],
            hair,
        )
        pen.line([(_CENTRE - side * half * 0.36, 104), (_CENTRE - side * half * 0.4, 146)], _shade(face.skin, 0.9), 2)
    elif face.style == "swept_up":
        for step in range(7):
            x = _CENTRE - half * 0.8 + step * half * 1.6 / 6
            pen.shape([(x - 17, 128), (x + 17, 128), (x + rng.uniform(-2, 14), 78 + abs(step - 3) * 5)], hair)
    elif face.style == "curls":
        for step in range(10):
            pen.oval(_CENTRE - half * 0.9 + step * half * 0.2, 132 + rng.uniform(-8, 8), 17, 16, hair)


def _draw_extras(pen: _Pen, face: _Face, rng: random.Random, sex: int) -> None:
    line = _shade(face.skin, 0.8)
    if face.age >= 50 and face.style not in ("fringe", "bob", "curls"):
        for step in range(2 + (face.age >= 65)):
            pen.arc(_CENTRE, 172 - step * 11, (face.half_width * 0.5, 8), (205, 335), line, 1.4)
    if face.age >= 40:
        for side in (-1, 1):
            pen.arc(
                _CENTRE + side * face.mouth_width * 1.1, 262, (9, 20), (100, 170) if side < 0 else (10, 80), line, 2
            )
    if rng.random() < 0.3:
        _draw_glasses(pen, face, rng)
    if sex != 2 and face.age >= 22 and rng.random() < 0.16:
        y = _EYES_Y + face.nose_length + 9
        pen.shape(
            [(_CENTRE - face.mouth_width, y + 8), (_CENTRE, y), (_CENTRE + face.mouth_width, y + 8), (_CENTRE, y + 6)],
            face.hair,
        )
    if rng.random() < 0.15:
        pen.oval(_CENTRE + rng.choice((-1, 1)) * rng.uniform(28, 52), rng.uniform(236, 276), 3.2, 3.2, (74, 44, 34))


def _draw_glasses(pen: _Pen, face: _Face, rng: random.Random) -> None:
    frame = rng.choice(((20, 20, 22), (92, 62, 40), (110, 112, 118), (60, 20, 24)))
    weight = rng.uniform(2, 4.5)
    size = (face.eye_width + 8, rng.uniform(14, 20))
    for side in (-1, 1):
        x = _CENTRE + side * face.eye_gap
        pen.arc(x, _EYES_Y + 2, size, (0, 360), frame, weight)
        pen.line([(x + side * size[0], _EYES_Y), (_CENTRE + side * face.half_width, _EYES_Y - 3)], frame, weight)
    pen.line([(_CENTRE - face.eye_gap + size[0], _EYES_Y), (_CENTRE + face.eye_gap - size[0], _EYES_Y)], frame, weight)
