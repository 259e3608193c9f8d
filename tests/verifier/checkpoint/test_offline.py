from __future__ import annotations

import pytest

from core.errors import Refused
from core.reasons import Reason
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from tests.vectors.verdicts.run import Snapshots
from verifier.checkpoint.offline import BundleStatus, EntryState

URI = "https://eid.example/status/690101000000/a1"
SNAPSHOT = StatusSnapshot("690101000000", 5, 1000, 2000, {URI: SnapshotList(10, {1: 0, 2: 1, 3: 2, 4: 3})})
STATUS = BundleStatus(Snapshots({"690101000000": SNAPSHOT}))


@pytest.mark.parametrize(
    ("index", "state"),
    [
        (0, EntryState.VALID),
        (1, EntryState.REVOKED),
        (2, EntryState.SUSPENDED),
        (3, EntryState.REPORTED_LOST),
        (4, EntryState.SUPERSEDED),
        (9, EntryState.VALID),
    ],
)
def test_reads_each_class(index: int, state: EntryState) -> None:
    answer = STATUS.look_up("690101000000", URI, index)
    assert answer is not None
    assert (answer.state, answer.as_of, answer.expires_at, answer.number) == (state, 1000, 2000, 5)


@pytest.mark.parametrize("index", [10, 11, 2**32 - 1])
def test_refuses_a_place_beyond_the_list(index: int) -> None:
    with pytest.raises(Refused) as refused:
        STATUS.look_up("690101000000", URI, index)
    assert refused.value.reason is Reason.STATUS_INDEX_OUT_OF_RANGE


def test_does_not_know_a_list_that_is_not_covered() -> None:
    assert STATUS.look_up("690101000000", URI + "x", 0) is None


def test_does_not_know_the_list_of_another_bureau_under_the_same_address() -> None:
    assert STATUS.look_up("690201000000", URI, 0) is None
