from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.wiring.trust import REISSUE_AFTER_SECONDS, TrustFolder
from core.clock import FixedClock
from core.entropy import SystemEntropy
from core.errors import EidError, MalformedInput, Misconfigured
from core.reasons import Reason
from issuer.founding import FoundingPlan, check_plan, found
from keys.storage.files import KeyFiles

NOW = 1_796_000_000
PASSPHRASE = b"a passphrase of the tests"
PLAN = FoundingPlan(
    bureau="690101000000",
    name_zh="样例市公安局",
    name_en="SPECIMEN Bureau",
    division="690101",
    country="CN",
    operator_zh="样例机构",
    operator_en="Example Operator",
    contact="eid@example.invalid",
    public_url="http://127.0.0.1:8080",
    specimen=True,
)


def changed(**changes: Any) -> FoundingPlan:
    return replace(PLAN, **changes)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path / "keys", PASSPHRASE)


@pytest.fixture
def folder(tmp_path: Path, keys: KeyFiles) -> TrustFolder:
    founded = found(PLAN, keys=keys, now=NOW, entropy=SystemEntropy())
    folder = TrustFolder(Settings(home=tmp_path))
    folder.keep_roots(founded.national_root, founded.reader_root)
    folder.publish(founded.trust_list, keys)
    return folder


def test_what_is_published_is_read_as_any_reader_reads_it(folder: TrustFolder) -> None:
    content = folder.current(now=NOW)
    assert (content.number, content.specimen) == (1, True)
    assert {bureau.bureau_id for bureau in content.bureaus} == {"000000000000", PLAN.bureau}


def test_each_issue_has_the_next_number(folder: TrustFolder, keys: KeyFiles) -> None:
    clock = FixedClock(NOW + 60)
    before = folder.table
    assert [folder.publish_next(keys, clock).number for _ in range(2)] == [2, 3]
    assert folder.current(now=NOW + 60).number == 3
    assert folder.table != before


def test_a_list_is_issued_again_when_it_is_half_a_day_old_and_not_before(folder: TrustFolder, keys: KeyFiles) -> None:
    folder.publish_if_old(keys, FixedClock(NOW + REISSUE_AFTER_SECONDS - 1))
    assert folder.current(now=NOW).number == 1
    folder.publish_if_old(keys, FixedClock(NOW + REISSUE_AFTER_SECONDS))
    assert folder.current(now=NOW + REISSUE_AFTER_SECONDS).number == 2


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe", b"a.b.c", b"{}"])
def test_a_damaged_list_is_refused(folder: TrustFolder, tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "public" / "trust" / "list").write_bytes(damaged)
    with pytest.raises(EidError):
        folder.current(now=NOW)


def test_a_home_without_trust_data_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        TrustFolder(Settings(home=tmp_path)).current(now=NOW)
    assert caught.value.reason is Reason.HOME_MISSING


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bureau", "12"),
        ("bureau", "６９０１０１００００００"),
        ("division", "abc"),
        ("division", ""),
        ("contact", "nobody"),
        ("contact", "http://example.org"),
        ("contact", "a@b@c"),
        ("name_zh", ""),
        ("name_en", "x" * 65),
        ("operator_zh", " "),
        ("operator_en", "two\nlines"),
    ],
)
def test_a_plan_that_cannot_stand_in_certificates_makes_no_key(
    keys: KeyFiles, tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(MalformedInput) as caught:
        found(changed(**{name: value}), keys=keys, now=NOW, entropy=SystemEntropy())
    assert caught.value.reason is Reason.REQUEST_MALFORMED
    assert not (tmp_path / "keys").exists()


def test_addresses_of_both_kinds_are_contacts() -> None:
    for contact in ("eid@example.org", "https://example.org/eid"):
        check_plan(replace(PLAN, contact=contact))
