from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.status_list.entries import build_entries, read_status
from tests.builders.refusals import refused
from tests.support.vectors import load_json


def test_agrees_with_the_lists_of_appendix_c() -> None:
    rows = load_json(
        "token-status-list", "appendix_c_1bit_4bit.json", fields={"bits", "statuses", "lst", "cbor_hex", "size"}
    )
    assert [row["bits"] for row in rows] == [1, 4]
    for row in rows:
        lst = row["lst"]
        entries = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
        changes = dict(row["statuses"])
        assert build_entries(row["size"], row["bits"], changes) == entries
        for index, status in changes.items():
            assert read_status(entries, bits=row["bits"], index=index) == status
            assert read_status(entries, bits=row["bits"], index=index + 2) in {0, changes.get(index + 2)}


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_every_entry_reads_back(bits: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 60))
    values = st.integers(0, (1 << bits) - 1)
    changes = data.draw(st.dictionaries(st.integers(0, size - 1), values))
    entries = build_entries(size, bits, changes)
    assert [read_status(entries, bits=bits, index=i) for i in range(size)] == [changes.get(i, 0) for i in range(size)]


@pytest.mark.parametrize(("bits", "index"), [(1, 16), (2, 8), (4, 4), (8, 2), (1, -1), (2, 1 << 40)])
def test_refuses_an_index_beyond_the_list(bits: int, index: int) -> None:
    with refused(Reason.STATUS_INDEX_OUT_OF_RANGE):
        read_status(b"\0\0", bits=bits, index=index)


@pytest.mark.parametrize("bits", [0, 3, 16, -1])
def test_refuses_another_width(bits: int) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_status(b"\0", bits=bits, index=0)
    with pytest.raises(ValueError):
        build_entries(8, bits, {})


@pytest.mark.parametrize("size", [0, -1])
def test_does_not_build_an_empty_list(size: int) -> None:
    with pytest.raises(ValueError):
        build_entries(size, 1, {})


@pytest.mark.parametrize("changes", [{8: 1}, {-1: 1}, {0: 2}, {0: -1}])
def test_does_not_build_with_what_does_not_fit(changes: dict[int, int]) -> None:
    with pytest.raises(ValueError):
        build_entries(8, 1, changes)
