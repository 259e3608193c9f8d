from __future__ import annotations

from pathlib import Path

import pytest

from api.wiring.challenges import POST_FOLDER, enrol
from api.wiring.posts import POST_ID_FILE
from core.errors import Misconfigured, NotFound, Refused
from core.reasons import Reason


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = tmp_path / "kit"
    folder.mkdir()
    (folder / POST_ID_FILE).write_text("desk-1\n", encoding="ascii")
    (folder / "post-00.key").write_bytes(b"sealed")
    return folder


def test_a_kit_is_taken_whole(kit: Path, tmp_path: Path) -> None:
    assert enrol(tmp_path / "reader", kit) == "desk-1"
    taken = tmp_path / "reader" / POST_FOLDER
    assert {path.name: path.read_bytes() for path in taken.iterdir()} == {
        path.name: path.read_bytes() for path in kit.iterdir()
    }


def test_a_second_kit_is_refused_and_the_first_stays(kit: Path, tmp_path: Path) -> None:
    enrol(tmp_path / "reader", kit)
    (kit / "post-00.key").write_bytes(b"another")
    with pytest.raises(Refused) as caught:
        enrol(tmp_path / "reader", kit)
    assert caught.value.reason is Reason.HOME_EXISTS
    assert (tmp_path / "reader" / POST_FOLDER / "post-00.key").read_bytes() == b"sealed"


def test_what_is_no_kit_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        enrol(tmp_path / "reader", tmp_path)
    assert not (tmp_path / "reader").exists()


def test_a_kit_that_cannot_be_copied_leaves_none(kit: Path, tmp_path: Path) -> None:
    (kit / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Misconfigured):
        enrol(tmp_path / "reader", kit)
    assert not (tmp_path / "reader" / POST_FOLDER).exists()
    (kit / "gone").unlink()
    assert enrol(tmp_path / "reader", kit) == "desk-1"
