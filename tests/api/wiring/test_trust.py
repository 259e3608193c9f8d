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
from formats.bundle.trust_table import KeyRole
from formats.mdoc.model import DOCTYPE
from formats.vical import Vical, read_vical
from issuer.founding import FoundingPlan, check_plan, found
from issuer.policy import DAY, monday
from keys.certificates import check_status_chain, validity_of
from keys.signing import KeyPurpose
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


def told(action: str, subject: str, note: str) -> None:
    assert (action, note) in {("trust.publish", f"list-signer x2{more}") for more in ("", ", vical-signer x1")}
    assert subject.isdecimal()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path / "keys", PASSPHRASE)


@pytest.fixture
def folder(tmp_path: Path, keys: KeyFiles) -> TrustFolder:
    founded = found(PLAN, keys=keys, now=NOW, entropy=SystemEntropy())
    folder = TrustFolder(Settings(home=tmp_path))
    folder.keep_roots(founded.national_root, founded.reader_root)
    folder.publish(founded.trust_list, keys, announce=told)
    return folder


def test_what_is_published_is_read_as_any_reader_reads_it(folder: TrustFolder) -> None:
    content = folder.current(now=NOW)
    assert (content.number, content.specimen) == (1, True)
    assert {bureau.bureau_id for bureau in content.bureaus} == {"000000000000", PLAN.bureau}


def test_each_issue_is_there_for_readers_of_mdoc_too(folder: TrustFolder, keys: KeyFiles, tmp_path: Path) -> None:
    def published() -> Vical:
        data = (tmp_path / "public" / "trust" / "vical").read_bytes()
        return read_vical(data, root=folder.national_root, highest_seen=0, now=NOW + 60, tolerance_seconds=30)

    assert published().number == 1
    assert published().entries[0].doctypes == {DOCTYPE}
    folder.publish_next(keys, FixedClock(NOW + 60), announce=told)
    assert published().number == 2
    signer = keys.open(KeyPurpose.DOCUMENT_SIGNER)
    leaf = published().authorise(signer.certificates, doctype=DOCTYPE, issued_at=NOW, now=NOW + 60)
    assert leaf.bureau == PLAN.bureau


def test_a_home_without_a_signer_for_readers_of_mdoc_publishes_the_rest(
    folder: TrustFolder, keys: KeyFiles, tmp_path: Path
) -> None:
    (tmp_path / "public" / "trust" / "vical").unlink()
    for path in (tmp_path / "keys").glob("vical-signer*"):
        path.unlink()
    folder.publish_next(keys, FixedClock(NOW + 60), announce=told)
    assert folder.current(now=NOW + 60).number == 2
    assert not (tmp_path / "public" / "trust" / "vical").exists()


def test_a_separate_signer_of_status_lists_is_founded_where_its_usage_is_set(keys: KeyFiles) -> None:
    plan = changed(status_signer_eku="1.2.3.4.5")
    founded = found(plan, keys=keys, now=NOW, entropy=SystemEntropy())
    signer = keys.open(KeyPurpose.STATUS_SIGNER)
    leaf = check_status_chain(signer.certificates, root=founded.national_root, now=NOW)
    (service,) = (
        service for b in founded.trust_list.bureaus for service in b.services if service.role is KeyRole.STATUS
    )
    assert (leaf.bureau, service.certificate, service.vcts) == (PLAN.bureau, signer.certificates[0], frozenset())


@pytest.mark.parametrize("hour", [0, 1, 24 * 6 + 23])
def test_every_key_and_certificate_begins_a_day_before_its_first_use(keys: KeyFiles, hour: int) -> None:
    now = monday(NOW) + hour * 3600
    founded = found(PLAN, keys=keys, now=now, entropy=SystemEntropy())
    services = [service for bureau in founded.trust_list.bureaus for service in bureau.services]
    assert len(services) == 4
    for service in services:
        # The first credential is dated to this week's Monday.
        assert service.valid_from <= monday(now) - DAY
        assert validity_of(service.certificate).not_before <= service.valid_from
    for root in (founded.national_root, founded.reader_root):
        assert validity_of(root).not_before <= monday(now) - DAY


def test_each_issue_has_the_next_number(folder: TrustFolder, keys: KeyFiles) -> None:
    clock = FixedClock(NOW + 60)
    before = folder.table
    assert [folder.publish_next(keys, clock, announce=told).number for _ in range(2)] == [2, 3]
    assert folder.current(now=NOW + 60).number == 3
    assert folder.table != before


def test_a_list_is_issued_again_when_it_is_half_a_day_old_and_not_before(folder: TrustFolder, keys: KeyFiles) -> None:
    folder.publish_if_old(keys, FixedClock(NOW + REISSUE_AFTER_SECONDS - 1), announce=told)
    assert folder.current(now=NOW).number == 1
    folder.publish_if_old(keys, FixedClock(NOW + REISSUE_AFTER_SECONDS), announce=told)
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
