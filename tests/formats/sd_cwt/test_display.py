from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.sd_cwt.display import (
    MAX_ONLINE_PORTRAIT_SIDE,
    check_glyphs,
    check_online_portrait,
    check_portrait,
    check_text,
    glyph_lines,
    webp_dimensions,
)
from tests.builders.people import tiny_portrait
from tests.builders.refusals import outcome, refused


@pytest.mark.parametrize(
    "text",
    [
        "样小明",
        "阿卜杜热合曼·阿卜杜热西提",
        "乌克兰（入籍）",
        "样例路69号 2单元",
        "NGUYEN VAN A'B-C",
        "㛃䶮𠅤𬱖𬀩𫖯𬍛",
        "\U00030000",
        "\uf9dc",
        "e\u0301\u0301\u0301\u0301",
        "葛\U000e0100",
    ],
)
def test_shows_names_as_registered(text: str) -> None:
    check_text(text, longest=50)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 样",
        "样 ",
        "样\n明",
        "样\x00明",
        "样\x7f",
        "样\u200b明",
        "样\u200d明",
        "样\u202e明",
        "样\u2066明",
        "样\u2028明",
        "样\ue000",
        "样\U000f0000",
        "样\ufeff明",
        "样\U000e0041",
        "样\ufdd0",
        "样\ufdef",
        "样\uffff",
        "样\U0002fffe",
        "样\u3164",
        "\u3164",
        "\u2800",
        "e\u0301\u0301\u0301\u0301\u0301",
        "e\u0301e\u0301e\u0301e\u0301e\u0301",
    ],
)
def test_refuses_what_is_not_shown_as_itself(text: str) -> None:
    with refused(Reason.TEXT_BAD):
        check_text(text, longest=50)


def test_a_text_has_a_longest_length() -> None:
    check_text("样" * 50, longest=50)
    with refused(Reason.TEXT_BAD):
        check_text("样" * 51, longest=50)


def test_scripts_that_spell_vowels_with_marks_count_them_per_run() -> None:
    tibetan = "བཀྲ་ཤིས་བདེ་ལེགས་ཕུན་སུམ་ཚོགས"
    check_text(tibetan, longest=100, marks_in_a_row=True)
    with refused(Reason.TEXT_BAD):
        check_text(tibetan, longest=100)
    with refused(Reason.TEXT_BAD):
        check_text("e" + "\u0301" * 5, longest=100, marks_in_a_row=True)


def test_four_marks_may_stand_in_a_row_after_others() -> None:
    check_text("ཀ" + "\u0f72" * 4 + "ཀ" + "\u0f72" * 4, longest=100, marks_in_a_row=True)


def test_a_letter_beside_the_noncharacters_is_shown() -> None:
    check_text("样·\ufdf0", longest=50)


@pytest.mark.parametrize(
    "glyphs",
    [
        [(0x20000, bytes(72))],
        [(0x3FFFD, bytes(72))],
        [(0x20000 + n, bytes(72)) for n in range(4)],
    ],
)
def test_accepts_one_to_four_glyphs_of_the_two_planes(glyphs: list[tuple[int, bytes]]) -> None:
    check_glyphs(glyphs)


