"""All figures, in the order of the table, and the scene each comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeAlias

from bench.measuring import Constant, Figure
from bench.scenes import mdoc, pictures, qr_code, register, sd_jwt_vc, status_lists

Line: TypeAlias = Figure | Constant
Scene: TypeAlias = Callable[[Path, ExitStack], Sequence[Line]]
Scenes: TypeAlias = Sequence[tuple[tuple[str, ...], Scene]]
"""The names of the figures a scene gives, and the scene."""


def _issuance_over_http(folder: Path, closing: ExitStack) -> Sequence[Line]:
    # Loads the whole web application, which the other figures do without.
    from bench.scenes import issuance_over_http

    return issuance_over_http.issuing(folder, closing)


SCENES: Final[Scenes] = (
    (("qr-offline-name", "qr-offline-portrait"), lambda *_: qr_code.offline_verdicts()),
    (("sd-jwt-vc-verify", "sd-jwt-vc-first-sight"), lambda *_: sd_jwt_vc.verifying()),
    (("sd-jwt-vc-issue",), lambda *_: sd_jwt_vc.issuing()),
    (("mdoc-verify",), lambda *_: mdoc.verifying()),
    (("mdoc-issue",), lambda *_: mdoc.issuing()),
    (("sd-cwt-verify",), lambda *_: qr_code.verifying()),
    (("sd-cwt-issue",), lambda *_: qr_code.issuing()),
    (("qr-png", "qr-png-ratio"), lambda *_: pictures.drawing()),
    (("rows-validated",), lambda *_: register.checking()),
    (("rows-loaded", "import-10000"), lambda folder, _: register.importing(folder)),
    (("status-list", "status-list-cwt"), lambda *_: status_lists.publishing()),
    (
        ("snapshot-size", "snapshot-classes", "snapshot-load", "snapshot-look-up"),
        lambda *_: status_lists.snapshots(),
    ),
    (("delta-size", "delta-apply"), lambda *_: status_lists.deltas()),
    (("copies-10m-size", "copies-10m-load"), lambda *_: status_lists.copies("copies-10m", 10_000_000)),
    (("copies-150m-size", "copies-150m-load"), lambda *_: status_lists.copies("copies-150m", 150_000_000)),
    (("issuance-http",), _issuance_over_http),
)


def build(scenes: Scenes, folder: Path, closing: ExitStack, *, only: str = "") -> list[Line]:
    """Return the figures whose name contains ``only``; building a scene proves it. Raises ProofFailed.

    folder:  an empty one, for databases and files.
    closing: where a scene leaves what must be stopped at the end.
    """
    found: list[Line] = []
    for names, scene in scenes:
        if any(only in name for name in names):
            found += [line for line in scene(folder, closing) if only in line.name]
    return found
