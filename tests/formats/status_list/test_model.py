from __future__ import annotations

import zlib

import pytest

from core.reasons import Reason
from formats.status_list.model import ENTRIES_MAX_BYTES, deflate, inflate
from tests.builders.refusals import refused


def test_the_largest_list_is_packed_and_read() -> None:
    assert inflate(deflate(bytes(ENTRIES_MAX_BYTES)).stream) == bytes(ENTRIES_MAX_BYTES)


@pytest.mark.parametrize("size", [0, ENTRIES_MAX_BYTES + 1])
def test_does_not_pack_what_no_reader_would_accept(size: int) -> None:
    with pytest.raises(ValueError):
        deflate(bytes(size))


def test_what_comes_behind_the_cap_is_not_even_inflated() -> None:
    with refused(Reason.TOO_LARGE):
        inflate(zlib.compress(bytes(2 * ENTRIES_MAX_BYTES))[:-4] + bytes(4))
