from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.reasons import Reason
from formats import cose, qr_token
from formats.cose import Checks
from formats.dataset import Group
from formats.encoding.cbor import CborMap
from formats.sd_cwt.key_binding import AUDIENCE_ANY
from formats.sd_cwt.model import StatusReference, disclosure_digest, read_status, read_time, read_uri
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.signature_checks import run
from keys.algorithms import ES256
from tests.builders import qr
from tests.builders.forging import REMOVED, forged_kbt, forged_sd_cwt
from tests.builders.refusals import outcome, refused
from tests.support.vectors import load_json

COPY = qr.issue()
TEXT = qr.show_one_way(COPY, groups=list(Group))
KBT = qr_token.decode(TEXT)
ISSUER = qr.signer("document signer").point
SIMPLE_59 = cbor2.CBORSimpleValue(59)
SALT = bytes(range(16))
FIELDS = {
    "keys", "alg", "issuer_cwt_hex", "kbt_hex", "issuer_cwt_edn", "kbt_edn", "note", "first_disclosure_inner_hex",
    "first_disclosure_hash_in_text",
}  # fmt: skip


def both_signatures(kbt: bytes) -> Checks[dict[Group, CborMap]]:
    """The bare path: structure, both signatures, disclosures."""
    read = read_kbt(kbt)
    if not (yield from cose.check_signature(read.sd_cwt.sign1, ISSUER, ES256)):
        raise Refused(Reason.ISSUER_SIGNATURE_INVALID, "forged")
    if not (yield from cose.check_signature(read.sign1, read.sd_cwt.claims.holder_point33, ES256)):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "forged")
    return open_disclosures(read.sd_cwt)


def judged(kbt: bytes) -> dict[Group, CborMap] | Reason:
    return outcome(lambda: run(both_signatures(kbt)))


def disclosure(*parts: Any) -> bytes:
    return cbor2.dumps(list(parts))


def test_the_digest_is_over_the_wrapped_disclosure_as_in_the_working_groups_tokens() -> None:
    vector = load_json("sd-cwt", "issuer_and_kbt.json", fields=FIELDS)
    issued = cbor2.loads(bytes.fromhex(vector["issuer_cwt_hex"])).value
    shown = [bytes(item) for item in issued[1][17]]
    digests = redacted(cbor2.loads(issued[2]))
    assert len(shown) == len(digests) == 5
    assert {disclosure_digest(item) for item in shown} == digests
    inner = bytes.fromhex(vector["first_disclosure_inner_hex"])
    assert disclosure_digest(inner).hex() != vector["first_disclosure_hash_in_text"]


def redacted(value: Any) -> set[bytes]:
    if isinstance(value, cbor2.CBORTag):
        return {value.value} if value.tag == 60 else set()
    if isinstance(value, dict):
        found = set(value.get(SIMPLE_59, ()))
        return found.union(*(redacted(item) for key, item in value.items() if key != SIMPLE_59))
    return set().union(*(redacted(item) for item in value)) if isinstance(value, list) else set()


def test_reads_a_one_way_showing() -> None:
    read = read_kbt(KBT)
    claims = read.claims
    assert (claims.aud, claims.iat, claims.exp) == (AUDIENCE_ANY, qr.NOW, qr.NOW + 60)
    assert (len(claims.cti or b""), claims.cnonce) == (16, None)
    assert read.sd_cwt.kid == qr.signer("document signer").key_id
    assert read.sd_cwt.claims == COPY.claims
    assert len(read.sd_cwt.digests) == len(read.sd_cwt.disclosures) == 10


def test_reads_an_answer_to_a_challenge() -> None:
    claims = read_kbt(qr_token.decode(qr.show_answer(COPY, challenge_hash=b"h" * 32))).claims
    assert (claims.aud, claims.iat, claims.exp, claims.cti, claims.cnonce) == (
        qr.POST_ID,
        qr.NOW,
        None,
        None,
        b"h" * 32,
    )


def test_both_signatures_hold_and_exactly_the_shown_groups_open() -> None:
    shown = judged(qr_token.decode(qr.show_one_way(COPY, groups=(Group.NAME, Group.AGE_18))))
    assert not isinstance(shown, Reason)
    assert set(shown) == {Group.NAME, Group.AGE_18}
    assert shown[Group.AGE_18] == {18: True}


def test_a_showing_may_disclose_nothing() -> None:
    assert judged(qr_token.decode(qr.show_one_way(COPY, groups=()))) == {}


def test_the_forging_builder_makes_good_tokens_when_nothing_is_changed() -> None:
    shown = judged(forged_kbt())
    assert isinstance(shown, dict)
    assert set(shown) == set(qr.SHOWN)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5, 6])
