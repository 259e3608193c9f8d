from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from core.errors import Misconfigured
from issuer.register.citizen_number import DocumentType, is_synthetic
from issuer.register.findings import FindingCode
from issuer.register.golden import GOLDEN_COUNT, GoldenRecord, golden_records
from issuer.register.portraits import PreparedPortrait, load_portrait
from issuer.register.reading import read_register
from issuer.register.record import COLUMNS, IdentityRecord
from issuer.register.samples import sample_rows, write_sample
from tests.issuer.register.rows import TODAY, codes, judged

DAYS = [TODAY, date(2024, 2, 29), date(2027, 2, 28), date(2028, 12, 31)]
GOLDEN = {record.name: record for record in golden_records(today=TODAY)}


def field(row: tuple[str, ...], column: str) -> str:
    return row[COLUMNS.index(column)]


def record_of(golden: GoldenRecord) -> IdentityRecord:
    record = judged(golden.row).record
    assert record is not None
    return record


def test_there_are_forty_golden_records_of_different_names_and_numbers() -> None:
    assert GOLDEN_COUNT == len(GOLDEN) == 40
    assert len({field(golden.row, "citizen_number") for golden in GOLDEN.values()}) == 40


@pytest.mark.parametrize("today", DAYS)
def test_golden_records_enter_with_exactly_their_warnings(today: date) -> None:
    for golden in golden_records(today=today):
        checked = judged(golden.row, today=today)
        assert checked.record is not None, golden.name
        assert codes(checked) == golden.warnings, golden.name


def test_golden_records_cannot_be_anybody() -> None:
    for golden in GOLDEN.values():
        assert is_synthetic(field(golden.row, "citizen_number"))
        assert FindingCode.SYNTHETIC_NUMBER in codes(judged(golden.row, specimen=False))


@pytest.mark.parametrize(
    ("name", "length"),
    [("name_of_25_characters", 25), ("name_of_50_characters", 50), ("name_of_50_rare_characters", 50)],
)
def test_golden_names_have_their_lengths(name: str, length: int) -> None:
    assert len(record_of(GOLDEN[name]).full_name) == length


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("a", 0x3400, 0x4DBF),
        ("b", 0x20000, 0x2A6DF),
        ("c", 0x2A700, 0x2B73F),
        ("e", 0x2B820, 0x2CEAF),
        ("f", 0x2CEB0, 0x2EBEF),
    ],
)
def test_golden_names_reach_into_their_extension(name: str, low: int, high: int) -> None:
    full_name = record_of(GOLDEN[f"name_with_extension_{name}"]).full_name
    assert any(low <= ord(char) <= high for char in full_name)


@pytest.mark.parametrize("age", [14, 16, 18, 26, 46, 60, 65])
def test_golden_ages_turn_today(age: int) -> None:
    golden = GOLDEN[f"turned_{age}_today"]
    assert golden.age == age
    assert field(golden.row, "birth_date") == f"{TODAY.year - age}1120"


def test_golden_edges_are_what_their_names_say() -> None:
    assert GOLDEN["turns_14_tomorrow"].age == 13
    assert len(record_of(GOLDEN["address_over_35_characters"]).address) > 35
    assert len(record_of(GOLDEN["authority_of_18_characters"]).issuing_authority) == 18
    assert len(record_of(GOLDEN["foreigner_latin_name_of_60"]).name_latin) == 60
    assert len(record_of(GOLDEN["foreigner_card_of_2017"]).citizen_number) == 15
    assert record_of(GOLDEN["number_of_15_digits"]).converted_from_15
    assert (record_of(GOLDEN["valid_from_29_february"]).valid_until or TODAY).strftime("%m%d") == "0228"
    assert record_of(GOLDEN["turned_46_today"]).valid_until is None
    assert 0 < ((record_of(GOLDEN["card_expiring_soon"]).valid_until or TODAY) - TODAY).days <= 30


def write(folder: Path, count: int, *, seed: int = 3, bad_share: float = 0.0, portraits: bool = False) -> Path:
    path = folder / "sample.csv"
    write_sample(count, path, seed=seed, today=TODAY, bad_share=bad_share, portraits=portraits)
    return path


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = write(tmp_path, 120, bad_share=0.1).read_bytes()
    assert write(tmp_path, 120, bad_share=0.1).read_bytes() == first
    assert write(tmp_path, 120, seed=4, bad_share=0.1).read_bytes() != first


def test_a_sample_without_bad_rows_enters_whole(tmp_path: Path) -> None:
    outcomes = list(read_register(write(tmp_path, 1500), today=TODAY, specimen=True, portraits=True))
    assert [outcome.row_number for outcome in outcomes if outcome.record is None] == []
    assert len(outcomes) == 1500
    assert len({outcome.record.citizen_number for outcome in outcomes if outcome.record}) == 1500


