from __future__ import annotations

import cbor2
import pytest
from cbor2 import CBORSimpleValue, CBORTag
from hypothesis import example, given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import CborValue, ForeignValue
from tests.builders.refusals import outcome, refused

KEYS = st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=6) | st.just(cbor.REDACTED_KEYS)
SCALARS = st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=30) | st.text(max_size=10)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
)


def decode(data: bytes, *, sign1: bool = False) -> CborValue:
    return cbor.decode(data, max_bytes=100_000, sign1=sign1)


def as_bytes(value: object) -> bytes:
    """Encode with the library alone, which asks nothing."""
    return cbor2.dumps(value)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: CborValue) -> None:
    assert decode(cbor.encode(value)) == value


@given(VALUES)
def test_keys_are_sorted_by_their_encoded_bytes_at_every_level(value: CborValue) -> None:
    def check(node: object) -> None:
        if isinstance(node, dict):
            spelled = [as_bytes(key) for key in node]
            assert spelled == sorted(spelled)
        for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            check(item)

    check(decode(cbor.encode(value)))


def test_sorts_by_bytes_and_not_by_length_first() -> None:
    mixed: CborValue = {cbor.REDACTED_KEYS: 1, -65537: 1, 300: 1, -1: 1, 10: 1, "aa": 1, "b": 1, 65535: 1}
    assert cbor.encode(mixed).hex() == "a80a0119012c0119ffff0120013a000100000161620162616101f83b01"


@given(st.binary(max_size=120))
@example(b"\x81" * 5000)
@example(b"\xa1\x00" * 3000)
@example(b"\xd2" * 5000)
@example(bytes.fromhex("9bffffffffffffffff"))
@example(bytes.fromhex("5bffffffffffffffff00"))
@example(bytes.fromhex("7b7fffffffffffffff41"))
@example(bytes.fromhex("bb00ffffffffffffff00"))
def test_any_bytes_give_a_value_that_prints_back_or_our_error(data: bytes) -> None:
    check_prints_back(data)


@given(VALUES, st.data())
def test_a_mutated_encoding_gives_a_value_that_prints_back_or_our_error(value: CborValue, data: st.DataObject) -> None:
    spelled = bytearray(cbor.encode([value, {1: value}]))
    for _ in range(data.draw(st.integers(1, 3))):
        spelled[data.draw(st.integers(0, len(spelled) - 1))] = data.draw(st.integers(0, 255))
    check_prints_back(bytes(spelled))


def check_prints_back(data: bytes) -> None:
    value = outcome(lambda: decode(data, sign1=True))
    if isinstance(value, Reason):
        assert value is Reason.CBOR_MALFORMED
    else:
        assert cbor.encode(value) == data


@pytest.mark.parametrize(
    ("what", "spelled"),
    [
        ("trailing byte", "0100"),
        ("nothing", ""),
        ("truncated", "8201"),
        ("duplicate key", "a201020103"),
        ("keys in another order", "a202000100"),
        ("length-first order", "a22000190100 00".replace(" ", "")),
        ("negative before unsigned", "a220000a00"),
        ("longer text before shorter", "a262616100616200"),
        ("simple(59) before text", "a2f83b00616100"),
        ("a head longer than needed", "1801"),
        ("a length longer than needed", "580100"),
        ("an indefinite array", "9f01ff"),
        ("an indefinite map", "bf0102ff"),
        ("an indefinite byte string", "5f4101ff"),
        ("a half float", "f93c00"),
        ("a double", "fb3ff0000000000000"),
        ("null", "f6"),
        ("undefined", "f7"),
        ("simple(59) as a value", "f83b"),
        ("another simple key", "a1f82000"),
        ("a bool key", "a1f500"),
        ("a byte string key", "a1410000"),
        ("an array key", "a18000"),
        ("a map key", "a1a000"),
        ("a float key", "a1f93c0000"),
        ("a null key", "a1f600"),
        ("a big number", "c249010000000000000000"),
        ("a small big number", "c24101"),
        ("a negative big number", "c349010000000000000000"),
        ("a date text", "c074323031332d30332d32315432303a30343a30305a"),
        ("a date number", "c100"),
        ("a decimal fraction", "c48221196ab3"),
        ("a pattern", "d8236161"),
        ("a shared value", "d81c80"),
        ("a shared reference", "d81d00"),
        ("string references", "d9010080"),
        ("a set", "d9010280"),
        ("a self-described item", "d9d9f700"),
        ("an unknown tag", "d82a00"),
        ("tag 18 where none may be", "d280"),
        ("tag 18 as a key", "a1d28000"),
        ("tag 18 inside another", "d82ad280"),
        ("text that is not UTF-8", "61ff"),
        ("an encoded surrogate", "63eda080"),
        ("a break alone", "ff"),
        ("a reserved head", "1c"),
        ("nested 17 deep", "81" * 17 + "00"),
    ],
)
def test_refuses_what_is_not_deterministic_cbor_of_the_profile(what: str, spelled: str) -> None:
    with refused(Reason.CBOR_MALFORMED):
        decode(bytes.fromhex(spelled))


