"""A wallet that knows the standards only gets its copies over HTTP."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from formats.dataset import GROUPS
from formats.encoding import base64url
from formats.sd_cwt import unpack
from formats.sd_cwt.select import groups_of
from formats.sd_jwt_vc import check_issuer, check_issuer_signature, open_disclosures, read_credential
from formats.status_list.token import read_token
from issuer.catalogue import QR_ID, SD_JWT_VC_ID
from issuer.policy import WEEK, monday
from keys.certificates import leaf_key
from keys.jwk import point_from_jwk
from protocols.openid4vci.offer import read_offer, read_offer_link
from tests.builders.issuance import ISSUER, PUBLIC_URL, Desk, HttpWallet, a_key, a_key_proof, jwk_of
from tests.builders.trust import bare_trust, national_root


def copies(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["credential"] for entry in answer.json()["credentials"]]


def test_metadata_lies_between_host_and_path_and_names_the_same_identifier(wallet: HttpWallet) -> None:
    issuer = wallet.client.get("/.well-known/openid-credential-issuer/issuer")
    server = wallet.client.get("/.well-known/oauth-authorization-server/issuer")
    assert issuer.headers["content-type"] == server.headers["content-type"] == "application/json"
    assert issuer.json()["credential_issuer"] == server.json()["issuer"] == ISSUER
    assert issuer.json()["batch_credential_issuance"] == {"batch_size": 10}
    assert issuer.json()["nonce_endpoint"] == f"{ISSUER}/nonce"
    assert "authorization_servers" not in issuer.json()
    assert server.json()["pre-authorized_grant_anonymous_access_supported"] is True
    assert "refresh_token" in server.json()["grant_types_supported"]
    assert server.json()["dpop_signing_alg_values_supported"] == ["ES256"]


def test_every_configuration_is_one_a_final_wallet_understands(wallet: HttpWallet) -> None:
    offered = wallet.client.get("/.well-known/openid-credential-issuer/issuer").json()
    for name, configuration in offered["credential_configurations_supported"].items():
        assert configuration["scope"] == name
        assert configuration["cryptographic_binding_methods_supported"]
        assert configuration["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}
        assert all(claim["path"] for claim in configuration["credential_metadata"]["claims"])
        locales = [display["locale"] for display in configuration["credential_metadata"]["display"]]
        assert sorted(locales) == ["en", "zh-CN"]


def test_an_offer_by_reference_is_the_offer_by_value(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    uri = read_offer_link(created.reference_link)
    assert isinstance(uri, str)
    answer = wallet.client.get(urlsplit(uri).path)
    assert answer.headers["content-type"] == "application/json"
    assert read_offer(answer.content) == read_offer_link(created.link) == created.offer


def test_each_copy_is_bound_to_its_own_key_in_the_order_of_the_proofs(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    keys = [a_key() for _ in range(3)]
    nonce = wallet.nonce()
    proofs = [a_key_proof(key, nonce, now=desk.clock.now()) for key in keys]
    issued = copies(wallet.fetch(tokens["access_token"], proofs, SD_JWT_VC_ID))
    bound = [read_credential(text).terms.holder_point for text in issued]
    assert bound == [point_from_jwk(jwk_of(key)) for key in keys]


def test_an_sd_jwt_vc_verifies_and_carries_what_it_must(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    (text,) = copies(wallet.fetch(tokens["access_token"], wallet.proofs(1), SD_JWT_VC_ID))
    credential = read_credential(text)
    issuer = check_issuer(credential, bare_trust(national_root()), now=desk.clock.now())
    check_issuer_signature(credential, issuer)
    week = monday(desk.clock.now())
    assert (credential.terms.issued_at, credential.terms.expires_at) == (week, week + 4 * WEEK)
    assert credential.terms.issuer == ISSUER
    assert credential.terms.specimen
    assert open_disclosures(credential)["full_name"] == "样小明"


def test_a_qr_copy_holds_every_group_and_ends_in_a_fortnight(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    (text,) = copies(wallet.fetch(tokens["access_token"], wallet.proofs(1), QR_ID))
    token = base64url.decode(text)
    assert set(groups_of(token)) == set(GROUPS)
    claims = unpack.read_sd_cwt(token).claims
    week = monday(desk.clock.now())
    assert (claims.issued_at, claims.expires_at) == (week, week + 2 * WEEK)
    assert claims.status.uri.startswith(f"{PUBLIC_URL}/status/690101000000/")


def test_the_status_list_a_copy_names_is_published_and_says_valid(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    (text,) = copies(wallet.fetch(tokens["access_token"], wallet.proofs(1), SD_JWT_VC_ID))
    status = read_credential(text).terms.status
    answer = wallet.client.get(urlsplit(status.uri).path, headers={"Accept": "application/statuslist+jwt"})
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    found = read_token(
        answer.text,
        uri=status.uri,
        signer_of=lambda chain: leaf_key(chain[0]),
        now=desk.clock.now(),
        tolerance_seconds=30,
    )
    assert found.status_at(status.index) == 0


def test_a_batch_shares_nothing_that_links_its_copies(desk: Desk, wallet: HttpWallet) -> None:
    tokens = wallet.accept(desk.offer())
    issued = copies(wallet.fetch(tokens["access_token"], wallet.proofs(10)))
    read = [unpack.read_sd_cwt(base64url.decode(text)) for text in issued]
    assert len({copy.claims.subject for copy in read}) == 10
    assert len({copy.claims.status.index for copy in read}) == 10
    assert len({digest for copy in read for digest in copy.digests}) == 100
    indexes = [copy.claims.status.index for copy in read]
    assert len({second - first for first, second in pairwise(indexes)}) > 1


def test_tokens_and_nonces_are_not_to_be_stored(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer(with_tx_code=False)
    code = created.offer.to_wire()["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]
    answer = wallet.redeem(code["pre-authorized_code"], user_pin="123456", resource=ISSUER, unknown="x")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token_type"] == "DPoP"
    assert answer.json()["expires_in"] == 300
    assert "c_nonce" not in answer.json()
    nonce = wallet.client.post("/issuer/nonce")
    assert nonce.headers["cache-control"] == "no-store"
    assert set(nonce.json()) == {"c_nonce"}


def test_the_refresh_token_brings_new_copies_of_both_configurations(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    copies(wallet.fetch(first["access_token"], wallet.proofs(10)))
    copies(wallet.fetch(first["access_token"], wallet.proofs(10)))
    desk.clock.seconds += 8 * 86_400
    second = wallet.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    copies(wallet.fetch(second.json()["access_token"], wallet.proofs(10)))
    copies(wallet.fetch(second.json()["access_token"], wallet.proofs(10), SD_JWT_VC_ID))


def test_a_token_got_without_dpop_is_a_bearer_token_without_refresh(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer(with_tx_code=False)
    code = created.offer.to_wire()["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code", **code}
    answer = wallet.client.post("/issuer/token", data=form).json()
    assert answer["token_type"] == "Bearer"
    assert "refresh_token" not in answer
    assert answer["expires_in"] <= 300
    body = {"credential_configuration_id": SD_JWT_VC_ID, "proofs": {"jwt": wallet.proofs(1)}}
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert len(copies(wallet.client.post("/issuer/credential", json=body, headers=headers))) == 1
