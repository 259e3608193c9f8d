from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats import cose
from formats.bundle import status_snapshot
from formats.bundle.status_snapshot import EntryClass, SnapshotList, StatusSnapshot, pack_list, unpack_list
from formats.bundle.trust_table import KeyRole, KeyState, TrustTable
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.signature_checks import run
from tests.builders import qr
from tests.builders.people import BUREAU
from tests.builders.refusals import outcome, refused

OTHER_BUREAU = "690102000000"
ISSUER = qr.signer("document signer")
CLASSES = st.sampled_from(list(EntryClass))


def read(data: bytes, trust: TrustTable | None = None) -> StatusSnapshot:
    return run(status_snapshot.read(data, trust=trust or qr.a_trust_table()))


@given(st.integers(1, 1 << 32), st.data())
def test_a_list_survives_packing(size: int, data: st.DataObject) -> None:
    entries = data.draw(st.dictionaries(st.integers(0, size - 1), CLASSES, max_size=40))
    assert unpack_list(pack_list(SnapshotList(size, entries))) == SnapshotList(size, entries)


@pytest.mark.parametrize("entries", [{}, {0: 0}, {9: 3}, dict.fromkeys(range(10), 1), {0: 2, 9: 2}])
def test_the_edges_of_a_list_survive_packing(entries: dict[int, int]) -> None:
    assert unpack_list(pack_list(SnapshotList(10, entries))) == SnapshotList(10, entries)


