"""The SD-JWT VC of OpenID4VP 1.0: issued, shown, and bound to its holder."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from core.reasons import Reason
from formats.encoding import base64url
from formats.jose import claims_of
from formats.sd_jwt.key_binding import check_freshness, check_holder_signature, read_key_binding
from formats.sd_jwt.model import UnverifiedSdJwt
from formats.sd_jwt.select import select
from formats.sd_jwt.unpack import open_claims, split
from formats.sd_jwt_vc import NEVER_DISCLOSED
from keys.jwk import point_from_jwk
from tests.builders.refusals import refused
from tests.builders.trust import seeded_signer
from tests.support.vectors import filled, load_json, vectors_root

FOLDER: Final = "openid4vp/sd_jwt_vcld/01"
TYP: Final = "dc+sd-jwt"
MAX_BYTES: Final = 20_000
BINDING: Final = {"nonce", "aud", "iat", "sd_hash"}


def unfolded(name: str) -> str:
    """Return a text of the examples without its folding."""
    return "".join((filled(vectors_root() / FOLDER) / name).read_text(encoding="ascii").split())


def issued() -> str:
    return unfolded("sd_jwt_issuance.txt")


def shown_with(hashed_part: str) -> UnverifiedSdJwt:
    """Return these disclosures with the key binding of the example."""
    return split(hashed_part + unfolded("kb_jwt_serialized.txt"), typ=TYP, max_bytes=MAX_BYTES)


def presentation() -> UnverifiedSdJwt:
    """Return what the example's holder showed: the given name alone, as our own holder would select it."""
    return shown_with(select(issued(), [("ld", "credentialSubject", "givenName")], typ=TYP, max_bytes=MAX_BYTES))


def binding_claims() -> dict[str, Any]:
    content: dict[str, Any] = load_json(FOLDER, "kb_jwt_payload.json", fields=BINDING)
    return content


def test_the_issued_part_is_the_one_beside_it() -> None:
    shown = presentation()
    payload = load_json(FOLDER, "sd_jwt_payload.json", fields={"iss", "iat", "exp", "vct", "ld", "_sd_alg", "cnf"})
    assert claims_of(shown.jws.payload, max_bytes=MAX_BYTES) == payload
    assert issued().partition("~")[0] == unfolded("sd_jwt_jws_part.txt")


def test_opens_to_what_the_user_claims_say() -> None:
    whole = split(issued(), typ=TYP, max_bytes=MAX_BYTES)
    expected = load_json(FOLDER, "user_claims.json", fields={"vct", "ld"})
    opened = open_claims(
        claims_of(whole.jws.payload, max_bytes=MAX_BYTES),
        whole.disclosures,
        never=NEVER_DISCLOSED,
        max_bytes=MAX_BYTES,
    )
    assert {name: opened[name] for name in expected} == expected


def test_the_key_binding_holds_for_its_audience_nonce_and_disclosures() -> None:
    shown = presentation()
    binding = read_key_binding(shown)
    claims = binding_claims()
    holder = json.loads(shown.jws.payload)["cnf"]["jwk"]
    check_holder_signature(shown, binding, point_from_jwk(holder))
    assert (binding.nonce, binding.audience, binding.issued_at) == (claims["nonce"], claims["aud"], claims["iat"])
    check_freshness(
        binding,
        nonce=claims["nonce"],
        audience=claims["aud"],
        now=claims["iat"],
        max_age_seconds=0,
        tolerance_seconds=0,
    )
    header = load_json(FOLDER, "kb_jwt_header.json", fields={"alg", "typ"})
    assert json.loads(base64url.decode((shown.key_binding or "").split(".")[0])) == header


def test_the_key_binding_holds_over_no_other_disclosures_and_under_no_other_key() -> None:
    shown = presentation()
    holder = point_from_jwk(json.loads(shown.jws.payload)["cnf"]["jwk"])
    for hashed_part in (issued(), issued().partition("~")[0] + "~", shown.hashed_part + "~"):
        other = shown_with(hashed_part)
        with refused(Reason.SD_HASH_MISMATCH):
            check_holder_signature(other, read_key_binding(other), holder)
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        check_holder_signature(shown, read_key_binding(shown), seeded_signer("another").point)


@pytest.mark.parametrize("nonce", ["1234567891", "", "1234567890 "])
def test_the_key_binding_answers_no_other_request(nonce: str) -> None:
    claims = binding_claims()
    with refused(Reason.NONCE_MISMATCH):
        check_freshness(
            read_key_binding(presentation()),
            nonce=nonce,
            audience=claims["aud"],
            now=claims["iat"],
            max_age_seconds=0,
            tolerance_seconds=0,
        )
