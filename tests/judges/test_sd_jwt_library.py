"""The PyPI library ``sd-jwt`` as an independent judge, shown a corrupted copy first that it must refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from formats.encoding import base64url
from formats.sd_jwt.key_binding import bind, check_freshness, check_holder_signature, read_key_binding
from formats.sd_jwt.unpack import open_claims, split
from formats.sd_jwt_vc import TYP, claim_paths, open_disclosures, read_credential, select
from keys.jwk import point_from_jwk, public_jwk
from keys.signing import InProcessSigner
from tests.builders.credentials import AUDIENCE, CLAIMS, NONCE, WORLD, a_credential, a_presentation
from tests.builders.trust import NOW

MAX_BYTES = 65_536


def public_key(signer: InProcessSigner) -> JWK:
    return JWK.from_json(json.dumps(public_jwk(signer.point)))


def private_key(signer: InProcessSigner) -> JWK:
    return JWK.from_json(json.dumps({**public_jwk(signer.point), "d": base64url.encode(signer.scalar())}))


def verdict_of_the_library(token: str, **expected: str) -> dict[str, Any]:
    verifier = SDJWTVerifier(token, lambda _issuer, _header: public_key(WORLD.issuer), **expected)
    claims: dict[str, Any] = verifier.get_verified_payload()
    return claims


def without_a_character(part: int) -> Callable[[str], str]:
    def spoil(token: str) -> str:
        parts = token.split(".")
        parts[part] = parts[part][:9] + ("A" if parts[part][9] != "A" else "B") + parts[part][10:]
        return ".".join(parts)

    return spoil


def test_the_library_verifies_what_we_issue() -> None:
    issued = a_credential()
    with pytest.raises((JWException, ValueError)):
        verdict_of_the_library(without_a_character(2)(issued))
    claims = verdict_of_the_library(issued)
    assert {name: claims[name] for name in CLAIMS} == CLAIMS
    assert claims == open_disclosures(read_credential(issued))


@pytest.mark.parametrize(
    "paths",
    [
        (),
        (("full_name",),),
        (("age_equal_or_over", "18"),),
        (("address",), ("sex",)),
        claim_paths(a_credential()),
    ],
)
def test_the_library_verifies_what_we_present(paths: tuple[tuple[str, ...], ...]) -> None:
    expected = {"expected_aud": AUDIENCE, "expected_nonce": NONCE}
    selected = select(a_credential(), paths)
    token = bind(selected, nonce=NONCE, audience=AUDIENCE, now=NOW, signer=WORLD.holder)
    for place in (2, 4):
        with pytest.raises((JWException, ValueError)):
            verdict_of_the_library(without_a_character(place)(token), **expected)
    assert verdict_of_the_library(token, **expected) == open_disclosures(read_credential(selected))


def test_the_library_refuses_another_audience_nonce_and_set_of_disclosures() -> None:
    token = a_presentation()
    other = a_presentation(("sex",))
    swapped = other.rsplit("~", 1)[0] + "~" + token.rsplit("~", 1)[1]
    for presentation, audience, nonce in (
        (token, AUDIENCE + "x", NONCE),
        (token, AUDIENCE, NONCE + "x"),
        (swapped, AUDIENCE, NONCE),
    ):
        with pytest.raises(ValueError):
            verdict_of_the_library(presentation, expected_aud=audience, expected_nonce=nonce)
    verdict_of_the_library(token, expected_aud=AUDIENCE, expected_nonce=NONCE)


FOREIGN: dict[Any, Any] = {
    "iss": "https://issuer.example.test",
    "vct": "urn:example:1",
    SDObj("name"): "样例",
    SDObj("address"): {"street": "一号", SDObj("town"): "示例市"},
    "nationalities": [SDObj("CN"), "XX"],
}


def issued_by_the_library() -> str:
    issuer = SDJWTIssuer(
        FOREIGN,
        private_key(WORLD.issuer),
        public_key(WORLD.holder),
        add_decoy_claims=True,
        extra_header_parameters={"typ": TYP},
    )
    issued: str = issuer.sd_jwt_issuance
    return issued


def test_we_verify_what_the_library_issues() -> None:
    parts = split(issued_by_the_library(), typ=TYP, max_bytes=MAX_BYTES)
    assert parts.jws.signed_by(WORLD.issuer.point)
    assert not parts.jws.signed_by(WORLD.holder.point)
    claims = open_claims(json.loads(parts.jws.payload), parts.disclosures, never=(), max_bytes=MAX_BYTES)
    assert claims["name"] == "样例"
    assert claims["address"] == {"street": "一号", "town": "示例市"}
    assert claims["nationalities"] == ["CN", "XX"]


def test_we_verify_what_the_library_presents() -> None:
    holder = SDJWTHolder(issued_by_the_library())
    holder.create_presentation(
        {"name": True, "address": {"town": True}, "nationalities": [False, False]},
        nonce=NONCE,
        aud=AUDIENCE,
        holder_key=private_key(WORLD.holder),
    )
    parts = split(holder.sd_jwt_presentation, typ=TYP, max_bytes=MAX_BYTES)
    payload = json.loads(parts.jws.payload)
    binding = read_key_binding(parts)
    check_holder_signature(parts, binding, point_from_jwk(payload["cnf"]["jwk"]))
    check_freshness(
        binding,
        nonce=NONCE,
        audience=AUDIENCE,
        now=binding.issued_at,
        max_age_seconds=60,
        tolerance_seconds=30,
    )
    claims = open_claims(payload, parts.disclosures, never=(), max_bytes=MAX_BYTES)
    assert (claims["name"], claims["address"]) == ("样例", {"street": "一号", "town": "示例市"})
    assert claims["nationalities"] == ["XX"]


def test_we_select_from_what_the_library_issues() -> None:
    selected = select(issued_by_the_library(), [("address", "town")])
    assert verdict_of_the_library(selected)["address"] == {"street": "一号", "town": "示例市"}
    assert "name" not in verdict_of_the_library(selected)
