"""Official test vectors, read in place: ``EID_VECTORS`` names their folder, by default ``../shared/vectors``."""

from __future__ import annotations

import json
import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from tests.support import not_exercised

ROOT = Path(__file__).resolve().parents[2]


class VectorsUnusable(Exception):
    """The vectors are there but not what the test was written for."""


def vectors_root() -> Path:
    """Return the folder of the official vectors; a test without one is listed as not exercised.

    Raises VectorsUnusable when the folder is there and empty: that is never a reason to pass.
    """
    root = Path(os.environ.get("EID_VECTORS") or ROOT.parent / "shared" / "vectors")
    if not root.is_dir():
        not_exercised.leave_out(
            "official test vectors",
            why="their folder is not on this machine.",
            remedy="EID_VECTORS=/path/to/vectors make test",
            always_allowed=True,
        )
    return filled(root)


def filled(folder: Path) -> Path:
    """Return ``folder`` if it holds anything; raises VectorsUnusable if it is missing or empty."""
    if not folder.is_dir():
        raise VectorsUnusable(f"no folder of vectors: {folder.name}")
    if not any(folder.iterdir()):
        raise VectorsUnusable(f"empty folder of vectors: {folder.name}")
    return folder


def files(folder: str, pattern: str) -> list[Path]:
    """Return the files of one folder that match ``pattern``, sorted; raises VectorsUnusable if none does."""
    found = sorted(filled(vectors_root() / folder).glob(pattern))
    if not found:
        raise VectorsUnusable(f"no {pattern} in {folder}")
    return found


def load_json(folder: str, name: str, *, fields: AbstractSet[str] | None) -> Any:
    """Return the JSON of one vector file.

    fields: the names the test knows, for the object itself or for each object of a list; None reads any. A name
            that is not among them raises VectorsUnusable: an unknown field is a case the test does not cover.
    """
    path = filled(vectors_root() / folder) / name
    if not path.is_file():
        raise VectorsUnusable(f"no vector file {folder}/{name}")
    content = json.loads(path.read_text(encoding="utf-8"))
    if content in ({}, []):
        raise VectorsUnusable(f"nothing in {folder}/{name}")
    if fields is not None:
        refuse_unknown_fields(content, fields, where=f"{folder}/{name}")
    return content


def refuse_unknown_fields(content: object, fields: AbstractSet[str], *, where: str) -> None:
    """Raise VectorsUnusable if an object, or an object in a list, has a field that is not in ``fields``."""
    for row in content if isinstance(content, list) else [content]:
        unknown = set(row) - set(fields) if isinstance(row, dict) else set()
        if unknown:
            raise VectorsUnusable(f"unknown fields in {where}: {', '.join(sorted(unknown))}")
