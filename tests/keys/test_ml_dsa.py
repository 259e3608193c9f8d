from __future__ import annotations

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.algorithms import ML_DSA_44
from keys.cose_key import key_id
from keys.ml_dsa import MlDsaSigner
from keys.signing import verify_signature

SIGNER = MlDsaSigner.from_secret(bytes(range(32)))
OTHER = MlDsaSigner.from_secret(bytes(range(1, 33)))
MESSAGE = b"what is signed"
SIGNATURE = SIGNER.sign(MESSAGE)


@settings(max_examples=20)
@given(st.binary(max_size=200))
def test_verifies_what_it_signed_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == 2_420
    assert verify_signature(SIGNER.point, ML_DSA_44, message, signature)
    assert not verify_signature(SIGNER.point, ML_DSA_44, message + b"\0", signature)
    assert not verify_signature(OTHER.point, ML_DSA_44, message, signature)


def test_the_context_is_the_empty_one() -> None:
    key = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
    assert verify_signature(SIGNER.point, ML_DSA_44, MESSAGE, key.sign(MESSAGE))
    assert not verify_signature(SIGNER.point, ML_DSA_44, MESSAGE, key.sign(MESSAGE, b"eid"))


def test_one_flipped_bit_is_refused() -> None:
    for bit in range(0, 8 * len(SIGNATURE), 97):
        flipped = bytearray(SIGNATURE)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert not verify_signature(SIGNER.point, ML_DSA_44, MESSAGE, bytes(flipped))


@pytest.mark.parametrize("size", [0, 64, 2_419, 2_421])
def test_refuses_a_signature_of_another_length(size: int) -> None:
    assert not verify_signature(SIGNER.point, ML_DSA_44, MESSAGE, (SIGNATURE * 2)[:size])


def test_refuses_a_key_of_another_kind_without_raising() -> None:
    larger = MLDSA65PrivateKey.from_seed_bytes(bytes(32)).public_key().public_bytes_raw()
    for key in (b"", SIGNER.point[:-1], SIGNER.point + b"\0", bytes(33), larger):
        assert verify_signature(key, ML_DSA_44, MESSAGE, SIGNATURE) is False


def test_a_seed_gives_the_same_key_again() -> None:
    fresh = MlDsaSigner.generate()
    again = MlDsaSigner.from_secret(fresh.secret(), (b"certificate",))
    assert (again.point, again.key_id, again.certificates) == (fresh.point, fresh.key_id, (b"certificate",))
    assert fresh.point != MlDsaSigner.generate().point


@pytest.mark.parametrize("size", [0, 31, 33])
def test_refuses_what_is_no_seed(size: int) -> None:
    with pytest.raises(ValueError):
        MlDsaSigner.from_secret(bytes(size))


def test_a_signer_names_its_key_and_shows_no_secret() -> None:
    assert SIGNER.key_id == key_id(SIGNER.point, ML_DSA_44)
    assert SIGNER.algorithm is ML_DSA_44
    assert bytes(range(32)).hex() not in repr(SIGNER)


def test_a_library_built_without_it_calls_no_signature_forged() -> None:
    program = (
        "from cryptography.exceptions import UnsupportedAlgorithm\n"
        "from cryptography.hazmat.primitives.asymmetric import mldsa\n"
        "def unsupported(data): raise UnsupportedAlgorithm('ML-DSA-44 is not supported by this backend.')\n"
        "mldsa.MLDSA44PublicKey.from_public_bytes = unsupported\n"
        "from core.errors import Misconfigured; from keys.ml_dsa import verify_ml_dsa\n"
        "try: print(verify_ml_dsa(bytes(1312), b'message', bytes(2420)))\n"
        "except Misconfigured as err: print(err.reason.code)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "suite_unavailable"
