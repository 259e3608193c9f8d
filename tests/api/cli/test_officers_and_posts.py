from __future__ import annotations

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid
from tests.api.cli.world import APPROVER, POST, REGISTRAR, Bureau

PLACE = ("--place", "样例站二号口", "--site-kind", "hotel")


def test_an_admin_adds_an_officer(bureau: Bureau) -> None:
    bureau.run("officers", "add", "auditor-1", "--name", "Au", "--role", "auditor", "--officer", REGISTRAR).done()
    listed = {row["officer"]: row["roles"] for row in bureau.run("officers", "list").done()["officers"]}
    assert listed["auditor-1"] == ["auditor"]


@pytest.mark.parametrize(
    ("arguments", "reason", "code"),
    [
        (("x-1", "--role", "auditor", "--officer", APPROVER), Reason.ROLE_MISSING, 1),
        (("x-1", "--role", "auditor", "--officer", "nobody"), Reason.OFFICER_UNKNOWN, 1),
        (("x-1", "--role", "king", "--officer", REGISTRAR), Reason.COMMAND_MISUSED, 64),
    ],
)
def test_nobody_else_does(bureau: Bureau, arguments: tuple[str, ...], reason: Reason, code: int) -> None:
    ran = eid("--home", bureau.home, "officers", "add", *arguments, "--name", "X")
    assert_one_sentence(ran, reason, code)
    assert "x-1" not in eid("--home", bureau.home, "officers", "list").out


def test_an_officer_is_added_once(bureau: Bureau) -> None:
    add = ("officers", "add", "x-1", "--name", "X", "--role", "auditor", "--officer", REGISTRAR)
    bureau.run(*add).done()
    assert bureau.run(*add).code == 1


def test_a_post_gets_a_kit(bureau: Bureau) -> None:
    facts = bureau.run("posts", "add", "desk-2", *PLACE, "--officer", REGISTRAR).done()
    assert facts["post_kit"] == str(bureau.home / "posts" / "desk-2")
    rows = {row["post"]: row for row in bureau.run("posts", "list").done()["posts"]}
    assert rows["desk-2"]["place"] == "样例站二号口"
    assert set(rows) == {POST, "desk-2"}


@pytest.mark.parametrize(
    ("post", "options", "reason"),
    [
        ("../x", (*PLACE, "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("/tmp/x", (*PLACE, "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("Desk", (*PLACE, "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("a" * 17, (*PLACE, "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("desk-2", ("--place", "x" * 41, "--site-kind", "hotel", "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("desk-2", ("--place", "x", "--site-kind", "castle", "--officer", REGISTRAR), Reason.REQUEST_MALFORMED),
        ("desk-2", (*PLACE, "--officer", APPROVER), Reason.ROLE_MISSING),
        ("desk-2", (*PLACE, "--officer", "nobody"), Reason.OFFICER_UNKNOWN),
        (POST, (*PLACE, "--officer", REGISTRAR), Reason.DATA_MOVED),
    ],
)
def test_a_refused_post_leaves_no_kit_and_none_changed(
    bureau: Bureau, post: str, options: tuple[str, ...], reason: Reason
) -> None:
    def kits() -> dict[str, bytes]:
        found = (bureau.home / "posts").rglob("*")
        return {str(path.relative_to(bureau.home)): path.read_bytes() for path in found if path.is_file()}

    before = kits()
    assert_one_sentence(eid("--home", bureau.home, "posts", "add", post, *options), reason, 1)
    assert kits() == before
    assert not (bureau.home.parent / "x").exists()
