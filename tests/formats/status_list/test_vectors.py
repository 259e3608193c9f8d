"""The examples of the Token Status List draft and the lists of its Appendix C, in both forms."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

import pytest

from core.reasons import Reason
from formats.encoding import cbor
from formats.jose import claims_of, read_compact
from formats.sd_cwt.model import StatusReference
from formats.status_list import cwt_token, token
from formats.status_list.cwt_token import build_cwt, read_cbor_list
from formats.status_list.entries import build_entries
from formats.status_list.model import StatusList
from formats.status_list.reference import read_status_claim
from formats.status_list.token import read_list
from keys.certificates import leaf_key
from keys.public_keys import PublicKey
from tests.builders.credentials import WORLD
from tests.builders.refusals import refused
from tests.support import vectors

FOLDER: Final = "token-status-list"
FIELDS: Final = {"bits", "statuses", "lst", "cbor_hex", "size"}
URI: Final = "https://example.com/statuslists/1"
SHORT: Final = {
    # The examples with a byte array beside them: name, width, bytes, and the statuses the text gives for them.
    "status_list_encoding": (1, "b9a3", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
    "status_list_encoding2": (2, "c944f9", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
}
# The lists of Appendix C.1 to C.3; every other entry is 0.
ONE_BIT: Final = {
    0: 1, 1993: 1, 25460: 1, 159495: 1, 495669: 1, 554353: 1, 645645: 1, 723232: 1, 854545: 1, 934534: 1, 1000345: 1,
}  # fmt: skip
TWO_BITS: Final = {
    0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2, 1000345: 3,
}  # fmt: skip
LONG: Final = {
    "status_list_encoding1_long": (1, ONE_BIT),
    "status_list_encoding2_long": (2, TWO_BITS),
    "status_list_encoding4": (4, None),
    "status_list_encoding8": (8, None),
}
LONG_SIZE: Final = 1 << 20


@cache
def drafts() -> dict[str, str]:
    names = {f"{name}_{form}" for name in [*SHORT, *LONG] for form in ("json", "cbor")}
    names |= {f"{name}_cbor_diag" for name in SHORT}
    names |= {"status_list_jwt", "status_list_jwt_raw", "status_list_cwt", "status_list_cwt_diag"}
    names |= {"referenced_token_cwt", "referenced_token_cwt_diag"}
    content: dict[str, str] = vectors.load_json(FOLDER, "draft_examples_raw.json", fields=names)
    assert content.keys() == names
    return content


def json_of(name: str) -> Any:
    text = drafts()[name]
    return json.loads(re.sub(r"\s", "", text[text.index("{") :]))


def octets_of(name: str) -> bytes:
    return bytes.fromhex(drafts()[name].rpartition(":")[2].replace("\n", "").strip())


def octets_of_diagram(name: str) -> bytes:
    """Return the bytes that stand left of the comments of an annotated dump."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in drafts()[name].splitlines()))


def payload_of(signed: bytes) -> bytes:
    outer: Any = cbor.decode_foreign(signed, max_bytes=4096, tags=(18,))
    return bytes(outer.value[2])


def both_forms(name: str) -> list[tuple[int, bytes]]:
    of_cbor = cbor.decode_foreign(octets_of(f"{name}_cbor"), max_bytes=1 << 20)
    return [read_list(json_of(f"{name}_json")), read_cbor_list(of_cbor)]


def statuses(bits: int, entries: bytes) -> dict[int, int]:
    """Return every entry that is not zero."""
    found = StatusList("", bits, entries, 0, 1, None)
    per_byte = 8 // bits
    places = (byte * per_byte + part for byte, octet in enumerate(entries) if octet for part in range(per_byte))
    return {place: status for place in places if (status := found.status_at(place))}


