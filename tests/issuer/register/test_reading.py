from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import EidError, MalformedInput, NotFound
from core.reasons import Reason
from issuer.register.findings import FindingCode
from issuer.register.reading import FILE_SIZE_MAX, ROW_SIZE_MAX, RowOutcome, open_register, read_register
from issuer.register.record import COLUMNS
from tests.issuer.register.rows import TODAY, a_row

HEADER = ",".join(COLUMNS)
C = FindingCode


def line(**changes: str) -> str:
    return ",".join(a_row(**changes))


def write(folder: Path, content: str | bytes, *, encoding: str = "utf-8") -> Path:
    path = folder / "register.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, *, portraits: bool = False) -> list[RowOutcome]:
    return list(read_register(path, today=TODAY, specimen=True, portraits=portraits))


def read_lines(folder: Path, *lines: str) -> list[RowOutcome]:
    return read(write(folder, "\n".join([HEADER, *lines, ""])))


def codes(outcome: RowOutcome) -> list[FindingCode]:
    return [finding.code for finding in outcome.findings]


def refusal(path: Path) -> EidError:
    """The error of a file refused whole: it comes before the first row."""
    with pytest.raises(EidError) as caught:
        read_register(path, today=TODAY, specimen=True, portraits=False)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_reads_every_encoding_and_line_break(tmp_path: Path, encoding: str, line_break: str) -> None:
    text = line_break.join([HEADER, line(name="龙䶮𠅤"), line(name="张·伟")])
    outcomes = read(write(tmp_path, text, encoding=encoding))
    assert [(o.row_number, o.record and o.record.full_name) for o in outcomes] == [(2, "龙䶮𠅤"), (3, "张·伟")]


def test_reads_gb_18030_with_its_byte_order_mark(tmp_path: Path) -> None:
    path = write(tmp_path, b"\x84\x31\x95\x33" + f"{HEADER}\n{line()}\n".encode("gb18030"))
    assert open_register(path).encoding == "gb18030"
    assert read(path)[0].record is not None


def test_old_private_use_codes_in_gb_18030_become_regular_characters(tmp_path: Path) -> None:
    # A6D9 is U+FE10 since 2022, FE51 stands for an ideograph of Extension B; the codec reads both as private use.
    row = line(name="张NN").encode("gb18030").replace(b"NN", bytes.fromhex("fe51fe59"))
    (outcome,) = read(write(tmp_path, f"{HEADER}\n".encode() + row))
    assert outcome.record is not None
    assert outcome.record.full_name == "张\U00020087\u9fb4"
    assert codes(outcome) == [C.PRIVATE_USE_MAPPED]


def test_user_defined_gb_18030_characters_are_refused(tmp_path: Path) -> None:
    row = line(name="张NN").encode("gb18030").replace(b"NN", bytes.fromhex("aaa1"))
    (outcome,) = read(write(tmp_path, f"{HEADER}\n".encode() + row))
    assert (outcome.record, codes(outcome)) == (None, [C.PRIVATE_USE_UNMAPPED])


def test_bad_rows_are_listed_with_row_field_and_code_and_good_rows_go_on(tmp_path: Path) -> None:
    outcomes = read_lines(tmp_path, line(), line(name=""), line(), "too,few", line(sex="x"), line())
    bad = [(o.row_number, f.field, f.code) for o in outcomes if o.record is None for f in o.findings]
    assert bad == [(3, "name", C.NAME_MISSING), (5, "row", C.ROW_RAGGED), (6, "sex", C.SEX_INVALID)]
    assert [o.row_number for o in outcomes if o.record] == [2, 4, 7]


def test_an_unterminated_quote_spoils_only_its_own_row(tmp_path: Path) -> None:
    outcomes = read_lines(tmp_path, line(), '"' + line(), line(), line(name='"张伟"'), line(name='"张"伟'))
    assert [codes(o) for o in outcomes] == [[], [C.ROW_QUOTING], [], [], [C.ROW_QUOTING]]


def test_a_quoted_field_may_hold_commas_and_quotes(tmp_path: Path) -> None:
    (outcome,) = read_lines(tmp_path, line(address='"样例路1号,""东""楼"'))
    assert outcome.record is not None
    assert outcome.record.address == '样例路1号,"东"楼'


