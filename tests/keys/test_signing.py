from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from keys.algorithms import ES256
from keys.cose_key import key_id
from keys.points import decompress
from keys.signing import InProcessSigner, KeyPurpose, verify_signature
from tests.builders.trust import seeded_signer
from tests.support import vectors

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIGNER = seeded_signer("signing")
OTHER = seeded_signer("another")
MESSAGE = b"what is signed"
SIGNATURE = SIGNER.sign(MESSAGE)


def full(point: bytes) -> bytes:
    found = decompress(point)
    assert found is not None
    return found


@given(st.binary(max_size=200))
def test_verifies_what_it_signed_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == 64
    assert verify_signature(SIGNER.point, ES256, message, signature)
    assert not verify_signature(SIGNER.point, ES256, message + b"\0", signature)
    assert not verify_signature(OTHER.point, ES256, message, signature)


@given(st.integers(min_value=0, max_value=511))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    flipped = bytearray(SIGNATURE)
    flipped[bit // 8] ^= 1 << (bit % 8)
    assert not verify_signature(SIGNER.point, ES256, MESSAGE, bytes(flipped))


def test_takes_the_long_form_of_a_point_too() -> None:
    assert verify_signature(full(SIGNER.point), ES256, MESSAGE, SIGNATURE)


def test_both_twins_of_a_signature_verify() -> None:
    r, s = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:], "big")
    assert verify_signature(SIGNER.point, ES256, MESSAGE, r + (ORDER - s).to_bytes(32, "big"))


@pytest.mark.parametrize("size", [0, 1, 63, 65, 96, 128])
def test_refuses_a_signature_of_another_length(size: int) -> None:
    assert not verify_signature(SIGNER.point, ES256, MESSAGE, (SIGNATURE * 2)[:size])


@pytest.mark.parametrize("number", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_refuses_r_and_s_out_of_range(number: int) -> None:
    octets = number.to_bytes(32, "big")
    assert not verify_signature(SIGNER.point, ES256, MESSAGE, octets + SIGNATURE[32:])
    assert not verify_signature(SIGNER.point, ES256, MESSAGE, SIGNATURE[:32] + octets)
    assert not verify_signature(SIGNER.point, ES256, MESSAGE, octets + octets)


def off_curve_points() -> list[bytes]:
    good = full(SIGNER.point)
    wrong_y = good[:64] + bytes([good[64] ^ 1])
    no_root = next(
        b"\x02" + x.to_bytes(32, "big") for x in range(1, 50) if decompress(b"\x02" + x.to_bytes(32, "big")) is None
    )
    hybrid = bytes([6 | good[64] & 1]) + good[1:]
    return [wrong_y, no_root, hybrid, b"\0", b"", b"\x02" + b"\xff" * 32, good[:64], b"\x05" + SIGNER.point[1:]]


@pytest.mark.parametrize("point", off_curve_points())
def test_refuses_what_is_not_a_point_on_the_curve_without_raising(point: bytes) -> None:
    assert verify_signature(point, ES256, MESSAGE, SIGNATURE) is False


def test_a_wrong_y_is_refused_after_the_right_point_was_seen() -> None:
    good = full(SIGNER.point)
    assert verify_signature(good, ES256, MESSAGE, SIGNATURE)
    assert not verify_signature(good[:63] + bytes([good[63] ^ 1]) + good[64:], ES256, MESSAGE, SIGNATURE)


def test_a_signer_names_its_key_by_its_thumbprint() -> None:
    assert SIGNER.key_id == key_id(SIGNER.point)
    assert len(SIGNER.key_id) == 8
    assert SIGNER.algorithm is ES256


def test_a_scalar_gives_the_same_key_again() -> None:
    again = InProcessSigner.from_scalar(SIGNER.scalar(), (b"certificate",))
    assert (again.point, again.certificates) == (SIGNER.point, (b"certificate",))


def test_a_signer_shows_no_secret_when_printed() -> None:
    assert SIGNER.scalar().hex() not in repr(SIGNER)
    assert str(int.from_bytes(SIGNER.scalar(), "big")) not in repr(SIGNER)


@pytest.mark.parametrize("scalar", [b"", bytes(32), bytes(31), b"\xff" * 32, b"\1" * 33])
def test_refuses_what_is_no_scalar(scalar: bytes) -> None:
    with pytest.raises(ValueError):
        InProcessSigner.from_scalar(scalar)


def test_refuses_a_key_on_another_curve() -> None:
    with pytest.raises(ValueError):
        InProcessSigner.from_private_key(ec.generate_private_key(ec.SECP384R1()))


def test_fresh_keys_differ() -> None:
    assert InProcessSigner.generate().point != InProcessSigner.generate().point


def test_purposes_are_lower_case_words_with_hyphens() -> None:
    assert {purpose.value for purpose in KeyPurpose} == {
        "national-root",
        "list-signer",
        "reader-root",
        "policy-signer",
        "document-signer",
        "online-signer",
        "status-signer",
        "vical-signer",
        "card-signer",
        "audit-signer",
        "bundle-signer",
        "post",
    }


def raw_form(der: bytes) -> bytes | None:
    """The wire form of a DER signature, or None where only other DER could say the same."""
    try:
        r, s = utils.decode_dss_signature(der)
        if r < 0 or s < 0 or utils.encode_dss_signature(r, s) != der:
            return None
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError):
        return None


WYCHEPROOF = {"algorithm", "schema", "numberOfTests", "header", "notes", "testGroups"}
WYCHEPROOF_CASE = {"flags", "sig", "comment", "tcId", "msg", "result"}


def test_wycheproof_signatures_are_judged_as_the_vectors_say() -> None:
    content = vectors.load_json("wycheproof", "ecdsa_secp256r1_sha256_test.json", fields=WYCHEPROOF)
    judged = {"valid": 0, "invalid": 0}
    for group in content["testGroups"]:
        vectors.refuse_unknown_fields(group["tests"], WYCHEPROOF_CASE, where="ecdsa_secp256r1_sha256_test.json")
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        for case in group["tests"]:
            raw = raw_form(bytes.fromhex(case["sig"]))
            if raw is None:
                assert case["result"] == "invalid"
                continue
            holds = verify_signature(point, ES256, bytes.fromhex(case["msg"]), raw)
            assert holds is (case["result"] == "valid"), case["tcId"]
            judged[case["result"]] += 1
    assert judged["valid"] > 150
    assert judged["invalid"] > 30
