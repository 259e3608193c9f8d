from __future__ import annotations

import re
from pathlib import Path

from api.demo.report import write_report
from api.demo.stage import Step
from formats.qr_picture import draw_png

STEPS = [
    Step("导入", "import the register", "done", "done", 12, remark="+5"),
    Step("离线核验", "checked offline", "GREEN", "GREEN", 34, picture="one.png", qr_version=21, qr_bytes=1024),
    Step("再次出示", "the same code again", "AMBER", "RED code_expired", 5, reason="code_expired"),
]
HOSTILE = "<script>alert(1)</script> & \" '"


def page(folder: Path, steps: list[Step]) -> str:
    return write_report(folder, steps, made_at="2026-11-21T02:00:00Z").read_text(encoding="utf-8")


def test_every_step_is_there_in_both_languages(tmp_path: Path) -> None:
    written = page(tmp_path, STEPS)
    assert all(step.zh in written and step.en in written for step in STEPS)
    assert "2026-11-21T02:00:00Z" in written
    assert "21-L, 1024 B" in written
    assert 'lang="zh-CN"' in written
    assert "SPECIMEN" in written


def test_a_step_that_went_wrong_is_not_shown_in_its_expected_colour(tmp_path: Path) -> None:
    written = page(tmp_path, STEPS)
    assert '<span class="badge wrong">RED code_expired</span>' in written
    assert "1 步与预期不符" in written
    assert "步与预期不符" not in page(tmp_path, STEPS[:2])


def test_texts_are_escaped(tmp_path: Path) -> None:
    wrong = Step(HOSTILE, HOSTILE, "done", HOSTILE, 1, reason=HOSTILE, remark=HOSTILE, picture='x" onerror="y')
    written = page(tmp_path, [wrong])
    assert "<script>" not in written
    assert 'onerror="y' not in written


def test_the_page_asks_for_nothing_but_the_pictures_beside_it(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(draw_png("EID1:A"))
    written = page(tmp_path, STEPS)
    named = set(re.findall(r'(?:src|href)="([^"]*)"', written))
    assert named == {"one.png"}
    assert all((tmp_path / name).is_file() for name in named)
    assert "http" not in written