def test_stays_near_the_entropy_limit() -> None:
    size, share = 1 << 20, 0.02
    rng = random.Random(69)
    entries = dict.fromkeys(rng.sample(range(size), int(size * share)), 0)
    packed = pack_list(SnapshotList(size, entries))
    assert isinstance(packed, list)
    assert isinstance(packed[3], bytes)
    entropy_bytes = -size * (share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8
    assert len(packed[3]) <= 1.02 * entropy_bytes


def test_looks_up_the_class_of_an_entry() -> None:
    entries = SnapshotList(10, {3: EntryClass.SUSPENDED, 4: 2})
    assert (entries.look_up(0), entries.look_up(9)) == (None, None)
    assert (entries.look_up(3), entries.look_up(4), entries.look_up(5)) == (
        EntryClass.SUSPENDED,
        EntryClass.REPORTED_LOST,
        None,
    )


@pytest.mark.parametrize("index", [10, 11, -1, 1 << 40])
def test_an_index_beyond_the_list_is_refused_and_never_valid(index: int) -> None:
    with refused(Reason.STATUS_INDEX_OUT_OF_RANGE):
        SnapshotList(10, {}).look_up(index)


@pytest.mark.parametrize("entries", [{10: 0}, {-1: 0}, {0: 4}, {0: -1}])
def test_does_not_pack_what_does_not_fit(entries: dict[int, int]) -> None:
    with pytest.raises(ValueError):
        pack_list(SnapshotList(10, entries))


def test_a_count_without_its_gaps_takes_no_memory() -> None:
    with refused(Reason.BUNDLE_INVALID):
        unpack_list([1 << 32, 1 << 32, 0, b"", b""])


def test_the_widest_low_bits_are_read() -> None:
    entries = SnapshotList(1 << 32, {5: 0, (1 << 31) + 7: 3, (1 << 32) - 1: 1})
    packed = pack_list(entries, low_bits=31)
    assert packed[2] == 31
    assert unpack_list(packed) == entries


def test_the_packed_list_below_is_good() -> None:
    assert unpack_list([100, 3, 2, bytes.fromhex("1ce0"), b"\x18"]) == SnapshotList(100, {0: 0, 2: 1, 6: 2})


@pytest.mark.parametrize(
    "packed",
    [
        {},
        [],
        [100, 0, 0, b""],
        [100, 0, 0, b"", b"", b""],
        [(1 << 32) + 1, 0, 0, b"", b""],
        [100, 101, 0, b"", b""],
        [100, 0, 32, b"", b""],
        [100, -1, 0, b"", b""],
        [100, 0, 0, b"\0", b""],
        [100, 0, 0, b"", b"\0"],
        [100, 3, 2, bytes.fromhex("1c"), b"\x18"],
        [100, 3, 2, bytes.fromhex("1ce000"), b"\x18"],
        [100, 3, 2, bytes.fromhex("1de0"), b"\x18"],
        [100, 3, 2, bytes.fromhex("1cf0"), b"\x18"],
        [100, 3, 2, bytes.fromhex("1cc0"), b"\x18"],
        [100, 3, 2, bytes.fromhex("1ce0"), b"\x19"],
        [100, 3, 2, bytes.fromhex("1ce0"), b""],
        [100, 3, 2, bytes.fromhex("1ce0"), b"\x18\0"],
        [6, 3, 2, bytes.fromhex("1ce0"), b"\x18"],
        [100, 3, 2, "x", b"\x18"],
        [100, 3, 2, bytes.fromhex("1ce0"), [1]],
        [True, 0, 0, b"", b""],
    ],
)
def test_refuses_every_other_packing(packed: CborValue) -> None:
    with refused(Reason.BUNDLE_INVALID):
        unpack_list(packed)


@given(st.integers(0, 200), st.integers(0, 20), st.integers(0, 8), st.binary(max_size=12), st.binary(max_size=6))
def test_any_packed_fields_give_a_list_or_our_error(size: int, count: int, low: int, gaps: bytes, why: bytes) -> None:
    found = outcome(lambda: unpack_list([size, count, low, gaps, why]))
    if isinstance(found, SnapshotList):
        assert all(0 <= index < size for index in found.entries)
        assert len(found.entries) == count
    else:
        assert found is Reason.BUNDLE_INVALID


def test_the_address_of_a_list_has_up_to_200_characters() -> None:
    longest = qr.a_snapshot(lists={"x" * 200: SnapshotList(1, {})})
    assert read(qr.signed_snapshot(longest)) == longest
    with refused(Reason.BUNDLE_INVALID):
        read(qr.signed_snapshot(qr.a_snapshot(lists={"x" * 201: SnapshotList(1, {})})))


def test_refuses_a_snapshot_that_expires_when_it_is_made() -> None:
    with refused(Reason.BUNDLE_INVALID):
        read(qr.signed_snapshot(qr.a_snapshot(as_of=qr.NOW, expires_at=qr.NOW)))


def test_a_snapshot_signed_by_its_own_bureau_is_read() -> None:
    snapshot = qr.a_snapshot({5: EntryClass.REVOKED, 900: EntryClass.SUPERSEDED})
    assert read(qr.signed_snapshot(snapshot)) == snapshot


@pytest.mark.parametrize("state", [KeyState.ACTIVE, KeyState.STATUS_ONLY])
def test_a_retired_key_still_signs_its_lists(state: KeyState) -> None:
    key = qr.trusted_key(ISSUER, KeyRole.CREDENTIAL, state=state, retired_at=qr.MONDAY)
    assert read(qr.signed_snapshot(), qr.a_trust_table(key)).bureau == BUREAU


@pytest.mark.parametrize(
    "key",
    [
        qr.trusted_key(ISSUER, KeyRole.CREDENTIAL, state=KeyState.COMPROMISED),
        qr.trusted_key(ISSUER, KeyRole.CREDENTIAL, bureau=OTHER_BUREAU),
        qr.trusted_key(ISSUER, KeyRole.CREDENTIAL, valid_from=qr.NOW),
        qr.trusted_key(ISSUER, KeyRole.CARD),
        qr.trusted_key(ISSUER, KeyRole.BUNDLE),
        qr.trusted_key(ISSUER, KeyRole.POLICY),
    ],
    ids=["compromised", "another bureau", "not yet in use", "card", "bundle", "policy"],
)
def test_refuses_a_snapshot_of_a_key_that_may_not_sign_it(key: Any) -> None:
    with refused(Reason.BUNDLE_INVALID):
        read(qr.signed_snapshot(), qr.a_trust_table(key))


def test_refuses_a_snapshot_of_an_unknown_key_and_a_broken_signature() -> None:
    with refused(Reason.BUNDLE_INVALID):
        read(qr.signed_snapshot(by=qr.signer("nobody")))
    data = qr.signed_snapshot()
    with refused(Reason.BUNDLE_INVALID):
        read(data[:-1] + bytes((data[-1] ^ 1,)))


def payload(**changes: Any) -> CborMap:
    draft = status_snapshot.draft(qr.a_snapshot(), signer_kid=ISSUER.key_id)
    return {**cbor.decode_map(draft.payload, max_bytes=4096), **{int(k[1:]): v for k, v in changes.items()}}


@pytest.mark.parametrize(
    "changes",
    [
        {"_1": "69010100000"},
        {"_1": "69010100000x"},
        {"_2": -1},
        {"_3": qr.NOW + 8 * qr.DAY},
        {"_4": "later"},
        {"_5": []},
        {"_5": {1: [10, 0, 0, b"", b""]}},
        {"_5": {"": [10, 0, 0, b"", b""]}},
        {"_5": {"http://a": [10, 1, 0, b"", b""]}},
        {"_6": 1},
    ],
)
def test_refuses_signed_snapshots_of_another_shape(changes: dict[str, Any]) -> None:
    draft = cose.own_draft(status_snapshot.TYP, ISSUER.key_id, cbor.encode(payload(**changes)))
    with refused(Reason.BUNDLE_INVALID):
        read(qr.sign(draft, ISSUER))
