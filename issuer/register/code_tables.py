"""Reading the code tables kept beside the rules, each once and only when first needed."""

from __future__ import annotations

import csv
from importlib import resources


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one table, keyed by its header.

    name: file name without ``.csv``; what each holds and where it comes from: ``tables/ORIGIN.md``.
    """
    text = (resources.files("issuer.register.tables") / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