@pytest.mark.parametrize("name", SHORT)
def test_the_short_lists_have_their_bit_order_in_both_forms(name: str) -> None:
    bits, octets, expected = SHORT[name]
    assert both_forms(name) == [(bits, bytes.fromhex(octets))] * 2
    found = StatusList("", bits, bytes.fromhex(octets), 0, 1, None)
    assert [found.status_at(index) for index in range(found.size)] == expected
    assert build_entries(len(expected), bits, dict(enumerate(expected))).hex() == octets
    assert octets_of_diagram(f"{name}_cbor_diag") == octets_of(f"{name}_cbor")


@pytest.mark.parametrize("name", LONG)
def test_the_lists_of_a_million_entries_say_the_same_in_both_forms(name: str) -> None:
    bits, expected = LONG[name]
    of_json, of_cbor = both_forms(name)
    assert of_json == of_cbor
    assert of_json[0] == bits
    found = StatusList("", *of_json, 0, 1, None)
    assert found.size == LONG_SIZE
    changes = statuses(*of_json)
    assert changes if expected is None else changes == expected
    assert set(changes.values()) == set(range(1, 1 << bits)) or bits in {1, 2}
    assert build_entries(found.size, bits, changes) == of_json[1]


def test_the_lists_of_appendix_c_read_as_it_says_in_both_forms() -> None:
    for entry in vectors.load_json(FOLDER, "appendix_c_1bit_4bit.json", fields=FIELDS):
        of_json = read_list({"bits": entry["bits"], "lst": entry["lst"]})
        of_cbor = read_cbor_list(cbor.decode_foreign(bytes.fromhex(entry["cbor_hex"]), max_bytes=1 << 20))
        assert of_json == of_cbor
        expected = {int(index): int(value) for index, value in entry["statuses"]}
        assert statuses(*of_json) == expected
        assert (of_json[0], len(of_json[1]) * 8 // of_json[0]) == (entry["bits"], entry["size"])


def test_the_jwt_of_the_draft_takes_apart() -> None:
    jws = read_compact(drafts()["status_list_jwt_raw"].replace("\n", ""), typ=token.TYP, max_bytes=10_000)
    claims = claims_of(jws.payload, max_bytes=10_000)
    header, payload = (json.loads(part) for part in drafts()["status_list_jwt"].split("\n.\n"))
    assert header["typ"] == token.TYP
    assert {name: claims[name] for name in payload} == payload
    assert read_list(claims["status_list"]) == (1, bytes.fromhex("b9a3"))


def test_the_cwt_of_the_draft_takes_apart_and_ours_has_its_shape() -> None:
    theirs = octets_of("status_list_cwt")
    assert octets_of_diagram("status_list_cwt_diag") == theirs
    asked: list[tuple[bytes, ...]] = []

    def signer_of(chain: tuple[bytes, ...]) -> PublicKey:
        asked.append(chain)
        return leaf_key(WORLD.issuer.certificates[0])

    # Its key is not published with it: everything up to the signature is read, and the signature is refused.
    with refused(Reason.STATUS_UNKNOWN):
        cwt_token.read_cwt(theirs, uri=URI, signer_of=signer_of, now=1686920170, tolerance_seconds=0)
    assert asked == [()]
    found = cwt_token.read_claims(payload_of(theirs))
    assert found == StatusList(URI, 1, bytes.fromhex("b9a3"), 1686920170, 2291720170, 43200)
    ours = build_cwt(
        URI, found.entries, bits=1, issued_at=found.issued_at, expires_at=found.expires_at, ttl_seconds=43200,
        signer=WORLD.issuer,
    )  # fmt: skip
    assert cwt_token.read_claims(payload_of(ours)) == found


def test_the_reference_in_a_cwt_names_the_list_and_the_place() -> None:
    theirs = octets_of("referenced_token_cwt")
    assert octets_of_diagram("referenced_token_cwt_diag") == theirs
    claims: Any = cbor.decode_foreign(payload_of(theirs), max_bytes=4096)
    assert read_status_claim({"status": claims[65535]}) == StatusReference(URI, 0)