def test_one_flipped_bit_anywhere_is_refused(step: int) -> None:
    # Every byte is hit; which bit changes from byte to byte, so that seven runs with coprime strides cover many.
    for at in range(step, len(KBT), 7):
        flipped = bytearray(KBT)
        flipped[at] ^= 1 << (at * 5 + step) % 8
        assert isinstance(judged(bytes(flipped)), Reason), at


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_one_other_character_anywhere_is_refused(at: int, character: str) -> None:
    text = TEXT[:at] + character + TEXT[at + 1 :]
    found = outcome(lambda: run(both_signatures(qr_token.decode(text))))
    assert isinstance(found, Reason) or text == TEXT


@given(st.binary(max_size=200))
def test_any_bytes_end_in_one_of_our_errors(data: bytes) -> None:
    assert isinstance(outcome(lambda: read_kbt(data)), Reason)


@given(st.data())
def test_any_cut_or_splice_ends_in_one_of_our_errors(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(KBT)))
    end = data.draw(st.integers(start, len(KBT)))
    noise = data.draw(st.binary(max_size=40))
    spliced = KBT[:start] + noise + KBT[end:]
    assert isinstance(judged(spliced), Reason) or spliced == KBT


def test_refuses_a_token_beyond_the_largest_size() -> None:
    with refused(Reason.TOO_LARGE):
        read_kbt(KBT + bytes(3072))


def test_refuses_a_bare_sd_cwt() -> None:
    with refused(Reason.HOLDER_PROOF_MISSING):
        read_kbt(COPY.sd_cwt)


def test_refuses_a_token_without_holder_key() -> None:
    with refused(Reason.HOLDER_PROOF_MISSING):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(claims={8: REMOVED})))


@pytest.mark.parametrize(
    "headers",
    [{13: REMOVED}, {16: REMOVED}, {16: 295}, {16: "294"}, {4: bytes(8)}, {2: [16]}, {170: -16}, {13: b"bytes"}],
)
def test_refuses_other_headers_on_the_key_binding_token(headers: dict[Any, Any]) -> None:
    found = outcome(lambda: read_kbt(forged_kbt(headers=headers)))
    assert found is (Reason.CBOR_MALFORMED if headers.get(13) == b"bytes" else Reason.HEADER_UNEXPECTED)


def test_refuses_unprotected_headers_on_the_key_binding_token() -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        read_kbt(forged_kbt(unprotected={4: bytes(8)}))


@pytest.mark.parametrize(
    "headers",
    [
        {4: REMOVED},
        {170: REMOVED},
        {16: 294},
        {4: bytes(7)},
        {4: "12345678"},
        {170: -43},
        {170: "-16"},
        {2: [170]},
        {33: b"x"},
        {3: 1},
    ],
)
def test_refuses_other_headers_on_the_sd_cwt(headers: dict[Any, Any]) -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(headers=headers)))


@pytest.mark.parametrize("algorithm", [-7, -35, -8, -19, 5, True, "ES256", b"\x28"])
def test_refuses_every_other_algorithm_in_both_places(algorithm: object) -> None:
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_kbt(forged_kbt(headers={1: algorithm}))
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(headers={1: algorithm})))


@pytest.mark.parametrize(
    "unprotected",
    [{17: []}, {17: b"x"}, {17: ["x"]}, {17: [[b"x"]]}, {17: [b"x"] * 11}, {4: bytes(8)}, {4: bytes(8), 17: [b"x"]}],
)
def test_refuses_other_unprotected_headers_on_the_sd_cwt(unprotected: dict[Any, Any]) -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(unprotected=unprotected)))


@pytest.mark.parametrize(
    "claims",
    [
        {3: REMOVED},
        {3: 5},
        {3: ""},
        {3: "x" * 101},
        {6: REMOVED},
        {6: -1},
        {6: 1 << 33},
        {6: True},
        {6: "now"},
        {4: REMOVED},
        {4: qr.NOW + 61},
        {4: qr.NOW + 59},
        {4: qr.NOW},
        {7: REMOVED},
        {7: bytes(15)},
        {7: bytes(17)},
        {7: "x" * 16},
        {39: bytes(32)},
        {1: "https://issuer.example"},
        {2: "somebody"},
        {4: REMOVED, 7: REMOVED},
        {4: REMOVED, 39: bytes(32)},
        {7: REMOVED, 39: bytes(32)},
        {4: REMOVED, 7: REMOVED, 39: bytes(31)},
        {4: REMOVED, 7: REMOVED, 39: "x" * 32},
    ],
)
def test_refuses_holder_claims_of_neither_shape(claims: dict[Any, Any]) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_kbt(forged_kbt(claims=claims))


@pytest.mark.parametrize("audience", ["x", "x" * 100])
def test_an_audience_has_one_to_a_hundred_characters(audience: str) -> None:
    assert read_kbt(forged_kbt(claims={3: audience})).claims.aud == audience


