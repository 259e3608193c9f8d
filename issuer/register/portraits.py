"""Portraits: where a register may point, what a picture must be, and the two small pictures made of it."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from PIL import Image, ImageFilter, ImageOps

from issuer.register.findings import Finding, FindingCode, found

SOURCE_SIZE_MAX = 2 * 2**20
SOURCE_SIDE_MIN = 102
"""Pixels: the portrait in the chip of the card is 102 by 126 (GA/T 490)."""
SOURCE_SIDE_MAX = 2048

QR_PIXELS = (64, 80)
QR_SIZE_MAX = 540
"""The profile allows 600 bytes; with 60 less, name, number and portrait stay within QR version 27-L."""
ONLINE_PIXELS = (240, 296)
ONLINE_QUALITY = 60

_QUALITIES = range(1, 96)
_BLURS = (0.0, 0.7)
"""Radii in pixels, tried in turn: a noisy picture is softened once; what is too large even then is no face."""

_MAGIC: Final = (
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "WEBP"),
)
_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, OverflowError, struct.error)
"""What Pillow raises for damaged files, over all its readers."""


@dataclass(frozen=True, slots=True)
class PreparedPortrait:
    """One portrait, ready to be stored and issued.

    source: the picture as received.
    qr:     WebP, 64 x 80, one lossy ``VP8`` chunk and nothing else, at most ``QR_SIZE_MAX`` bytes.
    online: WebP, 240 x 296.
    """

    source: bytes
    qr: bytes
    online: bytes


def locate_portrait(folder: Path, name: str) -> Path | Finding:
    """Return the file a register names, or what is wrong with the name.

    folder: the resolved folder of the register file; neither the path nor a symbolic link on it may leave it.
    """
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or any(char in name for char in "\\:") or not name.isprintable():
        return found(FindingCode.PORTRAIT_PATH_REFUSED)
    try:
        path = (folder / name).resolve(strict=True)
        if not path.is_relative_to(folder):
            return found(FindingCode.PORTRAIT_PATH_REFUSED)
        return path if path.is_file() else found(FindingCode.PORTRAIT_MISSING)
    except (OSError, RuntimeError):
        # RuntimeError is what older Pythons say of a loop of links.
        return found(FindingCode.PORTRAIT_MISSING)


def load_portrait(path: Path, *, qr_size_max: int = QR_SIZE_MAX) -> PreparedPortrait | Finding:
    """Read, check and prepare one portrait file as ``prepare_portrait`` does; never reads more than the limit."""
    try:
        with path.open("rb") as file:
            content = file.read(SOURCE_SIZE_MAX + 1)
    except OSError:
        return found(FindingCode.PORTRAIT_MISSING)
    return prepare_portrait(content, qr_size_max=qr_size_max)


def prepare_portrait(content: bytes, *, qr_size_max: int = QR_SIZE_MAX) -> PreparedPortrait | Finding:
    """Return the small pictures of a portrait, or what keeps it from being one.

    A portrait is one still JPEG, PNG or WebP picture of at most 2 MB, 102 to 2048 pixels each way. It is turned as its
    Exif says, put on white, and cut to the shape of the small pictures around its middle; no metadata is kept.
    qr_size_max: what the QR portrait should have at most, in bytes; a face that does not fit gets up to ``QR_SIZE_MAX``.
    Source: GA/T 490; the sizes are those of the QR and online portraits.
    """
    if len(content) > SOURCE_SIZE_MAX:
        return found(FindingCode.PORTRAIT_TOO_LARGE)
    picture = _decode(content)
    if isinstance(picture, Finding):
        return picture
    small = _shrink(picture, QR_PIXELS)
    qr = _encode_for_qr(small, qr_size_max) or _encode_for_qr(small, QR_SIZE_MAX)
    if qr is None:
        return found(FindingCode.PORTRAIT_TOO_DETAILED)
    return PreparedPortrait(source=content, qr=qr, online=_webp(_shrink(picture, ONLINE_PIXELS), ONLINE_QUALITY))


def is_plain_vp8(content: bytes) -> bool:
    """True for a WebP file that is exactly one lossy ``VP8`` chunk: no VP8X, ALPH, ANIM, EXIF or ICCP."""
    if len(content) < 20 or content[:4] != b"RIFF" or content[8:16] != b"WEBPVP8 ":
        return False
    riff_size, chunk_size = struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, 16)[0]
    return bool(riff_size == len(content) - 8 and chunk_size + chunk_size % 2 == len(content) - 20)


def _decode(content: bytes) -> Image.Image | Finding:
    kind = next((name for magic, name in _MAGIC if magic.match(content)), None)
    if kind is None:
        return found(FindingCode.PORTRAIT_FORMAT)
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            finding = _judge(picture)
            return finding or _flatten(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return found(FindingCode.PORTRAIT_DIMENSIONS)
    except _DAMAGED:
        return found(FindingCode.PORTRAIT_UNREADABLE)


def _judge(picture: Image.Image) -> Finding | None:
    # Size and frames are in the header: a picture that is refused for them is never decoded.
    if getattr(picture, "n_frames", 1) != 1:
        return found(FindingCode.PORTRAIT_ANIMATED)
    if not all(SOURCE_SIDE_MIN <= side <= SOURCE_SIDE_MAX for side in picture.size):
        return found(FindingCode.PORTRAIT_DIMENSIONS, detail=f"{picture.width} x {picture.height} pixels")
    return None


def _flatten(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    plain = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        plain.paste(layer, mask=layer)
    else:
        plain.paste(upright.convert("RGB"))
    return plain


def _shrink(picture: Image.Image, pixels: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(picture, pixels, Image.Resampling.LANCZOS)


def _encode_for_qr(picture: Image.Image, size_max: int) -> bytes | None:
    for radius in _BLURS:
        soft = picture.filter(ImageFilter.GaussianBlur(radius)) if radius else picture
        if content := _best_within(soft, size_max):
            return content
    return None


def _best_within(picture: Image.Image, size_max: int) -> bytes | None:
    """The highest quality that fits, by bisection: size grows with quality, near enough."""
    best, low, high = None, _QUALITIES.start, _QUALITIES.stop
    while low < high:
        quality = (low + high) // 2
        content = _webp(picture, quality)
        if len(content) <= size_max:
            best, low = content, quality + 1
        else:
            high = quality
    return best


def _webp(picture: Image.Image, quality: int) -> bytes:
    # A picture without metadata or alpha becomes a bare VP8 chunk.
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()
