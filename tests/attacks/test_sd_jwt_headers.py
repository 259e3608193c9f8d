"""A presentation whose headers choose the algorithm, the key or the type for the verifier."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.reasons import Colour, Reason
from formats.encoding import base64url
from keys.jwk import public_jwk
from keys.signing import KeyPurpose
from tests.builders.presentations import (
    HOLDER,
    ISSUER,
    OTHER_ISSUER,
    ROOT,
    THIEF,
    Showing,
    header_of,
    judged,
    sd_hash,
)
from tests.builders.suites import suite, suite_signer
from tests.builders.trust import other_signer

pytestmark = pytest.mark.usefixtures("each_suite")


def reason(showing: Showing | str, **changes: Any) -> Reason:
    verdict = judged(showing, **changes)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.deciding


def with_header(**members: Any) -> Showing:
    return Showing(edit_header=lambda header: {**header, **members})


def with_binding_header(**members: Any) -> Showing:
    return Showing(edit_binding_header=lambda header: {**header, **members})


def resigned(header: dict[str, Any], signature: bytes | None = None) -> str:
    """The right presentation under another issuer header, signed with HMAC over the public key unless stated."""
    jwt, *rest = Showing().hashed.split("~")
    signing = base64url.encode(json.dumps(header).encode()) + "." + jwt.split(".")[1]
    public = ISSUER.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.new(public, signing.encode(), hashlib.sha256).digest() if signature is None else signature
    return "~".join((f"{signing}.{base64url.encode(mac)}", *rest))


@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "RS256", "ES384", "ES256K", "EdDSA", "es256", "", None, 7, ["ES256"]]
)
def test_refuses_every_algorithm_but_the_one_in_the_table(alg: object) -> None:
    assert reason(with_header(alg=alg)) is Reason.ALGORITHM_NOT_ALLOWED
    assert reason(with_binding_header(alg=alg)) is Reason.ALGORITHM_NOT_ALLOWED


def test_refuses_an_unsigned_token_and_one_signed_with_the_public_key_as_a_secret() -> None:
    header = header_of(ISSUER)
    assert reason(resigned({**header, "alg": "none"}, b"")) is Reason.ALGORITHM_NOT_ALLOWED
    assert reason(resigned({**header, "alg": "HS256"})) is Reason.ALGORITHM_NOT_ALLOWED
    # The algorithm is right, the signature is the secret's: what the header does not say is not tried.
    assert reason(resigned(header) + "x") is not Reason.ALL_CHECKS_PASSED


def test_refuses_an_empty_signature() -> None:
    text = Showing().text
    jwt, rest = text.split("~", 1)
    stripped = ".".join(jwt.split(".")[:2]) + "."
    assert reason(f"{stripped}~{rest}") is Reason.ISSUER_SIGNATURE_INVALID


@pytest.mark.parametrize(
    "typ", ["vc+sd-jwt", "JWT", "DC+SD-JWT", "application/dc+sd-jwt", "kb+jwt", "statuslist+jwt", "", None, 1]
)
def test_refuses_every_type_but_dc_sd_jwt(typ: object) -> None:
    assert reason(with_header(typ=typ)) is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize("typ", ["JWT", "dc+sd-jwt", "openid4vci-proof+jwt", "", None])
def test_refuses_every_type_of_key_binding_but_its_own(typ: object) -> None:
    assert reason(with_binding_header(typ=typ)) is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize(
    "member",
    [
        {"crit": ["exp"]},
        {"b64": False},
        {"jku": "https://attacker.example.test/keys"},
        {"x5u": "https://attacker.example.test/chain"},
        {"jwk": public_jwk(THIEF.point)},
        {"x5t": "AAAA"},
        {"zip": "DEF"},
    ],
)
def test_refuses_headers_that_bring_a_key_or_change_what_was_signed(member: dict[str, Any]) -> None:
    assert reason(with_header(**member)) is Reason.HEADER_UNEXPECTED
    assert reason(with_binding_header(**member)) is Reason.HEADER_UNEXPECTED


def test_refuses_a_key_binding_that_vouches_for_itself() -> None:
    shown = Showing(shown_by=THIEF, edit_binding_header=lambda header: {**header, "jwk": public_jwk(THIEF.point)})
    assert reason(shown) is Reason.HEADER_UNEXPECTED


def test_refuses_a_key_binding_with_certificates() -> None:
    shown = Showing(edit_binding_header=lambda header: {**header, "x5c": header_of(ISSUER)["x5c"]})
    assert reason(shown) is Reason.HEADER_UNEXPECTED


def der_text(certificate: bytes) -> str:
    return b64encode(certificate).decode("ascii")


def test_refuses_a_chain_with_the_root_in_it() -> None:
    chain = [der_text(ISSUER.certificates[0]), der_text(ROOT.certificate)]
    assert reason(with_header(x5c=chain)) is Reason.CERTIFICATE_INVALID
    assert reason(with_header(x5c=[der_text(ROOT.certificate)])) is Reason.CERTIFICATE_INVALID


def test_refuses_a_thumbprint_of_another_certificate_than_the_first() -> None:
    def named(certificate: bytes) -> Showing:
        return with_header(**{"x5t#S256": base64url.encode(hashlib.sha256(certificate).digest())})

    assert judged(named(ISSUER.certificates[0])).colour is Colour.GREEN
    for other in (OTHER_ISSUER.certificates[0], ROOT.certificate, b""):
        assert reason(named(other)) is Reason.HEADER_UNEXPECTED


def test_refuses_a_certificate_for_another_use() -> None:
    for purpose in (KeyPurpose.BUNDLE_SIGNER, KeyPurpose.LIST_SIGNER):
        signer = other_signer(ROOT, purpose)
        assert reason(Showing(issuer=signer)) is Reason.CERTIFICATE_INVALID


def test_refuses_the_certificate_of_another_key_than_the_one_that_signed() -> None:
    mixed = suite_signer(suite(), "thief").with_certificates(*ISSUER.certificates)
    assert reason(Showing(issuer=mixed)) is Reason.ISSUER_SIGNATURE_INVALID


def test_refuses_another_bureaus_key_with_this_bureaus_certificate_behind_it() -> None:
    chain = [der_text(OTHER_ISSUER.certificates[0]), der_text(ISSUER.certificates[0])]
    assert reason(with_header(x5c=chain)) in {Reason.CERTIFICATE_INVALID, Reason.ISSUER_UNKNOWN}


@pytest.mark.parametrize(
    "x5c",
    [
        [],
        "MIIB",
        [1],
        ["%%%"],
        [der_text(b"not a certificate")],
        [der_text(ISSUER.certificates[0] + b"\0")],
        [base64url.encode(ISSUER.certificates[0])],
        [der_text(ISSUER.certificates[0]) + "\n"],
        [der_text(ISSUER.certificates[0])] * 5,
        None,
    ],
)
def test_refuses_a_chain_that_is_not_a_short_list_of_certificates(x5c: object) -> None:
    assert reason(with_header(x5c=x5c)) in {
        Reason.HEADER_UNEXPECTED,
        Reason.CERTIFICATE_INVALID,
    }


@pytest.mark.parametrize(
    "members", [{"iat": "1"}, {"iat": None}, {"iat": True}, {"iat": 1.5}, {"iat": -1}, {"iat": 1e30}]
)
def test_refuses_a_key_binding_without_an_instant(members: dict[str, Any]) -> None:
    shown = Showing(edit_binding=lambda claims: {**claims, **members})
    assert reason(shown) in {Reason.CLAIMS_MALFORMED, Reason.JSON_MALFORMED}


@pytest.mark.parametrize("name", ["iat", "aud", "nonce", "sd_hash"])
def test_refuses_a_key_binding_that_leaves_a_claim_out(name: str) -> None:
    shown = Showing(edit_binding=lambda claims: {key: value for key, value in claims.items() if key != name})
    assert reason(shown) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("name", ["aud", "nonce", "sd_hash"])
def test_refuses_a_key_binding_with_lists_for_texts(name: str) -> None:
    shown = Showing(edit_binding=lambda claims: {**claims, name: [claims[name]]})
    assert reason(shown) is Reason.CLAIMS_MALFORMED


def test_refuses_a_hash_over_something_else() -> None:
    hashed = Showing().hashed
    for wrong in (hashed[:-1], hashed.split("~")[0], hashed + "~", ""):
        shown = Showing(edit_binding=lambda claims, wrong=wrong: {**claims, "sd_hash": sd_hash(wrong)})  # type: ignore[misc]  # a default argument binds the loop's value
        assert reason(shown) is Reason.SD_HASH_MISMATCH


def test_refuses_the_credential_of_another_holder_with_the_thiefs_key_binding() -> None:
    stolen = Showing().hashed
    own = Showing(holder=THIEF)
    assert reason(stolen + own.text.rsplit("~", 1)[1]) is Reason.HOLDER_SIGNATURE_INVALID
    assert HOLDER.point != THIEF.point
