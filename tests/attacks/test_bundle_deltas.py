"""Deltas that somebody made, kept, swapped or bent: nothing of what the reader holds changes, and it says why."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from core.reasons import Reason
from formats.bundle.bundle_delta import TYP, draft_delta
from formats.bundle.envelope import Floors
from formats.bundle.status_snapshot import SnapshotList, pack_list
from formats.bundle.trust_table import KeyRole, KeyState
from formats.cose import Sign1Draft
from tests.builders import qr
from tests.builders.deltas import REVOKED, a_delta, bent, lists, payload, today, yesterday
from tests.builders.reading import ANCHOR, a_bundle_file
from tests.builders.refusals import refused
from verifier.reading import accept_bundle, accept_update
from verifier.storage.reader_store import ReaderStore

OTHER_BUREAU = "690102000000"
OTHER_ISSUER = qr.signer("other bureau")
OTHER_KEY = qr.trusted_key(OTHER_ISSUER, KeyRole.CREDENTIAL, bureau=OTHER_BUREAU)
TRUST = qr.signed_table(qr.a_trust_table(OTHER_KEY))
OTHER = qr.signed_snapshot(qr.a_snapshot({9: REVOKED}, bureau=OTHER_BUREAU), by=OTHER_ISSUER)
POLICIES, LICENCE = qr.bundle_parts().policies, qr.a_signed_licence()


def a_file(number: int, *snapshots: bytes, **changes: Any) -> bytes:
    """Return a bundle of both bureaus; the other's status is always the same."""
    parts = {"trust": TRUST, "policies": POLICIES, "licence": LICENCE, "number": number, **changes}
    return a_bundle_file(snapshots=(*snapshots, OTHER), **parts)


HELD = a_file(21, qr.signed_snapshot(yesterday()))
NEXT = a_file(22, qr.signed_snapshot(today()))
LATER = a_file(23, qr.signed_snapshot(today(number=13)))


class Post:
    """A reader that holds one bundle."""

    def __init__(self, folder: Path) -> None:
        self.memory = ReaderStore(folder / "reader.sqlite")
        self.held = HELD
        accept_bundle(HELD, anchor=ANCHOR, memory=self.memory, now=qr.NOW)

    def update(self, data: bytes, *, now: int = qr.NOW) -> None:
        """Take a file as ``eid bundle update`` does."""
        accept_update(data, held=self.held, anchor=ANCHOR, memory=self.memory, keep=self._keep, now=now)

    def state(self) -> tuple[bytes, Floors]:
        """Return all that an update may change."""
        return self.held, self.memory.floors()

    def _keep(self, data: bytes) -> None:
        self.held = data


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path)


def unmoved(post: Post, data: bytes, reason: Reason, *, now: int = qr.NOW) -> None:
    before = post.state()
    with refused(reason):
        post.update(data, now=now)
    assert post.state() == before


def test_the_attacks_below_start_from_deltas_that_work(post: Post) -> None:
    post.update(a_delta(HELD, NEXT))
    assert post.held == NEXT
    post.update(a_delta(NEXT, LATER))
    assert (post.held, post.memory.floors().bundle_number) == (LATER, 23)


def test_an_old_delta_replayed(post: Post) -> None:
    old = a_delta(HELD, NEXT)
    post.update(old)
    unmoved(post, old, Reason.BUNDLE_OLDER)
    post.update(a_delta(NEXT, LATER))
    unmoved(post, old, Reason.BUNDLE_OLDER)


def test_a_delta_that_skips_one(post: Post) -> None:
    unmoved(post, a_delta(NEXT, LATER), Reason.BUNDLE_BASE_OTHER)


def test_a_delta_from_another_bundle_of_the_same_number(post: Post) -> None:
    twin = a_file(21, qr.signed_snapshot(today(number=11)))
    unmoved(post, a_delta(twin, NEXT), Reason.BUNDLE_BASE_OTHER)
    unmoved(post, bent({**payload(HELD, NEXT), 9: 20}), Reason.BUNDLE_BASE_OTHER)


def test_a_delta_onto_a_bundle_that_was_altered_on_the_readers_disk(post: Post) -> None:
    post.held = HELD[:-1] + bytes((HELD[-1] ^ 1,))
    unmoved(post, a_delta(HELD, NEXT), Reason.BUNDLE_BASE_OTHER)


def test_a_delta_without_a_bundle_to_start_from(tmp_path: Path) -> None:
    memory = ReaderStore(tmp_path / "reader.sqlite")
    kept: list[bytes] = []
    with refused(Reason.BUNDLE_BASE_OTHER):
        accept_update(a_delta(HELD, NEXT), held=None, anchor=ANCHOR, memory=memory, keep=kept.append, now=qr.NOW)
    assert (kept, memory.floors()) == ([], Floors())


def test_a_new_number_around_an_older_snapshot(post: Post) -> None:
    """The way back inside the way forward: the bundle's number grows, a revocation is taken back with an old snapshot."""
    post.update(a_delta(HELD, NEXT))
    back = a_file(23, qr.signed_snapshot(yesterday()))
    unmoved(post, a_delta(NEXT, back), Reason.BUNDLE_OLDER)


def test_a_new_number_around_an_older_trust_table(post: Post) -> None:
    back = a_file(22, qr.signed_snapshot(today()), trust=qr.signed_table(qr.a_trust_table(OTHER_KEY, number=6)))
    unmoved(post, a_delta(HELD, back), Reason.BUNDLE_OLDER)


def test_a_delta_that_has_expired(post: Post) -> None:
    unmoved(post, a_delta(HELD, NEXT), Reason.BUNDLE_EXPIRED, now=qr.NOW + 7 * qr.DAY)


