from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats.encoding import cbor
from formats.mdoc.issuer_signed import read_issuer_signed
from formats.mdoc.model import DOCTYPE, KeyAuthorizations, UnverifiedMso
from formats.mdoc.mso import read_mso
from tests.builders.refusals import refused
from tests.formats.mdoc.mdocs import Forge, an_mdoc, loosely, the_terms

PAYLOAD = loosely(an_mdoc())["issuerAuth"][2]


def mso(**changes: Any) -> bytes:
    """The payload with these members; ... takes one away."""
    members = {**loosely(cbor.unwrap(PAYLOAD)), **changes}
    return cbor.wrapped(cbor2.dumps({name: value for name, value in members.items() if value is not ...}))


def inside(name: str, **changes: Any) -> bytes:
    held = {**loosely(cbor.unwrap(PAYLOAD))[name], **changes}
    return mso(**{name: {key: value for key, value in held.items() if value is not ...}})


def device_key(change: Callable[[dict[Any, Any]], object]) -> bytes:
    key = loosely(cbor.unwrap(PAYLOAD))["deviceKeyInfo"]["deviceKey"]
    return inside("deviceKeyInfo", deviceKey=change(key) or key)


def test_reads_our_own() -> None:
    read = read_mso(PAYLOAD)
    assert isinstance(read, UnverifiedMso)
    assert read.terms == the_terms()
    assert read.hash_name == "sha256"
    assert read.authorised == KeyAuthorizations(frozenset(), frozenset())
    assert len(read.digests[DOCTYPE]) == 28


def test_what_we_do_not_know_is_left_alone() -> None:
    assert read_mso(mso(later={"a": 1})).terms == the_terms()
    assert read_mso(inside("validityInfo", later=CBORTag(0, "x"))).terms == the_terms()
    assert read_mso(inside("validityInfo", expectedUpdate=CBORTag(0, "2026-10-01T00:00:00Z"))).terms == the_terms()
    assert read_mso(inside("deviceKeyInfo", later=1)).terms == the_terms()
    assert read_mso(inside("status", identifier_list={"id": b"x", "uri": "https://x"})).terms == the_terms()
    status = the_terms().status
    listed = {"idx": status.index, "uri": status.uri, "certificate": b"DER"}
    assert read_mso(inside("status", status_list=listed)).terms == the_terms()


@pytest.mark.parametrize(
    "name", ["digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo", "status"]
)
def test_refuses_an_mso_without(name: str) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(mso(**{name: ...}))


@pytest.mark.parametrize("version", ["1.1", "2.0", 1, None, ...])
def test_refuses_another_version(version: Any) -> None:
    with refused(Reason.FORM_UNKNOWN):
        read_mso(mso(version=version))


@pytest.mark.parametrize("name", ["SHA-1", "sha-256", "SHA-224", "", -16, None, ["SHA-256"]])
def test_refuses_another_digest_algorithm(name: Any) -> None:
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_mso(mso(digestAlgorithm=name))


@pytest.mark.parametrize("doctype", ["", 1, None, "d" * 201])
def test_refuses_another_kind_of_doctype(doctype: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(mso(docType=doctype))


@pytest.mark.parametrize(
    "digests",
    [
        {},
        [],
        None,
        {DOCTYPE: {}},
        {DOCTYPE: []},
        {1: {0: bytes(32)}},
        {"": {0: bytes(32)}},
        {DOCTYPE: {0: bytes(31)}},
        {DOCTYPE: {0: bytes(33)}},
        {DOCTYPE: {0: "d" * 32}},
        {DOCTYPE: {-1: bytes(32)}},
        {DOCTYPE: {1 << 31: bytes(32)}},
        {DOCTYPE: {"0": bytes(32)}},
        {DOCTYPE: {0: bytes(32)}, "other": {0: bytes(31)}},
        {DOCTYPE: {0: bytes(32), 1: None}},
    ],
)
def test_refuses_digests_of_another_shape(digests: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(mso(valueDigests=digests))


def test_takes_digests_of_several_namespaces_and_any_numbers() -> None:
    digests = {DOCTYPE: {(1 << 31) - 1: bytes(32), 5: bytes(32)}, "other": {0: bytes(32)}}
    assert read_mso(mso(valueDigests=digests)).digests == digests


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2099-02-30T00:00:00Z",
        "2099-02-30",
        "2026-09-20T14:13:20.5Z",
        "2026-09-20T14:13:20.000Z",
        "2026-09-20T14:13:20+00:00",
        "2026-09-20T14:13:20",
        "2026-09-20 14:13:20Z",
        "2026-09-20t14:13:20z",
        "20260920T141320Z",
        "2026-W38-7T14:13:20Z",
        "2026-09-20T24:00:00Z",
        "2026-09-20T14:13:60Z",
        "٢٠٢٦-09-20T14:13:20Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2242-03-16T12:56:32Z",
        "9999-12-31T23:59:59Z",
        "",
        1_790_000_000,
        b"2026-09-20T14:13:20Z",
        None,
    ],
)
@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil", "expectedUpdate"])
def test_refuses_an_instant_that_is_not_a_tdate(name: str, text: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("validityInfo", **{name: CBORTag(0, text)}))


