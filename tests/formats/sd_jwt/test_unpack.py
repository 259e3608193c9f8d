from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url
from formats.encoding.json import JsonValue
from formats.jose import sign_compact
from formats.sd_jwt.key_binding import check_holder_signature, read_key_binding
from formats.sd_jwt.pack import pack
from formats.sd_jwt.unpack import open_claims, read_disclosure, split
from keys.jwk import point_from_jwk
from tests.builders.credentials import WORLD
from tests.fakes.seeded_entropy import SeededEntropy
from tests.support import vectors

TYP = "example+sd-jwt"
SALT = "c2FsdHNhbHRzYWx0c2FsdA"


def disclosure(*parts: Any) -> str:
    return base64url.encode(json.dumps(parts, ensure_ascii=False).encode())


def digest(text: str) -> str:
    return base64url.encode(sha256(text.encode()).digest())


def opened(payload: dict[str, Any], *disclosures: str, never: tuple[str, ...] = ()) -> dict[str, JsonValue]:
    return open_claims(payload, disclosures, never=never, max_bytes=10_000)


def reason_of(payload: dict[str, Any], *disclosures: str, never: tuple[str, ...] = ()) -> Reason:
    with pytest.raises(EidError) as caught:
        opened(payload, *disclosures, never=never)
    return caught.value.reason


NAME = disclosure(SALT, "name", "样例")
ELEMENT = disclosure(SALT, "CN")


# --- vectors ---------------------------------------------------------------------------------------------------------


CASES = {"note", "settings_yml", "cases"}
CASE = {
    "decoy_digests", "kb_jwt_header", "kb_jwt_payload", "kb_jwt_serialized", "name", "sd_jwt_issuance",
    "sd_jwt_jws_part", "sd_jwt_payload", "sd_jwt_presentation", "specification_yml", "user_claims", "verified_contents",
}  # fmt: skip
EXAMPLE = {
    "id", "jose_header", "kb_aud", "kb_jwt", "kb_nonce", "kind", "processed_payload", "section", "token"
}  # fmt: skip


