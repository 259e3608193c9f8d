"""The one-page report of a demonstration: a picture a step, in Chinese and English, in one HTML file beside the PNGs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import jinja2

from api.demo.stage import Step

REPORT: Final = "report.html"


def write_report(folder: Path, steps: list[Step], *, made_at: str) -> Path:
    """Write the report and return its path. Texts are escaped; pictures are named, not embedded."""
    template = files("api.demo").joinpath("report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(template).render(
        steps=[(number, step) for number, step in enumerate(steps, start=1)],
        made_at=made_at,
        failed=sum(not step.as_expected for step in steps),
    )
    path = folder / REPORT
    path.write_text(page, encoding="utf-8")
    return path
