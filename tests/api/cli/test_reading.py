from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from api.wiring.reading import READER_FOLDER, ReaderHome
from core.clock import SystemClock, rfc3339
from core.reasons import Reason
from formats.qr_picture import draw_png
from tests.api.cli.command import assert_one_sentence, eid, json_of
from tests.api.cli.world import GATE, POST, Issued, Reader
from verifier.checkpoint.expected import CHALLENGE_LIMIT_SECONDS

POLICE = ("--policy", "police-spot-check")
ASKED = ("challenge", *POLICE, "--ground", "event")
GREEN: tuple[int, str, list[str]] = (0, "GREEN", [])


def drawn(folder: Path, text: str, name: str = "code.png") -> Path:
    path = folder / name
    path.write_bytes(draw_png(text))
    return path


def content(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


# --- where the code comes from


def test_a_code_is_read_from_a_picture(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    path = drawn(tmp_path, issued.show())
    assert reader.verdict(path) == GREEN
    assert reader.verdict(path) == (2, "AMBER", ["seen_here"])


def test_a_code_is_read_as_text(issued: Issued, reader: Reader) -> None:
    assert reader.verdict(issued.show()) == GREEN


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_standard_input_loses_one_line_end(issued: Issued, reader: Reader, end: bytes) -> None:
    assert reader.verdict("-", given=issued.show().encode() + end) == GREEN


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"", b"\n\n", "base45_malformed"),
        (b"", b"\r\r\n", "base45_malformed"),
        (b"", b" \n", "base45_malformed"),
        (b" ", b"\n", "prefix_unknown"),
        (b"\n", b"", "prefix_unknown"),
        (b"\xef\xbb\xbf", b"", "prefix_unknown"),
    ],
)
def test_anything_else_around_a_code_stays_and_is_refused(
    issued: Issued, reader: Reader, before: bytes, after: bytes, reason: str
) -> None:
    given = before + issued.show().encode() + after
    code, verdict, reasons = reader.verdict("-", given=given)
    assert (code, verdict) == (1, "RED")
    # Three characters more are whole bytes again, and then the structure is not what it must be.
    assert reasons in ([reason], ["cbor_malformed"])


def test_a_text_file_is_read_too(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "code.txt").write_text(issued.show() + "\n", encoding="ascii")
    assert reader.verdict(tmp_path / "code.txt") == GREEN


