"""Makes the vectors of bundle deltas: ``python -m tests.vectors.make_delta`` writes them, a test checks that nothing moved."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.builders import qr
from tests.builders.deltas import a_delta, bent, payload, today, yesterday

FOLDER = Path(__file__).resolve().parent
VECTORS = FOLDER / "bundle-delta.json"
HASH = FOLDER / "bundle-delta.json.sha256"


def ends() -> tuple[bytes, bytes]:
    """Return the bundle a reader holds and the one the delta leads to."""
    parts = qr.bundle_parts(snapshots=(qr.signed_snapshot(yesterday()),))
    same = {"trust": parts.trust, "policies": parts.policies, "licence": parts.licence}
    newer = qr.bundle_parts(**same, snapshots=(qr.signed_snapshot(today()),), number=22, issued_at=qr.NOW - 600)
    return parts.packed(), newer.packed()


def document() -> dict[str, Any]:
    """Return all vectors as one JSON document."""
    base, result = ends()
    return {
        "about": "Vectors of docs/qr-profile.md, bundle delta. The keys are for tests only.",
        "now": qr.NOW,
        "list_signer_point": qr.signer("list signer").point.hex(),
        "base": base.hex(),
        "delta": a_delta(base, result).hex(),
        "result": result.hex(),
        "invalid": [
            {"id": name, "delta": data.hex(), "reason": reason}
            for name, (data, reason) in _invalid(base, result).items()
        ],
    }


def _invalid(base: bytes, result: bytes) -> dict[str, tuple[bytes, str]]:
    good = payload(base, result)
    row: Any = good[5]
    beyond = [*row[0][:6], [[[2, 0, 0, b"", b"", 0]], [], {}], *row[0][7:]]
    return {
        "delta_of_another_bundle": (bent({**good, 10: bytes(32)}), "bundle_base_other"),
        "delta_to_nothing_newer": (bent({**good, 1: 21}), "bundle_older"),
        "delta_with_another_result": (bent({**good, 11: bytes(32)}), "bundle_invalid"),
        "delta_without_its_status": (bent({**good, 5: [0]}), "bundle_invalid"),
        "delta_of_a_list_that_is_not_there": (bent({**good, 5: [beyond]}), "bundle_invalid"),
        "delta_by_a_document_signer": (bent(good, by=qr.signer("document signer")), "bundle_invalid"),
        "delta_flipped": (a_delta(base, result)[:-1] + b"\0", "bundle_invalid"),
    }


def spelled() -> bytes:
    """Return the file as it is written."""
    return (json.dumps(document(), ensure_ascii=False, indent=1) + "\n").encode()


def main() -> None:
    """Write the vectors and their hash."""
    data = spelled()
    VECTORS.write_bytes(data)
    HASH.write_text(f"{hashlib.sha256(data).hexdigest()}  {VECTORS.name}\n", encoding="ascii")


if __name__ == "__main__":
    main()