@pytest.mark.parametrize("inside", ["81", "a100"])
def test_refuses_inside_an_array_and_a_map_too(inside: str) -> None:
    for bad in ("f6", "f93c00", "a201020103", "1801", "d82a00"):
        with refused(Reason.CBOR_MALFORMED):
            decode(bytes.fromhex(inside + bad))


def test_keeps_tag_18_where_it_may_be() -> None:
    tagged = bytes.fromhex("a10dd28101")
    value = decode(tagged, sign1=True)
    assert value == {13: CBORTag(18, [1])}
    assert cbor.encode(value) == tagged
    with refused(Reason.CBOR_MALFORMED):
        decode(tagged)


def test_refuses_tag_18_where_nothing_is_said_of_it() -> None:
    with refused(Reason.CBOR_MALFORMED):
        cbor.decode(bytes.fromhex("d280"), max_bytes=100)
    with refused(Reason.CBOR_MALFORMED):
        cbor.decode_map(bytes.fromhex("a10dd28101"), max_bytes=100)
    assert cbor.decode_map(bytes.fromhex("a10dd28101"), max_bytes=100, sign1=True) == {13: CBORTag(18, [1])}


def test_the_number_zero_is_a_key_before_all_others() -> None:
    assert decode(bytes.fromhex("a2000001 00".replace(" ", ""))) == {0: 0, 1: 0}
    assert cbor.encode({1: 0, -1: 0, 0: 0}).hex() == "a3000001002000"


def test_accepts_the_allowed_depth() -> None:
    assert decode(bytes.fromhex("81" * 16 + "00"))


def test_a_map_may_be_as_deep_as_any_value_and_as_deep_as_is_said() -> None:
    assert cbor.decode_map(bytes.fromhex("a100" * 16 + "00"), max_bytes=100)
    with refused(Reason.CBOR_MALFORMED):
        cbor.decode_map(bytes.fromhex("a100" * 17 + "00"), max_bytes=100)
    with refused(Reason.CBOR_MALFORMED):
        cbor.decode_map(bytes.fromhex("a100" * 3 + "00"), max_bytes=100, max_depth=2)


def test_refuses_more_bytes_than_allowed_before_decoding() -> None:
    with refused(Reason.TOO_LARGE):
        cbor.decode(b"\xff" * 11, max_bytes=10)


def test_a_map_is_demanded_where_one_is_needed() -> None:
    assert cbor.decode_map(b"\xa0", max_bytes=1) == {}
    with refused(Reason.CBOR_MALFORMED):
        cbor.decode_map(b"\x80", max_bytes=1)


@pytest.mark.parametrize(
    "value", [None, 1.0, {True: 1}, {b"": 1}, {CBORSimpleValue(58): 1}, CBORTag(24, b""), [None], (1,)]
)
def test_does_not_write_what_is_outside_the_profile(value: object) -> None:
    with pytest.raises(TypeError):
        cbor.encode(value)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_the_head_of_a_byte_string_is_the_one_that_is_encoded(size: int) -> None:
    assert cbor.bstr_head(size) + bytes(size) == cbor.encode(bytes(size))


