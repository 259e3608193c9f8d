from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.register.characters import check_characters, fold_private_use
from issuer.register.code_tables import read_table
from issuer.register.findings import FindingCode
from issuer.register.names import check_latin_name, check_name, fold_name


def name_codes(text: str) -> set[FindingCode]:
    return {finding.code for finding in check_name(text, required=True)}


def latin_codes(text: str) -> set[FindingCode]:
    return {finding.code for finding in check_latin_name(text, required=True)}


@pytest.mark.parametrize("separator", "\u2022\u2027\u30fb\uff65\u2219\u0387\u00b7")
def test_folds_every_separator_to_the_middle_dot(separator: str) -> None:
    assert fold_name(f"买买提{separator}吐尔逊") == "买买提\u00b7吐尔逊"
    assert not name_codes(f"买买提{separator}吐尔逊")


@pytest.mark.parametrize("other", "\u002e\u3002\u2024\u22c5\u00b0")
def test_leaves_other_dots_alone(other: str) -> None:
    assert fold_name(f"买{other}提") == f"买{other}提"


def test_never_normalises_a_compatibility_ideograph() -> None:
    name = "赵\uf9dc"
    assert unicodedata.normalize("NFC", name) != name
    assert fold_name(name) == name
    assert name_codes(name) == {FindingCode.COMPATIBILITY_CHARACTER}


@pytest.mark.parametrize("char", "\uf900\ufaff\U0002f800")
def test_flags_compatibility_ideographs(char: str) -> None:
    assert name_codes("王" + char) == {FindingCode.COMPATIBILITY_CHARACTER}


@pytest.mark.parametrize(
    "name", ["㛃䶮", "王𠅤", "陈𫖯", "周𬱖𬀩", "吴\U0002e9b6", "郑\U00031350", "何\U000323b0", "葛\u845b\U000e0100"]
)
def test_accepts_rare_characters(name: str) -> None:
    assert not name_codes(name)


def test_counts_code_points_up_to_50() -> None:
    assert not name_codes("𠅤" * 50)
    assert name_codes("𠅤" * 51) == {FindingCode.NAME_TOO_LONG}


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_refuses_a_missing_name(text: str) -> None:
    assert name_codes(text) == {FindingCode.NAME_MISSING}
    assert check_name(text, required=False) == ()


@pytest.mark.parametrize(
    "char", ["\x00", "\x07", "\n", "\x7f", "\x85", "\u200b", "\u200d", "\u202e", "\u2066", "\u2028", "\ufeff", "\u00ad", "\ufdd0", "\uffff", "\U000e0001", "\ud800"]
)  # fmt: skip
def test_refuses_control_format_and_direction_characters(char: str) -> None:
    assert FindingCode.CONTROL_CHARACTER in name_codes("张" + char + "伟")


@pytest.mark.parametrize("char", "\ufffd?？□■●〓＊*")
def test_refuses_lost_characters(char: str) -> None:
    assert name_codes("张" + char) == {FindingCode.CHARACTER_LOST}


def test_allows_four_combining_marks_in_a_row_and_not_five() -> None:
    assert not name_codes("张" + "\u0301" * 4 + "伟" + "\u0301")
    assert name_codes("张" + "\u0301" * 5) == {FindingCode.TOO_MANY_MARKS}


@pytest.mark.parametrize("name", ["张 伟", "张\u3000伟", "张\u00a0伟"])
def test_remarks_on_a_space_inside_a_han_name(name: str) -> None:
    assert name_codes(name) == {FindingCode.NAME_SPACED}
    assert fold_name(f" {name} ") == name


def test_no_remark_on_a_space_between_latin_words() -> None:
    assert not name_codes("JEAN PIERRE")


@pytest.mark.parametrize("char", "\ue000\ue5e5\uf8ff\U000f0000\U0010fffd")
def test_refuses_private_use_without_a_regular_code_and_names_it(char: str) -> None:
    (finding,) = check_name("龙" + char, required=True)
    assert finding.code is FindingCode.PRIVATE_USE_UNMAPPED
    assert finding.detail == f"U+{ord(char):04X}"


