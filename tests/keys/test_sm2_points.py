from __future__ import annotations

import gmalg
import pytest

from keys.algorithms import SM2_SM3
from keys.sm2_points import compressed, uncompressed
from tests.builders.suites import suite_signer

POINT = suite_signer(SM2_SM3).point
# The generator of GB/T 32918.5.
G = bytes.fromhex(
    "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


def test_the_generator_of_the_standard_is_on_the_curve_and_reads_back() -> None:
    assert compressed(G) == b"\x02" + G[1:33]
    assert uncompressed(b"\x02" + G[1:33]) == G


def test_both_points_of_an_x_are_told_apart() -> None:
    other = bytes((POINT[0] ^ 1,)) + POINT[1:]
    one, two = uncompressed(POINT), uncompressed(other)
    assert one is not None
    assert two is not None
    assert one[1:33] == two[1:33]
    assert one[33:] != two[33:]
    assert compressed(one) == POINT
    assert compressed(two) == other


def test_an_independent_library_makes_the_same_point() -> None:
    signer = suite_signer(SM2_SM3, "another")
    assert uncompressed(signer.point) == gmalg.SM2().generate_pk(signer.secret())


def off_the_curve() -> bytes:
    return next(
        b"\x02" + x.to_bytes(32, "big") for x in range(1, 50) if uncompressed(b"\x02" + x.to_bytes(32, "big")) is None
    )


@pytest.mark.parametrize(
    "point",
    [b"", b"\x02", POINT[:32], POINT + b"\0", b"\x04" + POINT[1:], b"\x00" + POINT[1:], b"\x02" + b"\xff" * 32,
     off_the_curve()],
)  # fmt: skip
def test_refuses_what_is_no_compressed_point(point: bytes) -> None:
    assert uncompressed(point) is None


@pytest.mark.parametrize(
    "point",
    [b"", G[:64], G + b"\0", b"\x02" + G[1:], b"\x06" + G[1:], G[:64] + bytes((G[64] ^ 1,)), G[:33] + bytes(32)],
)
def test_refuses_what_is_no_point_in_full(point: bytes) -> None:
    assert compressed(point) is None
