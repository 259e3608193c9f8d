"""The soak's own proofs: it finds memory that grows and verdicts that are wrong, before it is believed."""

from __future__ import annotations

from mmap import mmap

import pytest

from bench import soak
from bench.proving import ProofFailed
from bench.soak import Sample, main, slope
from keys.signing import InProcessSigner
from verifier.checkpoint.verdict import Verdict

LEAK_BYTES = 100_000


def test_every_form_is_green_when_good_and_red_when_tampered_with() -> None:
    found = list(soak.soak(30, samples=3, forms=soak.verifications()))
    assert [sample.verifications for sample in found] == [15, 20, 25, 30]
    assert all(sample.resident_bytes > 0 for sample in found)


def test_finds_memory_that_grows() -> None:
    forms = soak.verifications()
    kept: list[mmap] = []

    def leaks(holder: InProcessSigner, later: int, tamper: bool) -> Verdict:
        # Pages of their own: what an allocator hands out again would not show.
        kept.append(mmap(-1, LEAK_BYTES))
        kept[-1].write(b"\x69" * LEAK_BYTES)
        return forms[0](holder, later, tamper)

    assert main(["--verifications", "100"], forms=[leaks]) == 1
    assert len(kept) == 100


def test_stops_at_a_verdict_other_than_demanded() -> None:
    forms = soak.verifications()

    def never_tampered(holder: InProcessSigner, later: int, _tamper: bool) -> Verdict:
        return forms[0](holder, later, False)

    with pytest.raises(ProofFailed, match="verification 10 is GREEN"):
        list(soak.soak(20, samples=2, forms=[never_tampered]))
    assert main(["--verifications", "20"], forms=[never_tampered]) == 1


def test_the_slope_is_bytes_for_each_verification() -> None:
    assert slope([Sample(0, 1000), Sample(10, 1050), Sample(20, 1100)]) == 5.0
    assert slope([Sample(0, 1000), Sample(10, 1000), Sample(20, 1000)]) == 0.0
