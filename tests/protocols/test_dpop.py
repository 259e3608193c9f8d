"""DPoP proofs against the examples of RFC 9449, and everything that must not pass."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.jwk import jwk_thumbprint, point_from_jwk
from keys.signing import InProcessSigner
from protocols.dpop import check_dpop, sign_dpop, token_hash
from tests.builders.issuance import a_dpop_proof, a_key
from tests.support.vectors import load_json, refuse_unknown_fields

URL = "https://id.example.test/issuer/token"
FIELDS = {"proofs", "access_token_for_ath", "ath", "ath_matches_rfc", "jkt_example", "dpop_jkt_example"}
PROOF = {"proof", "header", "payload", "signature_valid"}
NOW = 1_795_136_400
WALLET = InProcessSigner.generate()


def refused(
    token: str, *, method: str = "POST", url: str = URL, now: int = NOW, access_token: str | None = None
) -> None:
    with pytest.raises(Refused) as caught:
        check_dpop(token, method=method, url=url, now=now, access_token=access_token)
    assert caught.value.reason is Reason.DPOP_INVALID


def test_the_examples_of_the_standard_hold() -> None:
    found = load_json("oauth", "dpop_rfc9449.json", fields=FIELDS)
    refuse_unknown_fields(found["proofs"], PROOF, where="oauth/dpop_rfc9449.json")
    assert token_hash(found["access_token_for_ath"]) == found["ath"]
    assert len(found["proofs"]) == 3
    for example in found["proofs"]:
        payload = example["payload"]
        token = found["access_token_for_ath"] if "ath" in payload else None
        checked = check_dpop(
            example["proof"], method=payload["htm"], url=payload["htu"], now=payload["iat"], access_token=token
        )
        assert checked.jkt == jwk_thumbprint(point_from_jwk(example["header"]["jwk"])) == found["jkt_example"]
        refused(example["proof"], method="PUT", url=payload["htu"], now=payload["iat"])
        refused(example["proof"], method=payload["htm"], url=payload["htu"], now=payload["iat"] + 61)


def test_our_proof_is_one_for_another_library() -> None:
    token = sign_dpop(WALLET, method="POST", url=f"{URL}?x=1#y", jti="0123456789abcdef", now=NOW, access_token="a")
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, jwt.PyJWK(header["jwk"]).key, algorithms=["ES256"], options={"verify_iat": False})
    assert header["typ"] == "dpop+jwt"
    assert claims == {"jti": "0123456789abcdef", "htm": "POST", "htu": URL, "iat": NOW, "ath": token_hash("a")}
    assert check_dpop(token, method="POST", url=URL, now=NOW, access_token="a").jkt == jwk_thumbprint(WALLET.point)


@pytest.mark.parametrize(
    "htu",
    [
        "https://id.example.test:443/issuer/token", "HTTPS://ID.EXAMPLE.TEST/issuer/token",
    ],
)  # fmt: skip
def test_the_same_address_spelled_otherwise_is_the_same(htu: str) -> None:
    check_dpop(a_dpop_proof(a_key(), htu, now=NOW, jti="12345678"), method="POST", url=URL, now=NOW)


@pytest.mark.parametrize(
    "htu",
    [
        "https://id.example.test/issuer/Token", "https://id.example.test/issuer/token/", "https://id.example.test",
        "https://id.example.test:8443/issuer/token", "https://u@id.example.test/issuer/token", "/issuer/token", "", "https://[",
        "https://id.example.test:x/issuer/token", f"{URL}?", f"{URL}#", 7, None, [URL],
    ],
)  # fmt: skip
def test_another_address_is_refused(htu: Any) -> None:
    refused(a_dpop_proof(a_key(), URL, now=NOW, jti="12345678", htu=htu))


@pytest.mark.parametrize(("age", "good"), [(60, True), (61, False), (-30, True), (-31, False)])
def test_a_proof_lives_a_minute(age: int, good: bool) -> None:
    token = a_dpop_proof(a_key(), URL, now=NOW - age, jti="12345678")
    if good:
        assert check_dpop(token, method="POST", url=URL, now=NOW).remember_until >= NOW
    else:
        refused(token)


def test_a_proof_is_named_by_key_and_jti() -> None:
    one, two = a_key(), a_key()
    names = {
        check_dpop(a_dpop_proof(key, URL, now=NOW, jti=jti), method="POST", url=URL, now=NOW).proof_id
        for key in (one, two)
        for jti in ("12345678", "87654321")
    }
    assert len(names) == 4


def test_a_missing_or_wrong_ath_is_refused_where_a_token_is_sent() -> None:
    refused(a_dpop_proof(a_key(), URL, now=NOW, jti="12345678"), access_token="a")
    refused(a_dpop_proof(a_key(), URL, now=NOW, jti="12345678", token="b"), access_token="a")


def test_a_flipped_bit_anywhere_is_refused() -> None:
    token = sign_dpop(WALLET, method="POST", url=URL, jti="0123456789abcdef", now=NOW)
    for place in range(0, len(token), 7):
        flipped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        refused(flipped)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a.b.c.d", "e30.e30.", "{}", "x" * 5000, "é.é.é"])
def test_rubbish_is_refused(token: str) -> None:
    refused(token)
