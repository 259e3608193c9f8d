from __future__ import annotations

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gmalg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Misconfigured
from core.reasons import Reason
from keys.algorithms import SM2_SM3
from keys.cose_key import key_id
from keys.public_keys import PublicKey, to_spki
from keys.signing import verify_signature
from keys.sm2 import Sm2Library, Sm2Signer, library, verify_sm2
from keys.sm2_points import uncompressed
from tests.builders.refusals import refused
from tests.builders.trust import seeded_signer

# The curve's order, and the example of GB/T 32918.5, annex A.2 (signer id 1234567812345678).
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
X = bytes.fromhex("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
Y = bytes.fromhex("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
R = bytes.fromhex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3")
S = bytes.fromhex("b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
MESSAGE = b"message digest"

SIGNER = Sm2Signer.from_secret(SCALAR)
SIGNATURE = SIGNER.sign(MESSAGE)
OTHER = Sm2Signer.from_secret(bytes(31) + b"\x07")


def theirs(*, signer_id: bytes = b"1234567812345678") -> gmalg.SM2:
    return gmalg.SM2(SCALAR, uid=signer_id, pk=b"\x04" + X + Y)


def signed_by(library: gmalg.SM2, message: bytes) -> bytes:
    """The wire form of its signature: it drops zeros in front of either number."""
    r, s = library.sign(message)
    return bytes(r.rjust(32, b"\0") + s.rjust(32, b"\0"))


def test_verifies_the_example_of_the_standard() -> None:
    assert uncompressed(SIGNER.point) == b"\x04" + X + Y
    assert verify_sm2(SIGNER.point, MESSAGE, R + S)
    assert not verify_sm2(SIGNER.point, MESSAGE + b".", R + S)


@settings(max_examples=10)
@given(st.binary(max_size=300))
def test_an_independent_library_verifies_what_is_signed_here(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == 64
    assert theirs().verify(message, signature[:32], signature[32:])


@settings(max_examples=10)
@given(st.binary(max_size=300))
def test_what_an_independent_library_signs_is_verified_here(message: bytes) -> None:
    signature = signed_by(theirs(), message)
    assert verify_signature(SIGNER.point, SM2_SM3, message, signature)
    assert not verify_signature(SIGNER.point, SM2_SM3, message + b"\0", signature)
    assert not verify_signature(OTHER.point, SM2_SM3, message, signature)


@pytest.mark.parametrize("signer_id", [b"0", b"1234567812345679", b"ALICE123@YAHOO.COM"])
def test_refuses_a_signature_under_another_signer_id(signer_id: bytes) -> None:
    assert not verify_sm2(SIGNER.point, MESSAGE, signed_by(theirs(signer_id=signer_id), MESSAGE))


def test_every_flipped_bit_is_refused() -> None:
    for bit in range(512):
        flipped = bytearray(SIGNATURE)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, bytes(flipped))


@pytest.mark.parametrize("number", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_refuses_r_and_s_out_of_range(number: int) -> None:
    octets = number.to_bytes(32, "big")
    assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, octets + SIGNATURE[32:])
    assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, SIGNATURE[:32] + octets)
    assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, octets + octets)


def test_the_twin_that_ecdsa_has_is_no_signature_here() -> None:
    twin = (ORDER - int.from_bytes(SIGNATURE[32:], "big")).to_bytes(32, "big")
    assert not verify_sm2(SIGNER.point, MESSAGE, SIGNATURE[:32] + twin)


@pytest.mark.parametrize("size", [0, 1, 63, 65, 72, 128])
def test_refuses_a_signature_of_another_length(size: int) -> None:
    assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, (SIGNATURE * 2)[:size])


@pytest.mark.parametrize(
    "point", [b"", b"\x02" + b"\xff" * 32, b"\x04" + X + Y, b"\x05" + X, X, bytes((SIGNER.point[0] ^ 1,)) + X]
)
def test_refuses_what_is_not_the_compressed_key_without_raising(point: bytes) -> None:
    assert verify_signature(point, SM2_SM3, MESSAGE, SIGNATURE) is False


def test_a_key_of_the_other_curve_signs_nothing_here() -> None:
    p256 = seeded_signer("other curve")
    assert not verify_signature(p256.point, SM2_SM3, MESSAGE, p256.sign(MESSAGE))
    assert not verify_signature(SIGNER.point, SM2_SM3, MESSAGE, p256.sign(MESSAGE))


def test_a_secret_gives_the_same_key_again() -> None:
    fresh = Sm2Signer.generate()
    again = Sm2Signer.from_secret(fresh.secret(), (b"certificate",))
    assert (again.point, again.key_id, again.certificates) == (fresh.point, fresh.key_id, (b"certificate",))
    assert verify_sm2(fresh.point, MESSAGE, again.sign(MESSAGE))


