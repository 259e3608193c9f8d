"""What a wallet, or somebody who looks like one, must not get away with; exact codes, never a 500."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import jwt
import pytest

from issuer.catalogue import QR_ID, SD_JWT_VC_ID
from protocols.dpop import token_hash
from tests.builders.issuance import (
    ISSUER,
    OTHER_RECORD,
    PRE_AUTHORIZED,
    Desk,
    HttpWallet,
    a_dpop_proof,
    a_key,
    a_key_proof,
    code_of,
    jwk_of,
)


def refusal(answer: Any, code: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error_description"].isascii()


# --- the code


def test_five_wrong_transaction_codes_kill_the_offer_for_the_right_one_too(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    wrong = "000000" if created.tx_code != "000000" else "111111"
    for _ in range(5):
        refusal(wallet.redeem(code_of(created), wrong), "invalid_grant")
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")
    assert desk.rows("SELECT state, tries_left FROM credential_offer") == [("dead", 0)]


def test_four_wrong_transaction_codes_leave_the_last_try(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    wrong = "000000" if created.tx_code != "000000" else "111111"
    for _ in range(4):
        refusal(wallet.redeem(code_of(created), wrong), "invalid_grant")
    assert wallet.redeem(code_of(created), created.tx_code).status_code == 200


def test_a_missing_or_unexpected_transaction_code_is_told_apart_and_costs_no_try(
    desk: Desk, wallet: HttpWallet
) -> None:
    created = desk.offer()
    refusal(wallet.redeem(code_of(created)), "invalid_request")
    refusal(wallet.redeem(code_of(desk.offer(with_tx_code=False)), "123456"), "invalid_request")
    assert desk.rows("SELECT DISTINCT tries_left FROM credential_offer") == [(5,)]


def test_a_code_works_once(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    token = wallet.accept(created)["access_token"]
    stranger = HttpWallet(wallet.client, desk.clock)
    refusal(stranger.redeem(code_of(created), created.tx_code), "invalid_grant")
    assert wallet.fetch(token, wallet.proofs(1)).status_code == 200
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")


def test_a_lost_first_answer_is_asked_for_again_while_nothing_of_it_was_used(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    lost = wallet.accept(created)
    again = wallet.accept(created)
    refusal(wallet.fetch(lost["access_token"], wallet.proofs(1)), "invalid_token", 401)
    assert wallet.fetch(again["access_token"], wallet.proofs(1)).status_code == 200
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")
    assert wallet.refresh(again["refresh_token"]).status_code == 200


def test_a_first_answer_whose_refresh_token_was_used_is_not_given_again(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    assert wallet.refresh(wallet.accept(created)["refresh_token"]).status_code == 200
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")


def test_the_first_answer_taken_back_freezes_the_wallet_when_somebody_uses_it(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    copied = wallet.accept(created)
    honest = wallet.accept(created)
    refusal(wallet.refresh(copied["refresh_token"]), "invalid_grant")
    refusal(wallet.refresh(honest["refresh_token"]), "invalid_grant")


def test_asking_again_needs_the_same_key_and_the_transaction_code_and_costs_its_tries(
    desk: Desk, wallet: HttpWallet
) -> None:
    created = desk.offer()
    wrong = "000000" if created.tx_code != "000000" else "111111"
    first = wallet.accept(created)
    stranger = HttpWallet(wallet.client, desk.clock)
    for _ in range(6):
        refusal(stranger.redeem(code_of(created), created.tx_code), "invalid_grant")
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(created), "tx_code": str(created.tx_code)}
    refusal(wallet.client.post("/issuer/token", data=form), "invalid_grant")
    refusal(wallet.redeem(code_of(created)), "invalid_request")
    assert desk.rows("SELECT state, tries_left FROM credential_offer") == [("redeemed", 5)]
    for _ in range(5):
        refusal(wallet.redeem(code_of(created), wrong), "invalid_grant")
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")
    # What the wallet had it keeps.
    assert wallet.fetch(first["access_token"], wallet.proofs(1)).status_code == 200


def test_a_code_redeemed_without_a_key_is_not_given_a_second_answer(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer(with_tx_code=False)
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(created)}
    assert wallet.client.post("/issuer/token", data=form).status_code == 200
    refusal(wallet.client.post("/issuer/token", data=form), "invalid_grant")
    refusal(wallet.redeem(code_of(created)), "invalid_grant")


def test_no_second_answer_after_the_offer_has_expired_or_the_person_was_suspended(
    desk: Desk, wallet: HttpWallet
) -> None:
    from tests.builders.bureau import REGISTRAR

    late, suspended = desk.offer(OTHER_RECORD), desk.offer()
    for created in (late, suspended):
        wallet.accept(created)
    desk.role.status.suspend(suspended.credential_id, by=REGISTRAR)
    refusal(wallet.redeem(code_of(suspended), suspended.tx_code), "invalid_grant")
    desk.clock.seconds = late.expires_at
    refusal(wallet.redeem(code_of(late), late.tx_code), "invalid_grant")


def test_a_code_ends_after_fourteen_days(desk: Desk, wallet: HttpWallet) -> None:
    created = desk.offer()
    desk.clock.seconds = created.expires_at
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")


def test_a_foreign_code_and_a_withdrawn_one_are_refused_alike(desk: Desk, wallet: HttpWallet) -> None:
    from tests.builders.bureau import REGISTRAR

    created = desk.offer()
    desk.role.offers.withdraw(created.offer_id, by=REGISTRAR)
    refusal(wallet.redeem(code_of(created), created.tx_code), "invalid_grant")
    refusal(wallet.redeem("somebody-elses-code", "123456"), "invalid_grant")
    reference = created.reference_link.rsplit("%2F", 1)[1]
    assert wallet.client.get(f"/issuer/offers/{reference}").status_code == 404
    assert wallet.client.get("/issuer/offers/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    assert wallet.client.get("/issuer/offers/!!").status_code == 404


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x" * 2000}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x", "resource": "https://other.test"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "resource": "https://other.test"}, "invalid_request"),
    ],
)  # fmt: skip
def test_token_requests_that_do_not_fit(wallet: HttpWallet, form: dict[str, str], code: str) -> None:
    refusal(wallet.client.post("/issuer/token", data=form), code)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe", b"grant_type", b"grant_type=%ff&x=1", b"&&&&", b"{}", b"a=1&a=2",
        b"grant_type=refresh_token&refresh_token=a&refresh_token=b", b"&".join([b"a=1"] * 40),
    ],
)  # fmt: skip
def test_forms_that_are_none_are_invalid_requests(wallet: HttpWallet, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refusal(wallet.client.post("/issuer/token", content=body, headers=headers), "invalid_request")


def test_a_token_request_in_json_is_refused(wallet: HttpWallet) -> None:
    refusal(wallet.client.post("/issuer/token", json={"grant_type": PRE_AUTHORIZED}), "invalid_request")


# --- DPoP


def test_a_dpop_proof_works_once_at_the_token_endpoint(desk: Desk, wallet: HttpWallet) -> None:
    proof = wallet.dpop("token")

    def redeem() -> Any:
        form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(desk.offer(with_tx_code=False))}
        return wallet.client.post("/issuer/token", data=form, headers={"DPoP": proof})

    assert redeem().status_code == 200
    refusal(redeem(), "invalid_dpop_proof")


def test_a_dpop_proof_works_once_at_the_credential_endpoint(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    proof = wallet.dpop("credential", token=token)
    assert wallet.fetch(token, wallet.proofs(1), DPoP=proof).status_code == 200
    refusal(wallet.fetch(token, wallet.proofs(1), DPoP=proof), "invalid_dpop_proof", 401)


def test_a_dpop_proof_of_a_refused_request_cannot_be_sent_again(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    proof = wallet.dpop("credential", token=token)
    refusal(wallet.fetch(token, ["no proof"], DPoP=proof), "invalid_proof")
    refusal(wallet.fetch(token, wallet.proofs(1), DPoP=proof), "invalid_dpop_proof", 401)


@pytest.mark.parametrize(
    "wrong",
    [
        {"htm": "GET"},
        {"htu": f"{ISSUER}/credential"},
        {"htu": f"{ISSUER}/token?x=1"},
        {"htu": f"{ISSUER}/token#x"},
        {"htu": "http://id.example.test/issuer/token"},
        {"htu": None},
        {"iat": 1},
        {"iat": 4_000_000_000},
        {"iat": "1795136400"},
        {"iat": True},
        {"iat": 1e30},
        {"jti": ""},
        {"jti": None},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": None}},
        {"header": {"kid": "x"}},
        {"header": {"crit": ["x"], "x": 1}},
    ],
)
def test_dpop_proofs_that_do_not_fit_the_token_request(desk: Desk, wallet: HttpWallet, wrong: dict[str, Any]) -> None:
    created = desk.offer(with_tx_code=False)
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(created)}
    answer = wallet.client.post("/issuer/token", data=form, headers={"DPoP": wallet.dpop("token", **wrong)})
    refusal(answer, "invalid_dpop_proof")
    assert wallet.redeem(code_of(created)).status_code == 200


def test_two_dpop_headers_are_refused(desk: Desk, wallet: HttpWallet) -> None:
    headers = [("DPoP", wallet.dpop("token")), ("DPoP", wallet.dpop("token"))]
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(desk.offer(with_tx_code=False))}
    refusal(wallet.client.post("/issuer/token", data=form, headers=headers), "invalid_dpop_proof")


def test_a_dpop_proof_with_a_private_key_in_it_is_refused(desk: Desk, wallet: HttpWallet) -> None:
    jwk = jwk_of(wallet.key) | {"d": "AAAA"}
    headers = {"DPoP": wallet.dpop("token", header={"jwk": jwk})}
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code_of(desk.offer(with_tx_code=False))}
    refusal(wallet.client.post("/issuer/token", data=form, headers=headers), "invalid_dpop_proof")


def test_a_bound_token_does_not_work_as_bearer_nor_without_or_with_another_proof(
    desk: Desk, wallet: HttpWallet
) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    body = {"credential_configuration_id": QR_ID, "proofs": {"jwt": wallet.proofs(1)}}

    def ask(headers: dict[str, str]) -> Any:
        return wallet.client.post("/issuer/credential", json=body, headers=headers)

    bearer = ask({"Authorization": f"Bearer {token}"})
    refusal(bearer, "invalid_token", 401)
    assert bearer.headers["www-authenticate"].startswith('DPoP error="invalid_token"')
    refusal(ask({"Authorization": f"DPoP {token}"}), "invalid_dpop_proof", 401)
    stranger = HttpWallet(wallet.client, desk.clock)
    proof = stranger.dpop("credential", token=token)
    refusal(ask({"Authorization": f"DPoP {token}", "DPoP": proof}), "invalid_dpop_proof", 401)
    for ath in (token_hash("another token"), None):
        proof = wallet.dpop("credential", token=token, ath=ath)
        refusal(ask({"Authorization": f"DPoP {token}", "DPoP": proof}), "invalid_dpop_proof", 401)


def test_no_token_an_unknown_one_and_an_expired_one_are_401(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    proofs = wallet.proofs(1)
    refusal(wallet.client.post("/issuer/credential", json={}), "invalid_token", 401)
    refusal(wallet.fetch("x" * 43, proofs), "invalid_token", 401)
    refusal(wallet.client.post(f"/issuer/credential?access_token={token}", json={}), "invalid_credential_request")
    desk.clock.seconds += 300
    refusal(wallet.fetch(token, wallet.proofs(1)), "invalid_token", 401)


# --- the refresh token


def test_an_old_refresh_token_freezes_the_wallet(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    second = wallet.refresh(first["refresh_token"]).json()
    third = wallet.refresh(second["refresh_token"]).json()
    refusal(wallet.refresh(first["refresh_token"]), "invalid_grant")
    refusal(wallet.refresh(third["refresh_token"]), "invalid_grant")
    refusal(wallet.fetch(third["access_token"], wallet.proofs(1)), "credential_request_denied")
    assert desk.rows("SELECT action FROM audit_event WHERE action = 'wallet.freeze'") == [("wallet.freeze",)]


def test_a_lost_refresh_answer_is_asked_for_again_while_nothing_of_it_was_used(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    lost = wallet.refresh(first["refresh_token"]).json()
    again = wallet.refresh(first["refresh_token"])
    assert again.status_code == 200
    refusal(wallet.fetch(lost["access_token"], wallet.proofs(1)), "invalid_token", 401)
    assert wallet.fetch(again.json()["access_token"], wallet.proofs(1)).status_code == 200
    # Now something was used: the old one is a copy's.
    refusal(wallet.refresh(first["refresh_token"]), "invalid_grant")
    refusal(wallet.refresh(again.json()["refresh_token"]), "invalid_grant")


def test_the_answer_taken_back_freezes_the_wallet_when_somebody_uses_it(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    copied = wallet.refresh(first["refresh_token"]).json()
    honest = wallet.refresh(first["refresh_token"]).json()
    refusal(wallet.refresh(copied["refresh_token"]), "invalid_grant")
    refusal(wallet.refresh(honest["refresh_token"]), "invalid_grant")


def test_a_refresh_token_is_of_no_use_with_another_key_or_without_proof(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    thief = HttpWallet(wallet.client, desk.clock)
    refusal(thief.refresh(first["refresh_token"]), "invalid_dpop_proof")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    refusal(wallet.client.post("/issuer/token", data=form), "invalid_dpop_proof")
    assert wallet.refresh(first["refresh_token"]).status_code == 200


def test_an_unknown_and_an_expired_refresh_token_are_refused(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    refusal(wallet.refresh("unknown"), "invalid_grant")
    desk.clock.seconds += 90 * 86_400
    refusal(wallet.refresh(first["refresh_token"]), "invalid_grant")


# --- proofs and nonces


def wrong_proofs(wallet: HttpWallet) -> dict[str, tuple[list[str], str]]:
    now, key, nonce = wallet.clock.now(), a_key(), wallet.nonce()
    good = a_key_proof(key, nonce, now=now)
    head, body, signature = good.split(".")
    unsigned = {"alg": "none", "typ": "openid4vci-proof+jwt", "jwk": jwk_of(key)}
    none = f"{base64.urlsafe_b64encode(json.dumps(unsigned).encode()).rstrip(b'=').decode()}.{body}."
    shared = jwt.encode({"aud": ISSUER, "iat": now, "nonce": nonce}, "x" * 32, algorithm="HS256",
                        headers={"typ": "openid4vci-proof+jwt", "jwk": jwk_of(key)})  # fmt: skip
    dpop = a_dpop_proof(key, f"{ISSUER}/credential", now=now, jti="12345678", nonce=nonce, aud=ISSUER)
    return {
        "aud": ([a_key_proof(key, nonce, now=now, aud=f"{ISSUER}/credential")], "invalid_proof"),
        "aud list": ([a_key_proof(key, nonce, now=now, aud=[ISSUER])], "invalid_proof"),
        "typ": ([a_key_proof(key, nonce, now=now, header={"typ": "JWT"})], "invalid_proof"),
        "dpop in the proof slot": ([dpop], "invalid_proof"),
        "alg none": ([none], "invalid_proof"),
        "alg HS256": ([shared], "invalid_proof"),
        "private key": ([a_key_proof(key, nonce, now=now, header={"jwk": jwk_of(key) | {"d": "AA"}})], "invalid_proof"),
        "kid": ([a_key_proof(key, nonce, now=now, header={"kid": "did:x"})], "invalid_proof"),
        "x5c": ([a_key_proof(key, nonce, now=now, header={"x5c": ["AA"]})], "invalid_proof"),
        "another key": ([a_key_proof(key, nonce, now=now, header={"jwk": jwk_of(a_key())})], "invalid_proof"),
        "cut signature": ([good[:-8]], "invalid_proof"),
        "no signature": ([f"{head}.{body}."], "invalid_proof"),
        "foreign characters": ([f"{head}.{body}.{signature}="], "invalid_proof"),
        "old": ([a_key_proof(key, nonce, now=now - 301)], "invalid_proof"),
        "future": ([a_key_proof(key, nonce, now=now + 31)], "invalid_proof"),
        "iat text": ([a_key_proof(key, nonce, now=now, header={}, iat="1")], "invalid_proof"),
        "no nonce": ([a_key_proof(key, nonce, now=now, nonce=None)], "invalid_nonce"),
        "strange nonce": ([a_key_proof(key, "strange", now=now)], "invalid_nonce"),
        "other nonce": ([a_key_proof(key, "A" * 44, now=now)], "invalid_nonce"),
        "two nonces": ([good, a_key_proof(a_key(), wallet.nonce(), now=now)], "invalid_nonce"),
        "a key twice": ([good, a_key_proof(key, nonce, now=now)], "invalid_proof"),
        "dpop key": ([a_key_proof(wallet.key, nonce, now=now)], "invalid_proof"),
        "eleven": ([a_key_proof(a_key(), nonce, now=now) for _ in range(11)], "invalid_credential_request"),
        "none": ([], "invalid_proof"),
        "rubbish": (["a.b.c"], "invalid_proof"),
        "huge": (["a" * 9000], "invalid_proof"),
    }


def test_proofs_that_do_not_fit_give_their_code_and_issue_nothing(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    for name, (proofs, code) in wrong_proofs(wallet).items():
        answer = wallet.fetch(token, proofs)
        assert (answer.status_code, answer.json()["error"]) == (400, code), name
    assert desk.rows("SELECT count(*) FROM credential_copy") == [(0,)]
    assert wallet.fetch(token, wallet.proofs(1)).status_code == 200


def test_a_nonce_works_once_and_for_five_minutes(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    nonce = wallet.nonce()
    assert wallet.fetch(token, wallet.proofs(2, nonce)).status_code == 200
    refusal(wallet.fetch(token, wallet.proofs(1, nonce)), "invalid_nonce")
    old = wallet.nonce()
    desk.clock.seconds += 300
    token = wallet.accept(desk.offer())["access_token"]
    refusal(wallet.fetch(token, wallet.proofs(1, old)), "invalid_nonce")


def test_a_key_seen_before_is_refused_in_any_form_and_any_wallet(desk: Desk, wallet: HttpWallet) -> None:
    key = a_key()
    token = wallet.accept(desk.offer())["access_token"]
    now = desk.clock.now()
    assert wallet.fetch(token, [a_key_proof(key, wallet.nonce(), now=now)]).status_code == 200
    refusal(wallet.fetch(token, [a_key_proof(key, wallet.nonce(), now=now)], SD_JWT_VC_ID), "invalid_proof")
    other = HttpWallet(wallet.client, desk.clock)
    token = other.accept(desk.offer())["access_token"]
    refusal(other.fetch(token, [a_key_proof(key, other.nonce(), now=now)]), "invalid_proof")


def test_more_copies_than_a_person_may_have_are_denied(desk: Desk, wallet: HttpWallet) -> None:
    first = wallet.accept(desk.offer())
    token = first["access_token"]
    for _ in range(2):
        assert wallet.fetch(token, wallet.proofs(10)).status_code == 200
    refusal(wallet.fetch(token, wallet.proofs(1)), "credential_request_denied")
    # A second wallet of the same person shares the limit.
    other = HttpWallet(wallet.client, desk.clock)
    refusal(other.fetch(other.accept(desk.offer())["access_token"], other.proofs(1)), "credential_request_denied")
    token = wallet.refresh(first["refresh_token"]).json()["access_token"]
    for _ in range(2):
        assert wallet.fetch(token, wallet.proofs(10)).status_code == 200
    refusal(wallet.fetch(token, wallet.proofs(1)), "credential_request_denied")


# --- the body of the credential request


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_credential_request"),
        (b"null", "invalid_credential_request"),
        (b"[]", "invalid_credential_request"),
        (b"{", "invalid_credential_request"),
        (b"\xff\xfe{\x00}\x00", "invalid_credential_request"),
        (b'{"a":1,"a":2}', "invalid_credential_request"),
        (b'{"a":NaN}', "invalid_credential_request"),
        (b'{"a":1e400}', "invalid_credential_request"),
        (b"[" * 5000 + b"]" * 5000, "invalid_credential_request"),
        (b'{"a":' + b"9" * 5000 + b"}", "invalid_credential_request"),
        (b'{"credential_configuration_id":7,"proofs":{"jwt":["x"]}}', "invalid_credential_request"),
        (b'{"proofs":{"jwt":["x"]}}', "invalid_credential_request"),
        (b'{"credential_configuration_id":"resident_id_qr"}', "invalid_proof"),
        (b'{"credential_configuration_id":"resident_id_qr","proof":{"jwt":"x"}}', "invalid_proof"),
        (b'{"credential_configuration_id":"resident_id_qr","proofs":{}}', "invalid_proof"),
        (b'{"credential_configuration_id":"resident_id_qr","proofs":{"jwt":"x"}}', "invalid_credential_request"),
        (b'{"credential_configuration_id":"resident_id_qr","proofs":{"attestation":["x"]}}', "invalid_proof"),
        (b'{"credential_configuration_id":"resident_id_qr","proofs":{"jwt":["x"],"ldp_vp":["x"]}}', "invalid_proof"),
        (b'{"credential_configuration_id":"other","proofs":{"jwt":["x"]}}', "unknown_credential_configuration"),
        (b'{"credential_identifier":"x","proofs":{"jwt":["x"]}}', "unknown_credential_identifier"),
        (b'{"credential_identifier":"x","credential_configuration_id":"resident_id_qr","proofs":{"jwt":["x"]}}',
         "invalid_credential_request"),
        (b'{"credential_configuration_id":"resident_id_qr","proofs":{"jwt":["x"]},"credential_response_encryption":{}}',
         "invalid_encryption_parameters"),
    ],
)  # fmt: skip
def test_credential_requests_that_do_not_fit(desk: Desk, wallet: HttpWallet, body: bytes, code: str) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    refusal(wallet.post_credential(token, body), code)


def test_a_credential_request_that_is_not_json_is_refused(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    answer = wallet.post_credential(token, b"a=b", **{"Content-Type": "text/plain"})
    refusal(answer, "invalid_credential_request")


def test_a_body_over_the_limit_is_refused_announced_or_not(desk: Desk, wallet: HttpWallet) -> None:
    token = wallet.accept(desk.offer())["access_token"]
    assert wallet.post_credential(token, b"x" * 300_000).status_code == 413

    async def pieces() -> Any:
        for _ in range(300):
            yield b"x" * 1000

    headers = {"Content-Type": "application/json", "Authorization": f"DPoP {token}"}
    headers["DPoP"] = wallet.dpop("credential", token=token)
    assert wallet.client.post("/issuer/credential", content=pieces(), headers=headers).status_code == 413


# --- what gets out


def test_no_token_code_or_claim_value_appears_in_the_logs_or_the_database(
    desk: Desk, wallet: HttpWallet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    created = desk.offer()
    first = wallet.accept(created)
    issued = wallet.fetch(first["access_token"], wallet.proofs(1), SD_JWT_VC_ID).json()["credentials"][0]["credential"]
    wallet.refresh(first["refresh_token"])
    wallet.redeem(code_of(created), created.tx_code)
    wallet.fetch(first["access_token"], ["bad"])
    assert created.tx_code is not None
    secrets = [
        first["access_token"],
        first["refresh_token"],
        code_of(created),
        issued[:60],
        "样小明",
        "690101199001010018",
    ]
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    stored = b"".join(path.read_bytes() for path in desk.folder.glob("eid.db*"))
    for secret in secrets:
        assert secret not in logged
        assert secret.encode() not in stored
    for salt in issued.split("~")[1:3]:
        value = json.loads(base64.urlsafe_b64decode(salt + "=" * (-len(salt) % 4)))
        assert value[0].encode() not in stored