@pytest.mark.parametrize(
    ("old", "regular"),
    [("\ue863", "䶮"), ("\ue78d", "\ufe10"), ("\ue81e", "\u9fb4"), ("\ue816", "\U00020087"), ("\ue7c7", "\u1e3f")],
)
def test_replaces_old_private_use_codes_and_says_so(old: str, regular: str) -> None:
    assert fold_name("龙" + old) == "龙" + regular
    assert FindingCode.PRIVATE_USE_MAPPED in name_codes("龙" + old)
    assert FindingCode.PRIVATE_USE_UNMAPPED not in name_codes("龙" + old)


def test_the_private_use_table_agrees_with_the_codec() -> None:
    rows = read_table("gb18030_private_use")
    assert len(rows) == 106
    for row in rows:
        decoded = bytes.fromhex(row["gb_bytes"]).decode("gb18030")
        regular = chr(int(row["code_point"], 16))
        # The codec knows the edition of 2000; what later editions moved it still reads as the old code point.
        assert decoded == (regular if row["since"] == "2000" else chr(int(row["private_use"], 16)))
        assert fold_private_use(decoded) == regular


def test_the_private_use_table_follows_the_order_of_the_gbk_cells() -> None:
    rows = read_table("gb18030_private_use")
    keys = [(int(row["private_use"], 16), int(row["gb_bytes"], 16)) for row in rows]
    assert keys == sorted(keys)
    assert keys[0][0] >= 0xE766
    assert keys[-1] == (0xE864, 0xFEA0)
    assert [key[1] for key in keys] == sorted(key[1] for key in keys)
    assert len({row["code_point"] for row in rows}) == 106


def test_maps_the_eighteen_codes_that_gb_18030_2022_moved() -> None:
    moved = {row["gb_bytes"]: row["code_point"] for row in read_table("gb18030_private_use") if row["since"] == "2022"}
    vertical_forms = ["A6D9", "A6DA", "A6DB", "A6DC", "A6DD", "A6DE", "A6DF", "A6EC", "A6ED", "A6F3"]
    assert [moved[code] for code in vertical_forms] == [
        "FE10",
        "FE12",
        "FE11",
        "FE13",
        "FE14",
        "FE15",
        "FE16",
        "FE17",
        "FE18",
        "FE19",
    ]
    assert [moved[code] for code in ["FE59", "FE61", "FE66", "FE67", "FE6D", "FE7E", "FE90", "FEA0"]] == [
        f"9FB{n:X}" for n in range(4, 12)
    ]
    assert len(moved) == 18


def test_accepts_a_latin_name_of_60_characters_and_not_61() -> None:
    assert not latin_codes("A" * 60)
    assert latin_codes("A" * 61) == {FindingCode.LATIN_NAME_TOO_LONG}


@pytest.mark.parametrize("name", ["JEAN-PIERRE O'NEILL", "Łukasz Żółć", "MÜLLER, JR.", "Nguyê\u0303n", "D\u2019ARC"])
def test_accepts_latin_letters_with_their_signs(name: str) -> None:
    assert not latin_codes(name)


@pytest.mark.parametrize(
    "name", ["АЛЕКСАНДР", "JEAN 张", "A\u202eB", "JEAN2", "-JEAN", "A\tB", "ΑΒΓ", "A·B", "\u0301A"]
)
def test_refuses_other_letters_and_signs_in_a_latin_name(name: str) -> None:
    assert latin_codes(name) == {FindingCode.LATIN_NAME_INVALID}


def test_refuses_piled_up_marks_in_a_latin_name() -> None:
    assert latin_codes("A" + "\u0301" * 5) == {FindingCode.TOO_MANY_MARKS}


def test_a_latin_name_is_needed_only_where_asked_for() -> None:
    assert latin_codes("  ") == {FindingCode.LATIN_NAME_MISSING}
    assert check_latin_name("", required=False) == ()


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    check_characters("address", text)
    check_name(text, required=True)
    check_latin_name(text, required=True)
