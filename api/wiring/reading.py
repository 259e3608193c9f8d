"""What a reader's commands take in: pictures, root files, and the bundle it holds as it was at another time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from api.wiring.verifier import ReaderHome, load_evidence_bundle, read_bundle_file
from core.errors import MalformedInput, Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle.envelope import Bundle
from verifier.gateways.qr_reader import read_qr_picture

_ROOT_MAX_BYTES: Final = 64 * 1024


def read_picture(path: Path) -> str:
    """Return the text of the one QR code in a picture; see ``verifier.gateways.qr_reader``."""
    return read_qr_picture(path)


def read_root_file(path: Path) -> bytes:
    """Return the bytes of a PEM file; MalformedInput(FILE_UNREADABLE) for one that is missing or far too large."""
    try:
        with path.open("rb") as file:
            data = file.read(_ROOT_MAX_BYTES + 1)
    except OSError as err:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if len(data) > _ROOT_MAX_BYTES:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name} is too large for a root certificate")
    return data


def held_bundle_as_of(home: ReaderHome, *, now: int) -> Bundle:
    """Return the bundle a reader holds, verified as of an instant, leaving no trace; Misconfigured(BUNDLE_MISSING)."""
    try:
        data = read_bundle_file(home.bundle_path)
    except NotFound as err:
        raise Misconfigured(Reason.BUNDLE_MISSING, "no bundle was loaded here; run: eid bundle update FILE") from err
    return load_evidence_bundle(data, anchor=home.anchor(), now=now)