def test_a_line_break_inside_quotes_is_two_bad_rows(tmp_path: Path) -> None:
    outcomes = read_lines(tmp_path, line(address='"样例路\n1号"'), line())
    assert [o.record is None for o in outcomes] == [True, True, False]


def test_a_nul_byte_spoils_only_its_own_row(tmp_path: Path) -> None:
    outcomes = read_lines(tmp_path, line(name="张\0伟"), line())
    assert [codes(o) for o in outcomes] == [[C.ROW_NUL_BYTE], []]


@pytest.mark.parametrize(("size", "found"), [(ROW_SIZE_MAX, [C.FIELD_TOO_LONG]), (ROW_SIZE_MAX + 1, [C.ROW_TOO_LONG])])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_row_over_the_limit_is_skipped_to_its_end(
    tmp_path: Path, size: int, found: list[FindingCode], line_break: str
) -> None:
    long = line(portrait="P")
    long = long.replace("P", "p" * (size - len(long.encode()) + 1))
    assert len(long.encode()) == size
    outcomes = read(write(tmp_path, line_break.join([HEADER, long, line()])))
    assert [(o.row_number, codes(o)) for o in outcomes] == [(2, found), (3, [])]


def test_an_endless_row_is_never_held_in_memory(tmp_path: Path) -> None:
    outcomes = read(write(tmp_path, f"{HEADER}\n{'x' * 3_000_000}\n{line()}"))
    assert [codes(o) for o in outcomes] == [[C.ROW_TOO_LONG], []]


def test_a_lone_carriage_return_is_a_control_character(tmp_path: Path) -> None:
    (outcome,) = read_lines(tmp_path, line(address="样例\r路"))
    assert codes(outcome) == [C.CONTROL_CHARACTER]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    outcomes = read_lines(tmp_path, "", line(), "", "\r", line())
    assert [o.row_number for o in outcomes] == [3, 6]


def test_a_few_damaged_bytes_in_utf_8_spoil_only_their_rows(tmp_path: Path) -> None:
    good = line().encode()
    path = write(tmp_path, b"\n".join([HEADER.encode(), good, good.replace("张".encode(), b"\xe5\xbc"), good]))
    assert open_register(path).encoding == "utf-8"
    assert [codes(o) for o in read(path)] == [[], [C.ROW_UNDECODABLE], []]


def test_damaged_bytes_in_gb_18030_spoil_only_their_rows(tmp_path: Path) -> None:
    good = line().encode("gb18030")
    path = write(tmp_path, b"\n".join([HEADER.encode(), good, good.replace(b",1,", b"\xff,1,"), good]))
    assert [codes(o) for o in read(path)] == [[], [C.ROW_UNDECODABLE], []]


def test_a_marked_utf_8_file_is_never_guessed_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + f"{HEADER}\n".encode() + line().encode("gb18030"))
    assert [codes(o) for o in read(path)] == [[C.ROW_UNDECODABLE]]


def test_a_header_alone_is_an_empty_register(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER)
    assert open_register(path).row_count == 0
    assert read(path) == []


def test_counts_the_rows_beforehand(tmp_path: Path) -> None:
    assert open_register(write(tmp_path, f"{HEADER}\n{line()}\nbad\n{line()}")).row_count == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        line().encode(),
        HEADER.replace(",sex", "").encode(),
        (HEADER + ",phone").encode(),
        HEADER.replace("name,sex", "sex,name", 1).encode(),
        HEADER.upper().encode(),
        HEADER.replace(",", ";").encode(),
        (HEADER + "," + HEADER).encode(),
        f"{HEADER}\n{line()}".encode("utf-16"),
        f"{HEADER}\n{line()}".encode("utf-16-le"),
        HEADER.encode() + b"\n" + b"\xff\xfe\xfd" * 20,
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"PK\x03\x04" + bytes(50_000),
    ],
)
def test_refuses_a_malformed_file_as_a_whole(tmp_path: Path, content: bytes) -> None:
    error = refusal(write(tmp_path, content))
    assert isinstance(error, MalformedInput)
    assert error.reason is Reason.REGISTER_FILE_MALFORMED


