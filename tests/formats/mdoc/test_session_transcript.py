from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.encoding import base64url, cbor
from formats.mdoc.session_transcript import browser_transcript, read_transcript, redirect_transcript
from keys.jwk import jwk_thumbprint, point_from_jwk
from tests.builders.refusals import refused
from tests.formats.mdoc.mdocs import definition
from tests.support.vectors import load_json

FIELDS = {
    "OpenID4VPHandoverInfo",
    "OpenID4VPHandover",
    "SessionTranscript_redirect",
    "OpenID4VPDCAPIHandoverInfo",
    "OpenID4VPDCAPIHandover",
    "SessionTranscript_dcapi",
    "jwk",
    "inputs",
}


def vector() -> tuple[dict[str, Any], dict[str, str], bytes]:
    content = load_json("openid4vp", "mdoc_handover_b2_6.json", fields=FIELDS)
    jwk = {name: content["jwk"][name] for name in ("kty", "crv", "x", "y")}
    return content, content["inputs"], base64url.decode(jwk_thumbprint(point_from_jwk(jwk)))


def test_makes_the_redirect_transcript_of_the_standard() -> None:
    content, given_, thumbprint = vector()
    made = redirect_transcript(
        client_id=given_["client_id"],
        nonce=given_["nonce"],
        response_uri=given_["response_uri"],
        jwk_thumbprint=thumbprint,
    )
    assert made.hex() == content["SessionTranscript_redirect"]


def test_makes_the_browser_transcript_of_the_standard() -> None:
    content, given_, thumbprint = vector()
    made = browser_transcript(origin=given_["origin"], nonce=given_["nonce"], jwk_thumbprint=thumbprint)
    assert made.hex() == content["SessionTranscript_dcapi"]


REQUEST: dict[str, Any] = {
    "client_id": "x509_san_dns:a",
    "nonce": "n",
    "response_uri": "https://a/r",
    "jwk_thumbprint": None,
}


@pytest.mark.parametrize(
    "change",
    [{"client_id": "a"}, {"nonce": "m"}, {"response_uri": "https://b/r"}, {"jwk_thumbprint": bytes(32)}],
)
def test_every_part_of_the_request_counts(change: dict[str, Any]) -> None:
    assert redirect_transcript(**{**REQUEST, **change}) != redirect_transcript(**REQUEST)


def test_no_key_is_null() -> None:
    assert redirect_transcript(**REQUEST) != redirect_transcript(**{**REQUEST, "jwk_thumbprint": b""})


@given(st.text(max_size=300), st.text(max_size=300), st.none() | st.binary(min_size=32, max_size=32))
def test_what_is_made_is_read(origin: str, nonce: str, thumbprint: bytes | None) -> None:
    made = browser_transcript(origin=origin, nonce=nonce, jwk_thumbprint=thumbprint)
    assert read_transcript(made) is made


def test_reads_the_transcript_of_a_meeting_in_person() -> None:
    assert read_transcript(cbor.unwrap(definition("session/session_transcript")))


@pytest.mark.parametrize(
    "spelled", ["", "80", "82f6f6", "84f6f6f6f6", "a3010102020303", "83f6f6", "83f6f6f600", "9ff6f6f6ff", "83f6f61800"]
)
def test_refuses_what_is_no_array_of_three(spelled: str) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_transcript(bytes.fromhex(spelled))


def test_refuses_more_bytes_than_allowed() -> None:
    with refused(Reason.TOO_LARGE):
        read_transcript(bytes(65_537))