# --- what others write -----------------------------------------------------------------------------------------------

TAGS = (0, 24, 1004)
FOREIGN_SCALARS = SCALARS | st.none()
FOREIGN_KEYS = st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=6)
FOREIGN: st.SearchStrategy[ForeignValue] = st.recursive(
    FOREIGN_SCALARS | st.builds(CBORTag, st.sampled_from(TAGS), FOREIGN_SCALARS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FOREIGN_KEYS, inner, max_size=5),
    max_leaves=15,
)


def foreign(data: bytes, *, tags: tuple[int, ...] = TAGS) -> ForeignValue:
    return cbor.decode_foreign(data, max_bytes=100_000, tags=tags)


@given(FOREIGN)
def test_what_is_encoded_for_others_decodes_to_the_same_in_the_same_order(value: ForeignValue) -> None:
    spelled = cbor.encode_foreign(value)
    read = foreign(spelled)
    assert read == value
    assert cbor.encode_foreign(read) == spelled == as_bytes(value)


def test_keys_of_others_stand_in_any_order() -> None:
    for spelled in ("a2616201616102", "a2616102616201", "a3200001006000"):
        assert cbor.encode_foreign(foreign(bytes.fromhex(spelled))).hex() == spelled


@given(st.binary(max_size=120))
@example(b"\x81" * 5000)
@example(b"\xa1\x00" * 3000)
@example(b"\xd8\x18" * 3000)
@example(bytes.fromhex("9bffffffffffffffff"))
@example(bytes.fromhex("bb00ffffffffffffff00"))
def test_any_bytes_of_others_give_a_value_that_prints_back_or_our_error(data: bytes) -> None:
    check_foreign_prints_back(data)


@given(FOREIGN, st.data())
def test_a_mutated_encoding_of_others_gives_a_value_that_prints_back_or_our_error(
    value: ForeignValue, data: st.DataObject
) -> None:
    spelled = bytearray(cbor.encode_foreign([value, {"a": value}]))
    for _ in range(data.draw(st.integers(1, 3))):
        spelled[data.draw(st.integers(0, len(spelled) - 1))] = data.draw(st.integers(0, 255))
    check_foreign_prints_back(bytes(spelled))


def check_foreign_prints_back(data: bytes) -> None:
    value = outcome(lambda: foreign(data))
    if isinstance(value, Reason):
        assert value is Reason.CBOR_MALFORMED
    else:
        assert cbor.encode_foreign(value) == data


@pytest.mark.parametrize(
    ("what", "spelled"),
    [
        ("trailing byte", "0100"),
        ("nothing", ""),
        ("truncated", "8201"),
        ("duplicate number", "a201020103"),
        ("duplicate text", "a2616101616101"),
        ("a head longer than needed", "1801"),
        ("a length longer than needed", "580100"),
        ("a tag longer than needed", "d9001840"),
        ("an indefinite array", "9f01ff"),
        ("an indefinite map", "bf0102ff"),
        ("an indefinite byte string", "5f4101ff"),
        ("an indefinite text", "7f6161ff"),
        ("a half float", "f93c00"),
        ("a double", "fb3ff0000000000000"),
        ("not a number", "f97e00"),
        ("undefined", "f7"),
        ("another simple value", "f83b"),
        ("a bool key", "a1f500"),
        ("a byte string key", "a1410000"),
        ("an array key", "a18000"),
        ("a map key", "a1a000"),
        ("a float key", "a1f93c0000"),
        ("a float key beside the number", "a20100f93c0000"),
        ("a null key", "a1f600"),
        ("a tag as a key", "a1d81840 00".replace(" ", "")),
        ("a simple key", "a1f83b00"),
        ("a big number", "c249010000000000000000"),
        ("a small big number", "c24101"),
        ("a negative big number", "c349010000000000000000"),
        ("a date number", "c100"),
        ("a set", "d9010280"),
        ("a shared value", "d81c80"),
        ("tag 18", "d280"),
        ("an unknown tag", "d82a00"),
        ("an unknown tag inside a tag", "d818d82a00"),
        ("a float inside a tag", "d818f93c00"),
        ("an array inside a tag that is not known to the library", "d81880"),
        ("text that is not UTF-8", "61ff"),
        ("nested 17 deep", "81" * 17 + "00"),
    ],
)
@pytest.mark.parametrize("around", ["", "81", "a100", "a16161"])
def test_refuses_what_is_not_strict_cbor_of_others(what: str, spelled: str, around: str) -> None:
    with refused(Reason.CBOR_MALFORMED):
        foreign(bytes.fromhex(around + spelled))


