from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import ES256, ML_DSA_44, SM2_SM3
from keys.jwk import akp_jwk, akp_thumbprint, jwk_thumbprint, point_from_jwk, public_jwk
from tests.builders.refusals import refused
from tests.builders.suites import suite_signer
from tests.builders.trust import seeded_signer

POINT = seeded_signer("jwk").point
JWK = public_jwk(POINT)


def test_a_point_written_as_jwk_reads_back() -> None:
    assert list(JWK) == ["kty", "crv", "x", "y"]
    assert point_from_jwk(JWK) == POINT


def test_members_that_change_nothing_are_ignored() -> None:
    assert point_from_jwk({**JWK, "kid": "1", "use": "sig", "alg": "ES256"}) == POINT


@pytest.mark.parametrize("member", [{"kid": "1"}, {"use": "sig"}, {"alg": "ES256"}, {"key_ops": ["verify"]}])
def test_each_member_may_stand_alone(member: dict[str, object]) -> None:
    assert point_from_jwk({**JWK, **member}) == POINT


def test_the_thumbprint_is_over_the_required_members_in_order() -> None:
    text = json.dumps(JWK, sort_keys=True, separators=(",", ":"))
    expected = base64.urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")
    assert jwk_thumbprint(POINT) == expected


def last_bits_set(text: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "EC",
        {},
        {**JWK, "kty": "OKP"},
        {**JWK, "crv": "P-384"},
        {**JWK, "crv": "secp256k1"},
        {**JWK, "d": JWK["x"]},
        {**JWK, "k": "AAAA"},
        {**JWK, "use": "enc"},
        {**JWK, "key_ops": ["encrypt"]},
        {**JWK, "key_ops": "verify"},
        {**JWK, "alg": "ECDH-ES"},
        {name: value for name, value in JWK.items() if name != "y"},
        {**JWK, "x": JWK["x"] + "="},
        {**JWK, "x": JWK["x"][:-1]},
        {**JWK, "x": " " + JWK["x"][1:]},
        {**JWK, "x": "+" * 43},
        {**JWK, "x": "é" * 43},
        {**JWK, "x": last_bits_set(JWK["x"])},
        {**JWK, "x": 7},
        {**JWK, "y": JWK["x"]},
    ],
)
def test_refuses_what_is_not_a_public_p256_key(jwk: object) -> None:
    with pytest.raises(Refused) as caught:
        point_from_jwk(jwk)
    assert caught.value.reason is Reason.HOLDER_KEY_INVALID


def test_refuses_to_write_a_point_off_the_curve() -> None:
    with pytest.raises(Refused) as caught:
        public_jwk(b"\x02" + b"\xff" * 32)
    assert caught.value.reason is Reason.HOLDER_KEY_INVALID


def test_an_ml_dsa_key_is_written_with_its_algorithm() -> None:
    key = suite_signer(ML_DSA_44).point
    written = akp_jwk(key, ML_DSA_44)
    assert (written["kty"], written["alg"], set(written)) == ("AKP", "ML-DSA-44", {"kty", "alg", "pub"})
    assert base64.urlsafe_b64decode(written["pub"] + "==") == key


def test_the_thumbprint_of_an_ml_dsa_key_covers_its_algorithm() -> None:
    key = suite_signer(ML_DSA_44).point
    text = json.dumps(akp_jwk(key, ML_DSA_44), sort_keys=True, separators=(",", ":"))
    expected = base64.urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")
    assert akp_thumbprint(key, ML_DSA_44) == expected


def test_writes_no_other_key_as_akp() -> None:
    key = suite_signer(ML_DSA_44).point
    for wrong, algorithm in ((key[:-1], ML_DSA_44), (POINT, ES256), (POINT, SM2_SM3), (key, ES256)):
        for write in (akp_jwk, akp_thumbprint):
            with refused(Reason.HOLDER_KEY_INVALID):
                write(wrong, algorithm)


def test_takes_no_holder_key_of_another_suite() -> None:
    with refused(Reason.HOLDER_KEY_INVALID):
        point_from_jwk(akp_jwk(suite_signer(ML_DSA_44).point, ML_DSA_44))
