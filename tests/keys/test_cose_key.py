from __future__ import annotations

from hashlib import sha256

import cbor2
import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ML_DSA_44, SM2_COSE_CURVE, SM2_SM3, Algorithm
from keys.cose_key import key_id, thumbprint
from keys.points import decompress
from keys.sm2_points import uncompressed
from tests.builders.suites import suite_signer

# The example of RFC 9679, section 6.
X = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
Y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
EXPECTED = bytes.fromhex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec")


def test_gives_the_thumbprint_of_the_standards_example() -> None:
    assert thumbprint(b"\x04" + X + Y) == EXPECTED


def test_the_compressed_form_has_the_same_thumbprint() -> None:
    assert thumbprint(b"\x02" + X) == EXPECTED
    assert key_id(b"\x02" + X) == EXPECTED[:8]


@pytest.mark.parametrize("point", [b"", b"\x02" + b"\xff" * 32, b"\x04" + X + X])
def test_refuses_a_point_off_the_curve(point: bytes) -> None:
    with pytest.raises(Refused) as caught:
        thumbprint(point)
    assert caught.value.reason is Reason.HOLDER_KEY_INVALID


def test_the_thumbprint_of_an_sm2_key_is_over_the_uncompressed_key_on_its_own_curve() -> None:
    point = suite_signer(SM2_SM3).point
    full = uncompressed(point)
    assert full is not None
    # Built with another encoder, keys in the order of their bytes: 1, -1, -2, -3.
    key = cbor2.dumps({1: 2, -1: SM2_COSE_CURVE, -2: full[1:33], -3: full[33:]})
    assert thumbprint(point, SM2_SM3) == sha256(key).digest()


def test_the_thumbprint_of_an_ml_dsa_key_is_over_kind_algorithm_and_key() -> None:
    key = suite_signer(ML_DSA_44).point
    assert thumbprint(key, ML_DSA_44) == sha256(cbor2.dumps({1: 7, 3: -48, -1: key})).digest()


def test_the_same_bytes_have_another_name_under_each_curve() -> None:
    # A point of one curve that happens to have an x on the other.
    both = next(found for found in _candidates() if uncompressed(found) is not None)
    assert thumbprint(both) != thumbprint(both, SM2_SM3)


def _candidates() -> list[bytes]:
    return [point for x in range(1, 200) if decompress(point := b"\x02" + x.to_bytes(32, "big")) is not None]


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
@pytest.mark.parametrize("key", [b"", b"\x02" + b"\xff" * 32, bytes(1_311), bytes(1_313)])
def test_refuses_what_is_no_key_of_the_suite(algorithm: Algorithm, key: bytes) -> None:
    with pytest.raises(Refused) as caught:
        thumbprint(key, algorithm)
    assert caught.value.reason is Reason.HOLDER_KEY_INVALID
