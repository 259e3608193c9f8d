from __future__ import annotations

import math
import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reasons import Reason
from formats import cose
from formats.bundle import status_delta, status_snapshot
from formats.bundle.reading import MAX_BYTES, decode_part
from formats.bundle.status_delta import apply, bureau_of, diff
from formats.bundle.status_snapshot import EntryClass, SnapshotList
from formats.encoding import cbor
from formats.encoding.cbor import CborValue
from formats.signature_checks import run
from tests.builders import qr
from tests.builders.deltas import SECOND_URI, THIRD_URI, today, yesterday
from tests.builders.people import BUREAU
from tests.builders.refusals import outcome, refused

OTHER_BUREAU = "690102000000"
BASE = qr.signed_snapshot(yesterday())
RESULT = qr.signed_snapshot(today())
HELD = {BUREAU: BASE}


def fields() -> list[Any]:
    """Return the fields of a good delta, to be bent."""
    made = cbor.decode(cbor.encode(diff(BASE, RESULT)), max_bytes=4096)
    assert isinstance(made, list)
    return made


def test_the_result_is_the_newer_snapshot_byte_for_byte() -> None:
    assert apply(diff(BASE, RESULT), bases=HELD) == RESULT
    assert run(status_snapshot.read(apply(fields(), bases=HELD), trust=qr.a_trust_table())) == today()


def repacked(snapshot: bytes, low_bits: int) -> bytes:
    """Return a snapshot whose lists are packed with another width than the shortest; its signature no longer fits."""
    part, kid = decode_part(snapshot, typ=status_snapshot.TYP)
    payload = cbor.decode_map(part.payload, max_bytes=MAX_BYTES)
    (label,) = (label for label, value in payload.items() if type(value) is dict)
    lists: Any = payload[label]
    payload[label] = {
        uri: status_snapshot.pack_list(status_snapshot.unpack_list(packed), low_bits=low_bits)
        for uri, packed in lists.items()
    }
    return cose.own_draft(status_snapshot.TYP, kid, cbor.encode(payload)).finish(bytes(64))


@pytest.mark.parametrize("low_bits", [0, 3, 9])
def test_the_result_keeps_the_width_its_bureau_packed_with(low_bits: int) -> None:
    entries = dict.fromkeys(range(0, 600, 7), 0)
    base = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(1000, entries)}))
    fresh = qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(1000, {**entries, 1: 2})}, number=12)
    result = repacked(qr.signed_snapshot(fresh), low_bits)
    assert apply(diff(base, result), bases={BUREAU: base}) == result


@pytest.mark.parametrize("low_bits", [0, 1])
def test_refuses_a_width_that_makes_a_list_larger_than_a_bundle(low_bits: int) -> None:
    """One entry: its gap in unary, and beside it its low bits and the one that ends the gap."""
    index = (8 * MAX_BYTES - low_bits) << low_bits
    full = SnapshotList((index + 2) << 1, {index: 0})
    base = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: full}))
    bent: Any = diff(base, qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: full}, number=12)))
    unchanged = status_snapshot.pack_list(SnapshotList(full.size, {}))[1:]
    bent[6][0] = [[0, *unchanged, low_bits]]
    with refused(Reason.BUNDLE_INVALID):
        apply(bent, bases={BUREAU: base})


def test_addresses_are_as_long_as_a_snapshot_allows_and_no_longer() -> None:
    kept, changed, new = (f"{qr.STATUS_URI}/{letter}".ljust(200, "0") for letter in "kcn")
    one, other = SnapshotList(8, {1: 0}), SnapshotList(8, {2: 0})
    base = qr.signed_snapshot(qr.a_snapshot(lists={kept: one, changed: one}))
    result = qr.signed_snapshot(qr.a_snapshot(lists={kept: one, changed: other, new: one}, number=12))
    delta: Any = diff(base, result)
    assert apply(delta, bases={BUREAU: base}) == result
    delta[6][2][new + "0"] = delta[6][2].pop(new)
    with refused(Reason.BUNDLE_INVALID):
        apply(delta, bases={BUREAU: base})
    with refused(Reason.BUNDLE_INVALID):
        diff(qr.signed_snapshot(qr.a_snapshot(lists={kept + "0": one})), result)


def test_a_delta_says_what_changed_and_nothing_else() -> None:
    changed, retired, new = fields()[6]
    # Five is valid again, by the class it had; 78 and 900 by the class they have; 77 is as it was.
    rows = status_snapshot.unpack_list([1 << 20, *changed[0][1:5]])
    assert rows.entries == {5: EntryClass.SUSPENDED, 78: EntryClass.SUSPENDED, 900: EntryClass.REVOKED}
    assert (len(changed), retired, list(new)) == (1, [1], [THIRD_URI])


SIZES = st.sampled_from([1, 8, 300, 1 << 20])
URIS = st.sampled_from([qr.STATUS_URI, SECOND_URI, THIRD_URI])


@st.composite
def status_lists(draw: st.DrawFn) -> dict[str, SnapshotList]:
    def entries(size: int) -> dict[int, int]:
        indexes = st.integers(0, min(size - 1, 40))
        return draw(st.dictionaries(indexes, st.sampled_from([0, 1, 2, 3]), max_size=20))

    found = draw(st.dictionaries(URIS, SIZES, max_size=3))
    return {uri: SnapshotList(size, entries(size)) for uri, size in found.items()}


@settings(max_examples=60)
@given(status_lists(), status_lists())
def test_applying_the_difference_of_any_two_snapshots_gives_the_second(
    before: dict[str, SnapshotList], after: dict[str, SnapshotList]
) -> None:
    base = qr.signed_snapshot(qr.a_snapshot(lists=before))
    result = qr.signed_snapshot(qr.a_snapshot(lists=after, number=12))
    assert apply(diff(base, result), bases={BUREAU: base}) == result


