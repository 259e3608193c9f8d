from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Reason
from formats import cose, licence
from formats.bundle import trust_table
from formats.bundle.envelope import TYP, Bundle, Floors, certificates, open_bundle
from formats.bundle.trust_table import KeyRole, KeyState
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.signature_checks import run
from formats.site_policy import BUILT_IN
from tests.builders import qr
from tests.builders.people import BUREAU
from tests.builders.refusals import outcome, refused

LIST_SIGNER = qr.signer("list signer")
PACKER = qr.signer("bundle signer")
OTHER_BUREAU = "690102000000"
OTHER_ISSUER = qr.signer("other bureau")
OTHER_KEY = qr.trusted_key(OTHER_ISSUER, KeyRole.CREDENTIAL, bureau=OTHER_BUREAU)


def opened(data: bytes, *, specimen: bool = True, floors: Floors | None = None, now: int = qr.NOW) -> Bundle:
    checks = open_bundle(
        data, list_signer_point=LIST_SIGNER.point, specimen=specimen, floors=floors or Floors(), now=now
    )
    return run(checks)


def packed(**changes: Any) -> bytes:
    return qr.bundle_parts(**changes).packed()


def test_a_good_bundle_opens_with_every_part() -> None:
    bundle = opened(packed())
    assert bundle.trust == qr.a_trust_table()
    assert bundle.snapshots == {BUREAU: qr.a_snapshot()}
    assert bundle.policies == {"rail-gate": BUILT_IN["rail-gate"]}
    assert bundle.licence == qr.a_licence()
    assert bundle.licence_bytes == qr.a_signed_licence()
    assert (bundle.number, bundle.issued_at, bundle.expires_at) == (21, qr.NOW - 1800, qr.NOW + 7 * qr.DAY)


def test_a_bundle_needs_no_licence_snapshots_or_policies() -> None:
    bundle = opened(packed(licence=None, snapshots=(), policies=()))
    assert (bundle.licence, bundle.snapshots, bundle.policies) == (None, {}, {})


def test_numbers_begin_at_nothing() -> None:
    bundle = opened(packed(snapshots=(qr.signed_snapshot(qr.a_snapshot(number=0)),), licence=None))
    assert bundle.snapshots[BUREAU].number == 0
    assert bundle.floors(Floors()).licence_number == 0


def test_a_bundle_carries_as_many_as_4096_parts_of_a_kind() -> None:
    assert certificates(packed(policies=(b"",) * 4096)) == (b"list signer certificate",)
    with refused(Reason.BUNDLE_INVALID):
        certificates(packed(policies=(b"",) * 4097))


def test_an_expired_licence_stays_in_the_bundle() -> None:
    assert opened(packed(licence=qr.a_signed_licence(expires_at=qr.NOW - qr.DAY))).licence is not None


def test_the_list_signers_chain_is_read_before_anything_is_verified() -> None:
    data = packed()
    assert certificates(data) == (b"list signer certificate",)
    assert certificates(data[:-1] + bytes((data[-1] ^ 1,))) == (b"list signer certificate",)
    with refused(Reason.BUNDLE_INVALID):
        certificates(b"")


def test_a_bundle_signer_cannot_add_a_key() -> None:
    more = qr.a_trust_table(OTHER_KEY)
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(trust=qr.signed_table(more, by=PACKER)))
    pretended = qr.sign(trust_table.draft(more, signer_kid=LIST_SIGNER.key_id), PACKER)
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(trust=pretended))


def test_a_bundle_signer_cannot_change_a_bureaus_status() -> None:
    forged = qr.a_snapshot({}, number=12)
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(snapshots=(qr.signed_snapshot(forged, by=PACKER),)))


def test_a_bureau_cannot_change_another_bureaus_status() -> None:
    trust = qr.signed_table(qr.a_trust_table(OTHER_KEY))
    own = qr.signed_snapshot(qr.a_snapshot(bureau=OTHER_BUREAU), by=OTHER_ISSUER)
    assert set(opened(packed(trust=trust, snapshots=(qr.signed_snapshot(), own))).snapshots) == {BUREAU, OTHER_BUREAU}
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(trust=trust, snapshots=(qr.signed_snapshot(by=OTHER_ISSUER),)))


@pytest.mark.parametrize("other", ["bundle signer", "document signer", "list signer", "post"])
def test_only_a_policy_signer_signs_policies_and_licences(other: str) -> None:
    key = qr.signer(other)
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(policies=(qr.signed_policy(BUILT_IN["hotel"], by=key),)))
    with refused(Reason.LICENCE_INVALID):
        opened(packed(licence=qr.sign(licence.draft(qr.a_licence(), signer_kid=key.key_id), key)))


@pytest.mark.parametrize("other", ["document signer", "policy signer", "list signer", "nobody"])
def test_only_a_bundle_signer_packs(other: str) -> None:
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(packer=qr.signer(other)))


@pytest.mark.parametrize("role", [KeyRole.BUNDLE, KeyRole.POLICY, KeyRole.CREDENTIAL])
def test_a_compromised_key_takes_its_part_with_it(role: KeyRole) -> None:
    names = {KeyRole.BUNDLE: "bundle signer", KeyRole.POLICY: "policy signer", KeyRole.CREDENTIAL: "document signer"}
    lost = qr.trusted_key(qr.signer(names[role]), role, state=KeyState.COMPROMISED)
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(trust=qr.signed_table(qr.a_trust_table(lost))))