def test_takes_the_first_instant_and_the_last() -> None:
    first, last = CBORTag(0, "1970-01-01T00:00:00Z"), CBORTag(0, "2242-03-16T12:56:31Z")
    read = read_mso(inside("validityInfo", signed=first, validFrom=first, validUntil=last))
    assert (read.terms.issued_at, read.valid_from, read.terms.expires_at) == (0, 0, (1 << 33) - 1)


@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
@pytest.mark.parametrize("value", [..., "2026-09-20T14:13:20Z", 1_790_000_000, None])
def test_refuses_an_instant_that_is_missing_or_not_tagged(name: str, value: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("validityInfo", **{name: value}))


@pytest.mark.parametrize("tag", [1, 1004, 18])
def test_refuses_an_instant_under_another_tag(tag: int) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_mso(inside("validityInfo", signed=CBORTag(tag, 1_790_000_000)))


def test_refuses_an_instant_under_a_tag_nobody_knows() -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("validityInfo", signed=CBORTag(99, "2026-09-20T14:13:20Z")))


@pytest.mark.parametrize("validity", [[], None, {}])
def test_refuses_validity_of_another_kind(validity: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(mso(validityInfo=validity))


@pytest.mark.parametrize(
    ("signed", "valid_from", "valid_until"),
    [
        ("2026-09-20T00:00:01Z", "2026-09-20T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-09-20T00:00:00Z", "2026-09-20T00:00:00Z", "2026-09-20T00:00:00Z"),
        ("2026-09-20T00:00:00Z", "2026-09-21T00:00:00Z", "2026-09-20T23:59:59Z"),
    ],
)
def test_refuses_instants_out_of_order(signed: str, valid_from: str, valid_until: str) -> None:
    times = {"signed": signed, "validFrom": valid_from, "validUntil": valid_until}
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("validityInfo", **{name: CBORTag(0, text) for name, text in times.items()}))


# --- the device key --------------------------------------------------------------------------------------------------


def test_takes_a_device_key_with_a_key_id() -> None:
    assert read_mso(device_key(lambda key: key.update({2: b"kid"}))).terms == the_terms()


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key.update({2: "kid"}),
        lambda key: key.update({3: -7}),
        lambda key: key.update({4: [2]}),
        lambda key: key.update({-4: bytes(32)}),
        lambda key: key.update({1: 1}),
        lambda key: key.update({1: "EC2"}),
        lambda key: key.update({-1: 2}),
        lambda key: key.update({-1: True}),
        lambda key: key.update({-2: key[-2] + b"\0"}),
        lambda key: key.update({-2: b"\0" + key[-2], -3: key[-3][1:]}),
        lambda key: key.update({-2: "x" * 32}),
        lambda key: key.update({-3: True}),
        lambda key: key.update({-3: bytes(32)}),
        lambda key: key.update({-2: b"\xff" * 32}),
        lambda key: key.pop(-3) and None,
        lambda key: key.pop(1) and None,
        lambda key: [1],
        lambda key: b"\x04",
    ],
)
def test_refuses_another_device_key_than_a_public_one_on_p256(change: Any) -> None:
    with refused(Reason.HOLDER_KEY_INVALID):
        read_mso(device_key(change))


def test_an_mdoc_is_bound_to_a_device_key() -> None:
    for payload in (inside("deviceKeyInfo", deviceKey=...), mso(deviceKeyInfo=[])):
        with refused(Reason.HOLDER_PROOF_MISSING):
            read_mso(payload)


# --- facts about the key, authorizations, status ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [[], None, {-1: 0}, {-1: 3}, {-1: True}, {-1: "1"}, {-2: 3}, {-2: None}, {-3: False}, {-3: 1}, {-3: None}],
)
def test_refuses_facts_of_another_kind(facts: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("deviceKeyInfo", keyInfo=facts))


def test_the_facts_of_another_doctype_are_not_ours_to_read() -> None:
    members = loosely(cbor.unwrap(PAYLOAD))["deviceKeyInfo"]
    terms = read_mso(mso(docType="org.example.1", deviceKeyInfo={**members, "keyInfo": {-1: 9, -3: True}})).terms
    assert (terms.key_storage, terms.assurance, terms.specimen) == (None, None, False)


def test_facts_may_be_missing() -> None:
    terms = read_mso(inside("deviceKeyInfo", keyInfo=...)).terms
    assert (terms.key_storage, terms.assurance, terms.specimen) == (None, None, False)


def test_reads_what_the_device_key_may_sign() -> None:
    authorised = {"nameSpaces": ["one", "two"], "dataElements": {"three": ["a", "b"], "four": ["a"]}}
    read = read_mso(inside("deviceKeyInfo", keyAuthorizations=authorised)).authorised
    assert read.namespaces == {"one", "two"}
    assert read.elements == {("three", "a"), ("three", "b"), ("four", "a")}


