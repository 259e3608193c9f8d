from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from core.reasons import Colour
from formats import signature_checks
from formats.dataset import Glyph, Group
from formats.encoding.json import encode
from tests.builders.readers import challenge, judged, policy
from tests.builders.verdicts import NOW, PERSON, Code, answer
from tests.vectors.verdicts import make, run
from tests.vectors.verdicts.run import Vector
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.report import to_json, to_lines

VECTORS = run.load()


def test_the_wire_form_of_a_green_verdict() -> None:
    written = to_json(judged(Code()))
    assert written["verdict"] == "GREEN"
    assert written["reasons"] == []
    assert written["mode"] == "one_way"
    assert written["at"] == "2026-11-20T08:00:00Z"
    assert written["held_by_owner"] is True
    assert written["status_list"] == {"age_seconds": 7200, "number": 40}
    assert written["trust_list"] == {"age_seconds": 3600, "number": 12}
    assert isinstance(written["findings"], list)
    assert len(written["findings"]) == 28


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_every_verdict_is_plain_json_with_the_deciding_reason_first(vector: Vector) -> None:
    verdict = vector.verdict(signature_checks.run)
    written = json.loads(encode(to_json(verdict)))
    assert (written["verdict"], written["reasons"]) == vector.expected
    assert written["zh"]
    assert written["next_en"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_no_red_verdict_carries_personal_data(vector: Vector) -> None:
    verdict = vector.verdict(signature_checks.run)
    if verdict.colour is Colour.RED:
        written = to_json(verdict)
        assert written["person"] is None
        said = json.dumps(written, ensure_ascii=False) + "\n".join(to_lines(verdict))
        assert PERSON.full_name not in said
        assert PERSON.citizen_number not in said


def test_writes_each_field_by_its_name() -> None:
    groups = tuple(group for group in Group if group is not Group.NUMBER_TAIL)
    verdict = judged(answer(groups=groups), expected=challenge(groups=groups))
    person = to_json(verdict)["person"]
    assert isinstance(person, dict)
    assert person["full_name"] == PERSON.full_name
    assert person["birth_date"] == "1990-01-01"
    assert person["citizen_number"] == PERSON.citizen_number
    assert person["age_equal_or_over_18"] is True
    assert person["age_equal_or_over_60"] is False
    assert str(person["portrait"]).startswith("data:image/webp;base64,")
    assert "name_local_script" not in person


def test_writes_a_glyph_beside_its_code_point() -> None:
    rare = replace(PERSON, full_name="示例\U00020bb7", glyphs=(Glyph(0x20BB7, b"\xff" * 72),))
    verdict = judged(Code(person=rare))
    person = to_json(verdict)["person"]
    assert isinstance(person, dict)
    assert person["glyphs"] == [{"code_point": "U+20BB7", "bitmap": b64encode(b"\xff" * 72).decode()}]
    lines = to_lines(verdict)
    place = next(number for number, line in enumerate(lines) if "U+20BB7" in line)
    assert lines[place + 1 : place + 13] == ["█" * 24] * 12


def test_says_held_by_its_owner_only_where_a_portrait_was_shown() -> None:
    with_face = "\n".join(to_lines(judged(Code())))
    without = "\n".join(to_lines(judged(Code(groups=(Group.NAME,)), policy=policy("door"))))
    assert "Held by its owner" in with_face
    assert "Held by its owner" not in without
    assert "由本人持有：" not in without
    assert "No portrait was shown" in without


def test_tells_a_one_way_reader_to_compare_the_face() -> None:
    assert any("compare the face" in line for line in to_lines(judged(Code())) if "One-way" in line)
    assert not any("One-way" in line for line in to_lines(judged(answer(), expected=challenge())))


def test_tells_every_doubt_and_the_seconds_since() -> None:
    class Earlier:
        def first_seen(self, key: bytes, now: int, until: int) -> int | None:
            return NOW - 17

    verdict = judged(Code(groups=(Group.NAME,)), seen=Earlier())
    assert to_json(verdict)["reasons"] == ["seen_here", "field_missing"]
    said = "\n".join(to_lines(verdict))
    assert "Used here 17 seconds ago" in said
    assert "A field this site needs was not shown" in said


def test_the_wire_form_has_exactly_these_members() -> None:
    written = to_json(judged(Code()))
    assert set(written) == {
        "at",
        "bureau",
        "bytes",
        "en",
        "findings",
        "held_by_owner",
        "mode",
        "next_en",
        "next_zh",
        "person",
        "reasons",
        "seen_seconds_ago",
        "status_list",
        "training",
        "trust_list",
        "verdict",
        "zh",
    }
    assert written["training"] is False
    assert written["seen_seconds_ago"] is None
    assert isinstance(written["bytes"], int)


def test_a_finding_and_the_bureau_are_written_by_their_names() -> None:
    verdict = judged(Code())
    bureau = to_json(verdict)["bureau"]
    assert bureau == {"id": verdict.bureau, "zh": verdict.bureau_name_zh, "en": verdict.bureau_name_en}
    passed = verdict.findings[0]
    assert to_json(verdict)["findings"][0] == {  # type: ignore[index]  # JSON
        "check": passed.check.value,
        "outcome": "GREEN",
        "reason": None,
    }
    doubtful = judged(Code(), clock=ReaderClock(NOW, doubtful=True, confirmed=False))
    place, doubt = next((n, finding) for n, finding in enumerate(doubtful.findings) if finding.reason is not None)
    assert doubt.reason is not None
    row = doubt.reason.value
    assert to_json(doubtful)["findings"][place] == {  # type: ignore[index]  # JSON
        "check": doubt.check.value,
        "outcome": doubt.colour.value,
        "reason": doubt.reason.code,
        "detail": doubt.detail,
        "zh": row.zh,
        "en": row.en,
        "next_zh": row.next_zh,
        "next_en": row.next_en,
    }


def test_nothing_is_said_of_a_bureau_and_a_list_that_are_not_known() -> None:
    written = to_json(judged("EID1:"))
    assert written["bureau"] is None
    assert written["status_list"] is None
    assert not [line for line in to_lines(judged("EID1:")) if "Bureau" in line or "Status list" in line]


def test_no_age_is_said_of_a_trust_list_that_is_not_there() -> None:
    alone = judged(Code())._replace(trust_age_seconds=None, trust_number=None)
    assert to_json(alone)["trust_list"] is None
    assert "信任列表 Trust list: 无，仅凭根证书 none, the root certificate alone" in to_lines(alone)


def test_the_lines_name_the_bureau_and_the_age_and_number_of_both_lists() -> None:
    verdict = judged(Code())
    lines = to_lines(verdict)
    assert f"签发机关 Bureau: {verdict.bureau_name_zh} {verdict.bureau_name_en} ({verdict.bureau})" in lines
    assert "状态列表 Status list: 第 40 号 no. 40, 2 小时 0 分钟前 2 h 0 min old" in lines
    assert "信任列表 Trust list: 第 12 号 no. 12, 1 小时 0 分钟前 1 h 0 min old" in lines


@pytest.mark.parametrize(
    ("seconds", "number", "said"),
    [
        (0, None, "0 小时 0 分钟前 0 h 0 min old"),
        (-30, None, "0 小时 0 分钟前 0 h 0 min old"),
        (59, None, "0 小时 0 分钟前 0 h 0 min old"),
        (60, 5, "第 5 号 no. 5, 0 小时 1 分钟前 0 h 1 min old"),
        (3659, None, "1 小时 0 分钟前 1 h 0 min old"),
        (7260, None, "2 小时 1 分钟前 2 h 1 min old"),
    ],
)
def test_tells_an_age_in_hours_and_minutes(seconds: int, number: int | None, said: str) -> None:
    verdict = judged(Code())._replace(status_age_seconds=seconds, status_number=number)
    assert f"状态列表 Status list: {said}" in to_lines(verdict)


def test_the_lines_say_yes_for_a_picture_and_each_word_once() -> None:
    groups = tuple(group for group in Group if group is not Group.NUMBER_TAIL)
    lines = to_lines(judged(answer(groups=groups), expected=challenge(groups=groups)))
    said = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert said["姓名 name as registered"] == PERSON.full_name
    assert [value for name, value in said.items() if "portrait" in name] == ["✓"]
    assert [value for name, value in said.items() if name.startswith("性别")] in (["男 male"], ["女 female"])


def test_the_lines_begin_with_colour_reason_and_next_step() -> None:
    lines = to_lines(judged(Code(shown_by="thief")))
    assert lines[0].startswith("RED ")
    assert "伪造" in lines[0]
    assert lines[1].startswith("  -> ")


def test_says_when_a_code_is_a_specimen() -> None:
    trust = run.trust_table(make.CONTEXTS["trust"]["specimen"])
    lines = to_lines(judged(Code(specimen=True), trust=trust, training=True))
    assert any("specimen" in line for line in lines)