def test_the_edges_of_times_addresses_and_indexes_are_accepted() -> None:
    assert [read_time(0), read_time((1 << 33) - 1)] == [0, (1 << 33) - 1]
    assert [read_uri("x"), read_uri("x" * 200)] == ["x", "x" * 200]
    for index in (0, (1 << 32) - 1):
        assert read_status({"status_list": {"idx": index, "uri": "x"}}) == StatusReference("x", index)


@pytest.mark.parametrize("time", [-1, 1 << 33])
def test_the_times_beyond_the_edges_are_refused(time: int) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_time(time)


@pytest.mark.parametrize("payload", [b"\x80", b"\x01", b"\x60"])
def test_refuses_payloads_that_are_no_map(payload: bytes) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_kbt(forged_kbt(payload=payload))
    with refused(Reason.CLAIMS_MALFORMED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(payload=payload)))


@pytest.mark.parametrize("payload", [b"", b"\xa1\x03\xf6", b"\xbf\xff", b"\xa0\x00"])
def test_refuses_payloads_that_are_not_strict_cbor(payload: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_kbt(forged_kbt(payload=payload))
    with refused(Reason.CBOR_MALFORMED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(payload=payload)))


def digests(*more: bytes, count: int = 10) -> list[bytes]:
    return sorted([bytes((n,)) * 32 for n in range(count)] + list(more))


@pytest.mark.parametrize(
    "claims",
    [
        {2: REMOVED},
        {2: "AAAAAAAAAAA="},
        {2: "AAAAAAAAAA"},
        {2: "AAAAAAAAAAB"},
        {2: bytes(8)},
        {4: REMOVED},
        {6: REMOVED},
        {4: qr.MONDAY + 1},
        {6: qr.MONDAY + 1},
        {4: qr.MONDAY},
        {4: qr.MONDAY - qr.DAY},
        {6: True},
        {4: 1 << 33},
        {65535: REMOVED},
        {65535: {}},
        {65535: {"status_list": {"idx": 1}}},
        {65535: {"status_list": {"idx": -1, "uri": "http://a"}}},
        {65535: {"status_list": {"idx": 1 << 32, "uri": "http://a"}}},
        {65535: {"status_list": {"idx": True, "uri": "http://a"}}},
        {65535: {"status_list": {"idx": 1, "uri": b"http://a"}}},
        {65535: {"status_list": {"idx": 1, "uri": "http://a b"}}},
        {65535: {"status_list": {"idx": 1, "uri": "http://样例"}}},
        {65535: {"status_list": {"idx": 1, "uri": "x" * 201}}},
        {65535: {"status_list": {"idx": 1, "uri": ""}}},
        {65535: {"status_list": {"idx": 1, "uri": "http://a", "x": 1}}},
        {65535: {"status_list": 1}},
        {65535: {"identifier_list": {}, "status_list": {"idx": 1, "uri": "http://a"}}},
        {-65547: REMOVED},
        {-65547: 3},
        {-65547: True},
        {-65548: REMOVED},
        {-65548: 0},
        {-65548: "full"},
        {-65549: False},
        {-65549: 1},
        {-65550: 1},
        {1: "https://issuer.example"},
        {5: qr.MONDAY},
        {"x": 1},
        {SIMPLE_59: REMOVED},
        {SIMPLE_59: digests(count=9)},
        {SIMPLE_59: digests(b"x" * 32)},
        {SIMPLE_59: digests()[::-1]},
        {SIMPLE_59: digests(b"x" * 31, count=9)},
        {SIMPLE_59: [*digests(count=9), "x" * 32]},
        {SIMPLE_59: {}},
    ],
)
def test_refuses_issuer_claims_outside_the_profile(claims: dict[Any, Any]) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(claims=claims)))


@pytest.mark.parametrize(
    "cnf",
    [
        {},
        {1: {}},
        {2: b"kid"},
        {1: {1: 2, -1: 1, -2: bytes(32)}},
        {1: {1: 2, -1: 1, -2: bytes(31), -3: True}},
        {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}},
        {1: {1: 2, -1: 2, -2: bytes(32), -3: True}},
        {1: {1: 1, -1: 1, -2: bytes(32), -3: True}},
        {1: {1: 2, -1: True, -2: bytes(32), -3: True}},
        {1: {1: 2, -1: 1, -2: bytes(32), -3: 1}},
        {1: {1: 2, -1: 1, -2: bytes(32), -3: True, -4: bytes(32)}},
        {1: {1: 2, 3: -9, -1: 1, -2: bytes(32), -3: True}},
        {1: {1: 2, -1: 1, -2: bytes(32), -3: True}, 3: b"kid"},
        "key",
    ],
)
def test_refuses_a_holder_key_that_is_no_compressed_p256_point(cnf: object) -> None:
    with refused(Reason.HOLDER_KEY_INVALID):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(claims={8: cnf})))