@pytest.mark.parametrize("name", ["document signer", "policy signer", "list signer", "other bureau", "nobody"])
def test_a_key_of_another_role_signs_no_delta(post: Post, name: str) -> None:
    unmoved(post, bent(payload(HELD, NEXT), by=qr.signer(name)), Reason.BUNDLE_INVALID)


def test_a_delta_under_the_name_of_the_bundle_signer_by_another_key(post: Post) -> None:
    draft = draft_delta(HELD, NEXT)
    unmoved(post, qr.sign(draft, qr.signer("nobody")), Reason.BUNDLE_INVALID)


def test_a_compromised_bundle_signer_is_refused_by_the_trust_table_that_comes_with_the_delta(post: Post) -> None:
    lost = qr.trusted_key(qr.signer("bundle signer"), KeyRole.BUNDLE, state=KeyState.COMPROMISED)
    said = qr.signed_table(qr.a_trust_table(OTHER_KEY, lost, number=8))
    unmoved(post, a_delta(HELD, a_file(22, qr.signed_snapshot(today()), trust=said)), Reason.BUNDLE_INVALID)


def test_a_trust_table_of_the_bundle_signers_own(post: Post) -> None:
    own = qr.signed_table(qr.a_trust_table(OTHER_KEY, number=8), by=qr.signer("bundle signer"))
    unmoved(post, a_delta(HELD, a_file(22, qr.signed_snapshot(today()), trust=own)), Reason.BUNDLE_INVALID)


def with_status(edit: Any) -> bytes:
    """Return a delta whose signer bent the difference in a bureau's status, and named the hash of what it gives."""
    said: Any = payload(HELD, NEXT)
    said[5][0] = edit(list(said[5][0]))
    return bent(said)


def test_a_bundle_signer_who_resumes_a_revoked_credential(post: Post) -> None:
    """All but the bureau's signature is the bundle signer's to write: the result's hash too."""
    freed = today(lists=lists({78: 1}))
    forged = qr.signed_snapshot(freed, by=qr.signer("bundle signer"))
    unmoved(post, a_delta(HELD, a_file(22, forged)), Reason.BUNDLE_INVALID)
    unmoved(post, with_status(lambda row: [*row[:6], [[], [], {}], *row[7:]]), Reason.BUNDLE_INVALID)
    stolen = qr.signed_snapshot(freed)[:-64] + qr.signed_snapshot(today())[-64:]
    unmoved(post, a_delta(HELD, a_file(22, stolen)), Reason.BUNDLE_INVALID)


def test_a_bureau_that_speaks_for_another(post: Post) -> None:
    forged = qr.signed_snapshot(today(), by=OTHER_ISSUER)
    unmoved(post, a_delta(HELD, a_file(22, forged)), Reason.BUNDLE_INVALID)


def test_the_difference_of_one_bureau_applied_to_another(post: Post) -> None:
    def moved(row: list[Any]) -> list[Any]:
        return [OTHER_BUREAU, *row[1:]]

    unmoved(post, with_status(moved), Reason.BUNDLE_BASE_OTHER)

    def with_its_hash(row: list[Any]) -> list[Any]:
        return [OTHER_BUREAU, row[1], sha256(OTHER).digest(), *row[3:]]

    unmoved(post, with_status(with_its_hash), Reason.BUNDLE_INVALID)


def test_a_change_beyond_the_size_of_a_list(post: Post) -> None:
    packed = pack_list(SnapshotList(1 << 21, {1 << 20: REVOKED}))
    beyond = [[[0, *packed[1:], packed[2]]], [1], {}]
    unmoved(post, with_status(lambda row: [*row[:6], beyond, *row[7:]]), Reason.BUNDLE_INVALID)


def test_a_snapshot_from_the_future_looks_fresh_to_nobody(post: Post) -> None:
    ahead = qr.signed_snapshot(today(as_of=qr.NOW + 3600))
    unmoved(post, a_delta(HELD, a_file(22, ahead)), Reason.BUNDLE_INVALID)


def test_other_documents_of_ours_are_no_deltas(post: Post) -> None:
    for other in (TRUST, OTHER, POLICIES[0], LICENCE):
        unmoved(post, other, Reason.BUNDLE_INVALID)
    packer = qr.signer("bundle signer")
    good = draft_delta(HELD, NEXT)
    as_bundle = qr.sign(Sign1Draft({**good.protected, 16: "eid-bundle+cose"}, good.payload), packer)
    unmoved(post, as_bundle, Reason.BUNDLE_INVALID)
    assert good.protected[16] == TYP


def test_a_crash_before_the_bundle_is_kept_changes_nothing(post: Post) -> None:
    before = post.state()

    def fails(data: bytes) -> None:
        del data
        raise OSError("no space left")

    with pytest.raises(OSError):
        accept_update(a_delta(HELD, NEXT), held=post.held, anchor=ANCHOR, memory=post.memory, keep=fails, now=qr.NOW)
    assert post.state() == before


class Crash(Exception):
    """The power went."""


def test_a_crash_after_the_bundle_is_kept_leaves_a_bundle_that_still_opens(post: Post) -> None:
    """Between the two parts: the new bundle in place, the numbers not yet raised."""

    def kept_and_gone(data: bytes) -> None:
        post.held = data
        raise Crash

    with pytest.raises(Crash):
        accept_update(a_delta(HELD, NEXT), held=HELD, anchor=ANCHOR, memory=post.memory, keep=kept_and_gone, now=qr.NOW)
    assert (post.held, post.memory.floors().bundle_number) == (NEXT, 21)
    assert accept_bundle(post.held, anchor=ANCHOR, memory=post.memory, now=qr.NOW).number == 22
    post.update(a_delta(NEXT, LATER))
    assert post.held == LATER
