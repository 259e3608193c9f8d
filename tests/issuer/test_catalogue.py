"""What the issuer says about itself."""

from __future__ import annotations

import pytest

from core.errors import Misconfigured, NotFound
from core.reasons import Reason
from formats.dataset import ATTRIBUTES, GROUPS
from issuer.catalogue import MDOC_ID, QR_ID, SD_JWT_VC_ID, addresses, form_of, issuer_metadata, server_metadata
from issuer.policy import Form, IssuancePolicy
from issuer.ports import BureauContext
from protocols.openid4vci.metadata import CredentialIssuerMetadata

BUREAU = BureauContext("690101000000", "样例市公安局", "Sample City Bureau", "690101", "CN", specimen=True)
WHERE = addresses("https://id.example.test")


def test_metadata_survives_the_wire() -> None:
    made = issuer_metadata(WHERE, BUREAU, IssuancePolicy())
    assert CredentialIssuerMetadata.read(made.to_wire()) == made


def test_every_attribute_a_form_carries_is_named_in_two_languages() -> None:
    configurations = issuer_metadata(WHERE, BUREAU, IssuancePolicy()).to_wire()["credential_configurations_supported"]
    paths = [tuple(claim["path"]) for claim in configurations[SD_JWT_VC_ID]["credential_metadata"]["claims"]]
    assert paths == [attribute.jose for attribute in ATTRIBUTES if attribute.jose is not None]
    elements = [claim["path"] for claim in configurations[MDOC_ID]["credential_metadata"]["claims"]]
    assert elements == [["cn.eid.resident_id.1", row.mdoc] for row in ATTRIBUTES if row.mdoc is not None]
    groups = [claim["path"] for claim in configurations[QR_ID]["credential_metadata"]["claims"]]
    assert groups == [[group.word] for group in GROUPS]
    for configuration in configurations.values():
        for claim in configuration["credential_metadata"]["claims"]:
            assert [display["locale"] for display in claim["display"]] == ["zh-CN", "en"]


def test_algorithms_are_names_in_jose_and_numbers_in_cose() -> None:
    configurations = issuer_metadata(WHERE, BUREAU, IssuancePolicy()).to_wire()["credential_configurations_supported"]
    assert configurations[SD_JWT_VC_ID]["credential_signing_alg_values_supported"] == ["ES256"]
    assert configurations[QR_ID]["credential_signing_alg_values_supported"] == [-9]
    assert configurations[MDOC_ID]["credential_signing_alg_values_supported"] == [-7]
    assert configurations[SD_JWT_VC_ID]["vct"] == "urn:eid:cn:resident-id:1"
    assert "vct" not in configurations[QR_ID]


def test_an_mdoc_is_announced_as_wallets_look_for_it() -> None:
    mdoc = issuer_metadata(WHERE, BUREAU, IssuancePolicy()).to_wire()["credential_configurations_supported"][MDOC_ID]
    assert (mdoc["format"], mdoc["doctype"], mdoc["scope"]) == ("mso_mdoc", "cn.eid.resident_id.1", MDOC_ID)
    assert mdoc["cryptographic_binding_methods_supported"] == ["cose_key"]
    assert mdoc["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}
    assert "vct" not in mdoc
    assert [display["locale"] for display in mdoc["credential_metadata"]["display"]] == ["zh-CN", "en"]


def test_the_server_offers_the_two_grants_it_has() -> None:
    grants = server_metadata(WHERE, BUREAU).to_wire()["grant_types_supported"]
    assert grants == ["urn:ietf:params:oauth:grant-type:pre-authorized_code", "refresh_token"]


def test_only_an_https_issuer_is_named_in_credentials() -> None:
    assert WHERE.certificate_issuer == "https://id.example.test/issuer"
    assert addresses("http://127.0.0.1:8080").certificate_issuer is None


@pytest.mark.parametrize(
    "url", ["", "id.example.test", "ftp://x", "https://x/", "https://x?y", "https://x#y", "https://x y"]
)
def test_refuses_a_public_url_that_is_none(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        addresses(url)
    assert caught.value.reason is Reason.SETTING_INVALID


def test_unknown_configurations_are_not_found() -> None:
    assert form_of(QR_ID) is Form.QR
    with pytest.raises(NotFound) as caught:
        form_of("resident_id")
    assert caught.value.reason is Reason.CONFIGURATION_UNKNOWN
