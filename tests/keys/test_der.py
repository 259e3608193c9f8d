from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from hypothesis import example, given
from hypothesis import strategies as st

from keys.der import elements, inside, signature_from_der, signature_to_der, tlv

NUMBERS = st.integers(min_value=1, max_value=2**256 - 1)


@given(st.integers(0, 30), st.binary(max_size=400))
@example(4, bytes(127))
@example(4, bytes(128))
@example(4, bytes(70_000))
def test_an_element_reads_back(tag: int, content: bytes) -> None:
    element = tlv(tag, content)
    assert elements(element + element) == [(tag, element), (tag, element)]
    assert inside(element) == content


@pytest.mark.parametrize(
    "octets",
    [
        "04",  # no length
        "0402aa",  # leads outside
        "048101aa",  # a long form where the short one is enough
        "04820001aa",
        "04820080" + "00" * 128,  # a zero in front of the length
        "0480",  # indefinite
        "0485ffffffffff00",  # longer than anything
        "1f0100",  # a tag of more than one octet
    ],
)
def test_refuses_what_is_not_der(octets: str) -> None:
    with pytest.raises(ValueError):
        elements(bytes.fromhex(octets))


@given(NUMBERS, NUMBERS)
@example(1, 1)
@example(0x80, 2**255)
def test_a_signature_is_written_as_the_library_writes_it(r: int, s: int) -> None:
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert signature_to_der(raw) == utils.encode_dss_signature(r, s)
    assert signature_from_der(signature_to_der(raw)) == raw