def test_the_mode_of_trust_table_and_licence_is_that_of_the_pinned_root() -> None:
    with refused(Reason.SPECIMEN_IN_REAL_MODE):
        opened(packed(), specimen=False)
    real = qr.signed_table(qr.a_trust_table(specimen=False))
    with refused(Reason.REAL_IN_SPECIMEN_MODE):
        opened(packed(trust=real))
    with refused(Reason.SPECIMEN_IN_REAL_MODE):
        opened(packed(trust=real), specimen=False)
    assert opened(packed(trust=real, licence=qr.a_signed_licence(specimen=False)), specimen=False).number == 21
    with refused(Reason.REAL_IN_SPECIMEN_MODE):
        opened(packed(licence=qr.a_signed_licence(specimen=False)))


@pytest.mark.parametrize(
    "floors",
    [
        Floors(trust_number=8),
        Floors(bundle_number=22),
        Floors(snapshot_numbers={BUREAU: 12}),
        Floors(policy_numbers={"rail-gate": 2}),
        Floors(licence_number=4),
    ],
)
def test_refuses_any_part_that_is_older_than_what_was_accepted(floors: Floors) -> None:
    with refused(Reason.BUNDLE_OLDER):
        opened(packed(), floors=floors)


def test_accepts_the_same_numbers_again_and_keeps_the_highest() -> None:
    before = Floors(snapshot_numbers={OTHER_BUREAU: 5}, policy_numbers={"hotel": 9})
    floors = opened(packed()).floors(before)
    assert floors == Floors(7, 21, {OTHER_BUREAU: 5, BUREAU: 11}, {"hotel": 9, "rail-gate": 1}, 3)
    assert opened(packed(), floors=floors).number == 21


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False), (1, False)])
def test_a_bundle_expires(seconds: int, good: bool) -> None:
    found = outcome(lambda: opened(packed(), now=qr.NOW + 7 * qr.DAY + seconds))
    assert isinstance(found, Bundle) if good else found is Reason.BUNDLE_EXPIRED


def test_refuses_a_snapshot_that_is_newer_than_its_envelope() -> None:
    for ahead, good in ((30, True), (31, False)):
        snapshot = qr.signed_snapshot(qr.a_snapshot(as_of=qr.NOW - 1800 + ahead))
        found = outcome(opened, packed(snapshots=(snapshot,)))
        assert isinstance(found, Bundle) if good else found is Reason.BUNDLE_INVALID


def test_refuses_two_parts_for_one_bureau_or_policy() -> None:
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(snapshots=(qr.signed_snapshot(), qr.signed_snapshot(qr.a_snapshot(number=12)))))
    with refused(Reason.BUNDLE_INVALID):
        opened(packed(policies=(qr.signed_policy(BUILT_IN["hotel"]), qr.signed_policy(BUILT_IN["hotel"]))))


def test_one_flipped_bit_anywhere_is_refused() -> None:
    data = packed()
    for at in range(0, len(data), 5):
        flipped = bytearray(data)
        flipped[at] ^= 1 << (at // 5) % 8
        assert isinstance(outcome(opened, bytes(flipped)), Reason), at


def test_parts_do_not_fit_into_each_others_places() -> None:
    parts = qr.bundle_parts()
    assert parts.licence is not None
    documents = [parts.trust, parts.snapshots[0], parts.policies[0], parts.licence]
    for place, field in enumerate(("trust", "snapshots", "policies", "licence")):
        for other, document in enumerate(documents):
            if other != place:
                value = (document,) if field in {"snapshots", "policies"} else document
                assert isinstance(outcome(opened, packed(**{field: value})), Reason)
    for document in documents:
        assert outcome(opened, document) is Reason.BUNDLE_INVALID


def fields(**changes: Any) -> CborMap:
    draft = cose.decode_sign1(packed(), max_bytes=1 << 20)
    good = cbor.decode_map(draft.payload, max_bytes=1 << 20)
    return {**good, **{int(name[1:]): value for name, value in changes.items()}}


@pytest.mark.parametrize(
    "changes",
    [
        {"_9": 1},
        {"_1": -1},
        {"_2": True},
        {"_3": "x"},
        {"_4": []},
        {"_5": b""},
        {"_5": ["x"]},
        {"_6": {}},
        {"_7": []},
        {"_8": [1]},
        {"_8": [b""] * 4097},
    ],
)
def test_refuses_signed_envelopes_of_another_shape(changes: dict[str, Any]) -> None:
    draft = cose.own_draft(TYP, PACKER.key_id, cbor.encode(fields(**changes)))
    with refused(Reason.BUNDLE_INVALID):
        opened(qr.sign(draft, PACKER))


def test_refuses_a_file_beyond_the_largest_size() -> None:
    with refused(Reason.TOO_LARGE):
        opened(bytes((32 << 20) + 1))


def test_the_parts_can_be_replaced_one_by_one() -> None:
    newer = replace(qr.bundle_parts(), number=22).packed()
    assert opened(newer, floors=opened(packed()).floors(Floors())).number == 22