def cases_of(folder: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vectors.load_json(folder, name, fields=CASES)["cases"]
    vectors.refuse_unknown_fields(found, CASE, where=f"{folder}/{name}")
    return found


def test_the_examples_of_the_standard_open_to_their_processed_payload() -> None:
    content = vectors.load_json("sd-jwt", "rfc9901_main_example.json", fields={"issuer_jwk", "examples"})
    vectors.refuse_unknown_fields(content["examples"], EXAMPLE, where="rfc9901_main_example.json")
    point = point_from_jwk(content["issuer_jwk"])
    for example in content["examples"]:
        token = example["token"] + ("" if "~" in example["token"] else "~")
        parts = split(token, typ=TYP, max_bytes=20_000)
        assert parts.jws.signed_by(point)
        claims = opened(json.loads(parts.jws.payload), *parts.disclosures)
        if example["kind"] == "issuer-signed-jwt-only":
            continue
        assert claims == example["processed_payload"]
        assert (parts.key_binding is not None) is (example["kb_jwt"] is not None)


@pytest.mark.parametrize("name", ["rfc9901_regenerated_examples.json", "sd-jwt-python_testcases.json"])
def test_the_generated_cases_open_to_their_verified_contents(name: str) -> None:
    judged = 0
    for case in cases_of("sd-jwt", name):
        if "sd_jwt_presentation" not in case or not isinstance(case["sd_jwt_presentation"], str):
            continue
        token = case["sd_jwt_presentation"]
        if token.startswith("{"):
            with pytest.raises(EidError) as caught:
                split(token, typ=TYP, max_bytes=50_000)
            assert caught.value.reason is Reason.FORM_UNKNOWN
            continue
        header = json.loads(base64url.decode(token.split(".")[0]))
        parts = split(token, typ=header["typ"], max_bytes=50_000)
        payload = json.loads(parts.jws.payload)
        if payload.get("_sd_alg", "sha-256") != "sha-256":
            assert reason_of(payload, *parts.disclosures) is Reason.ALGORITHM_NOT_ALLOWED
            continue
        expected = case["verified_contents"]
        claims = opened(payload, *parts.disclosures)
        assert {name: claims[name] for name in expected} == expected
        judged += 1
    assert judged >= 8


def test_the_credential_examples_open_to_their_verified_contents() -> None:
    for case in cases_of("sd-jwt-vc", "draft_examples_01_02.json"):
        parts = split(case["sd_jwt_presentation"], typ="dc+sd-jwt", max_bytes=50_000)
        assert opened(json.loads(parts.jws.payload), *parts.disclosures) == case["verified_contents"]


def test_the_key_binding_of_the_credential_examples_holds() -> None:
    judged = 0
    for case in cases_of("sd-jwt-vc", "draft_examples_01_02.json"):
        if "kb_jwt_serialized" not in case:
            continue
        token = case["sd_jwt_presentation"]
        token += case["kb_jwt_serialized"] if token.endswith("~") else ""
        parts = split(token, typ="dc+sd-jwt", max_bytes=50_000)
        holder = point_from_jwk(json.loads(parts.jws.payload)["cnf"]["jwk"])
        binding = read_key_binding(parts)
        check_holder_signature(parts, binding, holder)
        assert binding.nonce == case["kb_jwt_payload"]["nonce"]
        judged += 1
    assert judged


# --- pack then open --------------------------------------------------------------------------------------------------

names = st.text(min_size=1, max_size=8).filter(lambda name: name not in {"_sd", "_sd_alg", "...", "iat", "place"})
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@given(st.dictionaries(names, values, max_size=6), st.dictionaries(names, leaves, max_size=3))
def test_what_is_packed_opens_to_the_same_claims(claims: dict[str, Any], place: dict[str, Any]) -> None:
    draft = pack(
        {"iat": 1},
        {**claims, "place": place},
        structured={"place": 2},
        digests=8,
        typ=TYP,
        entropy=SeededEntropy("pack"),
        signer=WORLD.holder,
    )
    token = draft.finish(WORLD.holder.sign(draft.to_be_signed()))
    parts = split(token, typ=TYP, max_bytes=50_000)
    assert parts.jws.signed_by(WORLD.holder.point)
    assert parts.jws.payload == draft.payload
    payload = json.loads(parts.jws.payload)
    assert opened(payload, *parts.disclosures) == {"iat": 1, **claims, "place": place}
    assert opened(payload) == {"iat": 1, "place": {}}
    assert len(payload["_sd"]) == max(8, len(claims))
    assert payload["_sd"] == sorted(payload["_sd"])
    assert len(payload["place"]["_sd"]) == max(2, len(place))


def test_the_number_of_digests_tells_nothing() -> None:
    def payload_of(claims: Mapping[str, JsonValue]) -> dict[str, Any]:
        draft = pack({}, claims, structured={}, digests=6, typ=TYP, entropy=SeededEntropy("n"), signer=WORLD.holder)
        found: dict[str, Any] = json.loads(draft.payload)
        return found

    sizes = {len(payload_of(claims)["_sd"]) for claims in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3})}
    assert sizes == {6}


def test_every_salt_is_its_own_and_comes_from_the_port() -> None:
    draft = pack(
        {}, {"a": 1, "b": 1}, structured={}, digests=2, typ=TYP, entropy=SeededEntropy("s"), signer=WORLD.holder
    )
    salts = {json.loads(base64url.decode(text))[0] for text in draft.disclosures}
    assert len(salts) == 2
    assert all(len(base64url.decode(salt)) == 16 for salt in salts)


def test_nothing_to_hide_leaves_no_trace_of_hiding() -> None:
    draft = pack({"a": 1}, {}, structured={}, digests=0, typ=TYP, entropy=SeededEntropy("s"), signer=WORLD.holder)
    assert draft.payload == b'{"a":1}'


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg", "", "iat"])
def test_refuses_to_pack_reserved_and_doubled_names(name: str) -> None:
    with pytest.raises(ValueError):
        pack({"iat": 1}, {name: 1}, structured={}, digests=0, typ=TYP, entropy=SeededEntropy("s"), signer=WORLD.holder)
    with pytest.raises(ValueError):
        pack(
            {name: 1, "x": 1},
            {"x": 1},
            structured={},
            digests=0,
            typ=TYP,
            entropy=SeededEntropy("s"),
            signer=WORLD.holder,
        )


def test_a_structured_claim_must_be_an_object_of_plain_names() -> None:
    for value, error in ((["x"], TypeError), ({"_sd": 1}, ValueError)):
        claims: dict[str, Any] = {"place": value}
        with pytest.raises(error):
            pack(
                {}, claims, structured={"place": 0}, digests=0, typ=TYP, entropy=SeededEntropy("s"), signer=WORLD.holder
            )


# --- splitting -------------------------------------------------------------------------------------------------------

JWT = sign_compact(b"{}", WORLD.holder, typ=TYP)