def test_refuses_a_digest_that_is_there_twice() -> None:
    with refused(Reason.DISCLOSURE_DUPLICATE):
        read_kbt(forged_kbt(sd_cwt=forged_sd_cwt(claims={SIMPLE_59: digests(b"\x01" * 32, count=9)})))


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        (b"\xa1\x12\xf5", b"\xa1\x18\x12\xf5"),
        (b"\xa1\x12\xf5", b"\xbf\x12\xf5\xff"),
        (b"\x3a\x00\x01\x00\x08", b"\x3b\x00\x00\x00\x00\x00\x01\x00\x08"),
    ],
)
def test_refuses_a_wrapped_disclosure_that_is_not_deterministic(written: bytes, otherwise: bytes) -> None:
    good = disclosure(SALT, {18: True}, -65545)
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[good]))) == {Group.AGE_18: {18: True}}
    other = good.replace(written, otherwise)
    assert other != good
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[other]))) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize(
    "shown",
    [
        disclosure(SALT),
        disclosure(SALT, {18: True}),
        disclosure(SALT, {18: True}, -65545, 1),
        disclosure(SALT, -65545, {18: True}),
        disclosure(SALT[:15], {18: True}, -65545),
        disclosure(SALT + b"x", {18: True}, -65545),
        disclosure("x" * 16, {18: True}, -65545),
        disclosure(SALT, {18: True}, -65536),
        disclosure(SALT, {18: True}, -65547),
        disclosure(SALT, {18: True}, 4),
        disclosure(SALT, {18: True}, "age_18"),
        disclosure(SALT, {18: True}, True),
        disclosure(SALT, True, -65545),
        disclosure(SALT, {18: True, 21: True}, -65545),
        disclosure(SALT, {18: True}, -65545) + b"\0",
        b"\x9f" + disclosure(SALT, {18: True}, -65545)[1:] + b"\xff",
        disclosure(SALT, {18: None}, -65545),
        disclosure(SALT, {18: 1.0}, -65545),
        cbor2.dumps({1: 2}),
        b"",
    ],
)
def test_refuses_disclosures_of_another_shape_although_the_issuer_signed_them(shown: bytes) -> None:
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[shown]))) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (disclosure(SALT, {1: "样\u202e"}, -65537), Reason.TEXT_BAD),
        (disclosure(SALT, {1: b"RIFF"}, -65544), Reason.PORTRAIT_BAD),
        (disclosure(SALT, {1: "样", 3: [[0x6837, bytes(72)]]}, -65537), Reason.GLYPH_BAD),
    ],
)
def test_what_is_disclosed_obeys_the_rules_of_display(shown: bytes, reason: Reason) -> None:
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[shown]))) is reason


def test_refuses_a_disclosure_the_issuer_did_not_sign() -> None:
    foreign = disclosure(SALT, {18: True}, -65545)
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(unprotected={17: [foreign]}))) is Reason.DISCLOSURE_UNREFERENCED


def test_refuses_a_disclosure_shown_twice() -> None:
    once = read_kbt(KBT).sd_cwt.disclosures[0]
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(unprotected={17: [once, once]}))) is Reason.DISCLOSURE_DUPLICATE


@pytest.mark.parametrize(
    "pair",
    [
        (disclosure(SALT, {18: True}, -65545), disclosure(SALT[::-1], {18: False}, -65545)),
        (disclosure(SALT, {18: True}, -65545), disclosure(SALT, {1: "1990-01-01"}, -65538)),
    ],
)
def test_refuses_a_group_or_a_salt_that_is_there_twice(pair: tuple[bytes, bytes]) -> None:
    assert judged(forged_kbt(sd_cwt=forged_sd_cwt(disclosures=pair))) is Reason.DISCLOSURE_DUPLICATE


def test_the_order_of_reading_is_structure_first_and_disclosures_last() -> None:
    bad = forged_kbt(sd_cwt=forged_sd_cwt(unprotected={17: [b"not a disclosure"]}))
    assert read_kbt(bad).sd_cwt.disclosures == (b"not a disclosure",)


READERS: list[Callable[[bytes], object]] = [read_kbt]


@pytest.mark.parametrize("read", READERS)
def test_a_tagged_value_elsewhere_than_in_kcwt_is_refused(read: Callable[[bytes], object]) -> None:
    tagged = cbor2.CBORTag(18, forged_sd_cwt())
    assert isinstance(outcome(lambda: read(forged_kbt(headers={4: tagged}))), Reason)
    assert isinstance(outcome(lambda: read(forged_kbt(unprotected={4: tagged}))), Reason)
    assert isinstance(outcome(lambda: read(forged_kbt(claims={3: tagged}))), Reason)
