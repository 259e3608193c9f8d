"""What the resident ID says of itself, and how strictly such a document is read."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MalformedInput
from core.reasons import Reason
from formats.dataset import ATTRIBUTES, jose_claims
from formats.sd_jwt_vc import NEVER_DISCLOSED, VCT
from formats.type_metadata import (
    MAX_BYTES,
    Disclosable,
    TypeMetadata,
    matches,
    read_type_metadata,
    resident_id_metadata,
    resolve_type,
)
from tests.builders.people import a_person
from tests.builders.refusals import outcome, refused
from tests.support import vectors

ABSENT: dict[str, Any] = {
    "name_latin": None, "family_name": None, "given_name": None, "name_local_script": None, "nationality": None,
    "ethnicity": None, "ethnicity_code": None, "address": "", "division_code": None, "date_of_expiry": None,
    "portrait": None, "qr_portrait": None, "glyphs": (),
}  # fmt: skip
PLAIN: dict[str, Any] = {"vct": "https://id.example.test/type", "name": "A type"}


def ours() -> TypeMetadata:
    return read_type_metadata(resident_id_metadata(), vct=VCT)


def a_document(**members: Any) -> bytes:
    return json.dumps({**PLAIN, **members}).encode()


def read(data: bytes, **changes: Any) -> TypeMetadata:
    return read_type_metadata(data, **{"vct": PLAIN["vct"], **changes})


def sri(data: bytes, name: str = "sha256") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, data).digest()).decode()}"


# --- ours


def test_our_document_names_type_and_claims_in_chinese_and_english() -> None:
    found = ours()
    assert found.vct == VCT
    assert found.names == {"zh-CN": "居民电子身份证", "en": "Electronic resident ID"}
    assert all(set(claim.labels) == {"zh-CN", "en"} for claim in found.claims)
    for attribute in ATTRIBUTES:
        claim = None if attribute.jose is None else found.claim(attribute.jose)
        assert (claim is None) is (attribute.jose is None)
        if claim is not None:
            assert claim.labels == {"zh-CN": attribute.zh, "en": attribute.en}
            assert claim.disclosable is Disclosable.ALWAYS


def test_what_the_profile_never_hides_is_said_to_be_never_disclosable() -> None:
    never = {claim.path[0] for claim in ours().claims if claim.disclosable is Disclosable.NEVER}
    assert never == {"key_storage", "assurance", "specimen"}
    assert never <= NEVER_DISCLOSED


def has(claims: dict[str, Any], path: tuple[Any, ...]) -> bool:
    value: Any = claims
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


@given(st.sets(st.sampled_from(sorted(ABSENT))))
def test_what_is_mandatory_is_in_every_credential(absent: set[str]) -> None:
    person = a_person(**{name: ABSENT[name] for name in absent})
    claims = jose_claims(person, as_of=date(2026, 11, 20))
    for claim in ours().claims:
        if claim.mandatory and claim.disclosable is Disclosable.ALWAYS:
            assert has(claims, claim.path)


def test_what_can_be_absent_is_not_mandatory() -> None:
    claims = jose_claims(a_person(**ABSENT), as_of=date(2026, 11, 20))
    shown = [claim for claim in ours().claims if claim.disclosable is Disclosable.ALWAYS]
    assert [claim.path for claim in shown if claim.mandatory] == [c.path for c in shown if has(claims, c.path)]


def test_a_type_that_is_no_address_carries_no_hash() -> None:
    assert VCT.startswith("urn:")
    assert b"#integrity" not in resident_id_metadata()


# --- reading


@pytest.mark.parametrize(
    "members",
    [
        {"vct": None}, {"vct": 7}, {"vct": ""}, {"vct": "https://id.example.test/TYPE"},
        {"name": 7}, {"name": ""}, {"description": []},
        {"extends": 7}, {"extends": ""}, {"extends#integrity": "sha256-x"}, {"extends": "a", "extends#integrity": 7},
        {"display": {}}, {"display": [7]}, {"display": [{"locale": "en"}]}, {"display": [{"name": "x"}]},
        {"display": [{"locale": "en", "name": 7}]}, {"display": [{"locale": "english language", "name": "x"}]},
        {"display": [{"locale": "en", "name": "x"}, {"locale": "en", "name": "y"}]},
        {"claims": {}}, {"claims": ["name"]}, {"claims": [{}]}, {"claims": [{"path": []}]}, {"claims": [{"path": "a"}]},
        {"claims": [{"path": [-1]}]}, {"claims": [{"path": [1.5]}]}, {"claims": [{"path": [True]}]},
        {"claims": [{"path": [["a"]]}]},
        {"claims": [{"path": ["a"], "sd": "sometimes"}]}, {"claims": [{"path": ["a"], "sd": None}]},
        {"claims": [{"path": ["a"], "mandatory": "true"}]}, {"claims": [{"path": ["a"], "mandatory": 1}]},
        {"claims": [{"path": ["a"], "svg_id": "1a"}]}, {"claims": [{"path": ["a"], "svg_id": "a b"}]},
        {"claims": [{"path": ["a"], "display": [{"locale": "en", "name": "no label"}]}]},
        {"claims": [{"path": ["a"]}, {"path": ["a"]}]},
        {"name": "x" * 3000},
    ],
)  # fmt: skip
def test_refuses_another_shape(members: dict[str, Any]) -> None:
    with refused(Reason.TYPE_METADATA_INVALID):
        read(a_document(**members))


@pytest.mark.parametrize("data", [b"[]", b"7", b"null", b'"x"'])
def test_refuses_what_is_no_object(data: bytes) -> None:
    with refused(Reason.TYPE_METADATA_INVALID):
        read(data)


def test_refuses_what_is_no_strict_json_or_too_much_of_it() -> None:
    with refused(Reason.JSON_MALFORMED):
        read(b'{"vct":"a","vct":"b"}')
    with refused(Reason.TOO_LARGE):
        read(b" " * (MAX_BYTES + 1))


def test_passes_over_what_it_does_not_know_and_takes_every_kind_of_path() -> None:
    path = ["degrees", None, "type", 0]
    found = read(a_document(rendering={}, claims=[{"path": path, "new": 1, "svg_id": "degree_1"}]))
    (claim,) = found.claims
    assert (claim.path, claim.disclosable, claim.mandatory) == (tuple(path), Disclosable.ALLOWED, False)


# --- integrity


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_a_hash_that_is_given_is_checked(name: str) -> None:
    data = a_document()
    read(data, integrity=sri(data, name))
    read(data, integrity=sri(data, name) + "?option")
    with refused(Reason.TYPE_METADATA_INVALID):
        read(data + b" ", integrity=sri(data, name))


def test_the_strongest_hash_decides() -> None:
    data, other = a_document(), a_document(name="other")
    assert matches(data, f"{sri(other)} {sri(data, 'sha512')}")
    assert not matches(data, f"{sri(data)} {sri(other, 'sha512')}")
    assert matches(data, f"{sri(other)} {sri(data)}")
    assert matches(data, f"md5-AAAA {sri(data)}")


@pytest.mark.parametrize(
    "integrity", ["", "md5-AAAA", "sha256", "sha256-", "sha256-!!!!", "sha256-AAAA", "SHA256-" + "A" * 43 + "=", "x y"]
)
def test_a_hash_that_cannot_be_checked_is_refused(integrity: str) -> None:
    with refused(Reason.TYPE_METADATA_INVALID):
        read(a_document(), integrity=integrity)


# --- extends


def published(*documents: dict[str, Any]) -> Callable[[str], bytes]:
    by_type = {document["vct"]: json.dumps(document).encode() for document in documents}

    def fetch(vct: str) -> bytes:
        if vct not in by_type:
            raise MalformedInput(Reason.TYPE_METADATA_INVALID, "nothing there")
        return by_type[vct]

    return fetch


def test_a_chain_of_types_is_followed_to_its_end() -> None:
    fetch = published({"vct": "a", "extends": "b"}, {"vct": "b", "extends": "c"}, {"vct": "c"})
    assert [metadata.vct for metadata in resolve_type("a", fetch)] == ["a", "b", "c"]


@pytest.mark.parametrize("ends", ["a", "b", "c"])
def test_refuses_types_that_extend_each_other_in_a_circle(ends: str) -> None:
    fetch = published({"vct": "a", "extends": "b"}, {"vct": "b", "extends": "c"}, {"vct": "c", "extends": ends})
    fetched: list[str] = []

    def counting(vct: str) -> bytes:
        fetched.append(vct)
        return fetch(vct)

    with refused(Reason.TYPE_METADATA_INVALID):
        resolve_type("a", counting)
    # Each once: a circle is seen when it closes.
    assert fetched == ["a", "b", "c"]


def test_refuses_a_chain_without_end() -> None:
    fetched: list[str] = []

    def fetch(vct: str) -> bytes:
        fetched.append(vct)
        return json.dumps({"vct": vct, "extends": vct + "x"}).encode()

    with refused(Reason.TYPE_METADATA_INVALID):
        resolve_type("a", fetch)
    assert len(fetched) == 8


def test_the_hash_of_what_is_extended_is_checked() -> None:
    below = json.dumps({"vct": "b"}).encode()
    for stated, found in ((sri(below), ["a", "b"]), (sri(b"other"), Reason.TYPE_METADATA_INVALID)):
        fetch = published({"vct": "a", "extends": "b", "extends#integrity": stated}, {"vct": "b"})
        result = outcome(resolve_type, "a", fetch)
        assert (result if isinstance(result, Reason) else [metadata.vct for metadata in result]) == found


def test_the_hash_of_the_type_itself_is_checked() -> None:
    fetch = published({"vct": "a"})
    assert resolve_type("a", fetch, integrity=sri(fetch("a")))
    with refused(Reason.TYPE_METADATA_INVALID):
        resolve_type("a", fetch, integrity=sri(b"other"))


@pytest.mark.parametrize(
    ("below", "above", "holds"),
    [
        ({"sd": "allowed"}, {"sd": "never"}, True),
        ({"sd": "always"}, {"sd": "always"}, True),
        ({"sd": "always"}, {"sd": "never"}, False),
        ({"sd": "never"}, {"sd": "allowed"}, False),
        ({"sd": "never"}, {}, False),
        ({"mandatory": True}, {"mandatory": True}, True),
        ({"mandatory": True}, {}, False),
        ({}, {"mandatory": True}, True),
    ],
)
def test_a_type_does_not_loosen_what_it_extends(below: dict[str, Any], above: dict[str, Any], holds: bool) -> None:
    fetch = published(
        {"vct": "a", "extends": "b", "claims": [{"path": ["x"], **above}]},
        {"vct": "b", "extends": "c"},
        {"vct": "c", "claims": [{"path": ["x"], **below}, {"path": ["y"], "sd": "never"}]},
    )
    result = outcome(resolve_type, "a", fetch)
    assert (result is not Reason.TYPE_METADATA_INVALID) is holds


# --- official vectors


ISSUER_METADATA = {
    "credential_issuer", "authorization_servers", "credential_endpoint", "nonce_endpoint",
    "deferred_credential_endpoint", "notification_endpoint", "credential_request_encryption",
    "credential_response_encryption", "batch_credential_issuance", "display", "credential_configurations_supported",
}  # fmt: skip


def test_the_claims_of_the_issuer_metadata_examples_read_as_paths() -> None:
    for name, format_ in (
        ("credential_metadata_sd_jwt_vc.json", "dc+sd-jwt"),
        ("credential_issuer_metadata_sd_jwt_long.json", "dc+sd-jwt"),
    ):
        content = vectors.load_json("openid4vci", name, fields=ISSUER_METADATA)
        for configuration in content["credential_configurations_supported"].values():
            assert configuration["format"] == format_
            # The same claims in the words of type metadata: a label for a name.
            claims = [
                {
                    "path": claim["path"],
                    "display": [{"locale": d["locale"], "label": d["name"]} for d in claim.get("display", [])],
                }
                for claim in configuration["credential_metadata"]["claims"]
            ]
            found = read(a_document(claims=claims))
            assert [list(claim.path) for claim in found.claims] == [claim["path"] for claim in claims]


def test_the_examples_of_the_draft_name_types_that_could_have_such_a_document() -> None:
    fields = {"settings_yml", "cases"}
    content = vectors.load_json("sd-jwt-vc", "draft_examples_01_02.json", fields=fields)
    for case in content["cases"]:
        payload = case["sd_jwt_issuance"].partition("~")[0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        hidden = [{"path": [name], "sd": "never"} for name in claims if name not in {"_sd", "_sd_alg", "cnf", "status"}]
        found = read_type_metadata(json.dumps({"vct": claims["vct"], "claims": hidden}).encode(), vct=claims["vct"])
        assert {claim.path for claim in found.claims} >= {("vct",)}
