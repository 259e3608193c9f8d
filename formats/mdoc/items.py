"""IssuerSignedItems: one element, its random and its number, wrapped and hashed (ISO/IEC 18013-5, 9.1.2.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cbor2 import CBORTag

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.model import (
    DIGEST_ID_LIMIT,
    MAX_BYTES,
    MAX_NAME_CHARACTERS,
    MIN_RANDOM_BYTES,
    TAG_CBOR,
    TAG_FULL_DATE,
    VALUE_TAGS,
    UnverifiedItem,
)

RANDOM_BYTES: Final = 16
DIGEST_BYTES: Final = 32
_SORT_BYTES: Final = 8
_MEMBERS: Final = frozenset({"digestID", "random", "elementIdentifier", "elementValue"})

# One item in our layout up to its value, strict by itself: the shortest heads alone, the members in the standard's order,
# a number below 256 and a random of 16 bytes. The spelled name is read by whoever asks, so that it ends where it says.
_OURS: Final = re.compile(
    rb"\xd8\x18(\x58[\x18-\xff]|\x59[\x01-\xff].)\xa4\x68digestID([\x00-\x17]|\x18[\x18-\xff])\x66random\x50.{16}"
    rb"\x71elementIdentifier(.{2,202}?)\x6celementValue",
    re.DOTALL,
)
_ONE_BYTE: Final[Mapping[bytes, int]] = {
    **{bytes((number,)): number for number in range(24)},
    b"\xf4": False,
    b"\xf5": True,
}
_DATE_HEAD: Final = b"\xd9\x03\xec\x6a"
_DATE_BYTES: Final = len(_DATE_HEAD) + 10
_TEXT, _LONG_TEXT, _LONG_BYTES = 0x60, 0x78, 0x59
_SHORT: Final = 24


def random_bytes_for(count: int, digests: int) -> int:
    """Return how many random bytes ``write_items`` needs for so many elements among so many digests."""
    return count * RANDOM_BYTES + (digests - count) * DIGEST_BYTES + digests * _SORT_BYTES


def write_items(
    elements: Mapping[str, ForeignValue], *, digests: int, random: bytes
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Return the IssuerSignedItemBytes of the elements, in their order, and all digests by digestID from 0.

    digests: how many there are to be; the numbers of items and decoys among them are drawn, so that neither which
             element has which number nor how many a person has is the same in two copies, or tells anything.
    random:  ``random_bytes_for(len(elements), digests)`` bytes from the system.
    """
    count = len(elements)
    salts_end = count * RANDOM_BYTES
    sort_start = len(random) - digests * _SORT_BYTES
    keys = [random[at : at + _SORT_BYTES] for at in range(sort_start, len(random), _SORT_BYTES)]
    numbers = sorted(range(digests), key=keys.__getitem__)
    # A digest of random input looks like random bytes, so random bytes are the decoy.
    found = [b""] * digests
    for place, at in enumerate(range(salts_end, sort_start, DIGEST_BYTES), start=count):
        found[numbers[place]] = random[at : at + DIGEST_BYTES]
    items = []
    for place, (element, value) in enumerate(elements.items()):
        salt = random[place * RANDOM_BYTES : (place + 1) * RANDOM_BYTES]
        item = cbor.wrapped(_spell(numbers[place], salt, element, value))
        items.append(item)
        found[numbers[place]] = sha256(item).digest()
    return tuple(items), tuple(found)


def read_items(listed: ForeignValue) -> tuple[UnverifiedItem, ...]:
    """Return the items of one namespace: at least one, each strictly an IssuerSignedItem inside tag 24.

    Raises MalformedInput: DISCLOSURE_MALFORMED for another shape, a short random, a number out of range;
    DISCLOSURE_DUPLICATE for a digestID or an element met twice.
    """
    if type(listed) is not list or not listed:
        raise _malformed("a namespace is no list of items")
    return _without_duplicates([_read_item(entry) for entry in listed])


def cut_items(data: bytes, at: int, count: int) -> tuple[tuple[UnverifiedItem, ...], int] | None:
    """Return so many items that stand one after the other from ``at``, and where they end; None if one is not in our layout.

    They are the very items that ``read_items`` reads, without a value being built for what is known beforehand. The end
    is where the last item says.
    Raises MalformedInput as ``read_items``.
    """
    items = []
    for _ in range(count):
        found = _cut_item(data, at)
        if found is None:
            return None
        item, at = found
        items.append(item)
    return _without_duplicates(items), at


def _without_duplicates(items: list[UnverifiedItem]) -> tuple[UnverifiedItem, ...]:
    if len({item.digest_id for item in items}) != len(items) or len({item.element for item in items}) != len(items):
        raise MalformedInput(Reason.DISCLOSURE_DUPLICATE, "a digestID or an element appears twice")
    return tuple(items)


