from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keys.points import decompress
from tests.builders.verdicts import signer
from verifier.checkpoint.signatures import FIELD_PRIME, is_compressed_point, uncompressed_point


@given(st.integers(min_value=0, max_value=200))
def test_decompresses_as_the_library_does(number: int) -> None:
    point = signer(f"point {number}").point
    assert uncompressed_point(point) == decompress(point)


@given(sign=st.sampled_from([2, 3]), x=st.binary(min_size=32, max_size=32))
def test_knows_points_off_the_curve_as_the_library_does(sign: int, x: bytes) -> None:
    point = bytes((sign,)) + x
    assert uncompressed_point(point) == decompress(point)


def test_refuses_what_is_no_compressed_point() -> None:
    good = signer("point").point
    for wrong in (b"", good[:-1], good + b"\0", b"\4" + good[1:], b"\0" + good[1:]):
        assert not is_compressed_point(wrong)
        assert uncompressed_point(wrong) is None
    assert is_compressed_point(good)


def test_refuses_an_x_outside_the_field() -> None:
    assert is_compressed_point(b"\2" + (FIELD_PRIME - 1).to_bytes(32, "big"))
    for x in (FIELD_PRIME, 2**256 - 1):
        point = b"\2" + x.to_bytes(32, "big")
        assert not is_compressed_point(point)
        assert uncompressed_point(point) is None
