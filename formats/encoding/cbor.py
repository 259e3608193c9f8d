"""Deterministic CBOR (RFC 8949 section 4.2.1), strictly read: one value has exactly one encoding.

The library decodes; what it accepts beyond the profile is refused by walking the value and by encoding it again: trailing
bytes, duplicate keys, longer heads than needed and indefinite lengths all print back differently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, NoReturn, TypeAlias

import cbor2
from cbor2 import CBORDecodeError, CBORSimpleValue, CBORTag

from core.errors import MalformedInput
from core.reasons import Reason

CborKey: TypeAlias = "int | str | CBORSimpleValue"
CborValue: TypeAlias = "int | bytes | str | bool | list[CborValue] | dict[CborKey, CborValue] | CBORTag"
CborMap: TypeAlias = "dict[CborKey, CborValue]"
ForeignValue: TypeAlias = (
    "int | bytes | str | bool | list[ForeignValue] | dict[int | str, ForeignValue] | CBORTag | None"
)

REDACTED_KEYS = CBORSimpleValue(59)
"""The map key under which SD-CWT keeps the digests of redacted claims."""

SIGN1_TAG = 18
"""COSE_Sign1 (RFC 9052 section 4.2), the only tag of the profile."""

TAG_24_HEAD = b"\xd8\x18"
"""The head of tag 24 (RFC 8949 section 3.4.5.1): a byte string follows that holds CBOR."""

_SCALARS = frozenset({int, bytes, str, bool})
_FOREIGN_SCALARS = _SCALARS | {type(None)}
_CONTAINERS = frozenset({list, dict})
_FOREIGN_KEYS = frozenset({int, str})
_LARGEST = 1 << 64
_LENGTH_BYTES = {b"\x58": 1, b"\x59": 2, b"\x5a": 4}


def _refuse_tag(*_: object) -> NoReturn:
    raise CBORDecodeError("a tag outside the profile")


def _keep_sign1(value: CborValue, _immutable: bool) -> CBORTag:
    return CBORTag(SIGN1_TAG, value)


# Left alone, the library would turn these into dates, big numbers, sets, patterns, MIME messages and shared references,
# and the content of any other tag into tuples.
_TAG_DECODERS: Mapping[int, Callable[[Any, bool], Any]] = {
    **dict.fromkeys(
        (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 43, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799),
        _refuse_tag,
    ),
    SIGN1_TAG: _keep_sign1,
}


def encode(value: CborValue) -> bytes:
    """Return the one deterministic encoding of a value.

    Map keys are sorted by their encoded bytes: unsigned, then negative, then text by length, then simple(59).
    Raises TypeError for a value outside the profile: floats, None, other tags, bool keys.

    >>> encode({-1: b"", 10: True, "a": 1, 100: []}).hex()
    'a40af51864802040616101'
    """
    return cbor2.dumps(_sorted(value))


def decode(data: bytes, *, max_bytes: int, max_depth: int = 16, sign1: bool = False) -> CborValue:
    """Return the value of strictly deterministic CBOR.

    sign1: whether tag 18 may appear; everything else tagged is always refused.
    Raises MalformedInput: TOO_LARGE beyond ``max_bytes``, CBOR_MALFORMED for everything that is not the deterministic
    encoding of a value of the profile: integers of 64 bits, byte and text strings, booleans, arrays, maps with keys that
    are integers, text or simple(59).

    >>> decode(bytes.fromhex("a10a8101"), max_bytes=10)
    {10: [1]}
    """
    if len(data) > max_bytes:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {max_bytes} bytes of CBOR")
    try:
        value: CborValue = cbor2.loads(data, max_depth=max_depth, semantic_decoders=_TAG_DECODERS)
    except (CBORDecodeError, RecursionError) as err:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not CBOR") from err
    if type(value) not in _SCALARS:
        _check(value, sign1=sign1)
    if cbor2.dumps(value) != data:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not the deterministic encoding of its value")
    return value


def decode_foreign(data: bytes, *, max_bytes: int, max_depth: int = 16, tags: Collection[int] = ()) -> ForeignValue:
    r"""Return the value of CBOR that others wrote: as strict as ``decode``, but map keys stand in any order.

    tags: the tags that may appear, left as ``CBORTag``: nothing is made of what they hold. ``null`` is a value here.
    Raises MalformedInput: TOO_LARGE beyond ``max_bytes``; CBOR_MALFORMED for indefinite lengths, longer heads than needed,
    duplicate keys, trailing bytes, floats, other tags, keys that are neither integers nor texts.

    >>> decode_foreign(bytes.fromhex("a2616201613182f6d81841a0"), max_bytes=20, tags=(24,))
    {'b': 1, '1': [None, CBORTag(24, b'\xa0')]}
    """
    value = load_foreign(data, max_bytes=max_bytes, max_depth=max_depth, tags=tags)
    check_spelling(value, data, tags=tags)
    return value


def load_foreign(data: bytes, *, max_bytes: int, max_depth: int = 16, tags: Collection[int] = ()) -> ForeignValue:
    """Return what ``decode_foreign`` does before it has looked at types and spelling: it may be anything.

    For a caller who says what is wrong with the content before how it is spelled; it calls ``check_spelling`` then.
    """
    if len(data) > max_bytes:
        raise MalformedInput(Reason.TOO_LARGE, f"more than {max_bytes} bytes of CBOR")
    try:
        value: ForeignValue = cbor2.loads(data, max_depth=max_depth, semantic_decoders=_foreign_decoders(tuple(tags)))
    except (CBORDecodeError, RecursionError) as err:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not CBOR") from err
    return value


def check_spelling(value: ForeignValue, data: bytes, *, tags: Collection[int] = ()) -> None:
    """Raise MalformedInput(CBOR_MALFORMED) unless ``data`` is the one spelling of a value of the profile."""
    _check_foreign(value, tags)
    # The library keeps the order of keys, so that what was read prints back as it came, or was not the shortest form.
    if cbor2.dumps(value) != data:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not the shortest encoding of its value")


def decode_map(data: bytes, *, max_bytes: int, max_depth: int = 16, sign1: bool = False) -> CborMap:
    """Return the map that strictly deterministic CBOR holds; another value is CBOR_MALFORMED too."""
    value = decode(data, max_bytes=max_bytes, max_depth=max_depth, sign1=sign1)
    if type(value) is not dict:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not a CBOR map")
    return value


@lru_cache(maxsize=16)
def _foreign_decoders(tags: tuple[int, ...]) -> Mapping[int, Callable[[Any, bool], Any]]:
    refused = dict.fromkeys(_TAG_DECODERS, _refuse_tag)
    # The library itself leaves a tag that it does not know as a CBORTag.
    return {**refused, **{tag: partial(_keep_tag, tag) for tag in tags if tag in refused}}


def _keep_tag(tag: int, value: ForeignValue, _immutable: bool) -> CBORTag:
    return CBORTag(tag, value)


def _check_foreign(value: object, tags: Container[int]) -> None:
    inner: Iterable[object]
    if type(value) is dict:
        if not _FOREIGN_KEYS.issuperset(map(type, value)):
            raise MalformedInput(Reason.CBOR_MALFORMED, "a map key that is neither a number nor a text")
        inner = value.values()
    elif type(value) is list:
        inner = value
    elif isinstance(value, CBORTag) and value.tag in tags:
        inner = (value.value,)
    elif type(value) in _FOREIGN_SCALARS:
        return
    else:
        raise MalformedInput(Reason.CBOR_MALFORMED, "a type of value outside the profile")
    # Scalars and what is empty are looked at where they stand, without a call each.
    for item in inner:
        if type(item) not in _FOREIGN_SCALARS and (item or type(item) not in _CONTAINERS):
            _check_foreign(item, tags)


def encode_foreign(value: ForeignValue) -> bytes:
    """Return the shortest encoding of a value, its maps in the order they have: what ``decode_foreign`` read prints back.

    Raises TypeError for a value outside that profile: floats, integers beyond 64 bits, keys that are neither integers
    nor texts.

    >>> encode_foreign({"b": 1, "a": [None, CBORTag(24, b"")]}).hex()
    'a2616201616182f6d81840'
    """
    _refuse_unprintable(value)
    return cbor2.dumps(value)


def wrapped(content: bytes) -> bytes:
    r"""Return tag 24 over the byte string that holds this CBOR, as ISO/IEC 18013-5 wraps what it hashes and signs.

    >>> wrapped(b"\xa0").hex()
    'd81841a0'
    """
    return TAG_24_HEAD + bstr_head(len(content)) + content


def unwrap(data: bytes) -> bytes:
    """Return the CBOR inside tag 24, itself not looked at; MalformedInput(CBOR_MALFORMED) for anything else.

    >>> unwrap(bytes.fromhex("d81841a0")).hex()
    'a0'
    """
    # The head of a byte string says by its second byte how long it is: 0, 1, 2 or 4 bytes follow.
    content = data[3 + _LENGTH_BYTES.get(data[2:3], 0) :]
    if wrapped(content) != data:
        raise MalformedInput(Reason.CBOR_MALFORMED, "not CBOR wrapped in tag 24")
    return content


def _refuse_unprintable(value: object) -> None:
    if type(value) is int:
        if not -_LARGEST <= value < _LARGEST:
            raise TypeError("an integer beyond 64 bits")
    elif type(value) is dict:
        if not _FOREIGN_KEYS.issuperset(map(type, value)):
            raise TypeError("a map key that is neither a number nor a text")
        for item in (*value, *value.values()):
            _refuse_unprintable(item)
    elif type(value) is list:
        for item in value:
            _refuse_unprintable(item)
    elif isinstance(value, CBORTag):
        _refuse_unprintable(value.value)
    elif type(value) not in _FOREIGN_SCALARS:
        raise TypeError(f"{type(value).__name__} is outside the profile")


def bstr_head(size_bytes: int) -> bytes:
    """Return the head of a byte string of this size, as it stands before the content.

    >>> bstr_head(3).hex(), bstr_head(24).hex(), bstr_head(256).hex()
    ('43', '5818', '590100')
    """
    if size_bytes < 24:
        return bytes((0x40 | size_bytes,))
    if size_bytes < 0x100:
        return bytes((0x58, size_bytes))
    if size_bytes < 0x10000:
        return b"\x59" + size_bytes.to_bytes(2, "big")
    return b"\x5a" + size_bytes.to_bytes(4, "big")


def array_head(count: int) -> bytes:
    """Return the head of an array of so many elements, fewer than 65,536."""
    return _head(0x80, count)


def map_head(count: int) -> bytes:
    """Return the head of a map of so many pairs, fewer than 65,536."""
    return _head(0xA0, count)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes((major | argument,))
    return bytes((major | 24, argument)) if argument < 0x100 else bytes((major | 25, *argument.to_bytes(2, "big")))


def _rank(key: object) -> tuple[int, ...] | tuple[int, int, bytes] | None:
    """Return what orders keys as their encoded bytes do, None for a key outside the profile."""
    if type(key) is int:
        return (0, key) if key >= 0 else (1, -1 - key)
    if type(key) is str:
        spelled = key.encode("utf-8")
        return (3, len(spelled), spelled)
    if key == REDACTED_KEYS and type(key) is CBORSimpleValue:
        return (7,)
    return None


def _check(value: object, *, sign1: bool) -> None:
    kind = type(value)
    if kind is dict:
        previous: tuple[object, ...] = ()
        for key, item in value.items():  # type: ignore[attr-defined]  # mypy does not narrow by type()
            rank = _rank(key)
            if rank is None or rank <= previous:
                raise MalformedInput(Reason.CBOR_MALFORMED, "map keys of another type or not in order")
            previous = rank
            if type(item) not in _SCALARS and (item or type(item) not in _CONTAINERS):
                _check(item, sign1=sign1)
    elif kind is list:
        for item in value:  # type: ignore[attr-defined]  # mypy does not narrow by type()
            if type(item) not in _SCALARS and (item or type(item) not in _CONTAINERS):
                _check(item, sign1=sign1)
    elif sign1 and isinstance(value, CBORTag) and value.tag == SIGN1_TAG:
        _check(value.value, sign1=sign1)
    elif kind not in _SCALARS:
        raise MalformedInput(Reason.CBOR_MALFORMED, "a type of value outside the profile")


def _order(key: object) -> tuple[int, ...] | tuple[int, int, bytes]:
    if type(key) is int:
        return (0, key) if key >= 0 else (1, -1 - key)  # as in _rank, without a call: nearly every key is a number
    rank = _rank(key)
    if rank is None:
        raise TypeError("a map key outside the profile")
    return rank


def _sorted(value: CborValue) -> CborValue:
    # What is issued passes here piece by piece: scalars are looked at where they stand, without a call each.
    if type(value) is dict:
        items = {key: value[key] for key in sorted(value, key=_order)}
        return {key: item if type(item) in _SCALARS else _sorted(item) for key, item in items.items()}
    if type(value) is list:
        return [item if type(item) in _SCALARS else _sorted(item) for item in value]
    if type(value) in _SCALARS:
        return value
    if isinstance(value, CBORTag) and value.tag == SIGN1_TAG:
        return CBORTag(SIGN1_TAG, _sorted(value.value))
    raise TypeError(f"{type(value).__name__} is outside the profile")
