"""Every error has a wire form; ours are never reported as the caller's."""

from __future__ import annotations

import pytest

from api.problems import credential_error, problem_body, problem_status, token_error
from core.errors import Conflict, EidError, MalformedInput, Misconfigured, NotFound, Refused, Unavailable
from core.reasons import Reason
from formats.encoding import json
from protocols.oauth import OAuthCode
from protocols.openid4vci.errors import CredentialErrorCode

CALLERS = (MalformedInput, Refused, NotFound, Conflict)
OURS = (Unavailable, Misconfigured)
SPECIFIED_TOKEN_CODES = {code.value for code in OAuthCode}
SPECIFIED_CREDENTIAL_CODES = {code.value for code in CredentialErrorCode}


@pytest.mark.parametrize("family", CALLERS)
def test_a_fault_of_the_caller_has_a_specified_code_and_no_5xx(family: type[EidError]) -> None:
    for reason in Reason:
        check_caller(family(reason, "secret"), reason)


def check_caller(error: EidError, reason: Reason) -> None:
    token = token_error(error)
    assert token.status in {400, 413}
    assert token.code in SPECIFIED_TOKEN_CODES - {"server_error", "temporarily_unavailable"}
    credential = credential_error(error)
    if credential.status == 401:
        assert credential.challenge is not None
        assert credential.code in {"invalid_token", "invalid_dpop_proof", "use_dpop_nonce"}
    else:
        assert credential.status in {400, 413}
        assert credential.code in SPECIFIED_CREDENTIAL_CODES
    assert problem_status(error) < 500
    for answer in (token, credential):
        # RFC 6749 5.2: printable ASCII without quotation mark and backslash.
        assert answer.description.isascii()
        assert answer.description.isprintable()
        assert not set(answer.description) & set('"\\')
        assert "secret" not in answer.description


@pytest.mark.parametrize("family", OURS)
def test_a_fault_of_ours_is_never_the_callers(family: type[EidError]) -> None:
    for reason in Reason:
        error = family(reason, "secret")
        assert token_error(error).status >= 500
        assert credential_error(error).status >= 500
        assert problem_status(error) >= 500


def test_problem_details_speak_both_languages_and_quote_nothing() -> None:
    for reason in Reason:
        body = json.decode(problem_body(reason, 400), max_bytes=4096)
        assert isinstance(body, dict)
        assert body["code"] == reason.code
        assert body["type"] == f"urn:eid:problem:{reason.code}"
        for name in ("title", "title_zh", "next", "next_zh"):
            assert body[name]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.TX_CODE_WRONG, "invalid_grant"), (Reason.OFFER_USED, "invalid_grant"), (Reason.OFFER_DEAD, "invalid_grant"),
        (Reason.TX_CODE_MISSING, "invalid_request"), (Reason.TX_CODE_UNEXPECTED, "invalid_request"),
        (Reason.REFRESH_REUSED, "invalid_grant"), (Reason.DPOP_INVALID, "invalid_dpop_proof"),
        (Reason.GRANT_UNSUPPORTED, "unsupported_grant_type"),
    ],
)  # fmt: skip
def test_the_token_endpoints_codes_are_those_of_the_standards(reason: Reason, code: str) -> None:
    assert token_error(Refused(reason, "")).code == code


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        (Reason.PROOF_INVALID, 400, "invalid_proof"), (Reason.KEY_SEEN_BEFORE, 400, "invalid_proof"),
        (Reason.PROOF_NONCE_INVALID, 400, "invalid_nonce"), (Reason.TOKEN_INVALID, 401, "invalid_token"),
        (Reason.DPOP_INVALID, 401, "invalid_dpop_proof"), (Reason.COPIES_EXHAUSTED, 400, "credential_request_denied"),
        (Reason.CONFIGURATION_UNKNOWN, 400, "unknown_credential_configuration"),
    ],
)  # fmt: skip
def test_the_credential_endpoints_codes_are_those_of_the_standard(reason: Reason, status: int, code: str) -> None:
    answer = credential_error(Refused(reason, ""))
    assert (answer.status, answer.code) == (status, code)