def test_a_picture_may_have_any_name(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    for name in ("scan~1.png", "photograph"):
        assert reader.verdict(drawn(tmp_path, issued.show(), name)) == GREEN


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("missing.png", None, Reason.FILE_UNREADABLE),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + bytes(100), Reason.PICTURE_UNREADABLE),
        ("letter.png", b"this is a letter", Reason.PICTURE_UNREADABLE),
        ("empty.png", b"", Reason.PICTURE_UNREADABLE),
    ],
)
def test_a_file_that_is_no_picture_is_one_sentence(
    reader: Reader, tmp_path: Path, name: str, data: bytes | None, reason: Reason
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    assert_one_sentence(eid("--home", reader.home, "verify", tmp_path / name, *GATE), reason, 1)


def test_a_picture_without_a_code_is_one_sentence(reader: Reader, tmp_path: Path) -> None:
    Image.new("L", (200, 200), 255).save(tmp_path / "white.png")
    ran = eid("--home", reader.home, "verify", tmp_path / "white.png", *GATE)
    assert_one_sentence(ran, Reason.NO_CODE_IN_PICTURE, 1)


def test_of_two_codes_in_one_picture_neither_is_judged(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    code = issued.show()
    left, right = (Image.open(drawn(tmp_path, text, "one.png")).convert("L") for text in (code, issued.show()))
    both = Image.new("L", (left.width + right.width, max(left.height, right.height)), 255)
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    both.save(tmp_path / "two.png")
    ran = eid("--home", reader.home, "verify", tmp_path / "two.png", *GATE)
    assert_one_sentence(ran, Reason.SEVERAL_CODES, 1)
    assert reader.verdict(code) == GREEN


@pytest.mark.parametrize(
    ("given", "reason"), [(b"\xff\xfe\xff", Reason.PREFIX_UNKNOWN), (b"x" * 200_000, Reason.TOO_LARGE)]
)
def test_what_is_no_text_or_too_much_of_it_is_refused(reader: Reader, given: bytes, reason: Reason) -> None:
    assert_one_sentence(eid("--home", reader.home, "verify", "-", given=given), reason, 1)


@pytest.mark.parametrize("given", [b"", b"\n", b"EID1:", b"eid1:AB", b"https://example.org", b"EID2:AB"])
def test_what_is_no_code_is_red(reader: Reader, given: bytes) -> None:
    assert reader.verdict("-", given=given)[:2] == (1, "RED")


# --- by what it is judged


def test_without_a_root_or_a_bundle_nothing_is_judged(issued: Issued, tmp_path: Path) -> None:
    bare = Reader(tmp_path / "bare")
    check = ("--home", bare.home, "verify", "EID1:", *GATE)
    assert_one_sentence(eid(*check), Reason.PIN_MISSING, 64)
    bare.run("trust", "pin", issued.bureau.root).done()
    assert_one_sentence(eid(*check), Reason.BUNDLE_MISSING, 64)
    assert_one_sentence(eid(*check, "--bundle", tmp_path / "none.eid"), Reason.BUNDLE_MISSING, 1)
    assert bare.verdict(issued.show(), "--bundle", issued.bundle) == GREEN


def test_an_unknown_policy_is_one_sentence(issued: Issued, reader: Reader) -> None:
    ran = eid("--home", reader.home, "verify", issued.show(), "--policy", "nonsense")
    assert_one_sentence(ran, Reason.POLICY_UNKNOWN, 1)


def test_without_a_policy_the_strictest_holds(issued: Issued, reader: Reader) -> None:
    ran = reader.run("verify", issued.show())
    assert (ran.code, ran.facts["verdict"]) == (1, "RED")


def test_the_mode_asked_for_is_the_one_that_counts(issued: Issued, reader: Reader) -> None:
    assert reader.verdict(issued.show(), "--mode", "challenge") == (1, "RED", ["wrong_mode"])
    for word in ("one-way", "one_way"):
        assert reader.verdict(issued.show(), "--mode", word) == GREEN
    ran = reader.run("verify", answered(issued, reader), *POLICE, "--mode", "one-way")
    assert (ran.code, ran.facts["reasons"]) == (1, ["wrong_mode"])


# --- as of another instant


def test_a_recheck_is_never_a_plain_green_and_leaves_no_trace(issued: Issued, reader: Reader) -> None:
    code, now = issued.show(), rfc3339(SystemClock().now())
    before = content(reader.home / READER_FOLDER)
    for _ in range(2):
        assert reader.verdict(code, "--now", now) == (2, "GREEN", [])
    assert content(reader.home / READER_FOLDER) == before
    assert reader.verdict(code) == GREEN
    assert reader.verdict(code) == (2, "AMBER", ["seen_here"])


def test_evidence_is_green_as_of_its_instant_and_red_after(issued: Issued, reader: Reader) -> None:
    code, now = issued.show(), SystemClock().now()
    assert reader.verdict(code, "--now", rfc3339(now), "--evidence") == GREEN
    later = reader.verdict(code, "--now", rfc3339(now + 120), "--evidence")
    assert later == (1, "RED", ["code_expired"])


def test_a_recheck_says_in_words_that_it_is_one(issued: Issued, reader: Reader) -> None:
    now = rfc3339(SystemClock().now())
    ran = eid("--home", reader.home, "verify", issued.show(), *GATE, "--now", now)
    assert ran.code == 2
    assert ran.out.startswith(f"复核时点 · re-check as of {now}\n")


# --- challenges


def answered(issued: Issued, reader: Reader) -> str:
    return issued.show("--challenge", reader.run(*ASKED).done()["text"])


def test_an_answer_is_green_once(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    facts = reader.run(*ASKED, "--qr", tmp_path / "challenge.png").done()
    assert (facts["post"], facts["ground"]) == (POST, "event")
    assert (tmp_path / "challenge.png").read_bytes().startswith(b"\x89PNG")
    answer = issued.show("--challenge", facts["text"])
    first = reader.run("verify", answer, *POLICE)
    assert (first.code, first.facts["verdict"], first.facts["mode"]) == (0, "GREEN", "challenge")
    again = reader.run("verify", answer, *POLICE)
    assert (again.code, again.facts["reasons"][0]) == (1, "challenge_already_answered")


def test_an_answer_after_the_limit_is_red(issued: Issued, reader: Reader) -> None:
    answer = answered(issued, reader)
    memory = ReaderHome(reader.home / READER_FOLDER).memory
    stored = memory.shown_challenge()
    assert stored is not None
    earlier = replace(stored.open, shown_monotonic=stored.open.shown_monotonic - CHALLENGE_LIMIT_SECONDS - 1)
    memory.show_challenge(earlier, "police-spot-check")
    ran = reader.run("verify", answer, *POLICE)
    assert (ran.code, ran.facts["reasons"]) == (1, ["challenge_expired"])


def test_an_answer_to_the_challenge_before_is_red(issued: Issued, reader: Reader) -> None:
    answer = answered(issued, reader)
    reader.run(*ASKED).done()
    ran = reader.run("verify", answer, *POLICE)
    assert (ran.code, ran.facts["reasons"]) == (1, ["nonce_mismatch"])


def test_what_a_post_may_not_ask_is_not_asked(reader: Reader) -> None:
    base = ("--home", reader.home, "challenge")
    assert_one_sentence(eid(*base, *POLICE), Reason.OVER_ASKING, 1)
    assert_one_sentence(eid(*base, *POLICE, "--ground", "curiosity"), Reason.OVER_ASKING, 1)
    assert_one_sentence(eid(*base, "--policy", "nonsense"), Reason.POLICY_UNKNOWN, 1)


def test_a_reader_that_is_no_post_asks_nothing(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    wrong = eid("--home", reader.home, *ASKED, EID_PASSPHRASE="another one")
    assert_one_sentence(wrong, Reason.PASSPHRASE_WRONG, 64)
    bare = Reader(tmp_path / "bare")
    bare.run("trust", "pin", issued.bureau.root).done()
    assert_one_sentence(eid("--home", bare.home, *ASKED), Reason.BUNDLE_MISSING, 64)
    bare.run("bundle", "update", issued.bundle).done()
    assert_one_sentence(eid("--home", bare.home, *ASKED), Reason.KEY_UNKNOWN, 64)


def test_a_bundle_without_a_licence_lets_nobody_ask(issued: Issued, tmp_path: Path) -> None:
    issued.bureau.copied_to(tmp_path / "bureau").run("bundle", "make", tmp_path / "plain.eid").done()
    post = Reader(tmp_path / "post")
    post.run("trust", "pin", issued.bureau.root).done()
    post.run("posts", "enrol", issued.bureau.home / "posts" / POST).done()
    post.run("bundle", "update", tmp_path / "plain.eid").done()
    assert_one_sentence(eid("--home", post.home, *ASKED), Reason.LICENCE_INVALID, 1)


def test_a_picture_that_cannot_be_written_is_one_sentence(reader: Reader, tmp_path: Path) -> None:
    ran = eid("--home", reader.home, *ASKED, "--qr", tmp_path / "no" / "folder.png")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)


def test_a_wallet_answers_no_challenge_of_strangers(issued: Issued, reader: Reader) -> None:
    asked = reader.run(*ASKED).done()["text"]
    bent = asked[:-3] + ("000" if asked[-3:] != "000" else "001")
    ran = json_of("wallet", "present", "--yes", "--challenge", bent, EID_WALLET_HOME=str(issued.wallet))
    assert (ran.code, ran.problem["error"]) == (1, "challenge_invalid")
