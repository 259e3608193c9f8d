"""Token requests as forms."""

from __future__ import annotations

import pytest

from core.errors import EidError
from core.reasons import Reason
from protocols.oauth import (
    PRE_AUTHORIZED_CODE,
    AuthorizationServerMetadata,
    PreAuthorizedTokenRequest,
    RefreshTokenRequest,
    TokenResponse,
    read_token_request,
)


def test_reads_both_grants_and_ignores_what_it_does_not_know() -> None:
    code = read_token_request(
        [
            ("grant_type", PRE_AUTHORIZED_CODE),
            ("pre-authorized_code", "c"),
            ("tx_code", "1"),
            ("user_pin", "1"),
            ("x", "y"),
        ]
    )
    assert code == PreAuthorizedTokenRequest.read({"pre-authorized_code": "c", "tx_code": "1"})
    refresh = read_token_request([("grant_type", "refresh_token"), ("refresh_token", "r")])
    assert refresh == RefreshTokenRequest(refresh_token="r")


def test_an_empty_field_counts_as_left_out() -> None:
    read = read_token_request([("grant_type", PRE_AUTHORIZED_CODE), ("pre-authorized_code", "c"), ("tx_code", "")])
    assert isinstance(read, PreAuthorizedTokenRequest)
    assert read.tx_code is None


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], Reason.REQUEST_MALFORMED),
        ([("grant_type", "password")], Reason.GRANT_UNSUPPORTED),
        ([("grant_type", PRE_AUTHORIZED_CODE)], Reason.REQUEST_MALFORMED),
        ([("grant_type", "refresh_token"), ("refresh_token", "")], Reason.REQUEST_MALFORMED),
        ([("grant_type", "refresh_token")] * 2, Reason.REQUEST_MALFORMED),
    ],
)
def test_refuses_other_forms(pairs: list[tuple[str, str]], reason: Reason) -> None:
    with pytest.raises(EidError) as caught:
        read_token_request(pairs)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"access_token": "a", "token_type": "DPoP"}, {"access_token": "a", "token_type": "DPoP", "expires_in": "300"},
        {"access_token": "a", "token_type": "mac", "expires_in": 300}, {"access_token": "a", "token_type": "DPoP", "expires_in": 0},
        {"access_token": "", "token_type": "DPoP", "expires_in": 300}, [], None,
    ],
)  # fmt: skip
def test_a_wallet_refuses_token_answers_that_do_not_fit(answer: object) -> None:
    with pytest.raises(EidError) as caught:
        TokenResponse.read(answer, reason=Reason.ISSUER_ANSWER_INVALID)
    assert caught.value.reason is Reason.ISSUER_ANSWER_INVALID


def test_metadata_of_others_may_say_less_and_more() -> None:
    read = AuthorizationServerMetadata.read({"issuer": "https://x", "token_endpoint": "https://x/t", "unknown": 1})
    assert read.dpop_signing_alg_values_supported is None
    assert "pre-authorized_grant_anonymous_access_supported" not in read.to_wire()
