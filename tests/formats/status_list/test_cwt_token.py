from __future__ import annotations

import zlib
from typing import Any

import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.cose import X5CHAIN, Sign1Draft
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.status_list import cwt_token
from formats.status_list.cwt_token import MEDIA_TYPE, build_cwt, read_cbor_list, read_cwt
from formats.status_list.entries import build_entries
from formats.status_list.model import ENTRIES_MAX_BYTES, StatusList, deflate
from formats.status_list.token import build_token
from keys.algorithms import SM2_SM3
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import check_chain
from keys.public_keys import PublicKey
from tests.builders.credentials import WORLD
from tests.builders.refusals import outcome, refused
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, seeded_signer

URI = f"{PUBLIC_URL}/status/{BUREAU}/1"
AGGREGATION = f"{PUBLIC_URL}/status/{BUREAU}/lists"
ENTRIES = build_entries(4096, 2, {0: 1, 7: 2, 4095: 1})
SUB, EXP, IAT, STATUS_LIST, TTL = 2, 4, 6, 65533, 65534
ALG, TYP = 1, 16


def signer_of(chain: tuple[bytes, ...]) -> PublicKey:
    return check_chain(chain, root=WORLD.root.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW).public_key


def a_cwt(**changes: Any) -> bytes:
    terms: dict[str, Any] = {"bits": 2, "issued_at": NOW, "expires_at": NOW + DAY, "ttl_seconds": 300, **changes}
    entries = terms.pop("entries", ENTRIES)
    return build_cwt(terms.pop("uri", URI), entries, signer=terms.pop("signer", WORLD.issuer), **terms)


def read(token: bytes, **changes: Any) -> StatusList:
    expected: dict[str, Any] = {"uri": URI, "now": NOW, **changes}
    return read_cwt(token, signer_of=signer_of, tolerance_seconds=30, **expected)


def signed(claims: dict[Any, Any] | None = None, header: dict[Any, Any] | None = None) -> bytes:
    """Return a list with these claims and header members instead of the right ones; None leaves one out."""
    listed = {"bits": 2, "lst": zlib.compress(ENTRIES)}
    right = {SUB: URI, EXP: NOW + DAY, IAT: NOW, STATUS_LIST: listed, TTL: 300}
    payload = {label: value for label, value in {**right, **(claims or {})}.items() if value is not None}
    own = {ALG: -7, TYP: MEDIA_TYPE, X5CHAIN: WORLD.issuer.certificates[0]}
    protected = {label: value for label, value in {**own, **(header or {})}.items() if value is not None}
    draft = Sign1Draft(protected, cbor.encode(payload))
    signature = WORLD.issuer.sign(draft.to_be_signed())
    return cbor.encode(CBORTag(18, [draft.protected_bytes, {}, draft.payload, signature]))


def with_unprotected(unprotected: dict[Any, Any]) -> bytes:
    draft = Sign1Draft({ALG: -7, TYP: MEDIA_TYPE, X5CHAIN: WORLD.issuer.certificates[0]}, read_payload(a_cwt()))
    return draft.finish(WORLD.issuer.sign(draft.to_be_signed()), unprotected)


def elements_of(token: bytes) -> list[Any]:
    value = cbor.decode_foreign(token, max_bytes=1 << 20, tags=(18,))
    assert isinstance(value, CBORTag)
    return list(value.value)


def read_payload(token: bytes) -> bytes:
    return bytes(elements_of(token)[2])


def test_a_published_list_reads_back() -> None:
    found = read(a_cwt(aggregation_uri=AGGREGATION))
    assert (found.uri, found.bits, found.entries, found.size) == (URI, 2, ENTRIES, 4096)
    assert (found.issued_at, found.expires_at, found.ttl_seconds) == (NOW, NOW + DAY, 300)
    assert found.aggregation_uri == AGGREGATION
    assert [found.status_at(index) for index in (0, 1, 7, 4094, 4095)] == [1, 0, 2, 0, 1]


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_every_status_survives_in_every_width(bits: int, data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.integers(0, 63), st.integers(0, (1 << bits) - 1)))
    found = read(a_cwt(entries=build_entries(64, bits, changes), bits=bits))
    assert {index: found.status_at(index) for index in changes} == changes


