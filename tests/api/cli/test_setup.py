from __future__ import annotations

from pathlib import Path

import pytest

from core.reasons import Reason
from tests.api.cli.command import assert_one_sentence, eid, json_of
from tests.api.cli.world import GATE, POST, REGISTRAR, Bureau, Issued, Reader

REAL = (
    *("--real", "--bureau", "110101000000", "--name-zh", "某市公安局", "--name-en", "A City Public Security Bureau"),
    *(
        "--division",
        "110101",
        "--operator-zh",
        "某机构",
        "--operator-en",
        "An Operator",
        "--contact",
        "eid@example.org",
    ),
)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A home that is no specimen. To be read only."""
    home = tmp_path_factory.mktemp("real") / "home"
    assert json_of("--home", home, "init", *REAL).done()["specimen"] is False
    return Bureau(home, "http://127.0.0.1:8080")


def test_init_founds_a_specimen_with_two_officers_and_a_post(tmp_path: Path) -> None:
    facts = json_of("--home", tmp_path / "new", "init").done()
    assert facts["specimen"] is True
    assert set(facts["officers"]) == {"registrar-1", "approver-1"}
    assert (Path(facts["post_kit"]) / "post-id").read_text(encoding="ascii") == f"{POST}\n"
    assert Path(facts["root"]).read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
    assert [entry.name for entry in tmp_path.iterdir()] == ["new"]


def test_init_says_in_words_what_it_made(tmp_path: Path) -> None:
    ran = eid("--home", tmp_path / "new", "init")
    assert ran.code == 0
    assert "SPECIMEN" in ran.out
    assert ran.err.splitlines()[-1] == "init: 5 / 5"


@pytest.mark.parametrize(("suite", "purposes"), [("es256", 0), ("sm2", 1), ("ml-dsa-44", 1)])
def test_init_takes_the_suite_of_the_online_forms(tmp_path: Path, suite: str, purposes: int) -> None:
    facts = json_of("--home", tmp_path / "new", "init", "--suite", suite).done()
    assert facts["suite"] == suite
    assert len(list((tmp_path / "new" / "keys").glob("online-signer-*.key"))) == purposes


def test_the_suite_is_es256_where_none_is_named(tmp_path: Path) -> None:
    assert json_of("--home", tmp_path / "new", "init").done()["suite"] == "es256"


def test_an_unknown_suite_is_told_which_there_are(tmp_path: Path) -> None:
    ran = eid("--home", tmp_path / "new", "init", "--suite", "rsa")
    assert ran.code == 64
    assert all(suite in ran.err for suite in ("es256", "sm2", "ml-dsa-44"))
    assert not (tmp_path / "new").exists()


def test_a_home_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert_one_sentence(eid("--home", tmp_path, "init"), Reason.HOME_EXISTS, 1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_a_second_init_changes_nothing(founded: Bureau) -> None:
    before = (founded.home / "public" / "trust" / "list").read_bytes()
    assert_one_sentence(eid("--home", founded.home, "init"), Reason.HOME_EXISTS, 1)
    assert (founded.home / "public" / "trust" / "list").read_bytes() == before


def test_an_empty_folder_may_become_a_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    json_of("--home", tmp_path / "home", "init").done()
    assert (tmp_path / "home" / "keys").is_dir()


def test_the_folder_one_stands_in_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_sentence(eid("--home", ".", "init"), Reason.SETTING_INVALID, 64)
    assert list(tmp_path.iterdir()) == []


def test_without_a_passphrase_nothing_is_founded(tmp_path: Path) -> None:
    ran = eid("--home", tmp_path / "new", "init", EID_PASSPHRASE=None)
    assert_one_sentence(ran, Reason.PASSPHRASE_MISSING, 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (("--post-id", "../elsewhere"), Reason.REQUEST_MALFORMED),
        (("--site-kind", "nonsense"), Reason.REQUEST_MALFORMED),
        (("--place", ""), Reason.REQUEST_MALFORMED),
        (("--registrar", "No Such Id!"), None),
        (("--bureau", "12"), None),
        (("--division", "abc"), None),
        (("--contact", "nobody"), None),
    ],
)
def test_a_plan_that_cannot_be_leaves_nothing(tmp_path: Path, wrong: tuple[str, str], reason: Reason | None) -> None:
    ran = json_of("--home", tmp_path / "new", "init", *wrong)
    assert (ran.code in {1, 64}, ran.out) == (True, "")
    assert reason is None or ran.problem["error"] == reason.code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left_out", [option for option in REAL if option.startswith("--") and option != "--real"])
def test_a_real_deployment_is_named_in_full(tmp_path: Path, left_out: str) -> None:
    place = REAL.index(left_out)
    given = (*REAL[:place], *REAL[place + 2 :])
    assert_one_sentence(eid("--home", tmp_path / "new", "init", *given), Reason.COMMAND_MISUSED, 64)
    assert list(tmp_path.iterdir()) == []


def test_a_real_home_takes_no_synthetic_people(real: Bureau, tmp_path: Path) -> None:
    home = real.copied_to(tmp_path / "home")
    home.run("records", "sample", "5", tmp_path / "register.csv", "--no-portraits").done()
    report = home.run("records", "import", tmp_path / "register.csv", "--officer", REGISTRAR).done()
    assert report["added"] == 0
    assert {row["code"] for row in report["bad"]} >= {"synthetic_number"}


def test_a_reader_of_the_real_root_takes_no_specimen(real: Bureau, issued: Issued, tmp_path: Path) -> None:
    reader = Reader(tmp_path / "reader")
    assert reader.run("trust", "pin", real.root).done()["specimen"] is False
    ran = reader.run("bundle", "update", issued.bundle)
    assert (ran.code, ran.problem["error"]) == (1, "issuer_unknown")
    # With a bundle of its own it still sees that this is no card.
    real_bundle = tmp_path / "real.eid"
    real.run("bundle", "make", real_bundle).done()
    reader.run("bundle", "update", real_bundle).done()
    assert reader.verdict(issued.show()) == (1, "RED", ["specimen_in_real_mode"])


def test_a_reader_of_a_specimen_root_takes_nothing_real(real: Bureau, reader: Reader, tmp_path: Path) -> None:
    real.run("bundle", "make", tmp_path / "real.eid").done()
    ran = reader.run("bundle", "update", tmp_path / "real.eid")
    assert (ran.code, ran.problem["error"]) == (1, "issuer_unknown")
    assert reader.run("bundle", "show").done()["specimen"] is True


def test_pinning_another_root_forgets_the_bundle(real: Bureau, issued: Issued, reader: Reader) -> None:
    assert reader.run("trust", "pin", real.root).done()["specimen"] is False
    ran = reader.run("verify", issued.show(), *GATE)
    assert (ran.code, ran.problem["error"]) == (64, "bundle_missing")
