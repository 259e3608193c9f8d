from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Misconfigured
from core.reasons import Reason
from issuer.storage.encryption import BureauCipher, KeyWrap, WrappedKeys
from tests.fakes.seeded_entropy import SeededEntropy

BUREAU = "690101000000"
PLACE = ("register_record", "id-1", "sealed")


def a_cipher(bureau: str = BUREAU, *, data_key: bytes = bytes(32), lookup_key: bytes = bytes(32)) -> BureauCipher:
    return BureauCipher(bureau, data_key, lookup_key, SeededEntropy("encryption"))


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes) -> None:
    cipher = a_cipher()
    assert cipher.open(*PLACE, cipher.seal(*PLACE, plaintext)) == plaintext


def test_sealing_the_same_value_twice_gives_different_bytes() -> None:
    cipher = a_cipher()
    assert cipher.seal(*PLACE, b"value") != cipher.seal(*PLACE, b"value")


@pytest.mark.parametrize(
    "place",
    [("portrait", "id-1", "sealed"), ("register_record", "id-2", "sealed"), ("register_record", "id-1", "name")],
    ids=["another table", "another row", "another column"],
)
def test_refuses_a_value_moved_to(place: tuple[str, str, str]) -> None:
    cipher = a_cipher()
    sealed = cipher.seal(*PLACE, b"value")
    with pytest.raises(Misconfigured) as refused:
        cipher.open(*place, sealed)
    assert refused.value.reason is Reason.RECORD_DAMAGED


@pytest.mark.parametrize(
    "other",
    [a_cipher("690102000000"), a_cipher(data_key=bytes([1]) * 32)],
    ids=["another bureau", "another key"],
)
def test_refuses_a_value_sealed_by(other: BureauCipher) -> None:
    with pytest.raises(Misconfigured):
        a_cipher().open(*PLACE, other.seal(*PLACE, b"value"))


@given(st.integers(min_value=0, max_value=8 * 33 - 1))
def test_refuses_a_flipped_bit(bit: int) -> None:
    cipher = a_cipher()
    sealed = bytearray(cipher.seal(*PLACE, b"value"))
    assert len(sealed) == 33
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Misconfigured):
        cipher.open(*PLACE, bytes(sealed))


@pytest.mark.parametrize("size", [0, 11, 12, 27])
def test_refuses_a_value_cut_short(size: int) -> None:
    cipher = a_cipher()
    with pytest.raises(Misconfigured) as refused:
        cipher.open(*PLACE, cipher.seal(*PLACE, b"value")[:size])
    assert refused.value.reason is Reason.RECORD_DAMAGED


def test_hashes_depend_on_kind_value_and_key() -> None:
    one = a_cipher()
    two = a_cipher(lookup_key=bytes([1]) * 32)
    hashes = [one.hash("number", b"1"), one.hash("number", b"2"), one.hash("name", b"1"), two.hash("number", b"1")]
    assert len(set(hashes)) == 4
    assert one.hash("number", b"1") == a_cipher(data_key=bytes([9]) * 32).hash("number", b"1")


def test_wrapped_keys_open_with_their_secret_only() -> None:
    wrap = KeyWrap(bytes(32), SeededEntropy("wrap"))
    keys = wrap.create(BUREAU)
    sealed = wrap.cipher(BUREAU, keys).seal(*PLACE, b"value")
    assert KeyWrap(bytes(32), SeededEntropy("later")).cipher(BUREAU, keys).open(*PLACE, sealed) == b"value"
    with pytest.raises(Misconfigured) as refused:
        KeyWrap(bytes([1]) * 32, SeededEntropy("other")).cipher(BUREAU, keys)
    assert refused.value.reason is Reason.REGISTER_KEY_WRONG


def test_refuses_the_keys_of_another_bureau_swapped_or_cut() -> None:
    wrap = KeyWrap(bytes(32), SeededEntropy("wrap"))
    keys = wrap.create(BUREAU)
    bad = {
        "690102000000": keys,
        BUREAU: WrappedKeys(keys.lookup_key, keys.data_key),
        "690101000000 ": WrappedKeys(keys.data_key[:5], keys.lookup_key),
    }
    for bureau, wrapped in bad.items():
        with pytest.raises(Misconfigured):
            wrap.cipher(bureau, wrapped)


def test_no_key_is_printed() -> None:
    keys = KeyWrap(bytes(32), SeededEntropy("wrap")).create(BUREAU)
    assert repr(keys) == "WrappedKeys()"
