"""The child of qr_reader: opens one picture under resource limits and prints the texts of its QR codes as JSON."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 15
MAX_PIXELS = 40_000_000
UNREADABLE = 3


def main(path: Path) -> int:
    """Print a JSON list of the decoded texts; return 3 where the file is not a picture."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Only now: what these libraries load is under the limits too.
    import zxingcpp  # noqa: PLC0415
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            grey = picture.convert("L")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
    ):
        return UNREADABLE
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    sys.stdout.write(json.dumps([code.text for code in found if code.valid]))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