def test_a_refused_header_names_what_is_missing_and_repeats_nothing_else(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, HEADER.replace("sex", "张伟690101199001010018")))
    assert "missing: sex; unknown: 1" in error.detail
    assert "6901" not in error.detail


def test_refuses_a_file_over_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER)
    os.truncate(path, FILE_SIZE_MAX + 1)
    assert refusal(path).reason is Reason.REGISTER_FILE_MALFORMED


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing.csv", ".", "pipe"):
        error = refusal(tmp_path / name)
        assert isinstance(error, NotFound)
        assert error.reason is Reason.FILE_UNREADABLE


def test_no_value_of_a_row_appears_in_its_findings(tmp_path: Path) -> None:
    outcomes = read_lines(
        tmp_path, line(name="张伟?\ue5e5", citizen_number="690101199001010019", birth_date="19900102", sex="2")
    )
    text = repr(outcomes[0].findings)
    assert not any(value in text for value in ("张", "690101", "1990"))


def picture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "register"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "one.jpg").write_bytes(b"picture")
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    (folder / "leaves.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "stays.jpg").symlink_to(folder / "pictures" / "one.jpg")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "up").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize("name", ["pictures/one.jpg", "./pictures/one.jpg", "stays.jpg"])
def test_finds_a_portrait_beside_the_register(tmp_path: Path, name: str) -> None:
    folder = picture_folder(tmp_path)
    (outcome,) = read(write(folder, f"{HEADER}\n{line(portrait=name)}"), portraits=True)
    assert outcome.portrait_path == folder / "pictures" / "one.jpg"
    assert outcome.record is not None


@pytest.mark.parametrize(
    "name",
    ["/etc/hostname", "../outside.jpg", "pictures/../../outside.jpg", "leaves.jpg", "up/outside.jpg", "pictures\\one.jpg", "C:one.jpg", "pictures/..", "one\u202e.jpg"],
)  # fmt: skip
def test_refuses_a_portrait_path_that_leaves_the_folder(tmp_path: Path, name: str) -> None:
    (outcome,) = read(write(picture_folder(tmp_path), f"{HEADER}\n{line(portrait=name)}"), portraits=True)
    assert (outcome.record, outcome.portrait_path, codes(outcome)) == (None, None, [C.PORTRAIT_PATH_REFUSED])


@pytest.mark.parametrize("name", ["pictures/two.jpg", "pictures", ".", "loop.jpg", "p" * 300, "pictures/one.jpg/x"])
def test_a_missing_portrait_keeps_the_row_out(tmp_path: Path, name: str) -> None:
    (outcome,) = read(write(picture_folder(tmp_path), f"{HEADER}\n{line(portrait=name)}"), portraits=True)
    assert (outcome.record, outcome.portrait_path, codes(outcome)) == (None, None, [C.PORTRAIT_MISSING])


def test_a_row_without_a_portrait_is_no_error(tmp_path: Path) -> None:
    (outcome,) = read(write(tmp_path, f"{HEADER}\n{line()}"), portraits=True)
    assert outcome.record is not None
    assert outcome.portrait_path is None


def test_portraits_are_not_looked_up_unless_asked_for(tmp_path: Path) -> None:
    (outcome,) = read(write(tmp_path, f"{HEADER}\n{line(portrait='../nowhere.jpg')}"))
    assert outcome.record is not None
    assert outcome.portrait_path is None


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_rows_findings_or_one_of_our_errors(tmp_path: Path, content: bytes, with_header: bool) -> None:
    path = write(tmp_path, (HEADER.encode() + b"\n" if with_header else b"") + content)
    try:
        outcomes = read(path, portraits=True)
    except MalformedInput:
        outcomes = []
    assert all(o.record is not None or o.findings for o in outcomes)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.binary(max_size=3))
def test_damage_to_one_row_never_touches_its_neighbours(tmp_path: Path, place: int, damage: bytes) -> None:
    middle = line(name="李").encode()
    middle = middle[:place] + damage.replace(b"\n", b"") + middle[place + 1 :]
    outcomes = read(write(tmp_path, b"\n".join([HEADER.encode(), line().encode(), middle, line().encode()])))
    assert [o.row_number for o in outcomes if o.row_number != 3] == [2, 4]
    assert all(o.record is not None for o in outcomes if o.row_number != 3)
