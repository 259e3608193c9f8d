from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url
from formats.jose import (
    claims_of,
    draft_compact,
    optional_time,
    read_compact,
    required_text,
    required_time,
    sign_compact,
)
from tests.builders.trust import world
from tests.support import vectors

WORLD = world()
TYP = "test+jwt"
TOKEN = sign_compact(b'{"a":1}', WORLD.holder, typ=TYP)


def reason_of(token: str, *, max_bytes: int = 20_000) -> Reason:
    with pytest.raises(EidError) as caught:
        read_compact(token, typ=TYP, max_bytes=max_bytes)
    return caught.value.reason


def token_with(header: Any, *, raw: str | None = None) -> str:
    text = raw if raw is not None else json.dumps(header)
    return ".".join((base64url.encode(text.encode()), *TOKEN.split(".")[1:]))


GOOD: dict[str, Any] = {"alg": "ES256", "typ": TYP}


@given(st.binary(max_size=100))
def test_a_signed_payload_reads_back(payload: bytes) -> None:
    jws = read_compact(sign_compact(payload, WORLD.holder, typ=TYP), typ=TYP, max_bytes=2_000)
    assert jws.payload == payload
    assert jws.signed_by(WORLD.holder.point)
    assert not jws.signed_by(WORLD.issuer.point)


def test_a_draft_fixes_what_is_signed() -> None:
    draft = draft_compact(b'{"a":1}', WORLD.holder, typ=TYP)
    token = draft.finish(WORLD.holder.sign(draft.signing_input))
    assert read_compact(token, typ=TYP, max_bytes=2_000).signed_by(WORLD.holder.point)


def test_certificates_travel_in_standard_base64_leaf_first() -> None:
    token = sign_compact(b"{}", WORLD.issuer, typ=TYP)
    header = json.loads(base64url.decode(token.split(".")[0]))
    assert header["x5c"] == [base64.b64encode(WORLD.issuer.certificates[0]).decode()]
    assert read_compact(token, typ=TYP, max_bytes=4_000).header.chain == WORLD.issuer.certificates


def test_pyjwt_verifies_what_we_sign_and_refuses_it_spoiled() -> None:
    key = WORLD.holder.private_key.public_key()
    spoiled = TOKEN[:-4] + ("AAAA" if not TOKEN.endswith("AAAA") else "BBBB")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(spoiled, key, algorithms=["ES256"])
    assert jwt.decode(TOKEN, key, algorithms=["ES256"]) == {"a": 1}


def test_we_verify_what_pyjwt_signs() -> None:
    token = jwt.encode({"a": 1}, WORLD.holder.private_key, algorithm="ES256", headers={"typ": TYP})
    assert read_compact(token, typ=TYP, max_bytes=2_000).signed_by(WORLD.holder.point)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=5))
def test_one_flipped_bit_is_refused(place: int, bit: int) -> None:
    octets = bytearray(TOKEN.encode())
    octets[place % len(octets)] ^= 1 << bit
    try:
        jws = read_compact(octets.decode(), typ=TYP, max_bytes=2_000)
    except EidError:
        return
    assert not jws.signed_by(WORLD.holder.point)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({**GOOD, "alg": "none"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({**GOOD, "alg": "HS256"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({**GOOD, "alg": "ES384"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({**GOOD, "alg": ["ES256"]}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"typ": TYP}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"alg": "ES256"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "typ": TYP.upper()}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "typ": f"application/{TYP}"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "typ": None}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "typ": [TYP]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "crit": ["exp"]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "crit": []}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "b64": False}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "jwk": {}}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "jku": "https://x.test"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5u": "https://x.test"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5t": "AAAA"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5t#S256": "AAAA"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "zip": "DEF"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": []}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": "MIIB"}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": 7}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": {"AAAA": 1}}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": [7]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["-_-_"]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["AAA"]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["AB=="]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["AA==\n"]}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["AAAA"] * 5}, Reason.HEADER_UNEXPECTED),
        ({**GOOD, "x5c": ["AAAA"], "x5t#S256": "AAAA"}, Reason.HEADER_UNEXPECTED),
        (["ES256"], Reason.TOKEN_MALFORMED),
        ("ES256", Reason.TOKEN_MALFORMED),
    ],
)
def test_refuses_a_header(header: object, reason: Reason) -> None:
    assert reason_of(token_with(header)) is reason


