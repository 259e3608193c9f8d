"""Other ways to spell one CBOR map, none of them the strict one: for readers that must refuse every spelling but one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cbor2

Spelling = Callable[[bytes], bytes]

HUGE: Final = b"\xff" * 8
UNUSED: Final = b"\x78\x18" + b"a member that nobody uses"[:24]
"""A text key longer than any of ours."""

_DIGESTS: Final = b"\xf8\x3b\x8a\x58\x20"
"""The head of the digests of an SD-CWT, whose key alone stands behind all texts."""


def pairs(encoded: bytes) -> tuple[int, bytes]:
    """Return the number of pairs of an encoded map of fewer than 256, and the pairs themselves."""
    if 0xA0 <= encoded[0] < 0xB8:
        return encoded[0] - 0xA0, encoded[1:]
    if encoded[0] != 0xB8:
        raise ValueError("not a small map")
    return encoded[1], encoded[2:]


def head(count: int) -> bytes:
    """Return the shortest head of a map of fewer than 256 pairs."""
    return bytes((0xA0 + count,)) if count < 24 else bytes((0xB8, count))


def first_key(encoded: bytes) -> bytes:
    """Return the first key of a map as it is encoded."""
    return cbor2.dumps(next(iter(cbor2.loads(encoded))))


def one_more(pair: bytes) -> Spelling:
    """Return the spelling with one more pair, behind all others that a text key stands behind."""

    def spell(encoded: bytes) -> bytes:
        count, body = pairs(encoded)
        of_sd_cwt = list(cbor2.loads(encoded))[-1] == cbor2.CBORSimpleValue(59)
        place = body.index(_DIGESTS) if of_sd_cwt else len(body)
        return head(count + 1) + body[:place] + pair + body[place:]

    return spell


def first_of_all(pair: bytes, encoded: bytes) -> bytes:
    """Return the map with one more pair before all others: where keys are equal, the right value is the last one."""
    count, body = pairs(encoded)
    return head(count + 1) + pair + body


def _indefinite(encoded: bytes) -> bytes:
    return b"\xbf" + pairs(encoded)[1] + b"\xff"


def _long_head(encoded: bytes) -> bytes:
    count, body = pairs(encoded)
    return b"\xb9" + count.to_bytes(2, "big") + body


def _huge_count(encoded: bytes) -> bytes:
    return b"\xbb" + HUGE + pairs(encoded)[1]


def _same_key_again(encoded: bytes) -> bytes:
    """The first pair once more, so that whichever counts is right."""
    key = first_key(encoded)
    return first_of_all(key + cbor2.dumps(cbor2.loads(encoded)[cbor2.loads(key)]), encoded)


def _same_key_with_another_value(encoded: bytes) -> bytes:
    return first_of_all(first_key(encoded) + b"\x00", encoded)


def _key_in_a_longer_spelling(encoded: bytes) -> bytes:
    """Other bytes, the same key to a reader that decodes before it compares."""
    key = first_key(encoded)
    # A short key says its number or size in its first byte, a longer one in its second.
    short = key[0] & 0x1F < 24
    longer = bytes((key[0] | 24, key[0] & 0x1F)) + key[1:] if short else bytes((key[0] + 1, 0)) + key[1:]
    return first_of_all(longer + b"\x00", encoded)


SPELLINGS: Final[dict[str, Spelling]] = {
    "an indefinite length": _indefinite,
    "a head longer than need be": _long_head,
    "a count of 2**64 - 1": _huge_count,
    "a pair twice": _same_key_again,
    "a key twice": _same_key_with_another_value,
    "a key twice in two spellings": _key_in_a_longer_spelling,
    "a byte behind it": lambda encoded: encoded + b"\x00",
    "itself behind it": lambda encoded: encoded * 2,
    "a byte cut off": lambda encoded: encoded[:-1],
    "one pair too few": lambda encoded: head(pairs(encoded)[0] + 1) + pairs(encoded)[1],
    "a self-describing tag": lambda encoded: b"\xd9\xd9\xf7" + encoded,
    "a string of 2**64 - 1 bytes": one_more(UNUSED + b"\x5b" + HUGE),
    "an array of 2**64 - 1 elements": one_more(UNUSED + b"\x9b" + HUGE),
    "a string of 2 GiB": one_more(UNUSED + b"\x5a\x7f\xff\xff\xff" + bytes(64)),
    "a tower of arrays": one_more(UNUSED + b"\x81" * 1000 + b"\x00"),
    "a tower of maps": one_more(UNUSED + b"\xa1\x00" * 500 + b"\x00"),
    "a tower of tags": one_more(UNUSED + b"\xd8\x18" * 400 + b"\x40"),
    "an indefinite text": one_more(UNUSED + b"\x7f\x61a\x61b\xff"),
    "an indefinite byte string": one_more(UNUSED + b"\x5f\x41a\x41b\xff"),
    "an indefinite array": one_more(UNUSED + b"\x9f\x00\xff"),
    "a break where a value stands": one_more(UNUSED + b"\xff"),
    "a number longer than need be": one_more(UNUSED + b"\x18\x01"),
    "a float": one_more(UNUSED + b"\xf9\x3c\x00"),
    "not a number": one_more(UNUSED + b"\xf9\x7e\x00"),
    "a big number": one_more(UNUSED + b"\xc2\x41\x01"),
    "undefined": one_more(UNUSED + b"\xf7"),
    "a reserved simple value": one_more(UNUSED + b"\xf8\x18"),
    "a shared value": one_more(UNUSED + b"\xd8\x1c\x81\xd8\x1d\x00"),
    "a text that is not UTF-8": one_more(UNUSED + b"\x62\xc3\x28"),
    "a surrogate in a text": one_more(UNUSED + b"\x63\xed\xa0\x80"),
    "a key that is a float": lambda encoded: first_of_all(b"\xf9\x3c\x00\x00", encoded),
    "a key that is true": lambda encoded: first_of_all(b"\xf5\x00", encoded),
    "a key that is an array": one_more(b"\x80" + b"\x00"),
    "a key that is a byte string": one_more(b"\x41\x01" + b"\x00"),
}
"""By name: how to spell a map so that two readers might read it differently, or one might read for ever."""