def test_no_sample_number_can_be_real() -> None:
    assert all(is_synthetic(field(row, "citizen_number")) for row in sample_rows(1500, seed=9, today=TODAY))


def test_golden_records_come_first_in_samples_of_forty_and_more() -> None:
    golden = [record.row for record in golden_records(today=TODAY)]
    assert list(sample_rows(41, seed=1, today=TODAY))[:40] == golden
    assert not set(sample_rows(39, seed=1, today=TODAY)) & set(golden)


def test_shares_are_near_those_of_a_register() -> None:
    people = [judged(row) for row in sample_rows(6040, seed=2, today=TODAY)][40:]
    records = [checked.record for checked in people if checked.record]
    kinds = Counter(record.document_type for record in records)
    warnings = Counter(code for checked in people for code in codes(checked))
    children = sum(record.birth_date > TODAY.replace(year=TODAY.year - 14) for record in records)
    assert 0.02 < kinds[DocumentType.HK_MACAU_TAIWAN_PERMIT] / 6000 < 0.04
    assert 0.01 < kinds[DocumentType.FOREIGNER_PERMANENT] / 6000 < 0.03
    assert 0.10 < children / 6000 < 0.14
    assert 0.05 < sum("·" in record.full_name for record in records) / 6000 < 0.11
    assert 0.01 < sum(any(ord(char) > 0xFFFF or "\u3400" <= char <= "\u4dbf" for char in record.full_name) for record in records) / 6000 < 0.03  # fmt: skip
    assert 0.005 < warnings[FindingCode.CARD_EXPIRED] / 6000 < 0.015
    assert 0.005 < warnings[FindingCode.SEX_NUMBER_MISMATCH] / 6000 < 0.015
    assert 0.001 < warnings[FindingCode.CONVERTED_FROM_15] / 6000 < 0.01
    assert 0.1 < sum(len(record.address) > 35 for record in records) / 6000 < 0.5
    assert set(warnings) == {FindingCode.CARD_EXPIRED, FindingCode.SEX_NUMBER_MISMATCH, FindingCode.CONVERTED_FROM_15}


@pytest.mark.parametrize("portraits", [True, False])
def test_planted_bad_rows_and_only_they_are_refused_for_their_reason(tmp_path: Path, portraits: bool) -> None:
    path = tmp_path / "sample.csv"
    written = write_sample(80, path, seed=3, today=TODAY, bad_share=0.2, portraits=portraits)
    outcomes = {o.row_number: o for o in read_register(path, today=TODAY, specimen=True, portraits=True)}
    refused = {row for row, outcome in outcomes.items() if outcome.record is None}
    assert refused == {row for row, _ in written.bad_rows}
    assert len(refused) == 16
    for row, code in written.bad_rows:
        assert code in {finding.code for finding in outcomes[row].findings}
    assert len({code for _, code in written.bad_rows}) == (11 if portraits else 10)
    assert min(refused) > GOLDEN_COUNT + 1


def test_good_rows_do_not_change_with_the_bad_ones(tmp_path: Path) -> None:
    clean = write(tmp_path, 100).read_text(encoding="utf-8").splitlines()
    spoiled = write(tmp_path, 100, bad_share=0.06).read_text(encoding="utf-8").splitlines()
    assert sum(one != other for one, other in zip(clean, spoiled, strict=True)) == 6


def test_portraits_lie_beside_the_file_and_can_be_prepared(tmp_path: Path) -> None:
    path = write(tmp_path, 5, portraits=True)
    for outcome in read_register(path, today=TODAY, specimen=True, portraits=True):
        assert outcome.portrait_path is not None
        assert outcome.portrait_path.parent == tmp_path / "sample-portraits"
        assert isinstance(load_portrait(outcome.portrait_path), PreparedPortrait)


def test_progress_is_told_after_each_row(tmp_path: Path) -> None:
    seen: list[int] = []
    write_sample(5, tmp_path / "s.csv", seed=1, today=TODAY, portraits=False, progress=seen.append)
    assert seen == [1, 2, 3, 4, 5]


def test_refuses_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        write_sample(2, tmp_path / "nowhere" / "s.csv", seed=1, today=TODAY, portraits=False)


@pytest.mark.parametrize(("count", "share"), [(0, 0.0), (-1, 0.0), (5, -0.1), (5, 1.1)])
def test_nonsense_counts_are_mistakes_of_the_caller(tmp_path: Path, count: int, share: float) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        write_sample(count, tmp_path / "s.csv", seed=1, today=TODAY, bad_share=share, portraits=False)
