from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reasons import Reason
from formats.bundle.bundle_delta import Updated, base_number, certificates, draft_delta, is_delta, open_delta
from formats.bundle.envelope import TYP, Floors, open_bundle
from formats.bundle.reading import decode_part
from formats.bundle.trust_table import KeyRole
from formats.cose import own_draft
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.signature_checks import run
from formats.site_policy import BUILT_IN
from tests.builders import qr
from tests.builders.deltas import a_delta, bent, payload, today, yesterday
from tests.builders.people import BUREAU
from tests.builders.refusals import outcome, refused

OTHER_BUREAU = "690102000000"
OTHER_ISSUER = qr.signer("other bureau")
PARTS = qr.bundle_parts(snapshots=(qr.signed_snapshot(yesterday()),))
BASE = PARTS.packed()
TODAY = qr.signed_snapshot(today())


def newer(**changes: Any) -> bytes:
    """Return the bundle after: the same parts, but for status, number and time."""
    same = {"trust": PARTS.trust, "policies": PARTS.policies, "licence": PARTS.licence}
    parts = {**same, "snapshots": (TODAY,), "number": 22, "issued_at": qr.NOW - 600, **changes}
    return qr.bundle_parts(**parts).packed()


RESULT = newer()
DELTA = a_delta(BASE, RESULT)


def opened(
    data: bytes, *, base: bytes = BASE, specimen: bool = True, floors: Floors | None = None, now: int = qr.NOW
) -> Updated:
    checks = open_delta(
        data,
        base=base,
        list_signer_point=qr.signer("list signer").point,
        specimen=specimen,
        floors=floors or Floors(),
        now=now,
    )
    return run(checks)


def test_the_result_is_the_newer_bundle_byte_for_byte() -> None:
    updated = opened(DELTA)
    whole = open_bundle(
        RESULT, list_signer_point=qr.signer("list signer").point, specimen=True, floors=Floors(), now=qr.NOW
    )
    assert updated == (run(whole), RESULT)
    assert updated.bundle.snapshots[BUREAU] == today()


def test_a_delta_names_both_ends_and_carries_only_what_changed() -> None:
    said = payload(BASE, RESULT)
    assert (said[9], said[10], said[11]) == (21, sha256(BASE).digest(), sha256(RESULT).digest())
    assert (said[4], said[6], said[7], said[8]) == (0, [0], 0, [0])
    assert base_number(DELTA) == 21
    assert len(DELTA) < len(RESULT) / 2


def test_a_delta_knows_itself_and_nothing_else() -> None:
    assert is_delta(DELTA)
    assert not any(is_delta(data) for data in (BASE, PARTS.trust, TODAY, b"", b"letter", DELTA[:-1]))
    with refused(Reason.BUNDLE_INVALID):
        base_number(BASE)


@pytest.mark.parametrize(
    "changes",
    [
        {"trust": qr.signed_table(qr.a_trust_table(number=8))},
        {"policies": (qr.signed_policy(BUILT_IN["hotel"]), *PARTS.policies)},
        {"policies": ()},
        {"licence": qr.a_signed_licence(number=4)},
        {"licence": None},
        {"snapshots": PARTS.snapshots},
        {"snapshots": ()},
    ],
    ids=["trust table", "policies", "no policies", "licence", "no licence", "status as before", "no status"],
)
def test_every_part_may_change_come_and_go(changes: dict[str, Any]) -> None:
    result = newer(**changes)
    assert opened(a_delta(BASE, result)).data == result


def test_bureaus_come_and_go() -> None:
    key = qr.trusted_key(OTHER_ISSUER, KeyRole.CREDENTIAL, bureau=OTHER_BUREAU)
    trust = qr.signed_table(qr.a_trust_table(key, number=8))
    other = qr.signed_snapshot(qr.a_snapshot(bureau=OTHER_BUREAU), by=OTHER_ISSUER)
    both = newer(trust=trust, snapshots=(other, TODAY))
    assert set(opened(a_delta(BASE, both)).bundle.snapshots) == {BUREAU, OTHER_BUREAU}
    one = newer(trust=trust, snapshots=(other,), number=23)
    assert set(opened(a_delta(both, one), base=both).bundle.snapshots) == {OTHER_BUREAU}


def test_brings_the_list_signers_chain_new_or_old() -> None:
    assert certificates(DELTA, base=BASE) == (b"list signer certificate",)
    assert certificates(bent({**payload(BASE, RESULT), 8: [b"another", 0]}), base=BASE) == (
        b"another",
        b"list signer certificate",
    )


def test_an_expired_base_is_still_a_base() -> None:
    base = qr.bundle_parts(expires_at=qr.NOW - 1, snapshots=PARTS.snapshots, trust=PARTS.trust).packed()
    assert opened(a_delta(base, RESULT), base=base).data == RESULT


def test_seven_deltas_end_where_one_full_bundle_does() -> None:
    held = result = BASE
    for day in range(1, 8):
        snapshot = qr.signed_snapshot(today(number=11 + day, as_of=qr.NOW - 600))
        result = newer(number=21 + day, snapshots=(snapshot,))
        held = opened(a_delta(held, result), base=held, floors=Floors(bundle_number=20 + day)).data
    assert held == result


