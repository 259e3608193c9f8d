from __future__ import annotations

import pytest

from core.reasons import Reason
from formats.encoding.json import JsonValue
from formats.sd_cwt.model import MAX_URI_CHARACTERS, StatusReference
from formats.status_list.reference import read_status_claim, status_claim
from tests.builders.refusals import refused

LONGEST = "https://" + "x" * (MAX_URI_CHARACTERS - 8)


def claims(index: JsonValue = 5, uri: JsonValue = "https://a.example/1") -> dict[str, JsonValue]:
    return {"status": {"status_list": {"idx": index, "uri": uri}}}


@pytest.mark.parametrize("uri", ["https://a.example/1", "http://localhost/1", LONGEST])
@pytest.mark.parametrize("index", [0, (1 << 32) - 1])
def test_a_reference_reads_back(uri: str, index: int) -> None:
    reference = StatusReference(uri, index)
    assert read_status_claim({"status": status_claim(reference)}) == reference


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"status": None},
        {"status": {}},
        {"status": {"status_list": []}},
        claims(index=None),
        claims(index=-1),
        claims(index=1 << 32),
        claims(index=True),
        claims(index="5"),
        claims(uri=None),
        claims(uri="ftp://a.example/1"),
        claims(uri="a.example/1"),
        claims(uri="HTTPS://a.example/1"),
        claims(uri=LONGEST + "x"),
        claims(uri="https://样例.example/1"),
        claims(uri="https://a.example/\x7f"),
        claims(uri="https://a.example/a b"),
    ],
)
def test_refuses_a_reference_that_is_missing_or_malformed(changed: dict[str, JsonValue]) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_status_claim(changed)
