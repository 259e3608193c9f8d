"""OpenID4VCI messages: the shapes of the standard, and what is refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from keys.jwk import public_jwk
from keys.signing import InProcessSigner
from protocols.openid4vci.credential import CredentialRequest, CredentialResponse
from protocols.openid4vci.metadata import CredentialIssuerMetadata, well_known_url
from protocols.openid4vci.offer import CredentialOffer, read_offer, read_offer_link, reference_link
from protocols.openid4vci.proof import check_key_proof, sign_key_proof
from tests.support.vectors import load_json

ISSUER = "https://id.example.test/issuer"
NOW = 1_795_136_400
ISSUER_METADATA = {
    "credential_issuer", "authorization_servers", "credential_endpoint", "nonce_endpoint",
    "deferred_credential_endpoint", "notification_endpoint", "credential_request_encryption",
    "credential_response_encryption", "batch_credential_issuance", "display", "credential_configurations_supported",
}  # fmt: skip


def reason_of(act: object, *given: object, **more: object) -> Reason:
    with pytest.raises(EidError) as caught:
        act(*given, **more)  # type: ignore[operator]  # any of our readers
    return caught.value.reason


def test_the_offers_of_the_standard_are_read(vectors: Path) -> None:
    names = [
        "credential_offer_by_reference",
        "credential_offer_multiple_credentials",
        "credential_offer_pre-authz_code",
    ]
    offers = [read_offer((vectors / "openid4vci" / f"{name}.json").read_bytes()) for name in names]
    grants = [offer.grants.pre_authorized_code for offer in offers if offer.grants is not None]
    # An empty tx_code object still means that a code is needed.
    assert [grant is not None and grant.tx_code is not None for grant in grants] == [True, True, True]
    assert offers[1].credential_configuration_ids == ["UniversityDegreeCredential", "org.iso.18013.5.1.mDL"]
    text = (vectors / "openid4vci" / "credential_offer_authz_code.txt").read_text().split("\n\n", 1)[1]
    offer = read_offer(text)
    assert offer.grants is not None
    assert offer.grants.pre_authorized_code is None


def test_the_metadata_of_the_standard_is_read() -> None:
    found = load_json("openid4vci", "credential_issuer_metadata_sd_jwt_long.json", fields=ISSUER_METADATA)
    read = CredentialIssuerMetadata.read(found)
    assert read.batch_credential_issuance is not None
    assert read.batch_credential_issuance.batch_size == 10
    for name in ("credential_metadata_mso_mdoc", "credential_metadata_sd_jwt_vc"):
        part = load_json("openid4vci", f"{name}.json", fields={"credential_configurations_supported"})
        whole = {"credential_issuer": "https://x", "credential_endpoint": "https://x/c"} | part
        (configuration,) = CredentialIssuerMetadata.read(whole).credential_configurations_supported.values()
        assert configuration.credential_metadata is not None


def test_the_requests_and_responses_of_the_standard(vectors: Path) -> None:
    drafts = load_json("openid4vci", "credential_request_iso_mdl.json", fields={"format", "doctype", "proofs"})
    assert reason_of(CredentialRequest.read, drafts) is Reason.REQUEST_MALFORMED
    for name in ("credential_response_sd_jwt_vc", "credential_response_mso_mdoc"):
        text = (vectors / "openid4vci" / f"{name}.txt").read_text().split("\n\n", 1)[1]
        folded = "".join(line.strip() for line in text.splitlines())
        assert len(CredentialResponse.read_json(folded, max_bytes=10_000).credentials) == 1


def test_an_offer_survives_its_link() -> None:
    offer = CredentialOffer.read({"credential_issuer": ISSUER, "credential_configuration_ids": ["a"]})
    assert read_offer_link(offer.link()) == offer
    assert read_offer_link(reference_link(f"{ISSUER}/offers/x")) == f"{ISSUER}/offers/x"
    assert read_offer_link(reference_link("http://127.0.0.1:8080/issuer/offers/x")).startswith("http:")  # type: ignore[union-attr]  # a reference is text


@pytest.mark.parametrize(
    "link",
    [
        "", "hello", "openid-credential-offer://?", "openid-credential-offer://?credential_offer=", "https://[",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fx",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=%7B%7D", "openid-credential-offer://?credential_offer=[",
        "openid-credential-offer://?credential_offer=" + quote('{"credential_issuer":1,"credential_configuration_ids":["a"]}'),
        "openid-credential-offer://?credential_offer=" + quote('{"credential_issuer":"x","credential_configuration_ids":[]}'),
        "openid-credential-offer://?credential_offer=" + "x" * 40_000,
        reference_link("http://id.example.test/x"), reference_link("file:///etc/passwd"), reference_link("https://"),
        reference_link("https://x/#y"), reference_link("http://169.254.169.254/x"), reference_link("https://["),
    ],
)  # fmt: skip
def test_refuses_links_that_are_no_offers(link: str) -> None:
    assert reason_of(read_offer_link, link) is Reason.OFFER_MALFORMED


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        (ISSUER, "https://id.example.test/.well-known/openid-credential-issuer/issuer"),
        ("https://x", "https://x/.well-known/openid-credential-issuer"),
        ("https://x/a/b/", "https://x/.well-known/openid-credential-issuer/a/b"),
        ("http://127.0.0.1:8080/issuer", "http://127.0.0.1:8080/.well-known/openid-credential-issuer/issuer"),
    ],
)
def test_well_known_addresses_are_inserted(identifier: str, address: str) -> None:
    assert well_known_url(identifier, "openid-credential-issuer") == address


def test_our_key_proof_is_bound_to_audience_time_and_type() -> None:
    key = InProcessSigner.generate()
    token = sign_key_proof(key, audience=ISSUER, nonce="n", now=NOW)
    assert check_key_proof(token, audience=ISSUER, now=NOW + 300).point == key.point
    for audience, now in ((ISSUER + "/", NOW), (ISSUER, NOW + 301), (ISSUER, NOW - 31)):
        assert reason_of(check_key_proof, token, audience=audience, now=now) is Reason.PROOF_INVALID
    for place in range(0, len(token), 11):
        flipped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert reason_of(check_key_proof, flipped, audience=ISSUER, now=NOW) is Reason.PROOF_INVALID


@pytest.mark.parametrize(
    "tx_code",
    [
        {"description": "x" * 301}, {"description": 7}, {"length": 0}, {"length": -1}, {"length": "6"},
        {"input_mode": "voice"}, [], "6", True,
    ],
)  # fmt: skip
def test_refuses_a_transaction_code_of_another_shape(tx_code: JsonValue) -> None:
    assert reason_of(CredentialOffer.read, offer_with(tx_code)) is Reason.REQUEST_MALFORMED


def test_an_empty_transaction_code_still_means_that_one_is_needed() -> None:
    right: list[JsonValue] = [{}, {"description": "x" * 300, "length": 6, "input_mode": "text"}]
    for tx_code in right:
        grants = CredentialOffer.read(offer_with(tx_code)).grants
        assert grants is not None
        assert grants.pre_authorized_code is not None
        assert grants.pre_authorized_code.tx_code is not None


def offer_with(tx_code: JsonValue) -> JsonValue:
    grant: JsonValue = {"pre-authorized_code": "c", "tx_code": tx_code}
    return {
        "credential_issuer": ISSUER,
        "credential_configuration_ids": ["a"],
        "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": grant},
    }


@pytest.mark.parametrize("size", [1, 0, -1, "10", True])
def test_a_batch_is_two_or_more(size: JsonValue) -> None:
    metadata: dict[str, JsonValue] = {
        "credential_issuer": ISSUER,
        "credential_endpoint": f"{ISSUER}/credential",
        "credential_configurations_supported": {},
    }
    right = CredentialIssuerMetadata.read({**metadata, "batch_credential_issuance": {"batch_size": 2}})
    assert right.batch_credential_issuance is not None
    found = reason_of(CredentialIssuerMetadata.read, {**metadata, "batch_credential_issuance": {"batch_size": size}})
    assert found is Reason.REQUEST_MALFORMED


def test_our_key_proof_names_its_key_and_no_client() -> None:
    key = InProcessSigner.generate()
    header, claims, _ = sign_key_proof(key, audience=ISSUER, nonce="n", now=NOW).split(".")
    assert json.decode(base64url.decode(header), max_bytes=1000) == {
        "typ": "openid4vci-proof+jwt",
        "alg": "ES256",
        "jwk": public_jwk(key.point),
    }
    assert json.decode(base64url.decode(claims), max_bytes=1000) == {"aud": ISSUER, "iat": NOW, "nonce": "n"}