def test_both_forms_carry_the_same_stream_and_a_list_is_deflated_once() -> None:
    once = deflate(ENTRIES)
    assert a_cwt(entries=once)[:-64] == a_cwt()[:-64]
    assert once.stream in a_cwt()
    terms: dict[str, Any] = {"bits": 2, "issued_at": NOW, "expires_at": NOW + DAY, "ttl_seconds": 300}
    of_both = [build_token(URI, entries, signer=WORLD.issuer, **terms) for entries in (once, ENTRIES)]
    assert of_both[0].rpartition(".")[0] == of_both[1].rpartition(".")[0]


def test_the_form_is_what_readers_of_mdoc_look_for() -> None:
    token = a_cwt()
    protected_bytes, unprotected, _, signature = elements_of(token)
    # d2: tag 18, and no tag 61 around it; ES256 under the number of RFC 9053; the certificate protected and alone.
    assert token[:2] == b"\xd2\x84"
    assert cbor.decode_foreign(protected_bytes, max_bytes=4096) == {
        1: -7,
        16: "application/statuslist+cwt",
        33: WORLD.issuer.certificates[0],
    }
    assert (unprotected, len(signature)) == ({}, 64)
    claims = cbor.decode_foreign(read_payload(token), max_bytes=4096)
    assert isinstance(claims, dict)
    assert set(claims) == {2, 4, 6, 65533, 65534}


def test_several_certificates_stand_in_an_array() -> None:
    found: list[tuple[bytes, ...]] = []

    def note(chain: tuple[bytes, ...]) -> PublicKey:
        found.append(chain)
        return signer_of(WORLD.issuer.certificates)

    token = a_cwt(signer=WORLD.issuer.with_certificates(b"leaf", b"above"))
    read_cwt(token, uri=URI, signer_of=note, now=NOW, tolerance_seconds=30)
    assert found == [(b"leaf", b"above")]


def test_the_time_to_live_may_be_left_out_and_a_list_be_as_old_as_time() -> None:
    found = read(signed({TTL: None, IAT: 0}))
    assert (found.ttl_seconds, found.issued_at) == (None, 0)


def test_a_list_is_much_smaller_than_its_jwt_form() -> None:
    entries = build_entries(1 << 14, 2, {place * 7919 % (1 << 14): 1 for place in range(2000)})
    terms: dict[str, Any] = {"bits": 2, "issued_at": NOW, "expires_at": NOW + DAY, "ttl_seconds": 300}
    jwt = build_token(URI, entries, signer=WORLD.issuer, **terms)
    assert len(a_cwt(entries=entries)) < 0.8 * len(jwt)


@pytest.mark.parametrize("uri", [URI + "/", URI.upper(), URI.replace("https", "http"), "", URI[:-1]])
def test_refuses_a_list_of_another_address(uri: str) -> None:
    with refused(Reason.STATUS_UNKNOWN):
        read(a_cwt(), uri=uri)


def test_refuses_a_wrong_signature() -> None:
    with refused(Reason.STATUS_UNKNOWN):
        read(a_cwt(signer=seeded_signer("forger").with_certificates(*WORLD.issuer.certificates)))


def test_refuses_a_changed_payload() -> None:
    token = a_cwt()
    with refused(Reason.STATUS_UNKNOWN):
        read(token.replace(cbor.encode(NOW + DAY), cbor.encode(NOW + DAY + 1)))


def test_refuses_a_signer_the_caller_does_not_admit() -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        read(a_cwt(signer=seeded_signer("bare")))


def test_the_life_of_a_list() -> None:
    read(a_cwt(), now=NOW + DAY + 30)
    with refused(Reason.STATUS_STALE):
        read(a_cwt(), now=NOW + DAY + 31)
    read(a_cwt(issued_at=NOW + 30))
    with refused(Reason.STATUS_UNKNOWN):
        read(a_cwt(issued_at=NOW + 31))


