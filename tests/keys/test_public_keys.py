from __future__ import annotations

from hashlib import sha1

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ES256, ML_DSA_44, SM2_SM3, Algorithm
from keys.public_keys import PublicKey, from_spki, subject_key_identifier, to_spki
from keys.sm2 import library
from keys.sm2_points import uncompressed
from tests.builders.refusals import refused
from tests.builders.suites import suite_signer

KEYS = {row.name: PublicKey(suite_signer(row).point, row) for row in ALGORITHMS}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_reads_back_from_how_a_certificate_writes_it(key: PublicKey) -> None:
    assert from_spki(to_spki(key)) == key


@pytest.mark.parametrize("algorithm", [ES256, ML_DSA_44], ids=lambda row: row.name)
def test_writes_what_the_library_writes(algorithm: Algorithm) -> None:
    written = to_spki(KEYS[algorithm.name])
    loaded = load_der_public_key(written)
    assert loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == written


def test_the_sm2_library_reads_what_is_written() -> None:
    key = KEYS[SM2_SM3.name]
    read = library().public_key(to_spki(key))
    assert read is not None
    assert read.point() == uncompressed(key.point)


def test_the_identifier_is_the_one_of_the_library() -> None:
    key = KEYS[ES256.name]
    loaded = load_der_public_key(to_spki(key))
    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    assert subject_key_identifier(key) == x509.SubjectKeyIdentifier.from_public_key(loaded).digest


def test_the_identifier_of_an_sm2_key_is_over_the_point_as_written() -> None:
    key = KEYS[SM2_SM3.name]
    assert subject_key_identifier(key) == sha1(uncompressed(key.point) or b"", usedforsecurity=False).digest()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_refuses_anything_in_front_behind_or_missing(key: PublicKey) -> None:
    written = to_spki(key)
    for wrong in (written[:-1], written + b"\0", b"\0" + written, written[1:], b""):
        with refused(Reason.CERTIFICATE_INVALID):
            from_spki(wrong)


@pytest.mark.parametrize("algorithm", [ES256, SM2_SM3], ids=lambda row: row.name)
def test_refuses_a_point_off_its_curve(algorithm: Algorithm) -> None:
    written = bytearray(to_spki(KEYS[algorithm.name]))
    written[-1] ^= 1
    with refused(Reason.CERTIFICATE_INVALID):
        from_spki(bytes(written))


def test_refuses_the_point_of_one_curve_under_the_name_of_the_other() -> None:
    p256, sm2 = to_spki(KEYS[ES256.name]), to_spki(KEYS[SM2_SM3.name])
    assert len(p256) == len(sm2)
    for head, point in ((p256[:-65], sm2[-65:]), (sm2[:-65], p256[-65:])):
        with refused(Reason.CERTIFICATE_INVALID):
            from_spki(head + point)


def test_refuses_keys_of_any_other_kind() -> None:
    strangers = (
        rsa.generate_private_key(65537, 2048).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
        mldsa.MLDSA65PrivateKey.generate().public_key(),
    )
    for stranger in strangers:
        with refused(Reason.CERTIFICATE_INVALID):
            from_spki(stranger.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(
    "key",
    [
        PublicKey(b"\x02" + b"\xff" * 32, ES256),
        PublicKey(b"\x02" + b"\xff" * 32, SM2_SM3),
        PublicKey(bytes(33), ML_DSA_44),
        PublicKey(KEYS["ML-DSA-44"].point, ES256),
        PublicKey(KEYS["ML-DSA-44"].point, SM2_SM3),
    ],
)
def test_does_not_write_what_is_no_key(key: PublicKey) -> None:
    for write in (to_spki, subject_key_identifier):
        with pytest.raises(ValueError):
            write(key)