def split_reason(token: str, *, max_bytes: int = 20_000) -> Reason:
    with pytest.raises(EidError) as caught:
        split(token, typ=TYP, max_bytes=max_bytes)
    return caught.value.reason


def test_splits_into_token_disclosures_and_key_binding() -> None:
    parts = split(f"{JWT}~{NAME}~kb", typ=TYP, max_bytes=20_000)
    assert (parts.disclosures, parts.key_binding, parts.hashed_part) == ((NAME,), "kb", f"{JWT}~{NAME}~")


def test_refuses_a_token_without_its_final_tilde() -> None:
    assert split_reason(JWT) is Reason.TOKEN_MALFORMED


@pytest.mark.parametrize("token", ['{"payload":"x"}', ' {"payload":"x~y"}', "{~"])
def test_names_the_json_serialisation(token: str) -> None:
    assert split_reason(token) is Reason.FORM_UNKNOWN


def test_refuses_too_much() -> None:
    assert split_reason(f"{JWT}~" + f"{NAME}~" * 129) is Reason.TOO_LARGE
    assert split_reason(f"{JWT}~{'x' * 20_000}~") is Reason.TOO_LARGE
    assert split_reason(f"{JWT}~", max_bytes=10) is Reason.TOO_LARGE


def test_refuses_another_type() -> None:
    with pytest.raises(EidError) as caught:
        split(f"{JWT}~", typ="dc+sd-jwt", max_bytes=20_000)
    assert caught.value.reason is Reason.HEADER_UNEXPECTED


# --- disclosures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        NAME + "=",
        NAME[:-1] + "é",
        base64url.encode(b"[]"),
        base64url.encode(b'{"a":1}'),
        base64url.encode(b'"ab"'),
        base64url.encode(b'{"a":1,"b":2}'),
        base64url.encode(b"7"),
        base64url.encode(b'["s"]'),
        base64url.encode(b'["s","n",1,2]'),
        base64url.encode(b'["s","n",1]x'),
        base64url.encode(b'["s","n",{"a":1,"a":2}]'),
        base64url.encode(b'["s","n",NaN]'),
        base64url.encode(b'[1,"n",1]'),
        base64url.encode(b'[null,"n",1]'),
        base64url.encode(b'["s",7,1]'),
        base64url.encode(b'["s",null,1]'),
        base64url.encode(b'["s","_sd",[]]'),
        base64url.encode(b'["s","...","x"]'),
        base64url.encode(b'["s","n",' + b"[" * 40 + b"]" * 40 + b"]"),
    ],
)
def test_refuses_a_malformed_disclosure(text: str) -> None:
    with pytest.raises(EidError) as caught:
        read_disclosure(text, max_bytes=10_000)
    assert caught.value.reason is Reason.DISCLOSURE_MALFORMED


def test_a_disclosed_claim_takes_its_place() -> None:
    payload = {"iat": 1, "_sd": [digest(NAME), "decoy"], "list": [{"...": digest(ELEMENT)}, {"...": "other"}, "XX"]}
    assert opened(payload, NAME, ELEMENT) == {"iat": 1, "name": "样例", "list": ["CN", "XX"]}


def test_a_disclosure_may_hold_further_digests() -> None:
    parent = disclosure(SALT, "place", {"_sd": [digest(NAME)]})
    assert opened({"_sd": [digest(parent)]}, parent, NAME) == {"place": {"name": "样例"}}
    assert opened({"_sd": [digest(parent)]}, parent) == {"place": {}}


def test_null_is_a_value_and_not_an_absence() -> None:
    text = disclosure(SALT, "x", None)
    assert opened({"_sd": [digest(text)]}, text) == {"x": None}


def test_refuses_a_disclosure_nothing_references() -> None:
    assert reason_of({"_sd": []}, NAME) is Reason.DISCLOSURE_UNREFERENCED
    parent = disclosure(SALT, "place", {"_sd": [digest(NAME)]})
    assert reason_of({"_sd": ["decoy"]}, NAME, parent) is Reason.DISCLOSURE_UNREFERENCED


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": [digest(NAME), digest(NAME)]},
        {"_sd": ["decoy", "decoy"]},
        {"_sd": [digest(NAME)], "a": {"_sd": [digest(NAME)]}},
        {"_sd": ["decoy", digest(NAME)], "a": [{"...": "decoy"}]},
    ],
)
def test_refuses_a_digest_met_twice_anywhere(payload: dict[str, Any]) -> None:
    assert reason_of(payload, NAME) is Reason.DISCLOSURE_DUPLICATE


