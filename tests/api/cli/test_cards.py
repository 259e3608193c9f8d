"""``eid cards print``: sheets and pictures for people without a phone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from core.reasons import Reason
from formats import claim_169
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.world import APPROVER, GATE, REGISTRAR, Bureau, Issued, Reader
from tests.support.fonts import card_font


@pytest.fixture(autouse=True)
def _needs_a_font() -> None:
    card_font()


def code_on(picture: Path) -> str:
    with Image.open(picture) as opened:
        (code,) = zxingcpp.read_barcodes(opened.convert("L"))
    return str(code.text)


def test_prints_pictures_of_named_records_that_read_back_and_marks_their_cases(bureau: Bureau, tmp_path: Path) -> None:
    first, second = bureau.plain_records()[:2]
    issued_before = len(bureau.cases("issued"))
    named = ("--record", first, "--record", second, "--record", first)
    done = bureau.run(
        "cards", "print", *named, "--format", "png", "--out", tmp_path / "cards", "--officer", REGISTRAR
    ).done()
    assert [row["record_id"] for row in done["cards"]] == [first, second]
    assert done["left"] == []
    assert sorted(str(path) for path in (tmp_path / "cards").iterdir()) == sorted(row["file"] for row in done["cards"])
    tails = set()
    for row in done["cards"]:
        card = claim_169.read_card(claim_169.decode(code_on(Path(row["file"]))))
        assert card.terms.specimen
        tails.add(claim_169.open_content(card.content).number_tail)
    assert len(tails) == 2
    assert len(bureau.cases("issued")) == issued_before + 2


def test_prints_every_approved_record_once_and_keeps_the_sheets_when_run_again(bureau: Bureau, tmp_path: Path) -> None:
    out = tmp_path / "cards.pdf"
    command = ("cards", "print", "--all", "--out", out, "--officer", REGISTRAR)
    done = bureau.run(*command).done()
    assert len(done["cards"]) > 20
    assert {row["reason"] for row in done["left"]} <= {"portrait_missing", "document_expired"}
    sheets = out.read_bytes()
    assert sheets.startswith(b"%PDF-")
    again = bureau.run(*command).done()
    assert again["cards"] == []
    assert out.read_bytes() == sheets


def test_one_record_that_cannot_have_a_card_is_refused_in_a_sentence(bureau: Bureau, tmp_path: Path) -> None:
    base = ("--home", bureau.home, "cards", "print", "--out", tmp_path / "cards.pdf")
    unknown = "0192e4b0-0000-7000-8000-00000000ffff"
    ran = eid(*base, "--record", unknown, "--officer", REGISTRAR)
    assert_one_sentence(ran, Reason.RECORD_UNKNOWN, 1)
    ran = eid(*base, "--record", bureau.plain_records()[0], "--officer", APPROVER)
    assert_one_sentence(ran, Reason.ROLE_MISSING, 1)


def test_nothing_is_signed_where_nothing_can_be_written(bureau: Bureau, tmp_path: Path) -> None:
    record = bureau.plain_records()[0]
    base = ("--home", bureau.home, "cards", "print", "--record", record, "--officer", REGISTRAR)
    ran = eid(*base, "--out", tmp_path / "missing" / "cards.pdf")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)
    (tmp_path / "file").write_bytes(b"")
    ran = eid(*base, "--format", "png", "--out", tmp_path / "file")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)
    for _ in range(2):
        eid(*base, "--out", tmp_path / "cards.pdf")
    assert_one_sentence(eid(*base, "--out", tmp_path / "cards.pdf"), Reason.COPIES_EXHAUSTED, 1)


def test_a_missing_font_names_the_package(bureau: Bureau, tmp_path: Path) -> None:
    record = bureau.plain_records()[0]
    base = ("--home", bureau.home, "cards", "print", "--record", record, "--officer", REGISTRAR)
    ran = eid(*base, "--out", tmp_path / "cards.pdf", EID_CARD_FONT=str(tmp_path / "none.ttf"))
    assert_one_sentence(ran, Reason.FONT_MISSING, 64)
    assert "fonts-noto-cjk" in ran.err


def test_records_and_all_are_named_one_or_the_other(bureau: Bureau, tmp_path: Path) -> None:
    base = ("--home", bureau.home, "cards", "print", "--out", tmp_path / "cards.pdf", "--officer", REGISTRAR)
    for named in ((), ("--all", "--record", "x"), ("--all", "--format", "docx")):
        assert eid(*base, *named).code == 64
    assert not (tmp_path / "cards.pdf").exists()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_follows_from_the_ending_of_out(bureau: Bureau, tmp_path: Path) -> None:
    first, second = bureau.plain_records()[:2]
    base = ("cards", "print", "--officer", REGISTRAR, "--out")
    done = bureau.run(*base, tmp_path / "card.PNG", "--record", first).done()
    assert [row["file"] for row in done["cards"]] == [str(tmp_path / "card.PNG")]
    assert code_on(tmp_path / "card.PNG")
    bureau.run(*base, tmp_path / "card.pdf", "--record", second).done()
    assert (tmp_path / "card.pdf").read_bytes().startswith(b"%PDF-")
    bureau.run(*base, tmp_path / "card", "--record", second).done()
    assert (tmp_path / "card").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("out", "rest"),
    [
        ("card.pdf", ("--record", "x", "--format", "png")),
        ("card.png", ("--record", "x", "--format", "pdf")),
        ("card.png", ("--record", "x", "--record", "y")),
        ("card.png", ("--all",)),
    ],
)
def test_an_ending_that_contradicts_is_refused_and_what_to_do_is_said(
    bureau: Bureau, tmp_path: Path, out: str, rest: tuple[str, ...]
) -> None:
    ran = eid("--home", bureau.home, "cards", "print", "--out", tmp_path / out, *rest, "--officer", REGISTRAR)
    assert_one_sentence(ran, Reason.COMMAND_MISUSED, 64)
    assert "--format" in ran.err
    assert not (tmp_path / out).exists()


def test_cards_are_for_the_eyes_of_who_printed_them(bureau: Bureau, tmp_path: Path) -> None:
    first, second, third = bureau.plain_records()[:3]
    base = ("cards", "print", "--officer", REGISTRAR, "--out")
    done = bureau.run(*base, tmp_path / "cards", "--format", "png", "--record", first).done()
    (tmp_path / "there.pdf").write_bytes(b"x" * 1_000_000)
    (tmp_path / "there.pdf").chmod(0o644)
    bureau.run(*base, tmp_path / "there.pdf", "--record", second).done()
    assert (tmp_path / "there.pdf").read_bytes()[-6:].strip() == b"%%EOF"
    bureau.run(*base, tmp_path / "new.pdf", "--record", third).done()
    written = [tmp_path / "there.pdf", tmp_path / "new.pdf", Path(done["cards"][0]["file"])]
    assert [mode_of(path) for path in written] == [0o600] * 3


def test_a_reader_judges_the_card_by_the_bureaus_own_list_and_a_gate_takes_no_paper(
    issued: Issued, reader: Reader, tmp_path: Path
) -> None:
    bureau = issued.bureau.copied_to(tmp_path / "bureau")
    done = bureau.run(
        *("cards", "print", "--record", issued.record, "--format", "png"),
        *("--out", tmp_path / "cards", "--officer", REGISTRAR),
    ).done()
    text = code_on(Path(done["cards"][0]["file"]))
    ran = reader.run("verify", text, *GATE)
    assert (ran.code, ran.facts["verdict"], ran.facts["reasons"][0]) == (1, "RED", "form_not_accepted")
