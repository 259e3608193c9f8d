from __future__ import annotations

from pathlib import Path

import pytest

from core.reasons import Reason
from tests.api.cli.command import Ran, assert_one_sentence, eid
from tests.api.cli.world import APPROVER, POST, REGISTRAR, Bureau, Issued, Reader

GREEN: tuple[int, str, list[str]] = (0, "GREEN", [])


@pytest.fixture
def bureau(issued: Issued, tmp_path: Path) -> Bureau:
    """The bureau that issued, the test's own."""
    return issued.bureau.copied_to(tmp_path / "bureau")


def status(bureau: Bureau, verb: str, credential: str, officer: str, reason: str | None = None) -> Ran:
    why = () if reason is None else ("--reason", reason)
    return bureau.run("status", verb, credential, *why, "--officer", officer)


def verdict(bureau: Bureau, issued: Issued, reader: Reader, folder: Path) -> tuple[int, str, list[str]]:
    """What the reader says with the bundle of now."""
    bureau.run("bundle", "make", folder / "now.eid", "--post", POST).done()
    reader.run("bundle", "update", folder / "now.eid").done()
    return reader.verdict(issued.show())


def test_one_officer_suspends_and_two_lift_it(bureau: Bureau, issued: Issued, reader: Reader, tmp_path: Path) -> None:
    done = status(bureau, "suspend", issued.credential, REGISTRAR).done()
    assert done["pending"] is None
    assert done["lists_published"] > 0
    assert verdict(bureau, issued, reader, tmp_path) == (1, "RED", ["status_suspended"])
    asked = status(bureau, "resume", issued.credential, REGISTRAR).done()
    assert status(bureau, "resume", issued.credential, REGISTRAR).done()["pending"] == asked["pending"]
    assert verdict(bureau, issued, reader, tmp_path) == (1, "RED", ["status_suspended"])
    assert status(bureau, "resume", issued.credential, APPROVER).done()["pending"] is None
    assert verdict(bureau, issued, reader, tmp_path) == GREEN


def test_two_officers_revoke_for_good(bureau: Bureau, issued: Issued, reader: Reader, tmp_path: Path) -> None:
    asked = status(bureau, "revoke", issued.credential, REGISTRAR, "fraud").done()
    (waiting,) = bureau.run("status", "pending").done()["pending"]
    assert (waiting["act"], waiting["requested_by"], waiting["reason"]) == (asked["pending"], REGISTRAR, "fraud")
    assert verdict(bureau, issued, reader, tmp_path) == GREEN
    assert status(bureau, "revoke", issued.credential, APPROVER, "fraud").done()["pending"] is None
    assert bureau.run("status", "pending").done()["pending"] == []
    assert verdict(bureau, issued, reader, tmp_path) == (1, "RED", ["status_revoked"])
    for verb in ("suspend", "resume"):
        ran = status(bureau, verb, issued.credential, REGISTRAR)
        assert (ran.code, ran.problem["error"]) == (1, "credential_state")


def test_a_rejected_act_has_no_effect(bureau: Bureau, issued: Issued, reader: Reader, tmp_path: Path) -> None:
    act = status(bureau, "revoke", issued.credential, REGISTRAR, "phone_lost").done()["pending"]
    bureau.run("status", "reject", act, "--officer", APPROVER).done()
    assert bureau.run("status", "pending").done()["pending"] == []
    assert verdict(bureau, issued, reader, tmp_path) == GREEN
    ran = eid("--home", bureau.home, "status", "reject", act, "--officer", APPROVER)
    assert_one_sentence(ran, Reason.CREDENTIAL_STATE, 1)
    ran = eid("--home", bureau.home, "status", "reject", "nonsense", "--officer", APPROVER)
    assert_one_sentence(ran, Reason.STATUS_ACT_UNKNOWN, 1)


def test_another_reason_is_another_act(bureau: Bureau, issued: Issued) -> None:
    first = status(bureau, "revoke", issued.credential, REGISTRAR, "phone_lost").done()["pending"]
    second = status(bureau, "revoke", issued.credential, APPROVER, "fraud")
    # It does not approve the one that waits, whether it waits beside it or is refused.
    assert second.code == 1 or second.done()["pending"] not in {None, first}


@pytest.mark.parametrize("verb", ["suspend", "resume", "revoke"])
def test_unknown_credentials_and_officers_are_said_to_be_so(bureau: Bureau, issued: Issued, verb: str) -> None:
    why = ("--reason", "fraud") if verb == "revoke" else ()
    base = ("--home", bureau.home, "status", verb)
    ran = eid(*base, "nonsense", *why, "--officer", REGISTRAR)
    assert_one_sentence(ran, Reason.CREDENTIAL_UNKNOWN, 1)
    ran = eid(*base, issued.credential, *why, "--officer", "nobody")
    assert_one_sentence(ran, Reason.OFFICER_UNKNOWN, 1)
