"""Hostile inputs for every parser, and how long the worst of them take: ``python -m tests.support.hostile``.

What a machine takes is reported and never asserted; what leaves a parser is asserted in ``tests/attacks``.
"""

from __future__ import annotations

import resource
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from time import thread_time

from formats.encoding import base45, base64url, cbor, json
from tests.support.parsers import PARSERS, Parser, refused_or_read

SIZES = (65_536, 8_000, 3_000)
"""What any parser may be handed, and what those with lower limits still look at."""
WORST = 10
BOUND_SECONDS = 0.05
MEMORY_BYTES = 128 * 1024 * 1024
"""What reading may take from the machine beyond what the process has when it begins."""


def hostile_inputs(parser: Parser, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield inputs of about this size, each with its idea in a word."""
    yield from _repeated(size)
    yield from _json_games(size)
    yield from _cbor_games(size)
    yield from _packed(size)
    for place, seed in enumerate(parser.seeds()):
        yield f"seed {place}", seed
        yield f"seed {place} and more", (seed + bytes(size))[:size]
        yield f"seed {place} over and over", (seed * (size // max(1, len(seed)) + 1))[:size]
        for cut in (1, len(seed) // 2, max(0, len(seed) - 1)):
            yield f"seed {place} cut at {cut}", seed[:cut]


def _repeated(size: int) -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    for unit in (
        b"\0",
        b"\xff",
        b"A",
        b"0",
        b"9",
        b" ",
        b"=",
        b"-",
        b".",
        b"~",
        b"~.",
        b"a.",
        b"A~",
        b"&",
        b"a=&",
        b"a=b&",
        b"%",
        b"%41",
        b"[",
        b"{",
        b"(",
        b'"',
        b"\\",
        b"\n",
        b"\r\n",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
        b"\xcc\x81",
        b"e\xcc\x81",
        b"EID1:",
        b"EIDC1:",
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30\x80",
        b"\x30\x83\xff\xff\xff",
        b"\x06\x01\x2a",
    ):
        yield f"{unit!r} over and over", unit * (size // len(unit))
    for prefix in (
        b"EID1:",
        b"EIDC1:",
        b"openid-credential-offer://?credential_offer=",
        b"a.b.",
        b"e30.e30.",
        b"{",
        b"[",
    ):
        for unit in (b"A", b"0", b"~", b".", b"[", b"%5B"):
            yield f"{prefix!r} then {unit!r}", (prefix + unit * size)[:size]


def _json_games(size: int) -> Iterator[tuple[str, bytes]]:
    depth = size // 2
    yield "json: deep arrays", b"[" * depth + b"]" * depth
    yield "json: deep objects", b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6)
    yield "json: deep, by sixteens", b"[" + b",".join([b"[" * 15 + b"]" * 15] * (size // 31)) + b"]"
    yield "json: many members", b"{" + b",".join(b'"%x":0' % place for place in range(size // 9)) + b"}"
    yield "json: one member again and again", b"{" + b",".join([b'"a":0'] * (size // 6)) + b"}"
    yield "json: many elements", b"[" + b",".join([b"0"] * (size // 2 - 1)) + b"]"
    yield "json: many empty objects", b"[" + b",".join([b"{}"] * (size // 3 - 1)) + b"]"
    yield "json: a long number", b'{"iat":' + b"9" * (size - 8) + b"}"
    yield "json: long numbers", b"[" + b",".join([b"9" * 4299] * (size // 4300)) + b"]"
    yield "json: a long fraction", b'{"iat":0.' + b"1" * (size - 10) + b"}"
    yield "json: a long exponent", b'{"iat":1e' + b"0" * (size - 11) + b"1}"
    yield "json: a small number, long", b'{"iat":' + b"1" * 700 + b"." + b"1" * (size - 720) + b"e-700}"
    yield "json: escapes", b'{"a":"' + b"\\u0041" * (size // 6 - 2) + b'"}'
    yield "json: surrogates", b'{"a":"' + b"\\ud800" * (size // 6 - 2) + b'"}'
    yield (
        "json: escaped names",
        b"{" + b",".join(b'"\\u%04x":0' % (0x4E00 + place) for place in range(size // 12)) + b"}",
    )
    yield "json: white space", b" " * (size - 2) + b"{}"
    yield "json: white space after", b"{}" + b"\n" * (size - 2)
    yield "json: an open text", b'{"' + b"a" * (size - 2)
    hidden = b",".join([b'"' + b"A" * 43 + b'"'] * (size // 46))
    yield "json: one digest again and again", b'{"_sd":[' + hidden + b"]}"
    yield "json: hidden elements", b'{"a":[' + b",".join([b'{"...":"A"}'] * (size // 12)) + b"]}"
    yield "json: reserved names", b'{"_sd":' * (size // 9) + b"[]" + b"}" * (size // 9)
    yield (
        "json: a long list of certificates",
        b'{"alg":"ES256","typ":"dc+sd-jwt","x5c":["' + b"A" * (size - 50) + b'"]}',
    )
    certificates = b",".join([b'"AAAA"'] * (size // 7 - 8))
    yield "json: many certificates", b'{"alg":"ES256","typ":"dc+sd-jwt","x5c":[' + certificates + b"]}"
    yield "json: a long line", b'{"format":"eid1","presentation":"' + b"A" * (size - 40) + b'"}'
    yield "json: proofs", b'{"credential_configuration_id":"a","proofs":{"jwt":[' + certificates + b"]}}"
    yield (
        "json: metadata",
        b'{"credential_issuer":"a","credential_configurations_supported":{'
        + b",".join(b'"%x":{"format":[]}' % place for place in range(size // 24))
        + b"}}",
    )
    yield "json: disclosures", b"\n".join(b'["s","%x",0]' % place for place in range(size // 13))
    nested = b'["s","a",' + b"[" * 14 + b"]" * 14 + b"]"
    yield "json: nested disclosures", b"\n".join([nested] * (size // len(nested)))


def _cbor_games(size: int) -> Iterator[tuple[str, bytes]]:
    yield "cbor: deep arrays", b"\x81" * size
    yield "cbor: deep maps", b"\xa1\x00" * (size // 2)
    yield "cbor: deep tags", b"\xd2" * size
    yield "cbor: deep tags 24", b"\xd8\x18" * (size // 2)
    yield "cbor: wide, by sixteens", b"\x99" + struct.pack(">H", size // 16) + b"\x81" * size
    yield "cbor: open arrays", b"\x9f" * size
    yield "cbor: open maps", b"\xbf\x00" * (size // 2)
    yield "cbor: open bytes", b"\x5f" + b"\x40" * size
    yield "cbor: open texts", b"\x7f" + b"\x60" * size
    for head in (0x1B, 0x3B, 0x5B, 0x7B, 0x9B, 0xBB, 0xDB):
        for length in (1 << 31, 1 << 40, (1 << 63) - 1, (1 << 64) - 1):
            yield f"cbor: head {head:#x} of {length:#x}", bytes((head,)) + struct.pack(">Q", length) + bytes(size - 9)
    count = size // 2
    yield "cbor: small numbers", b"\x99" + struct.pack(">H", min(size, 0xFFFF)) + bytes(size)
    yield "cbor: floats", b"\x99" + struct.pack(">H", size // 3) + b"\xf9\x7e\x00" * (size // 3)
    yield "cbor: nulls", b"\x99" + struct.pack(">H", min(size, 0xFFFF)) + b"\xf6" * size
    yield "cbor: simple values", b"\x99" + struct.pack(">H", size // 2) + b"\xf8\xff" * (size // 2)
    yield "cbor: empty maps", b"\x99" + struct.pack(">H", min(size, 0xFFFF)) + b"\xa0" * size
    yield "cbor: one key again and again", b"\xb9" + struct.pack(">H", count) + b"\x00\x00" * count
    yield "cbor: map keys", b"\xa1" * (size // 2) + b"\x00" * (size // 2)
    yield "cbor: map keys that are arrays", b"\xb9" + struct.pack(">H", size // 3) + b"\x81\x00\x00" * (size // 3)
    many = size // 10
    keys = b"".join(b"\x1b" + struct.pack(">Q", (place << 48) | 1 << 40) + b"\x00" for place in range(many))
    yield "cbor: keys whose hashes meet", b"\xb9" + struct.pack(">H", many) + keys
    ordered: cbor.CborMap = dict.fromkeys(range(size // 5), 0)
    yield "cbor: many keys", cbor.encode(ordered)
    names: cbor.CborMap = {f"{place:05}": 0 for place in range(size // 8)}
    yield "cbor: many names", cbor.encode(names)
    yield "cbor: a big number", b"\xc2\x59" + struct.pack(">H", size - 4) + b"\xff" * (size - 4)
    yield "cbor: a decimal of a big exponent", b"\xc4\x82\x1b\x7f" + b"\xff" * 7 + b"\x01"
    yield "cbor: a shared value", b"\xd8\x1c\x81" + b"\xd8\x1d\x00" * (size // 3)
    yield "cbor: text that is no UTF-8", b"\x79" + struct.pack(">H", min(size, 0xFFFF)) + b"\xff" * size
    yield "cbor: a pattern", b"\xd8\x23\x78\x20" + b"(a*)*" * 6 + b"aa"
    for element in (b"\x40", b"\xa0", b"\x80", b"\x81" * 16):
        yield f"cbor: sign1 of {element[:1].hex()}", b"\xd2\x84" + element * (size // len(element))


def _packed(size: int) -> Iterator[tuple[str, bytes]]:
    bomb = zlib.compress(bytes(size * 1000), 9)[:size]
    yield "zlib: a bomb", bomb
    yield "zlib: a bomb in base45", base45.encode(bomb[: size * 2 // 3]).encode()
    yield "zlib: empty blocks in base45", base45.encode(b"\x78\x9c" + b"\x00\x00\x00\xff\xff" * (size // 8)).encode()
    yield "zlib: cut short", base45.encode(zlib.compress(b"\xd2")[:-2]).encode()
    listed: json.JsonValue = {"bits": 1, "lst": base64url.encode(bomb[: size // 2])}
    claims = json.encode({"sub": "u", "iat": 1, "exp": 2, "status_list": listed})
    header = b'{"alg":"ES256","typ":"statuslist+jwt"}'
    token = ".".join(base64url.encode(part) for part in (header, claims, bytes(64)))
    yield "zlib: a bomb in a status list", token.encode()
    yield "certificate: a long one", b"\x30\x82" + struct.pack(">H", min(size - 4, 0xFFFF)) + b"\x30\x80" * (size // 2)


def timings() -> list[tuple[float, str, str, int]]:
    """Return CPU seconds, parser, idea and size of every input, the slowest first."""
    found: list[tuple[float, str, str, int]] = []
    for parser in PARSERS:
        for size in SIZES:
            for idea, data in hostile_inputs(parser, size):
                seconds = _seconds(parser, data)
                if seconds > BOUND_SECONDS / 2:
                    # What else the machine does is in it too: the least of three is the input's own.
                    seconds = min(seconds, _seconds(parser, data), _seconds(parser, data))
                found.append((seconds, parser.name, idea, len(data)))
    return sorted(found, reverse=True)


def _seconds(parser: Parser, data: bytes) -> float:
    start = thread_time()
    refused_or_read(parser.read, data)
    return thread_time() - start


def within_memory() -> None:
    """Read what promises to be huge; a MemoryError leaves where more than a little is asked of the machine for it."""
    mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))
    for parser in PARSERS:
        for games in (_cbor_games, _packed, _json_games):
            for _, data in games(SIZES[0]):
                refused_or_read(parser.read, data)


def main() -> int:
    """Print the worst; return 1 where one took longer than any may, on this machine. With ``memory``: measure that."""
    if sys.argv[1:] == ["memory"]:
        within_memory()
        return 0
    found = timings()
    sys.stdout.write(f"{len(found)} inputs for {len(PARSERS)} parsers; the slowest, in milliseconds of CPU:\n")
    for seconds, parser, idea, size in found[:WORST]:
        sys.stdout.write(f"{seconds * 1000:8.2f}  {parser}: {idea} ({size} bytes)\n")
    return 1 if found[0][0] > BOUND_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
