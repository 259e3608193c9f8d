"""Tokens that bring their own key: one way to name it, nothing that changes what is signed."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from keys.jwk import public_jwk
from keys.signing import InProcessSigner
from protocols.dpop import check_dpop
from protocols.holder_jwt import read_holder_jwt
from protocols.openid4vci.proof import check_key_proof

KEY = InProcessSigner.generate()
NOW = 1_795_136_400
URL = "https://id.example.test/issuer/token"
FOREIGN: dict[str, JsonValue] = {
    "crit": ["exp"],
    "b64": True,
    "kid": "key-1",
    "jku": "https://elsewhere.test/keys",
    "x5u": "https://elsewhere.test/chain",
    "x5c": ["AA"],
    "x5t": "AA",
    "x5t#S256": "AA",
    "trust_chain": ["AA"],
    "zip": "DEF",
}


def signed(typ: str, claims: dict[str, JsonValue], **members: JsonValue) -> str:
    header: dict[str, JsonValue] = {"typ": typ, "alg": "ES256", "jwk": dict(public_jwk(KEY.point))}
    header |= members
    signing_input = f"{base64url.encode(json.encode(header))}.{base64url.encode(json.encode(claims))}"
    return f"{signing_input}.{base64url.encode(KEY.sign(signing_input.encode()))}"


@pytest.mark.parametrize("member", FOREIGN)
def test_refuses_every_other_way_to_name_a_key_or_to_change_what_is_signed(member: str) -> None:
    assert read_holder_jwt(signed("t", {}), typ="t", max_bytes=4096).is_signed()
    with pytest.raises(Refused) as caught:
        read_holder_jwt(signed("t", {}, **{member: FOREIGN[member]}), typ="t", max_bytes=4096)
    assert caught.value.reason is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize("member", FOREIGN)
def test_refuses_it_in_dpop_proofs_and_key_proofs(member: str) -> None:
    dpop: dict[str, JsonValue] = {"jti": "12345678", "htm": "POST", "htu": URL, "iat": NOW}
    proof: dict[str, JsonValue] = {"aud": URL, "iat": NOW, "nonce": "n"}
    assert check_dpop(signed("dpop+jwt", dpop), method="POST", url=URL, now=NOW).jkt
    assert check_key_proof(signed("openid4vci-proof+jwt", proof), audience=URL, now=NOW).nonce == "n"
    extra = {member: FOREIGN[member]}
    with pytest.raises(Refused) as caught:
        check_dpop(signed("dpop+jwt", dpop, **extra), method="POST", url=URL, now=NOW)
    assert caught.value.reason is Reason.DPOP_INVALID
    with pytest.raises(Refused) as caught:
        check_key_proof(signed("openid4vci-proof+jwt", proof, **extra), audience=URL, now=NOW)
    assert caught.value.reason is Reason.PROOF_INVALID


@pytest.mark.parametrize("method", ["GET", "post", "", None, ["POST"], True])
def test_a_dpop_proof_is_for_one_method(method: JsonValue) -> None:
    claims: dict[str, JsonValue] = {"jti": "12345678", "htm": method, "htu": URL, "iat": NOW}
    with pytest.raises(Refused) as caught:
        check_dpop(signed("dpop+jwt", claims), method="POST", url=URL, now=NOW)
    assert caught.value.reason is Reason.DPOP_INVALID
