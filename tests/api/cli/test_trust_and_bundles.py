from __future__ import annotations

from pathlib import Path

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.world import POST, REGISTRAR, Bureau, Issued, Reader


def test_publishing_raises_the_number(bureau: Bureau) -> None:
    before = bureau.run("trust", "show").done()["number"]
    assert bureau.run("trust", "publish").done()["number"] == before + 1
    shown = bureau.run("trust", "show").done()
    assert (shown["number"], shown["specimen"]) == (before + 1, True)
    assert {key["role"] for key in shown["keys"]} == {"credential", "policy", "bundle", "card"}


def test_showing_needs_no_passphrase_and_publishing_does(bureau: Bureau) -> None:
    assert bureau.run("trust", "show", EID_PASSPHRASE=None).code == 0
    ran = eid("--home", bureau.home, "trust", "publish", EID_PASSPHRASE=None)
    assert_one_sentence(ran, Reason.PASSPHRASE_MISSING, 64)
    assert bureau.run("trust", "show").done()["number"] == 1


@pytest.mark.parametrize(
    "content",
    [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * 100_000],
)
def test_what_is_no_root_is_not_pinned_and_the_operator_is_told_which_file(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "root.pem").write_bytes(content)
    ran = eid("--home", tmp_path / "reader", "trust", "pin", tmp_path / "root.pem")
    assert_one_sentence(ran, Reason.FILE_UNREADABLE, 64)
    assert "root.pem" in ran.err
    assert not (tmp_path / "reader").exists()


def test_the_reader_root_is_no_national_root_to_a_bundle(issued: Issued, tmp_path: Path) -> None:
    reader = Reader(tmp_path / "reader")
    pinned = reader.run("trust", "pin", issued.bureau.root.with_name("reader-root.pem"))
    assert pinned.code == 64 or reader.run("bundle", "update", issued.bundle).code == 1


def test_numbers_of_bundles_grow_and_an_older_one_is_refused(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    bureau = issued.bureau.copied_to(tmp_path / "bureau")
    newer = tmp_path / "newer.eid"
    made = bureau.run("bundle", "make", newer, "--post", POST).done()
    assert reader.run("bundle", "update", newer).done()["number"] == made["number"]
    ran = eid("--home", reader.home, "bundle", "update", issued.bundle)
    assert_one_sentence(ran, Reason.BUNDLE_OLDER, 1)
    assert reader.run("bundle", "show").done()["number"] == made["number"]
    # Looking into the older file is not loading it.
    assert reader.run("bundle", "show", issued.bundle).done()["number"] == made["number"] - 1
    ran = eid("--home", reader.home, "verify", "EID1:", "--bundle", issued.bundle)
    assert_one_sentence(ran, Reason.BUNDLE_OLDER, 1)


def test_a_bent_bundle_changes_nothing(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    before = (reader.home / "reader" / "bundle.eid").read_bytes()
    whole = issued.bundle.read_bytes()
    for place in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
        bent = bytearray(whole)
        bent[place] ^= 1
        (tmp_path / "bent.eid").write_bytes(bent)
        assert reader.run("bundle", "update", tmp_path / "bent.eid").code == 1
    for data in (b"", whole[:-1], whole + b"\0", b"letter"):
        (tmp_path / "bent.eid").write_bytes(data)
        assert reader.run("bundle", "update", tmp_path / "bent.eid").code == 1
    assert (reader.home / "reader" / "bundle.eid").read_bytes() == before


def test_a_bundle_of_another_root_is_refused(reader: Reader, tmp_path: Path) -> None:
    other = Bureau(tmp_path / "other", "http://127.0.0.1:8080")
    other.run("init").done()
    other.run("bundle", "make", tmp_path / "other.eid", "--post", POST).done()
    ran = eid("--home", reader.home, "bundle", "update", tmp_path / "other.eid")
    assert_one_sentence(ran, Reason.ISSUER_UNKNOWN, 1)


def test_no_bundle_is_loaded_without_a_root(issued: Issued, tmp_path: Path) -> None:
    ran = eid("--home", tmp_path / "reader", "bundle", "update", issued.bundle)
    assert_one_sentence(ran, Reason.PIN_MISSING, 64)
    assert_one_sentence(eid("--home", tmp_path / "reader", "bundle", "show"), Reason.BUNDLE_MISSING, 64)


def test_a_bundle_names_its_post_or_none(bureau: Bureau, tmp_path: Path) -> None:
    file = tmp_path / "made.eid"
    assert bureau.run("bundle", "make", file).done()["post"] is None
    assert bureau.run("bundle", "make", file, "--post", POST).done()["post"] == POST
    ran = eid("--home", bureau.home, "bundle", "make", file, "--post", "nowhere")
    assert_one_sentence(ran, Reason.POST_UNKNOWN, 1)
    ran = eid("--home", bureau.home, "bundle", "make", tmp_path / "no" / "folder.eid")
    assert_one_sentence(ran, Reason.FILE_UNWRITABLE, 64)


def test_a_reader_takes_one_kit(issued: Issued, reader: Reader, tmp_path: Path) -> None:
    kit = issued.bureau.home / "posts" / POST
    assert_one_sentence(eid("--home", reader.home, "posts", "enrol", kit), Reason.HOME_EXISTS, 1)
    assert_one_sentence(eid("--home", tmp_path / "new", "posts", "enrol", tmp_path), Reason.KEY_UNKNOWN, 1)
    assert not (tmp_path / "new").exists()


def test_another_posts_licence_lets_nobody_ask(issued: Issued, tmp_path: Path) -> None:
    bureau = issued.bureau.copied_to(tmp_path / "bureau")
    add = ("posts", "add", "desk-2", "--place", "x", "--site-kind", "hotel", "--officer", REGISTRAR)
    kit = bureau.run(*add).done()["post_kit"]
    reader = Reader(tmp_path / "reader")
    reader.run("trust", "pin", bureau.root).done()
    reader.run("posts", "enrol", kit).done()
    reader.run("bundle", "update", issued.bundle).done()
    ran = eid("--home", reader.home, "challenge", "--policy", "hotel")
    assert_one_sentence(ran, Reason.LICENCE_INVALID, 1)