@pytest.mark.parametrize(
    "typ", [None, "statuslist+cwt", "application/statuslist+jwt", 293, b"application/statuslist+cwt"]
)
def test_refuses_another_typ(typ: Any) -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        read(signed(header={TYP: typ}))


@pytest.mark.parametrize("alg", [5, -8, -35, -65535, "ES256", b"\x26", True, None])
def test_refuses_another_algorithm(alg: Any) -> None:
    with refused(Reason.HEADER_UNEXPECTED if alg is None else Reason.ALGORITHM_NOT_ALLOWED):
        read(signed(header={ALG: alg}))


def test_refuses_a_header_that_names_another_algorithm_than_the_signers() -> None:
    # Its signatures have the same size, and this one is the signer's own by its own algorithm.
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read(signed(header={ALG: SM2_SM3.cose}))


def test_refuses_certificates_that_are_not_protected() -> None:
    draft = Sign1Draft({ALG: -7, TYP: MEDIA_TYPE}, read_payload(a_cwt()))
    with refused(Reason.HEADER_UNEXPECTED):
        read(draft.finish(WORLD.issuer.sign(draft.to_be_signed()), {X5CHAIN: LEAF}))


def test_takes_es256_by_its_old_and_its_new_number() -> None:
    assert read(signed()).entries == read(signed(header={ALG: -9})).entries == ENTRIES


def test_refuses_a_critical_header_and_lets_no_other_choose_the_key() -> None:
    for token in (signed(header={2: [33]}), with_unprotected({2: [33]})):
        with refused(Reason.HEADER_UNEXPECTED):
            read(token)
    # x5bag, x5t and x5u name other keys; nothing is ever taken from them.
    thief = seeded_signer("thief")
    named = signed(header={32: thief.point, 34: [-16, thief.point], 35: "https://thief.example.test"})
    assert read(named).entries == ENTRIES


def test_takes_a_key_id_beside_but_no_certificate_and_nothing_twice() -> None:
    assert read(with_unprotected({4: b"12"})).entries == ENTRIES
    for unprotected in ({X5CHAIN: WORLD.issuer.certificates[0]}, {ALG: -7}, {TYP: MEDIA_TYPE}):
        with refused(Reason.HEADER_UNEXPECTED):
            read(with_unprotected(unprotected))


LEAF = WORLD.issuer.certificates[0]


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ([LEAF], Reason.HEADER_UNEXPECTED),
        ([], Reason.HEADER_UNEXPECTED),
        ([LEAF] * 5, Reason.HEADER_UNEXPECTED),
        ([LEAF, "x"], Reason.HEADER_UNEXPECTED),
        ("x", Reason.HEADER_UNEXPECTED),
        ([LEAF, WORLD.root.certificate], Reason.CERTIFICATE_INVALID),
        (WORLD.root.certificate, Reason.ISSUER_UNKNOWN),
    ],
)
def test_refuses_a_chain_of_another_shape(chain: Any, reason: Reason) -> None:
    found = outcome(read, signed(header={X5CHAIN: chain}))
    # The root names itself as its issuer, but is no leaf: which of the two is said first is the path's business.
    assert found is reason or (chain is WORLD.root.certificate and found is Reason.CERTIFICATE_INVALID)


def stream(octets: bytes, wbits: int = 15) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, wbits)
    return deflater.compress(octets) + deflater.flush()


