"""QR pictures: the only user of ``qrcode``."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image
from qrcode import constants, util
from qrcode.main import QRCode

from core.errors import Refused
from core.reasons import Reason

MAX_VERSION: Final = 27
QUIET_ZONE: Final = 4
_LARGEST_VERSION: Final = 40
_LEVELS: Final = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}
_ALPHANUMERIC: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
# Any mask is allowed; looking for the prettiest one costs more than all the rest, and base45 text is random enough.
_MASK: Final = 0
# Upper and lower half of a character cell: dark-dark, dark-light, light-dark, light-light, drawn light on dark.
_CELLS: Final = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}


def draw_png(
    text: str, *, error_correction: str = "L", scale: int = 6, border: int = QUIET_ZONE, max_version: int = MAX_VERSION
) -> bytes:
    """Return a one-bit PNG of the QR code of a text.

    text:             alphanumeric (``EID1:``, ``EIDC1:``) is written in alphanumeric mode, anything else as UTF-8 bytes.
    error_correction: L, M, Q or H. scale: pixels per module. border: quiet zone in modules.
    Raises Refused(QR_TOO_LONG) when the code would need a larger version than ``max_version``.
    Source: ISO/IEC 18004.
    """
    rows = _draw(text, error_correction, max_version)
    size = len(rows) + 2 * border
    side = f"{'0' * border}"
    blank = "0" * size
    lines = [blank] * border + [side + "".join("1" if dark else "0" for dark in row) + side for row in rows]
    lines += [blank] * border
    padding = "0" * (-size % 8)
    packed = b"".join(int(line + padding, 2).to_bytes((size + 7) // 8, "big") for line in lines)
    # "1;I": a set bit is black.
    picture = Image.frombytes("1", (size, size), packed, "raw", "1;I")
    if scale > 1:
        picture = picture.resize((size * scale, size * scale), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def draw_terminal(text: str, *, error_correction: str = "L", max_version: int = MAX_VERSION) -> str:
    """Return the QR code as lines of half blocks, light on a dark terminal, quiet zone of four modules included.

    Raises Refused(QR_TOO_LONG) like ``draw_png``.
    """
    rows = _draw(text, error_correction, max_version)
    size = len(rows) + 2 * QUIET_ZONE
    blank = [False] * size
    side = [False] * QUIET_ZONE
    lines = [blank] * QUIET_ZONE + [side + row + side for row in rows] + [blank] * (QUIET_ZONE + 1)
    pairs = zip(lines[0:size:2], lines[1 : size + 1 : 2], strict=True)
    return "\n".join("".join(_CELLS[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs)


def version_of(text: str, *, error_correction: str = "L") -> int:
    """Return the version (1 .. 40) the QR code of a text needs; Refused(QR_TOO_LONG) when none is large enough.

    >>> version_of("EID1:" + "A" * 970), version_of("EID1:" + "A" * 2095)
    (18, 27)
    """
    octets, mode = _content(text)
    count = len(octets)
    body = 11 * (count // 2) + 6 * (count % 2) if mode == util.MODE_ALPHA_NUM else 8 * count
    limits = util.BIT_LIMIT_TABLE[_LEVELS[error_correction]]
    for version in range(1, _LARGEST_VERSION + 1):
        if 4 + util.length_in_bits(mode, version) + body <= limits[version]:
            return version
    raise _too_long()


def _draw(text: str, error_correction: str, max_version: int) -> list[list[bool]]:
    version = version_of(text, error_correction=error_correction)
    if version > max_version:
        raise _too_long()
    octets, mode = _content(text)
    code: QRCode[Image.Image] = QRCode(
        version=version, error_correction=_LEVELS[error_correction], border=0, mask_pattern=_MASK
    )
    code.add_data(util.QRData(octets, mode=mode, check_data=False))
    code.make(fit=False)
    rows: list[list[bool]] = code.get_matrix()
    return rows


def _content(text: str) -> tuple[bytes, int]:
    if _ALPHANUMERIC.issuperset(text):
        return text.encode("ascii"), util.MODE_ALPHA_NUM
    return text.encode("utf-8"), util.MODE_8BIT_BYTE


def _too_long() -> Refused:
    return Refused(Reason.QR_TOO_LONG, "the text does not fit a QR code of the allowed size")