def test_fresh_keys_and_fresh_signatures_differ() -> None:
    assert Sm2Signer.generate().point != Sm2Signer.generate().point
    assert SIGNER.sign(MESSAGE) != SIGNER.sign(MESSAGE)


def test_a_signer_names_its_key_and_its_suite() -> None:
    assert SIGNER.key_id == key_id(SIGNER.point, SM2_SM3)
    assert SIGNER.algorithm is SM2_SM3
    assert SIGNER.with_certificates(b"leaf").certificates == (b"leaf",)


@pytest.mark.parametrize(
    "secret", [b"", bytes(31), bytes(33), bytes(32), (ORDER - 1).to_bytes(32, "big"), b"\xff" * 32]
)
def test_refuses_what_is_no_scalar(secret: bytes) -> None:
    with pytest.raises(ValueError):
        Sm2Signer.from_secret(secret)


def test_takes_the_first_and_the_last_scalar() -> None:
    for number in (1, ORDER - 2):
        signer = Sm2Signer.from_secret(number.to_bytes(32, "big"))
        assert verify_sm2(signer.point, MESSAGE, signer.sign(MESSAGE))


def test_a_signer_shows_no_secret_when_printed() -> None:
    assert SCALAR.hex() not in repr(SIGNER)
    assert str(int.from_bytes(SCALAR, "big")) not in repr(SIGNER)


def test_a_machine_without_the_library_is_told_what_to_install() -> None:
    with pytest.raises(Misconfigured) as caught:
        Sm2Library(("libcrypto-that-nobody-has.so",))
    assert caught.value.reason is Reason.SUITE_UNAVAILABLE
    assert "libcrypto.so.3" in caught.value.detail


def test_a_library_that_is_another_one_is_not_taken() -> None:
    with refused(Reason.SUITE_UNAVAILABLE):
        Sm2Library(("libc.so.6",))


def test_a_library_that_knows_no_such_keys_calls_no_signature_forged(tmp_path: Path) -> None:
    """As it is where OpenSSL was built without SM2: the reading of a good key fails."""
    sections = ("openssl_conf = start", "[start]", "providers = all", "[all]", "base = base", "[base]", "activate = 1")
    settings = tmp_path / "openssl.cnf"
    settings.write_text("\n".join(sections) + "\n", encoding="ascii")
    program = (
        "import sys; from core.errors import Misconfigured; from keys.sm2 import verify_sm2\n"
        "point, signature = map(bytes.fromhex, sys.argv[1:])\n"
        "try: print(verify_sm2(point, b'message', signature))\n"
        "except Misconfigured as err: print(err.reason.code)"
    )
    asked = [sys.executable, "-c", program, SIGNER.point.hex(), SIGNER.sign(b"message").hex()]
    environments: tuple[dict[str, str], ...] = ({}, {"OPENSSL_CONF": str(settings)})
    said = [
        subprocess.run(
            asked, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **extra}
        ).stdout.strip()
        for extra in environments
    ]
    assert said == ["True", "suite_unavailable"]


def test_the_library_is_opened_at_its_first_use_only() -> None:
    program = (
        "import keys.signing, keys.sm2, keys.certificates;"
        "opened = keys.sm2.library.cache_info().currsize;"
        "keys.sm2.library();"
        "print(opened, keys.sm2.library.cache_info().currsize)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["0", "1"]


def test_threads_share_a_key() -> None:
    with ThreadPoolExecutor(4) as pool:
        signatures = list(pool.map(SIGNER.sign, [MESSAGE] * 64))
        assert all(pool.map(lambda signature: verify_sm2(SIGNER.point, MESSAGE, signature), signatures))


def test_a_key_that_is_let_go_of_is_given_back_and_others_stay() -> None:
    for number in range(1, 300):
        Sm2Signer.from_secret(number.to_bytes(32, "big"))
    gc.collect()
    assert verify_sm2(SIGNER.point, MESSAGE, SIGNATURE)


def test_a_failure_leaves_nothing_in_the_libraries_queue_of_errors() -> None:
    calls = library().calls
    calls.ERR_peek_error.restype = int
    assert not verify_sm2(SIGNER.point, MESSAGE + b".", SIGNATURE)
    assert calls.ERR_peek_error() == 0
    assert library().public_key(to_spki(PublicKey(SIGNER.point, SM2_SM3))[:-1] + b"\0") is None
    assert calls.ERR_peek_error() == 0
    with pytest.raises(ValueError):
        Sm2Signer.from_secret(bytes(32))
    assert calls.ERR_peek_error() == 0