@pytest.mark.parametrize(
    "authorised",
    [
        [],
        None,
        {"more": []},
        {"nameSpaces": {}},
        {"nameSpaces": [1]},
        {"nameSpaces": [""]},
        {"nameSpaces": ["one", "one"]},
        {"dataElements": []},
        {"dataElements": {"one": {}}},
        {"dataElements": {"one": [1]}},
        {"dataElements": {1: ["a"]}},
        {"nameSpaces": ["one"], "dataElements": {"one": ["a"]}},
    ],
)
def test_refuses_authorizations_of_another_shape(authorised: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(inside("deviceKeyInfo", keyAuthorizations=authorised))


@pytest.mark.parametrize(
    "status",
    [
        {},
        None,
        [],
        {"status_list": None},
        {"status_list": {"idx": 1}},
        {"status_list": {"uri": "https://list"}},
        {"status_list": {"idx": -1, "uri": "https://list"}},
        {"status_list": {"idx": 1 << 32, "uri": "https://list"}},
        {"status_list": {"idx": True, "uri": "https://list"}},
        {"status_list": {"idx": "1", "uri": "https://list"}},
        {"status_list": {"idx": 1, "uri": "ftp://list"}},
        {"status_list": {"idx": 1, "uri": b"https://list"}},
        {"status_list": {"idx": 1, "uri": "https://list with space"}},
        {"identifier_list": {"id": b"x", "uri": "https://list"}},
    ],
)
def test_refuses_an_mso_without_a_place_in_a_status_list(status: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(mso(status=status))


# --- spelling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xd8\x18",
        cbor.unwrap(PAYLOAD),
        PAYLOAD + b"\0",
        PAYLOAD[:-1],
        b"\xd8\x19" + PAYLOAD[2:],
        b"\xd9\x00\x18" + PAYLOAD[2:],
        b"\xd8\x18\x5a\x00\x00" + PAYLOAD[3:],
        b"\xd8\x18\x5f" + PAYLOAD[2:] + b"\xff",
        cbor.wrapped(b""),
        cbor.wrapped(cbor.unwrap(PAYLOAD) + b"\0"),
        cbor.wrapped(cbor.unwrap(PAYLOAD)[:-1]),
        cbor2.dumps(CBORTag(24, "text")),
    ],
)
def test_refuses_a_payload_that_is_not_strict_cbor_in_tag_24(payload: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_mso(payload)


@pytest.mark.parametrize("value", [[], 1, "text", None])
def test_refuses_an_mso_that_is_no_map(value: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_mso(cbor.wrapped(cbor2.dumps(value)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x07\x58\x20", b"\x18\x07\x58\x20"),
        (b"\x07\x58\x20", b"\x07\x59\x00\x20"),
        (b"\x631.0", b"\x78\x031.0"),
        (b"\x63idx\x19\x12\x67", b"\x63idx\x1a\x00\x00\x12\x67"),
        (b"\x20\x01\x21", b"\x20\x18\x01\x21"),
        (b"\xb8\x1c\x00\x58\x20", b"\xb9\x00\x1c\x00\x58\x20"),
        (b"\xc0\x74", b"\xd8\x00\x74"),
        (b"\x22\x58\x20", b"\x38\x02\x58\x20"),
    ],
)
def test_refuses_longer_heads_than_needed(old: bytes, new: bytes) -> None:
    inner = cbor.unwrap(PAYLOAD)
    assert inner.count(old) >= 1
    with refused(Reason.CBOR_MALFORMED):
        read_mso(cbor.wrapped(inner.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"\xa8", b"\x67version\x631.0"),
        (b"\xa8", b"\x61a\xf9\x3c\x00"),
        (b"\xa8", b"\x41a\x00"),
        (b"\xa8", b"\x61a\xd8\x63\x00"),
        (b"\xa8", b"\x61a\xf7"),
        (b"\xbf", b"\xff"),
    ],
)
def test_refuses_what_strict_cbor_does_not_have_among_what_we_do_not_know(head: bytes, more: bytes) -> None:
    inner = cbor.unwrap(PAYLOAD)
    with refused(Reason.CBOR_MALFORMED):
        read_mso(cbor.wrapped(head + inner[1:] + more))


def test_a_digest_listed_twice_is_not_read() -> None:
    inner = cbor.unwrap(PAYLOAD)
    at = inner.index(b"\xb8\x1c")
    twice = inner[:at] + b"\xb8\x1d\x00\x58\x20" + bytes(32) + inner[at + 2 :]
    with refused(Reason.CBOR_MALFORMED):
        read_mso(cbor.wrapped(twice))


def test_a_whole_mdoc_with_a_bad_mso_is_refused() -> None:
    with refused(Reason.FORM_UNKNOWN):
        read_issuer_signed(Forge(mso=lambda held: held.update(version="1.1")).issuer_signed())
