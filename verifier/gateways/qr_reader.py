"""Reads QR codes from a picture in a child process of its own: a picture that breaks the decoder breaks only the child."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from core.errors import MalformedInput, Refused
from core.reasons import Reason

MAX_PICTURE_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 20


def read_qr_picture(path: Path) -> str:
    """Return the text of the one QR code in a picture file.

    path: a PNG, JPEG or WebP file of at most 16 MiB and 40 megapixels.
    Raises MalformedInput PICTURE_UNREADABLE for a file that is no picture, NO_CODE_IN_PICTURE where none is found;
    Refused SEVERAL_CODES where the picture holds two different codes: neither is judged.
    Source: qr-trust-bundle 5 (two different codes in one picture judge neither).
    """
    try:
        size = path.stat().st_size
    except OSError as err:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if size > MAX_PICTURE_BYTES:
        raise MalformedInput(Reason.PICTURE_UNREADABLE, "the picture is larger than 16 MiB")
    texts = _decode_in_child(path)
    if not texts:
        raise MalformedInput(Reason.NO_CODE_IN_PICTURE, "no QR code was found in the picture")
    if len(texts) > 1:
        raise Refused(Reason.SEVERAL_CODES, "the picture holds different QR codes")
    return texts[0]


def _decode_in_child(path: Path) -> list[str]:
    command = [sys.executable, "-m", "verifier.gateways.qr_reader_child", str(path.resolve())]
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS, check=False, cwd=root)
    except subprocess.TimeoutExpired as err:
        raise MalformedInput(Reason.PICTURE_UNREADABLE, "the picture took too long to read") from err
    if done.returncode != 0:
        raise MalformedInput(Reason.PICTURE_UNREADABLE, "the file is not a picture that can be read")
    texts = json.loads(done.stdout)
    return list(dict.fromkeys(str(text) for text in texts))
