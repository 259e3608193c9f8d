"""Rare characters get a picture from the operator's font, the same one every time, and never more than four."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Misconfigured
from core.reasons import Reason
from formats.dataset import Group, group_values
from formats.qr_picture import MAX_VERSION, version_of
from formats.sd_cwt.display import check_glyphs
from issuer.register.findings import FindingCode
from issuer.register.glyphs import GLYPH_PIXELS, GlyphFont, check_glyphs_of, draw_glyphs, portrait_room
from issuer.register.golden import golden_records
from issuer.register.portrait_drawing import draw_portrait
from issuer.register.portraits import QR_SIZE_MAX, PreparedPortrait, prepare_portrait
from issuer.register.rules import check_record
from tests.builders.bureau import BUREAU, TODAY, Office, a_number, a_register, a_row, imported
from tests.builders.fonts import BLANK, HUGE, a_font_file
from tests.builders.people import a_person
from tests.builders.verdicts import PERSON, Code

GOLDEN = {golden.name: golden for golden in golden_records(today=TODAY)}
RARE_NAMES = {
    "name_of_50_rare_characters": ["𠅤", "𬱖"],
    "name_with_extension_b": ["𠅤"],
    "name_with_extension_c": ["𫖯"],
    "name_with_extension_e": ["𬱖", "𬀩"],
    "name_with_extension_f": ["\U0002d544", "\U0002e9b6"],
}


@pytest.fixture
def font(tmp_path: Path) -> GlyphFont:
    return GlyphFont.open(a_font_file(tmp_path))


def rows_of(bitmap: bytes) -> list[str]:
    return [f"{int.from_bytes(bitmap[at : at + 3], 'big'):024b}" for at in range(0, len(bitmap), 3)]


def test_a_picture_is_24_rows_of_24_bits_from_the_top_left(font: GlyphFont) -> None:
    bitmap = font.draw("𠅤")
    assert bitmap is not None
    rows = rows_of(bitmap)
    assert len(rows) == GLYPH_PIXELS
    drawn = [row for row in rows if "1" in row]
    # A horizontal stroke on top, then a thinner upright one below it.
    assert drawn[0].count("1") > 15
    assert 1 <= drawn[-1].count("1") <= 4
    assert rows.index(drawn[0]) < GLYPH_PIXELS // 4


def test_the_same_font_file_gives_the_same_picture(font: GlyphFont, tmp_path: Path) -> None:
    again = GlyphFont.open(a_font_file(tmp_path))
    for character in ("𠅤", "𫖯", HUGE):
        assert again.draw(character) == font.draw(character) == font.draw(character)
    assert font.draw("𠅤") != font.draw("𫖯")


def test_what_the_font_lacks_or_leaves_blank_has_no_picture(font: GlyphFont) -> None:
    for character in ("\U00020001", BLANK, "\U0003fffd"):
        assert font.draw(character) is None


def test_a_drawing_beyond_its_square_is_made_smaller(font: GlyphFont) -> None:
    bitmap = font.draw(HUGE)
    assert bitmap is not None
    assert 18 <= sum("1" in row for row in rows_of(bitmap)) <= GLYPH_PIXELS


def test_only_characters_beyond_the_common_fonts_get_one(font: GlyphFont) -> None:
    assert draw_glyphs("样小明·䶮㛃", font) == ()
    assert [glyph.code_point for glyph in draw_glyphs("王𠅤", font)] == [0x20164]


def test_each_character_once_and_at_most_four(font: GlyphFont) -> None:
    glyphs = draw_glyphs("𠅤𬱖𠅤\U00020001𫖯𬀩\U0002d544", font)
    assert [glyph.code_point for glyph in glyphs] == [0x20164, 0x2CC56, 0x2B5AF, 0x2C029]
    check_glyphs([(glyph.code_point, glyph.bitmap) for glyph in glyphs])


def test_without_a_font_nothing_is_drawn_and_a_finding_says_so(font: GlyphFont) -> None:
    assert draw_glyphs("王𠅤", None) == ()
    (finding,) = check_glyphs_of("王𠅤", None)
    assert finding.code is FindingCode.GLYPH_MISSING
    assert check_glyphs_of("王𠅤", font) == ()
    assert check_glyphs_of("样小明", None) == ()


@pytest.mark.parametrize("name", ["\U00020001", "𠅤𬱖𫖯𬀩\U0002d544", BLANK])
def test_a_finding_says_which_names_go_without_some_picture(font: GlyphFont, name: str) -> None:
    (finding,) = check_glyphs_of(name, font)
    assert (finding.code, finding.detail) == (FindingCode.GLYPH_MISSING, "1 characters without a picture")


@pytest.mark.parametrize("content", [b"", b"no font", b"\0\1\0\0" + bytes(40)])
def test_refuses_a_file_that_is_no_font(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "font.ttf"
    path.write_bytes(content)
    for place in (path, tmp_path / "nothing.ttf", tmp_path):
        with pytest.raises(Misconfigured) as caught:
            GlyphFont.open(place)
        assert caught.value.reason is Reason.SETTING_INVALID


@pytest.mark.parametrize("name", RARE_NAMES)
def test_the_rare_golden_names_carry_their_pictures(font: GlyphFont, name: str) -> None:
    record = check_record(GOLDEN[name].row, today=TODAY, specimen=True).record
    assert record is not None
    glyphs = draw_glyphs(record.full_name, font)
    assert [chr(glyph.code_point) for glyph in glyphs] == RARE_NAMES[name]
    shown = group_values(a_person(full_name=record.full_name, glyphs=glyphs), as_of=TODAY)[Group.NAME]
    assert shown[3] == [[glyph.code_point, glyph.bitmap] for glyph in glyphs]


@pytest.mark.parametrize("name", sorted(RARE_NAMES.keys() - {"name_of_50_rare_characters"}))
def test_with_its_pictures_a_rare_name_and_its_portrait_still_fit_one_code(font: GlyphFont, name: str) -> None:
    record = check_record(GOLDEN[name].row, today=TODAY, specimen=True).record
    assert record is not None
    face = draw_portrait(1, sex=1, age=36)
    portrait = prepare_portrait(face, qr_size_max=portrait_room(record.full_name))
    assert isinstance(portrait, PreparedPortrait)
    person = replace(
        PERSON, full_name=record.full_name, glyphs=draw_glyphs(record.full_name, font), qr_portrait=portrait.qr
    )
    code = Code(person=person, groups=(Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT))
    assert version_of(code.text) <= MAX_VERSION


def test_an_import_leaves_room_for_the_pictures(office: Office, tmp_path: Path) -> None:
    (tmp_path / "face.jpg").write_bytes(draw_portrait(1, sex=1, age=36))
    rows = [a_row(0, portrait="face.jpg"), a_row(1, name="王𠅤𬱖", portrait="face.jpg")]
    imported(a_register(tmp_path, rows), office)
    sizes = []
    with office.store.reading() as books:
        for place in (0, 1):
            record_id = books.register.find_by_number(BUREAU, a_number(place))
            portraits = None if record_id is None else books.register.portraits(BUREAU, record_id)
            assert portraits is not None
            sizes.append(len(portraits.qr))
    assert sizes[0] > QR_SIZE_MAX - 2 * 82 >= sizes[1]


def test_a_face_that_needs_the_room_gets_it() -> None:
    face = draw_portrait(1, sex=1, age=36)
    assert prepare_portrait(face, qr_size_max=50) == prepare_portrait(face)


def test_no_other_golden_name_has_any(font: GlyphFont) -> None:
    for golden in GOLDEN.values():
        record = check_record(golden.row, today=TODAY, specimen=True).record
        assert record is not None
        if golden.name not in RARE_NAMES:
            assert draw_glyphs(record.full_name, font) == ()
            assert check_glyphs_of(record.full_name, None) == ()


def test_an_import_warns_of_names_without_a_picture(office: Office, tmp_path: Path) -> None:
    report = imported(a_register(tmp_path, [a_row(0, name="王𠅤"), a_row(1)]), office, dry_run=True)
    assert [(remark.row_number, remark.code) for remark in report.warnings] == [(2, FindingCode.GLYPH_MISSING)]
    assert report.added == 2
