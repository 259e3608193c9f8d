from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url
from formats.jose import sign_compact
from formats.status_list.entries import build_entries
from formats.status_list.model import ENTRIES_MAX_BYTES, StatusList
from formats.status_list.token import TYP, build_token, read_token
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import check_chain
from keys.public_keys import PublicKey
from tests.builders.credentials import WORLD
from tests.builders.suites import suite, suite_signer
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, seeded_signer

pytestmark = pytest.mark.usefixtures("each_suite")

URI = f"{PUBLIC_URL}/status/{BUREAU}/1"
ENTRIES = build_entries(4096, 2, {0: 1, 7: 2, 4095: 1})


def signer_of(chain: tuple[bytes, ...]) -> PublicKey:
    return check_chain(chain, root=WORLD.root.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW).public_key


def a_token(**changes: Any) -> str:
    terms: dict[str, Any] = {"bits": 2, "issued_at": NOW, "expires_at": NOW + DAY, "ttl_seconds": 300, **changes}
    entries = terms.pop("entries", ENTRIES)
    return build_token(terms.pop("uri", URI), entries, signer=terms.pop("signer", WORLD.issuer), **terms)


def read(token: str, **changes: Any) -> StatusList:
    expected: dict[str, Any] = {"uri": URI, "now": NOW, **changes}
    return read_token(token, signer_of=signer_of, tolerance_seconds=30, **expected)


def reason_of(token: str, **changes: Any) -> Reason:
    with pytest.raises(EidError) as caught:
        read(token, **changes)
    return caught.value.reason


def signed(change: dict[str, Any], *, typ: str = TYP) -> str:
    claims = json.loads(base64url.decode(a_token().split(".")[1]))
    claims.update(change)
    kept = {name: value for name, value in claims.items() if value != "absent"}
    return sign_compact(json.dumps(kept).encode(), WORLD.issuer, typ=typ)


def packed(octets: bytes) -> str:
    return base64url.encode(zlib.compress(octets))


def test_a_published_list_reads_back() -> None:
    found = read(a_token())
    assert (found.uri, found.bits, found.entries, found.size) == (URI, 2, ENTRIES, 4096)
    assert (found.issued_at, found.expires_at, found.ttl_seconds) == (NOW, NOW + DAY, 300)
    assert [found.status_at(index) for index in (0, 1, 7, 4094, 4095)] == [1, 0, 2, 0, 1]


@given(st.dictionaries(st.integers(0, 255), st.integers(0, 3)))
def test_every_status_survives(changes: dict[int, int]) -> None:
    found = read(a_token(entries=build_entries(256, 2, changes)))
    assert {index: found.status_at(index) for index in changes} == changes


@pytest.mark.parametrize("index", [-1, 4096, 1 << 31])
def test_refuses_an_index_outside_the_list(index: int) -> None:
    with pytest.raises(EidError) as caught:
        read(a_token()).status_at(index)
    assert caught.value.reason is Reason.STATUS_INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("uri", [URI + "/", URI.upper(), URI.replace("https", "http"), "", URI[:-1]])
def test_refuses_a_list_of_another_address(uri: str) -> None:
    assert reason_of(a_token(), uri=uri) is Reason.STATUS_UNKNOWN


def test_refuses_a_wrong_signature() -> None:
    forged = a_token(signer=suite_signer(suite(), "forger").with_certificates(*WORLD.issuer.certificates))
    assert reason_of(forged) is Reason.STATUS_UNKNOWN


def test_refuses_a_signer_the_caller_does_not_admit() -> None:
    assert reason_of(a_token(signer=seeded_signer("bare"))) is Reason.CERTIFICATE_INVALID


def test_the_life_of_a_list() -> None:
    read(a_token(), now=NOW + DAY + 30)
    assert reason_of(a_token(), now=NOW + DAY + 31) is Reason.STATUS_STALE
    read(a_token(issued_at=NOW + 30))
    assert reason_of(a_token(issued_at=NOW + 31)) is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("typ", ["JWT", "statuslist+cwt", "STATUSLIST+JWT", "dc+sd-jwt", "application/statuslist+jwt"])
def test_refuses_another_typ(typ: str) -> None:
    assert reason_of(signed({}, typ=typ)) is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "absent"},
        {"sub": 7},
        {"iat": "absent"},
        {"iat": 1.5},
        {"exp": "absent"},
        {"exp": "x"},
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": "300"},
        {"status_list": "absent"},
        {"status_list": []},
        {"status_list": {"bits": 2}},
        {"status_list": {"lst": packed(b"x")}},
        {"status_list": {"bits": 3, "lst": packed(b"x")}},
        {"status_list": {"bits": True, "lst": packed(b"x")}},
        {"status_list": {"bits": 1, "lst": 7}},
        {"status_list": {"bits": 1, "lst": packed(b"")}},
        {"status_list": {"bits": 1, "lst": ""}},
        {"status_list": {"bits": 1, "lst": base64url.encode(b"not zlib")}},
        {"status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b"x" * 99)[:-1])}},
        {"status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b"x") + b"y")}},
        {"status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b"x", wbits=31))}},
        {"status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b"x", wbits=-15))}},
    ],
)
def test_refuses_a_malformed_list(change: dict[str, Any]) -> None:
    assert reason_of(signed(change)) is Reason.CLAIMS_MALFORMED


def test_the_address_of_all_lists_reads_back() -> None:
    aggregation = f"{PUBLIC_URL}/status/{BUREAU}/lists"
    assert read(a_token(aggregation_uri=aggregation)).aggregation_uri == aggregation
    assert read(a_token()).aggregation_uri is None


def test_refuses_loose_base64url() -> None:
    assert reason_of(signed({"status_list": {"bits": 1, "lst": packed(b"x") + "="}})) is Reason.BASE64URL_MALFORMED


def test_a_bomb_is_stopped_at_the_limit() -> None:
    read(signed({"status_list": {"bits": 8, "lst": packed(bytes(ENTRIES_MAX_BYTES))}}))
    bomb = packed(bytes(ENTRIES_MAX_BYTES + 1))
    assert reason_of(signed({"status_list": {"bits": 8, "lst": bomb}})) is Reason.TOO_LARGE
    assert reason_of(signed({"status_list": {"bits": 8, "lst": packed(bytes(200 << 20))}})) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "changes",
    [{"bits": 3}, {"entries": b""}, {"entries": bytes(ENTRIES_MAX_BYTES + 1)}, {"expires_at": NOW}],
)
def test_does_not_publish_what_no_reader_would_accept(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        a_token(**changes)
