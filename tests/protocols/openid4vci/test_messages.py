"""OpenID4VCI messages: the shapes of the standard, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from core.errors import EidError
from core.reasons import Reason
from keys.signing import InProcessSigner
from protocols.openid4vci.credential import CredentialRequest, CredentialResponse
from protocols.openid4vci.metadata import CredentialIssuerMetadata, well_known_url
from protocols.openid4vci.offer import CredentialOffer, read_offer, read_offer_link, reference_link
from protocols.openid4vci.proof import check_key_proof, sign_key_proof

ISSUER = "https://id.example.test/issuer"
NOW = 1_795_136_400


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


def test_the_metadata_of_the_standard_is_read(vectors: Path) -> None:
    found = json.loads((vectors / "openid4vci" / "credential_issuer_metadata_sd_jwt_long.json").read_text())
    read = CredentialIssuerMetadata.read(found)
    assert read.batch_credential_issuance is not None
    assert read.batch_credential_issuance.batch_size == 10
    for name in ("credential_metadata_mso_mdoc", "credential_metadata_sd_jwt_vc"):
        part = json.loads((vectors / "openid4vci" / f"{name}.json").read_text())
        whole = {"credential_issuer": "https://x", "credential_endpoint": "https://x/c"} | part
        (configuration,) = CredentialIssuerMetadata.read(whole).credential_configurations_supported.values()
        assert configuration.credential_metadata is not None


def test_the_requests_and_responses_of_the_standard(vectors: Path) -> None:
    drafts = json.loads((vectors / "openid4vci" / "credential_request_iso_mdl.json").read_text())
    assert reason_of(CredentialRequest.read, drafts) is Reason.REQUEST_MALFORMED
    text = (vectors / "openid4vci" / "credential_response_sd_jwt_vc.txt").read_text().split("\n\n", 1)[1]
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
