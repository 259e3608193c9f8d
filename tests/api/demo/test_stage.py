from __future__ import annotations

from pathlib import Path

import pytest

from api.demo.stage import BUREAU, Said, Stage, Step
from api.demo.story import flip_a_bit
from core.errors import Unavailable
from core.reasons import Reason
from formats import qr_token
from tests.builders import qr


def said(**facts: object) -> Said:
    return Said(0, facts, "nothing", 1)


def test_facts_are_read_as_what_they_must_be() -> None:
    answer = said(name="x", count=3, rows=[{"a": 1}, "no row"])
    assert (answer.text("name"), answer.number("count"), answer.rows("rows")) == ("x", 3, [{"a": 1}])


def test_a_fact_of_another_kind_ends_the_demonstration() -> None:
    answer = said(name=1, count="3")
    for asked in (lambda: answer.text("name"), lambda: answer.number("count"), lambda: answer.rows("none")):
        with pytest.raises(Unavailable) as caught:
            asked()
        assert caught.value.reason is Reason.DEMO_FAILED


def test_a_command_that_fails_ends_the_demonstration(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda _line: None)
    stage.clear()
    with pytest.raises(Unavailable) as caught:
        stage.eid(BUREAU, "records", "list")
    assert caught.value.reason is Reason.DEMO_FAILED


def test_a_server_that_does_not_start_ends_the_demonstration(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda _line: None, public_url="http://127.0.0.1:0")
    stage.clear()
    with pytest.raises(Unavailable) as caught, stage.serving():
        raise AssertionError("nothing serves here")
    assert caught.value.reason is Reason.DEMO_FAILED


def test_each_step_is_said_with_how_it_ended(tmp_path: Path) -> None:
    lines: list[str] = []
    stage = Stage(tmp_path, lines.append)
    stage.add(Step("甲", "one", "GREEN", "GREEN", 5))
    stage.add(Step("乙", "two", "GREEN", "RED", 6, reason="code_expired"))
    assert [step.as_expected for step in stage.steps] == [True, False]
    assert lines == ["✓ 甲 · one: GREEN (5 ms)", "✗ 乙 · two: RED code_expired (6 ms)"]


def test_what_an_earlier_run_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    for name in ("homes/bureau/eid.db", "old.png", "old.eid", "passphrase.txt", "mine.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="ascii")
    Stage(tmp_path, lambda _line: None).clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["homes", "mine.pdf"]
    assert list((tmp_path / "homes").iterdir()) == []


def test_the_forged_code_differs_in_one_bit() -> None:
    code = qr.show_one_way(qr.issue())
    good, forged = qr_token.decode(code), qr_token.decode(flip_a_bit(code))
    changed = int.from_bytes(good, "big") ^ int.from_bytes(forged, "big")
    assert changed.bit_count() == 1