def test_a_delta_leads_to_a_higher_number() -> None:
    for number in (20, 21):
        with pytest.raises(ValueError):
            draft_delta(BASE, newer(number=number))


@pytest.mark.parametrize("number", [20, 21])
def test_refuses_a_signed_delta_that_leads_to_nothing_newer(number: int) -> None:
    with refused(Reason.BUNDLE_OLDER):
        opened(bent({**payload(BASE, RESULT), 1: number}))


@pytest.mark.parametrize("changes", [{9: 20}, {10: bytes(32)}], ids=["number", "hash"])
def test_refuses_a_signed_delta_whose_base_differs_in_number_or_hash(changes: CborMap) -> None:
    with refused(Reason.BUNDLE_BASE_OTHER):
        opened(bent({**payload(BASE, RESULT), **changes}))


def test_a_status_that_changed_is_carried_as_what_changed() -> None:
    said = payload(BASE, RESULT)[5]
    assert type(said) is list
    assert [type(row) for row in said] == [list]


@settings(max_examples=80)
@given(st.integers(0, 8 * len(DELTA) - 1))
def test_any_flipped_bit_is_refused(place: int) -> None:
    whole = bytearray(DELTA)
    whole[place // 8] ^= 1 << place % 8
    assert outcome(lambda: opened(bytes(whole))) in {
        Reason.BUNDLE_INVALID,
        Reason.BUNDLE_OLDER,
        Reason.BUNDLE_BASE_OTHER,
    }


def test_refuses_to_take_a_part_of_the_base_twice() -> None:
    """A few bytes could ask for a large part many times, and what they give could even be a good bundle."""
    part, _ = decode_part(RESULT, typ=TYP)
    chain: CborMap = {8: [b"list signer certificate"] * 2}
    packer = qr.signer("bundle signer")
    twice = qr.sign(
        own_draft(TYP, packer.key_id, cbor.encode({**cbor.decode_map(part.payload, max_bytes=1 << 20), **chain})),
        packer,
    )
    hashed: CborMap = {11: sha256(twice).digest(), 12: twice[-64:]}
    whole = bent({**payload(BASE, RESULT), **chain, **hashed})
    assert opened(whole).data == twice
    with refused(Reason.BUNDLE_INVALID):
        opened(bent({**payload(BASE, RESULT), 8: [0, 0], **hashed}))


def without(*labels: int) -> CborMap:
    return {label: value for label, value in payload(BASE, RESULT).items() if label not in labels}


@pytest.mark.parametrize("label", [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12])
def test_refuses_a_delta_that_lacks_an_entry(label: int) -> None:
    with refused(Reason.BUNDLE_INVALID):
        opened(bent(without(label)))


@pytest.mark.parametrize(
    "changes",
    [
        {13: 1},
        {1: "22"},
        {2: -1},
        {3: 1 << 33},
        {4: 1},
        {4: [0]},
        {5: 0},
        {5: [1]},
        {5: ["0"]},
        {5: [[0]]},
        {5: [0, 0]},
        {6: [1]},
        {6: [[0]]},
        {7: 1},
        {7: "0"},
        {8: [1]},
        {10: b"short"},
        {11: b"short"},
        {11: bytes(32)},
        {12: b"short"},
        {12: bytes(64)},
        {2: qr.NOW - 599},
        {3: qr.NOW + 9 * qr.DAY},
        {5: [0]},
        {6: []},
    ],
)
def test_refuses_signed_deltas_of_another_shape_or_with_another_result(changes: dict[int, Any]) -> None:
    with refused(Reason.BUNDLE_INVALID):
        opened(bent(payload(BASE, RESULT) | changes))


def test_refuses_a_signature_over_the_result_that_does_not_hold() -> None:
    """The result's hash fits, because the delta's own signer named it; the bundle it makes is opened all the same."""
    forged = RESULT[:-1] + bytes((RESULT[-1] ^ 1,))
    with refused(Reason.BUNDLE_INVALID):
        opened(bent({**payload(BASE, RESULT), 11: sha256(forged).digest(), 12: forged[-64:]}))


def test_the_mode_is_that_of_the_pinned_root() -> None:
    with refused(Reason.SPECIMEN_IN_REAL_MODE):
        opened(DELTA, specimen=False)


def test_refuses_a_number_below_its_floor() -> None:
    for floors in (
        Floors(bundle_number=23),
        Floors(trust_number=8),
        Floors(snapshot_numbers={BUREAU: 13}),
        Floors(policy_numbers={"rail-gate": 2}),
        Floors(licence_number=4),
    ):
        with refused(Reason.BUNDLE_OLDER):
            opened(DELTA, floors=floors)


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False)])
def test_the_result_expires(seconds: int, good: bool) -> None:
    found = outcome(lambda: opened(DELTA, now=qr.NOW + 7 * qr.DAY + seconds))
    assert isinstance(found, Updated) if good else found is Reason.BUNDLE_EXPIRED
