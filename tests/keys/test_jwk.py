from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.jwk import jwk_thumbprint, point_from_jwk, public_jwk
from tests.builders.trust import seeded_signer

POINT = seeded_signer("jwk").point
JWK = public_jwk(POINT)


def test_a_point_written_as_jwk_reads_back() -> None:
    assert list(JWK) == ["kty", "crv", "x", "y"]
    assert point_from_jwk(JWK) == POINT


def test_members_that_change_nothing_are_ignored() -> None:
    assert point_from_jwk({**JWK, "kid": "1", "use": "sig", "alg": "ES256"}) == POINT


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