@pytest.mark.parametrize("spelled", ["c074323031332d30332d32315432303a30343a30305a", "d81841a0", "d903ec6161"])
def test_keeps_the_tags_that_may_appear_and_makes_nothing_of_them(spelled: str) -> None:
    data = bytes.fromhex(spelled)
    value = foreign(data)
    assert isinstance(value, CBORTag)
    assert type(value.value) in {str, bytes}
    assert cbor.encode_foreign(value) == data
    with refused(Reason.CBOR_MALFORMED):
        foreign(data, tags=())


def test_keeps_an_array_under_a_listed_tag_that_the_library_knows() -> None:
    assert foreign(bytes.fromhex("d28101"), tags=(18,)) == CBORTag(18, [1])


def test_accepts_the_allowed_depth_of_others() -> None:
    assert foreign(bytes.fromhex("81" * 16 + "00"))


def test_what_others_wrote_may_be_as_deep_as_is_said() -> None:
    for read in (cbor.decode_foreign, cbor.load_foreign):
        with refused(Reason.CBOR_MALFORMED):
            read(bytes.fromhex("81" * 17 + "00"), max_bytes=100)
        with refused(Reason.CBOR_MALFORMED):
            read(bytes.fromhex("81" * 3 + "00"), max_bytes=100, max_depth=2)


def test_accepts_as_many_bytes_of_others_as_allowed() -> None:
    assert cbor.load_foreign(b"\x81\x00", max_bytes=2) == [0]


def test_refuses_more_bytes_of_others_than_allowed_before_decoding() -> None:
    with refused(Reason.TOO_LARGE):
        cbor.decode_foreign(b"\xff" * 11, max_bytes=10)


@pytest.mark.parametrize(
    "value", [1.0, [float("nan")], {"a": 1.5}, CBORTag(24, 1.5), {b"": 1}, {True: 1}, {None: 1}, (1,)]
)
def test_does_not_write_for_others_what_is_outside_the_profile(value: object) -> None:
    with pytest.raises(TypeError):
        cbor.encode_foreign(value)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("value", [1 << 64, -(1 << 64) - 1])
def test_does_not_write_for_others_an_integer_beyond_64_bits(value: int) -> None:
    arounds: list[ForeignValue] = [value, [value], {value: 1}, {"a": value}, CBORTag(24, value)]
    for around in arounds:
        with pytest.raises(TypeError):
            cbor.encode_foreign(around)


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 60_000])
def test_the_heads_of_arrays_and_maps_are_those_that_are_encoded(size: int) -> None:
    assert cbor.array_head(size) + b"\x00" * size == cbor.encode_foreign([0] * size)
    head = cbor.map_head(size)
    assert cbor.encode_foreign(dict.fromkeys(range(size), 0))[: len(head)] == head


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536])
def test_what_is_wrapped_is_unwrapped(size: int) -> None:
    assert cbor.wrapped(bytes(size)) == as_bytes(CBORTag(24, bytes(size)))
    assert cbor.unwrap(cbor.wrapped(bytes(size))) == bytes(size)


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "d8",
        "d818",
        "d81800",
        "d81881",
        "d81860",
        "40",
        "d81741a0",
        "d9001841a0",
        "d81841",
        "d81841a000",
        "d8185801a0",
    ],
)
def test_unwraps_nothing_else_than_bytes_in_tag_24(spelled: str) -> None:
    with refused(Reason.CBOR_MALFORMED):
        cbor.unwrap(bytes.fromhex(spelled))