@pytest.mark.parametrize(("size", "side"), [(72, 24), (128, 32)])
def test_a_glyph_is_drawn_in_half_blocks(size: int, side: int) -> None:
    # The first row is black, of the second the right half, of the last the left half; the rest is white.
    rows = ["1" * side, "0" * (side // 2) + "1" * (side // 2), *["0" * side] * (side - 3)]
    rows.append("1" * (side // 2) + "0" * (side // 2))
    lines = glyph_lines(int("".join(rows), 2).to_bytes(size, "big"))
    assert len(lines) == side // 2
    assert lines[0] == "▀" * (side // 2) + "█" * (side // 2)
    assert set(lines[1:-1]) == {" " * side}
    assert lines[-1] == "▄" * (side // 2) + " " * (side // 2)


@pytest.mark.parametrize("size", [72, 128])
def test_accepts_both_sizes_of_glyph(size: int) -> None:
    check_glyphs([(0x20000, bytes(size)), (0x30000, bytes(size))])


@pytest.mark.parametrize(
    "glyphs",
    [
        [],
        [(0x20000, bytes(71))],
        [(0x20000, bytes(100))],
        [(0x4E00, bytes(72))],
        [(0x1F600, bytes(72))],
        [(0x40000, bytes(72))],
        [(0x2FFFE, bytes(72))],
        [(-1, bytes(72))],
        [(0x20000, bytes(72)), (0x20000, bytes(128))],
        [(0x20000 + n, bytes(72)) for n in range(5)],
    ],
)
def test_refuses_other_glyphs(glyphs: list[tuple[int, bytes]]) -> None:
    with refused(Reason.GLYPH_BAD):
        check_glyphs(glyphs)


@pytest.mark.parametrize("lossless", [False, True])
def test_accepts_a_plain_portrait(lossless: bool) -> None:
    check_portrait(tiny_portrait(lossless=lossless))


Spelled = Callable[[int, int], bytes]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunk(portrait: bytes) -> bytes:
    return portrait[20 : 20 + struct.unpack("<I", portrait[16:20])[0]]


VP8 = chunk(tiny_portrait())
VP8L = chunk(tiny_portrait(lossless=True))


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"RIFF",
        tiny_portrait() + b"\0",
        tiny_portrait()[:-1],
        tiny_portrait(size=(80, 64)),
        tiny_portrait(size=(64, 80), lossless=True).replace(b"VP8L", b"VP8 "),
        riff((b"VP8X", bytes(10)), (b"VP8 ", VP8)),
        riff((b"VP8 ", VP8), (b"EXIF", b"GPS.")),
        riff((b"VP8 ", VP8), (b"VP8 ", VP8)),
        riff((b"ALPH", b"\0\0"), (b"VP8 ", VP8)),
        riff((b"ANIM", bytes(6)), (b"VP8 ", VP8)),
        riff((b"ICCP", b"icc ")),
        riff(),
        riff((b"VP8 ", VP8 + bytes(600))),
        riff((b"VP8 ", bytes((VP8[0] | 1,)) + VP8[1:])),
        riff((b"VP8 ", VP8[:3] + b"\0\0\0" + VP8[6:])),
        riff((b"VP8 ", VP8[:7] + b"\x40" + VP8[8:])),
        riff((b"VP8 ", VP8[:10])),
        riff((b"VP8L", VP8L[:4] + bytes((VP8L[4] | 0x10,)) + VP8L[5:])),
        riff((b"VP8L", VP8L[:4] + bytes((VP8L[4] | 0x20,)) + VP8L[5:])),
        riff((b"VP8L", b"\0" + VP8L[1:])),
        b"XIFF" + tiny_portrait()[4:],
        tiny_portrait()[:8] + b"WEBQ" + tiny_portrait()[12:],
        b"\x89PNG\r\n\x1a\n" + bytes(40),
    ],
)
def test_refuses_every_other_picture(picture: bytes) -> None:
    with refused(Reason.PORTRAIT_BAD):
        check_portrait(picture)


def lossless(width: int, height: int) -> bytes:
    return riff((b"VP8L", b"\x2f" + (width - 1 | (height - 1) << 14).to_bytes(4, "little") + b"\0"))


def lossy(width: int, height: int) -> bytes:
    return riff((b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"\0"))


@pytest.mark.parametrize("spelled", [lossy, lossless])
@pytest.mark.parametrize("size", [(1, 1), (1, 2048), (2048, 1), (300, 400)])
def test_a_portrait_of_the_online_forms_may_have_sides_of_1_to_2048(spelled: Spelled, size: tuple[int, int]) -> None:
    picture = spelled(*size)
    assert webp_dimensions(picture) == size
    check_online_portrait(picture)


@pytest.mark.parametrize("spelled", [lossy, lossless])
@pytest.mark.parametrize("size", [(MAX_ONLINE_PORTRAIT_SIDE + 1, 1), (1, MAX_ONLINE_PORTRAIT_SIDE + 1), (16383, 16383)])
def test_refuses_a_longer_side_of_a_portrait_of_the_online_forms(spelled: Spelled, size: tuple[int, int]) -> None:
    with refused(Reason.PORTRAIT_BAD):
        check_online_portrait(spelled(*size))


@pytest.mark.parametrize("picture", [b"", lossy(0, 5), lossy(5, 0), lossy(5, 5)[:-1], b"<svg/>"])
def test_refuses_a_portrait_of_the_online_forms_that_is_no_picture(picture: bytes) -> None:
    with refused(Reason.PORTRAIT_BAD):
        check_online_portrait(picture)


def test_a_chunk_is_read_to_its_end_and_no_further() -> None:
    # Without its last byte, the header alone is left: no picture.
    for chunk_of in (VP8[:10], b"\x2f" + bytes(4)):
        name = b"VP8L" if chunk_of[0] == 0x2F else b"VP8 "
        assert webp_dimensions(riff((name, chunk_of))) is None
        assert webp_dimensions(riff((name, chunk_of + b"\0"))) is not None


def test_refuses_a_padding_byte_that_is_not_zero() -> None:
    odd = riff((b"VP8 ", VP8 if len(VP8) & 1 else VP8 + b"\0"))
    check_portrait(odd)
    with refused(Reason.PORTRAIT_BAD):
        check_portrait(odd[:-1] + b"\x01")


@given(st.binary(max_size=120), st.integers(0, 200))
def test_any_bytes_are_accepted_or_refused_as_a_portrait(noise: bytes, at: int) -> None:
    good = tiny_portrait()
    assert outcome(lambda: check_portrait(good[:at] + noise + good[at + len(noise) :])) in {None, Reason.PORTRAIT_BAD}
