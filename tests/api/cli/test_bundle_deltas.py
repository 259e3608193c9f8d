from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.world import APPROVER, BUREAU, GATE_GROUPS, POST, REGISTRAR, Bureau, Issued, Reader

KEPT = Path("reader") / "bundle.eid"


@pytest.fixture
def own(issued: Issued, tmp_path: Path) -> Bureau:
    """The bureau that made the reader's bundle, to be changed."""
    return issued.bureau.copied_to(tmp_path / "bureau")


def held(reader: Reader) -> bytes:
    return (reader.home / KEPT).read_bytes()


def made_here(bureau: Bureau, number: int) -> bytes:
    """The full bundle of a number, as its bureau keeps it."""
    return (bureau.home / "bundles" / BUREAU / f"{number}.eid").read_bytes()


def make(bureau: Bureau, file: Path, *options: str | Path) -> dict[str, Any]:
    return dict(bureau.run("bundle", "make", file, "--post", POST, *options).done())


def test_a_delta_makes_the_bundle_that_its_bureau_made(
    issued: Issued, own: Bureau, reader: Reader, tmp_path: Path
) -> None:
    file = tmp_path / "day-2.eid"
    made = make(own, file, "--delta-from", issued.bundle)
    before = reader.run("bundle", "show").done()
    assert (made["base_number"], made["bytes"]) == (before["number"], file.stat().st_size)
    assert made["bytes"] < made["full_bytes"] / 2
    looked = reader.run("bundle", "show", file).done()
    assert reader.run("bundle", "show").done()["number"] == before["number"]
    taken = reader.run("bundle", "update", file).done()
    assert (taken["kind"], taken["base_number"], taken["number"]) == ("delta", before["number"], made["number"])
    assert (taken["bytes"], taken["full_bytes"], taken["post"]) == (made["bytes"], made["full_bytes"], POST)
    assert looked["number"] == taken["number"]
    assert 0 <= taken["status_age_seconds"][BUREAU] < 600
    assert taken["trust_age_seconds"] >= 0
    assert held(reader) == made_here(own, made["number"])


def test_seven_deltas_by_number_end_where_one_full_bundle_does(
    issued: Issued, own: Bureau, reader: Reader, tmp_path: Path
) -> None:
    number = make(own, tmp_path / "first.eid")["number"]
    assert reader.run("bundle", "update", tmp_path / "first.eid").done()["kind"] == "full"
    for day in range(7):
        file = tmp_path / f"{day}.delta"
        number = make(own, file, "--since", str(number))["number"]
        assert reader.run("bundle", "update", file).done()["number"] == number
    assert held(reader) == made_here(own, number)


def test_a_suspension_and_its_end_travel_by_delta(issued: Issued, own: Bureau, reader: Reader, tmp_path: Path) -> None:
    code = issued.show("--groups", GATE_GROUPS)
    own.run("status", "suspend", issued.credential, "--officer", REGISTRAR).done()
    number = make(own, tmp_path / "1.delta", "--delta-from", issued.bundle)["number"]
    reader.run("bundle", "update", tmp_path / "1.delta").done()
    assert reader.verdict(code)[1:] == ("RED", ["status_suspended"])
    for officer in (REGISTRAR, APPROVER):
        own.run("status", "resume", issued.credential, "--officer", officer).done()
    make(own, tmp_path / "2.delta", "--since", str(number))
    reader.run("bundle", "update", tmp_path / "2.delta").done()
    assert reader.verdict(issued.show("--groups", GATE_GROUPS))[1] == "GREEN"


def test_a_delta_taken_twice_or_from_elsewhere_is_refused(
    issued: Issued, own: Bureau, reader: Reader, tmp_path: Path
) -> None:
    make(own, tmp_path / "1.delta", "--delta-from", issued.bundle)
    full = make(own, tmp_path / "2.eid")["number"]
    make(own, tmp_path / "3.delta", "--since", str(full))
    before = held(reader)
    ran = eid("--home", reader.home, "bundle", "update", tmp_path / "3.delta")
    assert_one_sentence(ran, Reason.BUNDLE_BASE_OTHER, 1)
    assert held(reader) == before
    reader.run("bundle", "update", tmp_path / "1.delta").done()
    ran = eid("--home", reader.home, "bundle", "update", tmp_path / "1.delta")
    assert_one_sentence(ran, Reason.BUNDLE_OLDER, 1)


