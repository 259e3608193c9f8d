from __future__ import annotations

import json as library

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats.encoding import json
from formats.encoding.json import JsonValue
from tests.builders.refusals import outcome, refused

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def decode(data: bytes | str, max_depth: int = 16) -> JsonValue:
    return json.decode(data, max_bytes=4096, max_depth=max_depth)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: JsonValue) -> None:
    assert decode(json.encode(value)) == value


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_input_gives_a_value_or_our_error(data: bytes | str) -> None:
    found = outcome(lambda: decode(data))
    assert not isinstance(found, Reason) or found is Reason.JSON_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        "NaN",
        "-Infinity",
        "[Infinity]",
        "1e400",
        "-1e400",
        "18446744073709551616",
        "-9223372036854775809",
        "9" * 4000,
        '"\\ud800"',
        '{"\\udfff":1}',
        '["\\ud83d"]',
        "",
        "{}x",
        "\ufeff{}",
        "'a'",
        "[1,]",
        "[" * 3000,
        '{"a":' * 600,
        "[" * 17 + "]" * 17,
    ],
)
def test_refuses_what_two_readers_could_read_differently(text: str) -> None:
    with refused(Reason.JSON_MALFORMED):
        decode(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "gb18030"])
def test_refuses_another_encoding(encoding: str) -> None:
    with refused(Reason.JSON_MALFORMED):
        decode('{"a":"样例"}'.encode(encoding))


def test_refuses_a_lone_surrogate_in_text() -> None:
    with refused(Reason.JSON_MALFORMED):
        decode('"\ud800"')


def test_accepts_an_escaped_pair_of_surrogates() -> None:
    assert decode('"\\ud83d\\ude00"') == "😀"


def test_accepts_the_allowed_depth_and_refuses_one_more() -> None:
    assert library.dumps(decode("[" * 4 + "]" * 4, max_depth=4)) == "[[[[]]]]"
    with refused(Reason.JSON_MALFORMED):
        decode("[" * 5 + "]" * 5, max_depth=4)


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_sixteen_levels_are_allowed_where_nothing_is_said(before: str, after: str) -> None:
    assert json.decode(before * 16 + "1" + after * 16, max_bytes=4096)
    with refused(Reason.JSON_MALFORMED):
        json.decode(before * 17 + "1" + after * 17, max_bytes=4096)


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_every_level_counts_once_where_a_text_is_escaped(before: str, after: str) -> None:
    assert decode(before * 4 + '"\\u0041"' + after * 4, max_depth=4)
    with refused(Reason.JSON_MALFORMED):
        decode(before * 5 + '"\\u0041"' + after * 5, max_depth=4)


@pytest.mark.parametrize("number", [-(1 << 63), (1 << 64) - 1, 5])
def test_accepts_a_bare_number_of_64_bits(number: int) -> None:
    assert decode(str(number)) == number


def test_writes_what_is_not_ascii_as_it_is() -> None:
    assert json.encode({"a": "样例"}) == '{"a":"样例"}'.encode()


def test_refuses_more_bytes_than_allowed() -> None:
    assert json.decode('"样"', max_bytes=5) == "样"
    with refused(Reason.TOO_LARGE):
        json.decode('"样"', max_bytes=4)


def test_does_not_write_what_is_no_json() -> None:
    with pytest.raises(ValueError):
        json.encode(float("nan"))