def is_name(value: object) -> bool:
    """Say whether a value is a name of an element or a namespace: a text of a bounded size."""
    return type(value) is str and 0 < len(value) <= MAX_NAME_CHARACTERS


@lru_cache(maxsize=256)
def read_name(spelled: bytes) -> str | None:
    """Return the name that is spelled so, to the last byte; None where it is not one, or not in strict CBOR."""
    try:
        name = cbor.decode_foreign(spelled, max_bytes=MAX_BYTES)
    except MalformedInput:
        return None
    return name if type(name) is str and is_name(name) else None


def write_namespace(namespace: str, items: Sequence[bytes]) -> bytes:
    """Return IssuerNameSpaces of one namespace."""
    return b"".join((b"\xa1", cbor.encode_foreign(namespace), cbor.array_head(len(items)), *items))


def _spell(number: int, random: bytes, element: str, value: ForeignValue) -> bytes:
    """Return an IssuerSignedItem in the order of the standard.

    By hand, as issuing is mostly this.
    """
    return b"".join(
        (
            b"\xa4\x68digestID",
            _number(number),
            b"\x66random",
            cbor.bstr_head(len(random)),
            random,
            _name(element),
            cbor.encode_foreign(value),
        )
    )


@lru_cache(maxsize=256)
def _number(number: int) -> bytes:
    return cbor.encode_foreign(number)


@lru_cache(maxsize=256)
def _name(element: str) -> bytes:
    if not is_name(element):
        raise ValueError("not a name of an element")
    return b"\x71elementIdentifier" + cbor.encode_foreign(element) + b"\x6celementValue"


def _read_item(entry: ForeignValue) -> UnverifiedItem:
    inner = entry.value if isinstance(entry, CBORTag) and entry.tag == TAG_CBOR else None
    if type(inner) is not bytes:
        raise _malformed("an item is not wrapped in tag 24")
    found = _cut_item(cbor.wrapped(inner), 0)
    return read_any_layout(inner) if found is None else found[0]


def read_any_layout(inner: bytes) -> UnverifiedItem:
    """Return the item inside tag 24, whoever spelled it; errors as ``read_items``."""
    try:
        item = cbor.decode_foreign(inner, max_bytes=MAX_BYTES, tags=VALUE_TAGS)
    except MalformedInput as err:
        raise _malformed("an item is not strict CBOR") from err
    if type(item) is not dict or item.keys() != _MEMBERS:
        raise _malformed("an item has other members than an IssuerSignedItem")
    number, random, element = item["digestID"], item["random"], item["elementIdentifier"]
    if type(number) is not int or not 0 <= number < DIGEST_ID_LIMIT:
        raise _malformed("a digestID is not an unsigned integer below 2^31")
    if type(random) is not bytes or len(random) < MIN_RANDOM_BYTES:
        raise _malformed("a random is shorter than 16 bytes")
    if type(element) is not str or not is_name(element):
        raise _malformed("an element has no name")
    return UnverifiedItem(number, element, item["elementValue"], cbor.wrapped(inner))


def _cut_item(data: bytes, at: int) -> tuple[UnverifiedItem, int] | None:
    """Return the item in our layout that stands at ``at``, and where it ends by its own head; None for any other."""
    found = _OURS.match(data, at)
    if found is None:
        return None
    size, number, name = found.groups()
    end = found.end(1) + int.from_bytes(size[1:], "big")
    value = _cut_value(data[found.end() : end])
    element = read_name(name)
    if value is None or element is None:
        return None
    return UnverifiedItem(number[-1], element, value, data[at:end]), end


# Not remembered by their bytes, as the names are: what is said about a person is kept nowhere.
def _cut_value(spelled: bytes) -> ForeignValue:
    """Return a value of one part: a number below 24, true or false, a text, a full-date, bytes; None for any other."""
    if len(spelled) < 2:
        return _ONE_BYTE.get(spelled)
    head, size = spelled[0], len(spelled)
    try:
        if head == _TEXT + size - 1 and head < _LONG_TEXT:
            return spelled[1:].decode()
        if head == _LONG_TEXT and _SHORT <= spelled[1] == size - 2:
            return spelled[2:].decode()
        if size == _DATE_BYTES and spelled.startswith(_DATE_HEAD):
            return CBORTag(TAG_FULL_DATE, spelled[len(_DATE_HEAD) :].decode())
    except UnicodeDecodeError:
        return None
    if head == _LONG_BYTES and 0x100 <= int.from_bytes(spelled[1:3], "big") == size - 3:
        return spelled[3:]
    return None


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.DISCLOSURE_MALFORMED, detail)