@pytest.mark.parametrize(
    "claims",
    [
        {SUB: None}, {SUB: 7}, {SUB: ""}, {SUB: URI.encode()},
        {IAT: None}, {IAT: "1"}, {IAT: -1}, {IAT: 1 << 33}, {IAT: True},
        {EXP: None}, {EXP: "x"}, {EXP: 1 << 40},
        {TTL: 0}, {TTL: -1}, {TTL: "300"}, {TTL: True},
        {STATUS_LIST: None}, {STATUS_LIST: []}, {STATUS_LIST: b""},
        {STATUS_LIST: {"bits": 2}},
        {STATUS_LIST: {"lst": stream(b"x")}},
        {STATUS_LIST: {"bits": 3, "lst": stream(b"x")}},
        {STATUS_LIST: {"bits": 16, "lst": stream(b"x")}},
        {STATUS_LIST: {"bits": True, "lst": stream(b"x")}},
        {STATUS_LIST: {"bits": 1, "lst": "eNpr"}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x").hex()}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"")}},
        {STATUS_LIST: {"bits": 1, "lst": b""}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x" * 99)[:-1]}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x") + b"y"}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x", 31)}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x", -15)}},
        {STATUS_LIST: {"bits": 1, "lst": stream(b"x"), "aggregation_uri": 7}},
    ],
)  # fmt: skip
def test_refuses_a_malformed_list(claims: dict[Any, Any]) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read(signed(claims))


def test_a_bomb_is_stopped_at_the_limit() -> None:
    read(signed({STATUS_LIST: {"bits": 8, "lst": zlib.compress(bytes(ENTRIES_MAX_BYTES))}}))
    for size in (ENTRIES_MAX_BYTES + 1, 200 << 20):
        with refused(Reason.TOO_LARGE):
            read(signed({STATUS_LIST: {"bits": 8, "lst": zlib.compress(bytes(size))}}))


@pytest.mark.parametrize(
    "changes",
    [{"bits": 3}, {"entries": b""}, {"entries": bytes(ENTRIES_MAX_BYTES + 1)}, {"expires_at": NOW}],
)
def test_does_not_publish_what_no_reader_would_accept(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        a_cwt(**changes)


@pytest.mark.parametrize(
    "bent",
    [
        lambda token: b"\xd8\x3d" + token,
        lambda token: token[1:],
        lambda token: b"\xd1" + token[1:],
        lambda token: token + b"\0",
        lambda token: token[:-1],
        lambda token: token.hex().encode(),
        lambda token: b"\xd2\x83" + token[2:],
        lambda token: b"\xd2\x9f" + token[2:] + b"\xff",
        lambda token: b"\xd8\x12" + token[1:],
        lambda _: b"\xd2\x80",
        lambda _: b"\xd2\x84\x40\xa0\xf6\x40",
        lambda _: b"\xd2\x84\xa0\xa0\x40\x40",
        lambda _: b"\xd2\x84\x40\x40\x40\x40",
        lambda _: b"\xd2\x84\x40\xa0\x40\xf6",
        lambda _: b"",
        lambda _: b"a.b.c",
    ],
)
def test_refuses_every_other_shape(bent: Any) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read(bent(a_cwt()))


def test_refuses_a_payload_that_is_no_map() -> None:
    draft = Sign1Draft({ALG: -7, TYP: MEDIA_TYPE, X5CHAIN: LEAF}, cbor.encode([1]))
    with refused(Reason.CLAIMS_MALFORMED):
        read(draft.finish(WORLD.issuer.sign(draft.to_be_signed())))


def test_refuses_a_header_that_is_no_map() -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        read(b"\xd2\x84\x41\x80\xa0\x41\x00\x40")


def test_refuses_more_bytes_than_a_list_can_have() -> None:
    with refused(Reason.TOO_LARGE):
        read(bytes((2 << 20) + 1))


@given(st.binary(max_size=64))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    assert isinstance(outcome(read, data), Reason)


def test_map_keys_of_others_may_stand_in_any_order() -> None:
    payload = b"\xa2\x63lst\x4a" + bytes.fromhex("78dadbb918000217015d") + b"\x64bits\x01"
    found: ForeignValue = cbor.decode_foreign(payload, max_bytes=64)
    assert read_cbor_list(found) == (1, bytes.fromhex("b9a3"))
    assert cwt_token.MEDIA_TYPE == "application/statuslist+cwt"