@settings(max_examples=60)
@given(st.integers(0, 1 << 12))
def test_a_flipped_bit_never_gives_a_snapshot_its_bureau_signed(place: int) -> None:
    whole = bytearray(cbor.encode(fields()))
    whole[place // 8 % len(whole)] ^= 1 << place % 8

    def read() -> object:
        made = apply(cbor.decode(bytes(whole), max_bytes=4096), bases=HELD)
        return run(status_snapshot.read(made, trust=qr.a_trust_table()))

    assert outcome(read) in {Reason.BUNDLE_INVALID, Reason.BUNDLE_BASE_OTHER, Reason.CBOR_MALFORMED, Reason.TOO_LARGE}


def test_seven_deltas_end_where_one_full_snapshot_does() -> None:
    rng, entries, held = random.Random(7), dict.fromkeys(range(0, 4000, 9), 0), BASE
    for day in range(1, 8):
        for index in rng.sample(range(5000), 40):
            entries[index] = rng.randrange(4)
        for index in rng.sample(sorted(entries), 20):
            del entries[index]
        fresh = qr.a_snapshot(number=11 + day, lists={qr.STATUS_URI: SnapshotList(1 << 20, dict(entries))})
        result = qr.signed_snapshot(fresh)
        held = apply(diff(held, result), bases={BUREAU: held})
        assert held == result


def test_stays_near_the_entropy_limit_with_all_it_carries() -> None:
    """Ten million entries, a day of one in ten thousand changed: all but the classes within 1.1 times its limit."""
    size, rng = 10_000_000, random.Random(69)
    places = rng.sample(range(size), 21_000)
    entries = dict.fromkeys(places[:20_000], 0)
    after = {**entries, **dict.fromkeys(places[20_000:], 2)}
    base, result = (
        qr.signed_snapshot(qr.a_snapshot(number=number, lists={qr.STATUS_URI: SnapshotList(size, said)}))
        for number, said in ((11, entries), (12, after))
    )
    share = 1_000 / size
    limit = -size * (share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8
    assert len(cbor.encode(diff(base, result))) - 250 <= 1.1 * limit


def test_two_bureaus_have_no_difference() -> None:
    other = qr.signed_snapshot(qr.a_snapshot(bureau=OTHER_BUREAU))
    assert bureau_of(other) == OTHER_BUREAU
    with pytest.raises(ValueError):
        diff(BASE, other)


def test_refuses_another_base_than_the_one_it_was_made_from() -> None:
    # Signed anew, with the same content: another base all the same.
    for held in ({}, {BUREAU: RESULT}, {OTHER_BUREAU: BASE}, {BUREAU: BASE[:-1] + b"\0"}):
        with refused(Reason.BUNDLE_BASE_OTHER):
            apply(fields(), bases=held)


def one(**changes: Any) -> CborValue:
    """Return a good delta with fields changed: ``f`` and the place of a field, ``r`` and one in its only changed list."""
    made = fields()
    for name, value in changes.items():
        if name[0] == "f":
            made[int(name[1:])] = value
        else:
            made[6][0][0][int(name[1:])] = value
    return made


@pytest.mark.parametrize(
    "delta",
    [
        {},
        [],
        fields()[:-1],
        [*fields(), 1],
        one(f0="69010100000x"),
        one(f1=10),
        one(f1=-1),
        one(f2=b"short"),
        one(f3="12"),
        one(f4=-1),
        one(f5=1 << 33),
        one(f6=[]),
        one(f6=[[], [], []]),
        one(f6=[[[0, 0, 0, b"", b""]], [], {}]),
        one(f6=[[], [2], {}]),
        one(f6=[[], [1, 0], {}]),
        one(f6=[[], [1, 1], {}]),
        one(f6=[[fields()[6][0][0]] * 2, [], {}]),
        one(f6=[fields()[6][0], [0], {}]),
        one(f6=[[], [], {qr.STATUS_URI: [1, 0, 0, b"", b""]}]),
        one(f6=[[], [], {7: [1, 0, 0, b"", b""]}]),
        one(f7=b"kid"),
        one(f8=b"signature"),
        one(r0=2),
        one(r1=2),
        one(r2=40),
        one(r3=b""),
        one(r4=b""),
        one(r5=32),
        one(r5=-1),
    ],
)
def test_refuses_every_other_shape(delta: CborValue) -> None:
    with refused(Reason.BUNDLE_INVALID):
        apply(delta, bases=HELD)


def test_refuses_a_change_beyond_the_size_of_its_list() -> None:
    small = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(10, {})}))
    large = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(11, {})}))
    fresh = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(11, {10: 0})}))
    bent: Any = diff(large, fresh)
    bent[2] = sha256(small).digest()
    with refused(Reason.BUNDLE_INVALID):
        apply(bent, bases={BUREAU: small})


def test_refuses_a_width_that_would_write_the_list_out() -> None:
    """Four billion entries, two of them not valid, in unary: half a gigabyte from a few bytes."""
    size = 1 << 32
    base = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(size, {0: 0, size - 1: 0})}))
    fresh = qr.signed_snapshot(qr.a_snapshot(lists={qr.STATUS_URI: SnapshotList(size, {1: 0, size - 1: 0})}))
    made: Any = diff(base, fresh)
    assert apply(made, bases={BUREAU: base}) == fresh
    made[6][0][0][5] = 0
    with refused(Reason.BUNDLE_INVALID):
        apply(made, bases={BUREAU: base})


def test_refuses_a_base_that_is_no_snapshot() -> None:
    for data in (b"", b"letter", qr.signed_table()):
        with refused(Reason.BUNDLE_INVALID):
            status_delta.bureau_of(data)
