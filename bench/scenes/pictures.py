"""Drawing a QR code of 1,400 bytes as PNG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench import peers
from bench.measuring import Base, Figure, Target, milliseconds, ratio, repeated
from bench.proving import prove
from formats import qr_token
from formats.qr_picture import draw_png, version_of

_BYTES: Final = 1_400
_SCALE: Final = 6


def drawing() -> list[Figure]:
    """Give the two figures of drawing: the time itself, and beside zxing-cpp; the picture is read back first."""
    text = qr_token.encode(bytes(range(256)) * 5 + bytes(_BYTES - 5 * 256))

    def draw() -> bytes:
        return draw_png(text, scale=_SCALE)

    prove_readable(draw, text)
    measures = f"qr_picture.draw_png, {_BYTES} bytes as base45, version {version_of(text)}, {_SCALE} pixels a module"
    sample = repeated(2, draw)
    figures = [
        Figure("qr-png", measures, sample, milliseconds, Target("ms", goal=40)),
    ]
    peer = peers.zxing_png(text, scale=_SCALE)
    if peer is not None:
        base = Base("zxing-cpp + Pillow", repeated(4, peer))
        figures.append(Figure("qr-png-ratio", measures, sample, ratio, Target("x", goal=4.3, floor=5), base))
    return figures


def prove_readable(draw: Callable[[], bytes], text: str) -> None:
    """Demand that another library reads the picture as the same text."""
    read = peers.zxing_read(draw())
    prove(read is None or read == text, "zxing-cpp reads another text from the picture")
