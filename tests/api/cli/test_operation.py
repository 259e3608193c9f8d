from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid, json_of
from tests.api.cli.world import Bureau, Reader


def test_a_port_in_use_is_one_sentence(founded: Bureau) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = eid("--home", founded.home, "serve", "--port", port, EID_PUBLIC_URL=founded.url)
    assert_one_sentence(ran, Reason.PORT_IN_USE, 64)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--host", "::"), Reason.SETTING_INVALID),
        (("--roles", "king"), Reason.SETTING_INVALID),
        (("--roles", ""), Reason.SETTING_INVALID),
        (("--host", "203.0.113.7"), Reason.SETTING_INVALID),
    ],
)
def test_what_may_not_be_served_is_refused(founded: Bureau, arguments: tuple[str, ...], reason: Reason) -> None:
    assert_one_sentence(eid("--home", founded.home, "serve", "--port", "0", *arguments), reason, 64)


def test_a_home_without_a_bureau_serves_no_issuer(tmp_path: Path) -> None:
    assert_one_sentence(eid("--home", tmp_path / "none", "serve", "--port", "0"), Reason.HOME_MISSING, 64)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_passphrase_serves_nothing(founded: Bureau) -> None:
    ran = eid("--home", founded.home, "serve", "--port", "0", EID_PASSPHRASE="another one")
    assert_one_sentence(ran, Reason.PASSPHRASE_WRONG, 64)


def test_keys_are_listed_without_a_passphrase(founded: Bureau) -> None:
    keys = founded.run("keys", "list", EID_PASSPHRASE=None).done()["keys"]
    assert {key["purpose"] for key in keys} == {
        "national-root",
        "list-signer",
        "reader-root",
        "policy-signer",
        "document-signer",
        "card-signer",
        "bundle-signer",
        "vical-signer",
        "audit-signer",
    }
    assert json_of("--home", founded.home / "none", "keys", "list", EID_PASSPHRASE=None).done()["keys"] == []


def test_an_upgrade_of_this_very_version_changes_nothing(bureau: Bureau) -> None:
    facts = bureau.run("db", "upgrade").done()
    assert facts["before"] == facts["after"]


def test_the_doctor_finds_a_sound_home_sound(founded: Bureau) -> None:
    facts = founded.run("doctor").done()
    assert facts["ok"] is True
    assert [check["problem"] for check in facts["checks"]] == [None] * 4
    assert "✗" not in eid("--home", founded.home, "doctor").out


def problems(bureau: Bureau, **variables: str | None) -> list[bool]:
    ran = bureau.run("doctor", **variables)
    assert (ran.code, ran.facts["ok"], ran.err) == (1, False, "")
    return [check["problem"] is not None for check in ran.facts["checks"]]


def test_the_doctor_names_what_is_wrong(bureau: Bureau) -> None:
    assert problems(bureau, EID_PASSPHRASE="another one") == [True, True, True, False]
    (bureau.home / "public" / "trust" / "list").write_bytes(b"\xff damaged")
    assert problems(bureau) == [False, False, False, True]
    next((bureau.home / "keys").glob("document-signer-*.key")).write_bytes(b"damaged")
    assert problems(bureau) == [False, True, False, True]
    bureau.root.write_bytes(b"")
    assert problems(bureau) == [False, True, True, True]


def test_the_doctor_says_it_of_an_empty_home_too(tmp_path: Path) -> None:
    assert problems(Bureau(tmp_path / "none", "http://127.0.0.1:8080")) == [True] * 4


@pytest.mark.parametrize(
    "command",
    [
        ("records", "list"),
        ("cases", "list"),
        ("officers", "list"),
        ("posts", "list"),
        ("status", "pending"),
        ("trust", "show"),
        ("trust", "publish"),
        ("audit", "verify"),
        ("audit", "checkpoint"),
        ("audit", "reconcile"),
        ("audit", "export", "BUNDLE"),
        ("bundle", "make", "BUNDLE"),
        ("bundle", "make", "BUNDLE", "--post", "post-1"),
        ("offers", "create", "--record", "x", "--officer", "registrar-1"),
    ],
)
def test_without_a_bureau_every_command_says_so_and_makes_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    words = [word.replace("BUNDLE", str(tmp_path / "bundle.eid")) for word in command]
    assert_one_sentence(eid("--home", tmp_path / "none", *words), Reason.HOME_MISSING, 64)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_needs_no_passphrase_to_check(reader: Reader) -> None:
    assert reader.run("verify", "EID1:", EID_PASSPHRASE=None).code == 1
