"""A presentation whose text, JSON or claims are not what two strict readers would read alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Colour, Reason
from formats.encoding import base64url
from tests.builders.presentations import ISSUER, Showing, bare_trust, header_of, judged, jws, sd_hash
from tests.builders.trust import NOW
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")

TEXT = Showing().text
HASHED = Showing().hashed


def reason(showing: Showing | str, **changes: Any) -> Reason:
    verdict = judged(showing, **changes)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.deciding


def payload(edit: Any) -> Showing:
    return Showing(edit_payload=edit)


def written(body: str) -> Showing:
    """The issuer signs exactly this text as its payload."""
    return Showing(edit_payload=lambda claims: body)


# --- key binding is not optional -------------------------------------------------------------------------------------


def test_refuses_a_presentation_without_key_binding() -> None:
    assert reason(HASHED) is Reason.HOLDER_PROOF_MISSING


def test_refuses_a_credential_that_is_bound_to_nobody() -> None:
    unbound = payload(lambda claims: {key: value for key, value in claims.items() if key != "cnf"})
    assert reason(unbound) is Reason.HOLDER_PROOF_MISSING
    assert reason(unbound.hashed) is Reason.HOLDER_PROOF_MISSING


@pytest.mark.parametrize(
    "cnf",
    [
        {},
        [],
        {"jwk": {}},
        {"kid": "1"},
        {"jwk": None},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jwk": {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
    ],
)
def test_refuses_a_holder_key_that_is_none(cnf: object) -> None:
    assert reason(payload(lambda claims: {**claims, "cnf": cnf})) is Reason.HOLDER_KEY_INVALID


def test_refuses_a_holder_key_with_its_private_part() -> None:
    def leak(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "cnf": {"jwk": {**claims["cnf"]["jwk"], "d": "A" * 43}}}

    assert reason(payload(leak)) is Reason.HOLDER_KEY_INVALID


# --- tildes, dots and other serialisations ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "~~",
        ".",
        "..",
        "...~",
        "eyJ",
        HASHED.rstrip("~").split("~")[0],
        TEXT.split("~")[0] + "~" + TEXT.rsplit("~", 1)[1] + "~",
        TEXT + "~",
        TEXT + "~~",
        "~" + TEXT,
        TEXT.replace("~", "~~", 1),
        TEXT + ".",
        TEXT + "\n",
        " " + TEXT,
        TEXT.replace("~", " ~", 1),
        TEXT + "=",
        TEXT.replace(".", "=.", 1),
        TEXT.replace("~", "\u3000~", 1),
        "\ud800" + TEXT,
        TEXT.replace("~", "~\ud800", 1),
        "\0" + TEXT,
    ],
)
def test_refuses_texts_that_are_not_one_strict_compact_presentation(text: str) -> None:
    verdict = judged(text)
    assert verdict.colour is Colour.RED


def test_refuses_the_json_serialisation() -> None:
    jwt = HASHED.split("~")[0]
    protected, body, signature = jwt.split(".")
    flattened = f'{{"payload":"{body}","protected":"{protected}","signature":"{signature}"}}'
    assert reason(flattened) is Reason.FORM_UNKNOWN
    assert reason(f" {flattened}~") is Reason.FORM_UNKNOWN


def test_refuses_more_than_a_presentation_may_have() -> None:
    assert reason("A" * 70_000) is Reason.TOO_LARGE
    assert reason(TEXT.split("~")[0] + "~a" * 200 + "~") is Reason.TOO_LARGE


def test_refuses_padded_base64url_in_every_part() -> None:
    jwt, *rest = TEXT.split("~")
    for place in range(3):
        parts = jwt.split(".")
        parts[place] += "="
        assert reason("~".join((".".join(parts), *rest))) is Reason.BASE64URL_MALFORMED


def test_refuses_a_second_spelling_of_the_same_bytes() -> None:
    jwt, *rest = TEXT.split("~")
    header, body, signature = jwt.split(".")
    # The last character of 64 bytes carries two bits that mean nothing.
    other = signature[:-1] + chr(ord(signature[-1]) + 1)
    assert base64url.encode(b"\0" * 64)[-1] == "A"
    if other[-1].isalnum():
        assert reason("~".join((f"{header}.{body}.{other}", *rest))) in {
            Reason.BASE64URL_MALFORMED,
            Reason.ISSUER_SIGNATURE_INVALID,
        }


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"vct":"a","vct":"b"}',
        '{"iat":NaN}',
        '{"iat":Infinity}',
        '{"iat":1e400}',
        '{"iat":' + "9" * 5000 + "}",
        '{"a":"\\ud800"}',
        '{"a":' + "[" * 40 + "]" * 40 + "}",
        '{"a":' + "[" * 20_000 + "]" * 20_000 + "}",
        "[1]" + " " * 3 + "x",
        "\ufeff{}",
        "{'a':1}",
        '{"a":1,}',
        '{"a":01}',
        "",
    ],
)
def test_refuses_json_that_is_not_strict(body: str) -> None:
    assert reason(written(body)) in {Reason.JSON_MALFORMED, Reason.TOO_LARGE}


@pytest.mark.parametrize("body", ["[]", "null", "7", '"text"', "true"])
def test_refuses_a_payload_that_is_no_object(body: str) -> None:
    assert reason(written(body)) is Reason.CLAIMS_MALFORMED


def test_refuses_a_surrogate_in_raw_bytes() -> None:
    assert reason(written('{"a":"\ud800"}')) is Reason.JSON_MALFORMED


@pytest.mark.parametrize(
    "disclosed",
    [
        "[" * 3000 + "]" * 3000,
        '["s","n",NaN]',
        '["s","n",' + "9" * 5000 + "]",
        '["s","n","\\udfff"]',
        '{"a":1}',
        "",
        '"s"',
    ],
)
def test_refuses_disclosures_that_are_not_strict_json(disclosed: str) -> None:
    shown = Showing(edit_disclosures=lambda shown: [*shown, base64url.encode(disclosed.encode())])
    assert reason(shown) is Reason.DISCLOSURE_MALFORMED


# --- claims ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exp", None),
        ("exp", "2030"),
        ("exp", 1e30),
        ("exp", -1),
        ("exp", True),
        ("exp", 1 << 33),
        ("exp", NOW + 0.5),
        ("iat", None),
        ("iat", NOW + 30 * 86_400),
        ("nbf", None),
        ("nbf", "now"),
        ("vct", ""),
        ("vct", ["urn:eid:cn:resident-id:1"]),
        ("iss", "http://id.example.test"),
        ("iss", "did:example:1"),
        ("iss", ["https://id.example.test"]),
        ("iss", None),
        ("status", None),
        ("status", {"status_list": {"idx": "1", "uri": "https://a.example.test"}}),
        ("status", {"status_list": {"idx": -1, "uri": "https://a.example.test"}}),
        ("status", {"status_list": {"idx": True, "uri": "https://a.example.test"}}),
        ("status", {"status_list": {"idx": 1, "uri": "file:///etc/passwd"}}),
        ("status", {"status_list": {"idx": 1, "uri": "https://a.example.test/ a"}}),
        ("status", {"status_list": {"idx": 1}}),
        ("specimen", False),
        ("specimen", "true"),
        ("key_storage", "hardware"),
        ("assurance", 2),
    ],
)
def test_refuses_claims_that_are_of_another_kind(name: str, value: object) -> None:
    verdict = judged(payload(lambda claims: {**claims, name: value}))
    assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.CLAIMS_MALFORMED)
    assert verdict.findings[-1].check is Check.STRUCTURE


@pytest.mark.parametrize("name", ["exp", "iat", "vct", "status"])
def test_refuses_a_credential_that_leaves_a_claim_out(name: str) -> None:
    shown = payload(lambda claims: {key: value for key, value in claims.items() if key != name})
    assert reason(shown) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("vct", ["urn:eid:cn:resident-id:2", "URN:EID:CN:RESIDENT-ID:1", "urn:eid:cn:resident-id:1 "])
def test_refuses_every_type_but_its_own_exactly(vct: str) -> None:
    assert reason(Showing(vct=vct)) is Reason.ISSUER_NOT_AUTHORISED
    # A bare root has no limits of type: under it another type may be genuine, and shows nothing.
    assert judged(Showing(vct=vct), trust=bare_trust()).deciding is Reason.FIELD_MISSING


@pytest.mark.parametrize("more", [["urn:eid:cn:resident-id:1"], ["urn:a", "urn:eid:cn:resident-id:1"]])
def test_further_types_of_a_credential_give_no_authority(more: list[str]) -> None:
    """``aka_vcts`` names types; which type a signer may sign is asked of ``vct`` alone."""

    def named(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "aka_vcts": more}

    assert reason(Showing(vct="urn:example:other:1", edit_payload=named)) is Reason.ISSUER_NOT_AUTHORISED
    verdict = judged(Showing(vct="urn:example:other:1", edit_payload=named), trust=bare_trust())
    assert verdict.colour is not Colour.GREEN
    assert verdict.person is not None
    assert verdict.person.groups == {}


def test_refuses_a_key_binding_in_the_credentials_place_and_the_other_way_round() -> None:
    binding = TEXT.rsplit("~", 1)[1]
    credential = HASHED.split("~")[0]
    assert reason(f"{binding}~{binding}") is Reason.HEADER_UNEXPECTED
    assert reason(f"{credential}~{credential}") is Reason.HEADER_UNEXPECTED


def test_refuses_an_issuers_token_of_another_kind() -> None:
    token = jws({**header_of(ISSUER), "typ": "statuslist+jwt"}, {"sub": "a"}, ISSUER)
    assert sd_hash(token)
    assert reason(f"{token}~x") is Reason.HEADER_UNEXPECTED


# --- anything at all -------------------------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_every_text_gets_a_verdict_and_it_is_red(text: str) -> None:
    assert judged(text).colour is Colour.RED


@given(place=st.integers(0, len(TEXT) - 1), character=st.sampled_from("Aa0-_~. ={é"))
def test_one_changed_character_is_never_accepted(place: int, character: str) -> None:
    changed = TEXT[:place] + character + TEXT[place + 1 :]
    assert changed == TEXT or judged(changed).colour is Colour.RED


@given(st.integers(0, len(TEXT) - 1))
def test_a_text_cut_short_is_never_accepted(size: int) -> None:
    assert judged(TEXT[:size]).colour is Colour.RED