def test_refuses_a_digest_that_a_disclosure_repeats() -> None:
    parent = disclosure(SALT, "place", {"_sd": [digest(NAME)]})
    assert reason_of({"_sd": [digest(NAME), digest(parent)]}, NAME, parent) is Reason.DISCLOSURE_DUPLICATE


def test_refuses_a_disclosure_sent_twice() -> None:
    assert reason_of({"_sd": [digest(NAME)]}, NAME, NAME) is Reason.DISCLOSURE_DUPLICATE


def test_refuses_a_disclosure_over_a_claim_that_is_there() -> None:
    assert reason_of({"name": "clear", "_sd": [digest(NAME)]}, NAME) is Reason.DISCLOSURE_MALFORMED
    twin = disclosure("b3RoZXI", "name", "other")
    assert reason_of({"_sd": [digest(NAME), digest(twin)]}, NAME, twin) is Reason.DISCLOSURE_MALFORMED


def test_refuses_the_wrong_length_for_the_place() -> None:
    assert reason_of({"_sd": [digest(ELEMENT)]}, ELEMENT) is Reason.DISCLOSURE_MALFORMED
    assert reason_of({"a": [{"...": digest(NAME)}]}, NAME) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": "x"},
        {"_sd": None},
        {"_sd": [7]},
        {"_sd": [["x"]]},
        {"...": "x"},
        {"a": {"...": "x"}},
        {"a": [{"...": 7}]},
        {"a": [{"...": "x", "b": 1}]},
    ],
)
def test_refuses_reserved_names_used_otherwise(payload: dict[str, Any]) -> None:
    assert reason_of(payload) is Reason.DISCLOSURE_MALFORMED


def test_refuses_a_registered_claim_in_a_disclosure_and_below_one() -> None:
    text = disclosure(SALT, "exp", 1)
    assert reason_of({"_sd": [digest(text)]}, text, never=("exp",)) is Reason.DISCLOSURE_MALFORMED
    for hidden in ({"_sd": ["x"]}, {"jwk": {"_sd": ["x"]}}, [{"...": "x"}], {"a": [[{"...": "x"}]]}):
        assert reason_of({"cnf": hidden}, never=("cnf",)) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize("name", ["sha-512", "SHA-256", "", None, 7])
def test_refuses_another_hash(name: object) -> None:
    assert reason_of({"_sd_alg": name}) is Reason.ALGORITHM_NOT_ALLOWED


def test_refuses_a_tower_of_disclosures() -> None:
    texts = [disclosure(SALT, "x", 1)]
    for _ in range(40):
        texts.append(disclosure(SALT, "x", {"_sd": [digest(texts[-1])]}))
    assert reason_of({"_sd": [digest(texts[-1])]}, *texts) is Reason.DISCLOSURE_MALFORMED
    lists = [disclosure(SALT, 1)]
    for _ in range(40):
        lists.append(disclosure(SALT, [{"...": digest(lists[-1])}]))
    assert reason_of({"a": [{"...": digest(lists[-1])}]}, *lists) is Reason.DISCLOSURE_MALFORMED


# --- depth: sixteen levels of objects and arrays, hidden or not --------------------------------------------------------


def nested(levels: int, kind: str, innermost: Any = "x") -> Any:
    value: Any = innermost
    for _ in range(levels):
        value = {"a": value} if kind == "object" else [value]
    return value


@pytest.mark.parametrize("kind", ["object", "array"])
def test_claims_are_nested_in_fifteen_levels_and_no_more(kind: str) -> None:
    assert opened({"a": nested(15, kind)}) == {"a": nested(15, kind)}
    assert reason_of({"a": nested(16, kind)}) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize("kind", ["object", "array"])
def test_a_disclosed_claim_is_nested_as_deep_as_a_plain_one(kind: str) -> None:
    for levels, fits in ((15, True), (16, False)):
        hidden = disclosure(SALT, "a", nested(levels, kind))
        payload = {"_sd": [digest(hidden)]}
        if fits:
            assert opened(payload, hidden) == {"a": nested(levels, kind)}
        else:
            assert reason_of(payload, hidden) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize("kind", ["object", "array"])
def test_a_disclosed_element_is_nested_as_deep_as_a_plain_one(kind: str) -> None:
    for levels, fits in ((14, True), (15, False)):
        hidden = disclosure(SALT, nested(levels, kind))
        payload = {"a": [{"...": digest(hidden)}]}
        if fits:
            assert opened(payload, hidden) == {"a": [nested(levels, kind)]}
        else:
            assert reason_of(payload, hidden) is Reason.DISCLOSURE_MALFORMED
