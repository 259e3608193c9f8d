from __future__ import annotations

import json
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
    assert isinstance(person["glyphs"], list)
    assert person["glyphs"][0]["code_point"] == "U+20BB7"  # type: ignore[index, call-overload]  # JSON
    assert any("U+20BB7" in line for line in to_lines(verdict))


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


def test_the_lines_begin_with_colour_reason_and_next_step() -> None:
    lines = to_lines(judged(Code(shown_by="thief")))
    assert lines[0].startswith("RED ")
    assert "伪造" in lines[0]
    assert lines[1].startswith("  -> ")


def test_says_when_a_code_is_a_specimen() -> None:
    trust = run.trust_table(make.CONTEXTS["trust"]["specimen"])
    lines = to_lines(judged(Code(specimen=True), trust=trust, training=True))
    assert any("specimen" in line for line in lines)
