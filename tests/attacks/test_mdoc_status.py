"""An mdoc that hides from its status list, or points at a place that says what it likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from core.reasons import Colour, Reason
from formats.bundle.status_snapshot import EntryClass, SnapshotList, StatusSnapshot
from tests.builders.mdoc import Answer, changing, judged, leaving_out
from tests.builders.presentations import INDEX, STATUS_URI
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU, PUBLIC_URL
from verifier.checkpoint.offline import BundleStatus
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")

SIZE = 5000
OTHER_URI = f"{PUBLIC_URL}/status/{OTHER_BUREAU}/1"


@dataclass
class _Bundle:
    snapshots: Mapping[str, StatusSnapshot]


def snapshot(bureau: str, uri: str) -> StatusSnapshot:
    revoked = {INDEX + 1: EntryClass.REVOKED}
    return StatusSnapshot(bureau, 11, NOW - 3600, NOW + DAY, {uri: SnapshotList(SIZE, revoked)})


# Both bureaus have a list; in both the entry of our document is valid and its neighbour revoked.
STATUSES = BundleStatus(
    _Bundle({BUREAU: snapshot(BUREAU, STATUS_URI), OTHER_BUREAU: snapshot(OTHER_BUREAU, OTHER_URI)})
)


def said(answer: Answer) -> tuple[Colour, Check, Reason]:
    verdict = judged(answer, statuses=STATUSES)
    failed = [finding for finding in verdict.findings if not finding.passed]
    return verdict.colour, failed[-1].check, verdict.deciding


def test_the_lists_of_this_file_say_valid_for_the_right_document() -> None:
    assert judged(Answer(), statuses=STATUSES).colour is Colour.GREEN
    assert said(Answer(index=INDEX + 1)) == (Colour.RED, Check.STATUS, Reason.STATUS_REVOKED)


@pytest.mark.parametrize("index", [SIZE, SIZE + 1, (1 << 32) - 1])
def test_refuses_an_index_beyond_the_list(index: int) -> None:
    assert said(Answer(index=index)) == (Colour.RED, Check.STATUS, Reason.STATUS_INDEX_OUT_OF_RANGE)


def test_the_list_of_another_bureau_never_answers() -> None:
    assert said(Answer(uri=OTHER_URI)) == (Colour.AMBER, Check.STATUS, Reason.STATUS_UNKNOWN)
    assert said(Answer(uri=f"{PUBLIC_URL}/status/{BUREAU}/2")) == (Colour.AMBER, Check.STATUS, Reason.STATUS_UNKNOWN)


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        [],
        {"status_list": None},
        {"status_list": {}},
        {"status_list": {"idx": INDEX}},
        {"status_list": {"uri": STATUS_URI}},
        {"status_list": {"idx": -1, "uri": STATUS_URI}},
        {"status_list": {"idx": 1 << 32, "uri": STATUS_URI}},
        {"status_list": {"idx": str(INDEX), "uri": STATUS_URI}},
        {"status_list": {"idx": True, "uri": STATUS_URI}},
        {"status_list": {"idx": INDEX, "uri": STATUS_URI.encode()}},
        {"status_list": {"idx": INDEX, "uri": "file:///etc/passwd"}},
        {"status_list": {"idx": INDEX, "uri": "https://a.example.test/ a"}},
        {"status_list": {"idx": INDEX, "uri": "https://a.example.test/" + "a" * 300}},
        {"identifier_list": {"id": b"\x01", "uri": STATUS_URI}},
    ],
)
def test_refuses_a_document_without_a_place_in_a_list(status: object) -> None:
    answer = Answer(edit_mso=changing(status=status))
    assert said(answer) == (Colour.RED, Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_refuses_a_document_that_leaves_its_status_out() -> None:
    assert said(Answer(edit_mso=leaving_out("status"))) == (Colour.RED, Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_a_status_outside_the_mso_says_nothing() -> None:
    """Only what the issuer signed points at a list."""

    def beside(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "status": {"status_list": {"idx": INDEX, "uri": STATUS_URI}}}

    answer = Answer(index=INDEX + 1, edit_document=beside)
    assert said(answer) == (Colour.RED, Check.STRUCTURE, Reason.CLAIMS_MALFORMED)