@pytest.mark.parametrize(
    "raw",
    ['{"alg":"none","alg":"ES256","typ":"test+jwt"}', "{", "", '{"a":NaN}', '{"alg":"ES256"}x', '﻿{"alg":"ES256"}'],
)
def test_refuses_a_header_that_is_not_strict_json(raw: str) -> None:
    assert reason_of(token_with(None, raw=raw)) is Reason.JSON_MALFORMED


def test_refuses_a_header_that_is_too_large() -> None:
    assert reason_of(token_with({**GOOD, "x": "y" * 9_000})) is Reason.TOO_LARGE


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", TOKEN + ".", TOKEN + ".x", TOKEN.replace(".", "~")])
def test_refuses_another_number_of_parts(token: str) -> None:
    assert reason_of(token) in {Reason.TOKEN_MALFORMED, Reason.JSON_MALFORMED}


def test_names_the_json_serialisation() -> None:
    assert reason_of('{"payload":"","signatures":[]}') is Reason.FORM_UNKNOWN


@pytest.mark.parametrize("spoil", [lambda p: p + "=", lambda p: " " + p, lambda p: p + "\n", lambda p: p + "é"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_refuses_loose_base64url(spoil: Any, place: int) -> None:
    parts = TOKEN.split(".")
    parts[place] = spoil(parts[place])
    assert reason_of(".".join(parts)) is Reason.BASE64URL_MALFORMED


def test_refuses_a_token_beyond_its_limit() -> None:
    assert reason_of(TOKEN, max_bytes=len(TOKEN) - 1) is Reason.TOO_LARGE


def test_reads_claims_of_the_right_kind() -> None:
    claims = claims_of(b'{"t":"x","n":5}', max_bytes=100)
    assert (required_text(claims, "t"), required_time(claims, "n"), optional_time(claims, "none")) == ("x", 5, None)


@pytest.mark.parametrize("payload", [b"[]", b'"x"', b"null", b"7"])
def test_refuses_a_payload_that_is_no_object(payload: bytes) -> None:
    with pytest.raises(EidError) as caught:
        claims_of(payload, max_bytes=100)
    assert caught.value.reason is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("text", ["true", "1.0", "-1", '"5"', "null", "8589934592", "[5]"])
def test_refuses_a_time_that_is_not_whole_seconds(text: str) -> None:
    claims = claims_of(f'{{"n":{text}}}'.encode(), max_bytes=100)
    for read in (required_time, optional_time):
        with pytest.raises(EidError) as caught:
            read(claims, "n")
        assert caught.value.reason is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("text", ['""', "1", "null", '["x"]'])
def test_refuses_a_text_that_is_none(text: str) -> None:
    with pytest.raises(EidError) as caught:
        required_text(claims_of(f'{{"t":{text}}}'.encode(), max_bytes=100), "t")
    assert caught.value.reason is Reason.CLAIMS_MALFORMED


WYCHEPROOF = {"numberOfTests", "header", "notes", "schema", "testGroups"}
WYCHEPROOF_CASE = {"flags", "jws", "comment", "tcId", "result"}


def test_wycheproof_tokens_are_judged_as_the_vectors_say() -> None:
    from keys.jwk import point_from_jwk

    content = vectors.load_json("wycheproof", "json_web_signature_test.json", fields=WYCHEPROOF)
    judged = {"valid": 0, "invalid": 0, "foreign": 0}
    for group in content["testGroups"]:
        vectors.refuse_unknown_fields(group["tests"], WYCHEPROOF_CASE, where="json_web_signature_test.json")
        key = group.get("public") or group["private"]
        for case in group["tests"]:
            token = case["jws"]
            holds = False
            try:
                point = point_from_jwk({name: value for name, value in key.items() if name != "d"})
                header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
                jws = read_compact(token, typ=header.get("typ"), max_bytes=20_000)
                holds = key.get("alg", "ES256") == "ES256" and jws.signed_by(point)
            except (EidError, ValueError, AttributeError):
                holds = False
            if case["result"] == "invalid":
                assert not holds, case["tcId"]
                judged["invalid"] += 1
            elif holds:
                judged["valid"] += 1
            else:
                # Valid under an algorithm that is not in our table.
                assert not (key.get("crv") == "P-256" and key.get("alg") == "ES256"), case["tcId"]
                judged["foreign"] += 1
    assert judged["valid"] > 0
    assert judged["invalid"] > 100


def test_a_valid_token_of_another_curve_is_refused() -> None:
    content = vectors.load_json("jose", "jws_4_3.ecdsa_signature.json", fields={"title", "input", "signing", "output"})
    assert reason_of(content["output"]["compact"]) is Reason.ALGORITHM_NOT_ALLOWED
