"""What comes out of the printer: a code every camera reads, the words a person needs, and nothing cut off."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from core.errors import Misconfigured
from core.reasons import Reason
from formats import claim_169
from issuer.cards import PrintedCard
from issuer.printing.fonts import CardFont, find_font
from issuer.printing.layout import HEIGHT, SIDE_WIDTH, WIDTH, Picture, Text, lay_out
from issuer.printing.picture import draw_card
from issuer.printing.sheet import draw_sheets
from tests.builders.paper import Card
from tests.builders.people import tiny_portrait
from tests.builders.refusals import refused
from tests.support.fonts import card_font

NOW = 1_795_132_800


@pytest.fixture(scope="module")
def font() -> CardFont:
    return card_font()


def a_card(name: str = "样小明", latin: str | None = "YANG XIAOMING", **changes: Any) -> PrintedCard:
    card = Card(full_name=name, name_latin=latin, specimen=changes.get("specimen", True))
    fields = {
        "credential_id": "credential",
        "record_id": "record",
        "text": claim_169.encode(card.token),
        "full_name": name,
        "name_latin": latin,
        "number_tail": card.number_tail,
        "portrait": tiny_portrait(size=(240, 296)),
        "bureau_zh": "样例市公安局示范区分局",
        "bureau_en": "Sample City Public Security Bureau, Model District",
        "expires_at": card.expires_at,
        "specimen": True,
        **changes,
    }
    return PrintedCard(**fields)


def texts(card: PrintedCard, font: CardFont) -> list[str]:
    return [element.text for element in lay_out(card, font) if isinstance(element, Text)]


# --- what stands on a card


def test_a_card_says_that_it_is_paper_and_that_the_face_decides_in_two_languages(font: CardFont) -> None:
    words = " ".join(texts(a_card(), font))
    for needed in ("纸质凭证：请比对人脸", "Paper: compare the face", "样小明", "YANG XIAOMING", "6789", "SPECIMEN"):
        assert needed in words
    assert "690101199001010018" not in words


def test_the_last_whole_day_is_printed(font: CardFont) -> None:
    assert "2027-11-14" in texts(a_card(expires_at=1_826_236_800), font)  # 2027-11-15T00:00:00Z


def test_only_a_specimen_is_marked_as_one(font: CardFont) -> None:
    assert sum("SPECIMEN" in text for text in texts(a_card(), font)) == 2
    assert not any("SPECIMEN" in text for text in texts(a_card(specimen=False), font))


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("样小明", None),
        ("买买提·阿不都热合曼·吐尔逊", "MAIMAITI ABUDUREHEMAN TUERXUN"),
        ("样" * 50, "L" * 29 + " " + "M" * 30),
        ("W" * 50, "W" * 60),
    ],
)
def test_no_line_runs_over_its_side(font: CardFont, name: str, latin: str | None) -> None:
    longest = {"bureau_zh": "样" * 24, "bureau_en": "Autonomous Prefecture Public Security Bureau, Model Branch"}
    for element in lay_out(a_card(name, latin, **longest), font):
        if isinstance(element, Text) and not element.angle:
            right = element.x + font.width(element.text, element.size, bold=element.bold)
            assert right <= (SIDE_WIDTH if element.x < SIDE_WIDTH else WIDTH), element.text
            assert 0 < element.y < HEIGHT, element.text


def test_the_whole_name_is_printed_however_long(font: CardFont) -> None:
    name = "".join(chr(0x4E00 + place) for place in range(50))
    assert name in "".join(texts(a_card(name, None), font))


def test_what_the_font_lacks_is_named_by_its_code_point(font: CardFont) -> None:
    words = texts(a_card("甲\U00031234", None), font)
    assert "甲〓" in words
    assert "〓 U+31234" in words


def test_the_code_has_its_quiet_zone_and_is_large_enough_for_a_camera(font: CardFont) -> None:
    (code,) = [element for element in lay_out(a_card(), font) if isinstance(element, Picture) and not element.smooth]
    with Image.open(io.BytesIO(code.content)) as picture:
        modules = picture.width // 8
    assert modules <= 4 * 25 + 17 + 8
    assert code.width / modules >= 0.33  # millimetres: what a camera at hand's length resolves
    assert code.x >= SIDE_WIDTH
    assert code.y + code.height <= HEIGHT


def test_a_code_that_paper_cannot_carry_is_refused(font: CardFont) -> None:
    with refused(Reason.QR_TOO_LONG):
        lay_out(a_card(text="A" * 1452), font)
    assert lay_out(a_card(text="A" * 1451), font)


# --- pictures and sheets


def test_a_picture_is_two_sides_of_a_bank_card_and_its_code_reads_back(font: CardFont) -> None:
    card = a_card()
    with Image.open(io.BytesIO(draw_card(card, font))) as picture:
        assert picture.size == (round(171.2 / 25.4 * 600), round(54 / 25.4 * 600))
        found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [code.text for code in found] == [card.text]


@pytest.mark.parametrize("share", [0.25, 0.35])
def test_the_code_reads_from_a_coarse_copy(font: CardFont, share: float) -> None:
    """A quarter of 600 dots an inch is less than any office copier."""
    card = a_card()
    with Image.open(io.BytesIO(draw_card(card, font))) as picture:
        size = (round(picture.width * share), round(picture.height * share))
        found = zxingcpp.read_barcodes(picture.convert("L").resize(size, Image.Resampling.LANCZOS))
    assert [code.text for code in found] == [card.text]


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (5, 1), (6, 2)])
def test_five_cards_go_on_a_sheet(font: CardFont, count: int, pages: int) -> None:
    document = draw_sheets([a_card()] * count, font, now=NOW)
    assert document.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", document)) == pages
    # A4 in points.
    assert b"/MediaBox [0 0 595.28 841.89]" in document


def test_a_sheet_brings_its_font_and_says_nothing_of_where_it_was_made(font: CardFont) -> None:
    document = draw_sheets([a_card()], font, now=NOW)
    assert re.search(rb"/FontFile[23] ", document)
    assert b"D:20261120" in document
    assert b"/usr/share" not in document
    assert draw_sheets([a_card()], font, now=NOW) == document


def test_a_sheet_holds_no_name_in_clear_outside_its_pages(font: CardFont) -> None:
    document = draw_sheets([a_card()], font, now=NOW)
    streams = b"".join(
        zlib.decompressobj().decompress(part) for part in re.findall(rb"stream\n(x.*?)\nendstream", document, re.DOTALL)
    )
    assert streams
    assert "样小明".encode("utf-16-be") not in document


# --- the font


def test_a_missing_font_names_the_package_to_install(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        find_font(None, folders=(tmp_path,))
    assert caught.value.reason is Reason.FONT_MISSING
    assert "fonts-noto-cjk" in caught.value.detail
    assert "fonts-noto-cjk" in caught.value.reason.value.next_en


def test_a_font_file_of_the_operator_is_taken(font: CardFont) -> None:
    assert find_font(font.regular.path).regular == font.regular


@pytest.mark.parametrize("content", [b"", b"no font at all"])
def test_a_file_that_is_no_font_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "font.ttf").write_bytes(content)
    with refused(Reason.FONT_MISSING):
        find_font(tmp_path / "font.ttf")
    with refused(Reason.FONT_MISSING):
        find_font(tmp_path / "none.ttf")


def test_a_font_without_chinese_characters_is_refused(tmp_path: Path) -> None:
    from PIL import ImageFont

    built_in = ImageFont.load_default(20)
    assert isinstance(built_in, ImageFont.FreeTypeFont)
    file = built_in.font_bytes if hasattr(built_in, "font_bytes") else built_in.path
    content = file if isinstance(file, bytes) else file.getvalue()  # type: ignore[union-attr]  # Pillow keeps it in memory
    (tmp_path / "latin.ttf").write_bytes(content)
    with refused(Reason.FONT_MISSING):
        find_font(tmp_path / "latin.ttf")


def test_without_a_bold_face_the_regular_one_serves(font: CardFont, tmp_path: Path) -> None:
    (tmp_path / font.regular.path.name).symlink_to(font.regular.path)
    found = find_font(None, folders=(tmp_path,))
    assert found.bold == found.regular
