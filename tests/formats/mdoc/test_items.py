from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats.encoding import cbor
from formats.mdoc.issuer_signed import read_issuer_signed
from formats.mdoc.items import cut_items, read_items
from tests.builders.refusals import refused
from tests.formats.mdoc.mdocs import Forge, definition

GOOD = {"digestID": 7, "random": bytes(16), "elementIdentifier": "sex", "elementValue": 1}


def item(**changes: Any) -> CBORTag:
    members = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return CBORTag(24, cbor2.dumps(members))


def test_reads_an_item_and_keeps_its_bytes() -> None:
    [read] = read_items([item()])
    assert (read.digest_id, read.element, read.value) == (7, "sex", 1)
    assert read.tagged == b"\xd8\x18\x58\x47" + item().value == cbor2.dumps(item())


@pytest.mark.parametrize(
    "changes",
    [
        {"digestID": 0},
        {"digestID": (1 << 31) - 1},
        {"random": bytes(17)},
        {"random": bytes(300)},
        {"elementIdentifier": "n" * 200},
        {"elementValue": None},
        {"elementValue": -1},
        {"elementValue": CBORTag(1004, "2000-01-01")},
        {"elementValue": CBORTag(0, "2000-01-01T00:00:00Z")},
        {"elementValue": [{"a": 1, 2: b""}, CBORTag(1004, "x")]},
    ],
)
def test_takes_what_others_may_write(changes: dict[str, Any]) -> None:
    [read] = read_items([item(**changes)])
    assert read.value == {**GOOD, **changes}["elementValue"]


@pytest.mark.parametrize(
    "changes",
    [
        {"digestID": -1},
        {"digestID": 1 << 31},
        {"digestID": True},
        {"digestID": "7"},
        {"digestID": ...},
        {"random": bytes(15)},
        {"random": "r" * 16},
        {"random": ...},
        {"elementIdentifier": ""},
        {"elementIdentifier": "n" * 201},
        {"elementIdentifier": b"sex"},
        {"elementIdentifier": ...},
        {"elementValue": ...},
        {"elementValue": 1.5},
        {"elementValue": float("nan")},
        {"elementValue": 1 << 64},
        {"elementValue": [1.5]},
        {"elementValue": {b"k": 1}},
        {"elementValue": CBORTag(24, b"")},
        {"elementValue": CBORTag(99, "x")},
        {"elementValue": CBORTag(99, [1])},
        {"elementValue": CBORTag(1004, 1.5)},
        {"more": 1},
    ],
)
def test_refuses_an_item_of_another_shape(changes: dict[str, Any]) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_items([item(**changes)])


@pytest.mark.parametrize(
    "listed",
    [
        [],
        {},
        None,
        [item().value],
        [CBORTag(24, "text")],
        [CBORTag(25, item().value)],
        [GOOD],
        [item(), None],
    ],
)
def test_refuses_a_namespace_that_is_no_list_of_items(listed: Any) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_items(listed)


@pytest.mark.parametrize("old_new", [(b"\x07", b"\x18\x07"), (b"\x63sex", b"\x78\x03sex"), (b"\x50", b"\x58\x10")])
@pytest.mark.parametrize("value", [1, [1]])
def test_refuses_longer_heads_than_needed_inside_an_item(old_new: tuple[bytes, bytes], value: Any) -> None:
    inner = item(elementValue=value).value
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_items([CBORTag(24, inner.replace(*old_new, 1))])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda inner: inner + b"\0",
        lambda inner: inner[:-1],
        lambda inner: b"\xbf" + inner[1:] + b"\xff",
        lambda inner: b"\xa5" + inner[1:] + b"\x68digestID\x07",
        lambda inner: b"",
        lambda inner: b"\x81" * 40 + b"\0",
    ],
)
@pytest.mark.parametrize("value", [1, [1]])
def test_refuses_what_is_not_strict_cbor_inside_an_item(spoil: Any, value: Any) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_items([CBORTag(24, spoil(item(elementValue=value).value))])


@pytest.mark.parametrize("changes", [{"elementIdentifier": "other"}, {"digestID": 8}, {}])
def test_refuses_a_number_or_an_element_met_twice(changes: dict[str, Any]) -> None:
    with refused(Reason.DISCLOSURE_DUPLICATE):
        read_items([item(), item(**changes, random=b"r" * 16)])


def test_a_whole_mdoc_with_a_bad_item_is_refused() -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_issuer_signed(Forge(item=lambda first: first.update(random=b"short")).issuer_signed())


def test_reads_the_items_of_others() -> None:
    issued = read_issuer_signed_of_others(definition("issuer_signed"))
    assert {read.element for read in issued} >= {"family_name", "issue_date", "portrait"}
    assert {len(cbor2.loads(cbor2.loads(read.tagged).value)["random"]) for read in issued} == {32}


def read_issuer_signed_of_others(spelled: bytes) -> Any:
    from formats.encoding import cbor

    value = cbor.decode_foreign(spelled, max_bytes=65_536, tags=(24,))
    assert isinstance(value, dict)
    assert isinstance(value["nameSpaces"], dict)
    return read_items(value["nameSpaces"]["org.iso.18013.5.1"])


def test_an_item_in_our_layout_is_cut_and_one_with_a_longer_head_than_needed_is_not() -> None:
    inside = cbor2.dumps({**GOOD, "elementValue": "x" * 23})
    spelled = cbor.wrapped(inside)
    assert cut_items(spelled, 0, 1) == (read_items([CBORTag(24, inside)]), len(spelled))
    assert cut_items(cbor.wrapped(inside.replace(b"\x77" + b"x" * 23, b"\x78\x17" + b"x" * 23)), 0, 1) is None
