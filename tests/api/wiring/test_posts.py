from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring.posts import POST_ID_FILE, PostKits
from core.entropy import SystemEntropy
from core.errors import EidError, MalformedInput, Misconfigured, Refused
from core.reasons import Reason
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles

PASSPHRASE = b"a passphrase of the tests"
NOW = 1_796_000_000


def kits(home: Path) -> PostKits:
    return PostKits(Settings(home=home))


def made(home: Path, *, fail: EidError | None = None) -> bytes:
    with kits(home).making("desk-1", PASSPHRASE, now=NOW, entropy=SystemEntropy()) as point:
        if fail is not None:
            raise fail
    return point


def test_a_kit_holds_the_key_of_its_post(tmp_path: Path) -> None:
    point = made(tmp_path)
    folder = tmp_path / "posts" / "desk-1"
    assert KeyFiles(folder, PASSPHRASE).open(KeyPurpose.POST).point == point
    assert (folder / POST_ID_FILE).read_text(encoding="ascii") == "desk-1\n"
    assert [entry.name for entry in (tmp_path / "posts").iterdir()] == ["desk-1"]


def test_a_post_that_is_refused_leaves_the_kit_that_was_there(tmp_path: Path) -> None:
    point = made(tmp_path)
    with pytest.raises(Refused):
        made(tmp_path, fail=Refused(Reason.ROLE_MISSING, "said in the test"))
    keys = KeyFiles(tmp_path / "posts" / "desk-1", PASSPHRASE)
    assert [key.purpose for key in keys.listing()] == [KeyPurpose.POST]
    assert keys.open(KeyPurpose.POST).point == point
    assert [entry.name for entry in (tmp_path / "posts").iterdir()] == ["desk-1"]


def test_a_kit_left_by_a_broken_run_gives_way(tmp_path: Path) -> None:
    old = made(tmp_path)
    assert made(tmp_path) != old
    assert len(KeyFiles(tmp_path / "posts" / "desk-1", PASSPHRASE).listing()) == 1


def test_a_home_that_cannot_be_written_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "posts").write_text("a file", encoding="ascii")
    with pytest.raises(Misconfigured):
        made(tmp_path)


@pytest.mark.parametrize("post", ["../x", "", "a/b", "Desk", "-x", "x" * 17])
def test_an_id_that_names_no_folder_of_its_own_is_refused(tmp_path: Path, post: str) -> None:
    with (
        pytest.raises(MalformedInput) as caught,
        kits(tmp_path).making(post, PASSPHRASE, now=NOW, entropy=SystemEntropy()),
    ):
        raise AssertionError("a kit was made")
    assert caught.value.reason is Reason.REQUEST_MALFORMED
    assert list(tmp_path.iterdir()) == []