def test_a_reader_without_a_bundle_needs_the_full_one(issued: Issued, own: Bureau, tmp_path: Path) -> None:
    make(own, tmp_path / "1.delta", "--delta-from", issued.bundle)
    reader = Reader(tmp_path / "new")
    reader.run("trust", "pin", own.root).done()
    ran = eid("--home", reader.home, "bundle", "update", tmp_path / "1.delta")
    assert_one_sentence(ran, Reason.BUNDLE_BASE_OTHER, 1)
    assert not (reader.home / KEPT).exists()


def test_a_bent_delta_changes_nothing(issued: Issued, own: Bureau, reader: Reader, tmp_path: Path) -> None:
    make(own, tmp_path / "1.delta", "--delta-from", issued.bundle)
    whole, before = (tmp_path / "1.delta").read_bytes(), held(reader)
    for place in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
        bent = bytearray(whole)
        bent[place] ^= 1
        (tmp_path / "bent").write_bytes(bent)
        assert reader.run("bundle", "update", tmp_path / "bent").code == 1
    assert held(reader) == before


def test_a_delta_needs_a_base_that_is_known_named_once_and_older(bureau: Bureau, tmp_path: Path) -> None:
    file = tmp_path / "made.eid"
    ran = eid("--home", bureau.home, "bundle", "make", file, "--since", "77")
    assert_one_sentence(ran, Reason.BUNDLE_MISSING, 1)
    bureau.run("bundle", "make", file).done()
    assert eid("--home", bureau.home, "bundle", "make", file, "--since", "1", "--delta-from", file).code == 64
    (tmp_path / "letter").write_bytes(b"letter")
    ran = eid("--home", bureau.home, "bundle", "make", tmp_path / "x", "--delta-from", tmp_path / "letter")
    assert_one_sentence(ran, Reason.BUNDLE_INVALID, 1)
    assert not (tmp_path / "x").exists()


def test_a_base_of_a_higher_number_is_refused(issued: Issued, own: Bureau, tmp_path: Path) -> None:
    earlier = own.copied_to(tmp_path / "earlier")
    for _ in range(2):
        make(own, tmp_path / "ahead.eid")
    ran = eid("--home", earlier.home, "bundle", "make", tmp_path / "x", "--delta-from", tmp_path / "ahead.eid")
    assert_one_sentence(ran, Reason.BUNDLE_OLDER, 1)


def test_what_is_handed_out_carries_no_posts_licence_and_a_delta_from_each_earlier_one(
    bureau: Bureau, tmp_path: Path
) -> None:
    file, out = tmp_path / "made.eid", bureau.home / "bundles" / "published"
    first = bureau.run("bundle", "make", file).done()["number"]
    make(bureau, file)
    assert not out.exists()
    last = bureau.run("bundle", "make", file, "--publish").done()["number"]
    assert {path.name for path in out.iterdir()} == {"current", f"since-{first}"}
    assert (out / "current").read_bytes() == file.read_bytes() == made_here(bureau, last)
    ran = eid("--home", bureau.home, "bundle", "make", file, "--publish", "--post", POST)
    assert_one_sentence(ran, Reason.REQUEST_MALFORMED, 1)
    bureau.run("bundle", "make", file, "--publish").done()
    assert {path.name for path in out.iterdir()} == {"current", f"since-{first}", f"since-{last}"}
    reader = Reader(tmp_path / "reader")
    reader.run("trust", "pin", bureau.root).done()
    (tmp_path / "first.eid").write_bytes(made_here(bureau, first))
    reader.run("bundle", "update", tmp_path / "first.eid").done()
    reader.run("bundle", "update", out / f"since-{first}").done()
    assert held(reader) == file.read_bytes()
