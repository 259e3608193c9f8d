"""A DeviceResponse whose items are not the issuer's: changed, borrowed, encoded again, or standing twice."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256, sha384, sha512
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from tests.builders.mdoc import NAMESPACE, Answer, Edit, item, judged, tagged
from tests.builders.people import a_person
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")


def found(answer: Answer | bytes) -> tuple[Check, Reason]:
    verdict = judged(answer)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.findings[-1].check, verdict.deciding


def sending(change: Callable[[dict[str, Any]], Any]) -> Answer:
    """The holder sends the first item with this change, encoded again."""

    def edit(shown: list[CBORTag]) -> list[CBORTag]:
        return [CBORTag(24, cbor2.dumps(change(cbor2.loads(shown[0].value)))), *shown[1:]]

    return Answer(edit_shown=edit)


def issuing(edit: Edit) -> Answer:
    """The issuer itself made its items so."""
    return Answer(edit_items=edit)


# --- not the issuer's ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"elementValue": "别名"},
        {"elementIdentifier": "family_name"},
        {"random": bytes(32)},
    ],
)
def test_refuses_an_item_with_another_value_name_or_random(change: dict[str, Any]) -> None:
    assert found(sending(lambda entry: {**entry, **change})) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_an_item_under_the_digest_id_of_another() -> None:
    assert found(sending(lambda entry: {**entry, "digestID": 5})) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


@pytest.mark.parametrize("digest_id", [99, (1 << 31) - 1])
def test_refuses_an_item_that_the_mso_has_no_digest_of(digest_id: int) -> None:
    invented = CBORTag(24, cbor2.dumps(item(digest_id, "citizen_number", "690101199001010018")))
    answer = Answer(edit_shown=lambda shown: [*shown, invented])
    assert found(answer) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_the_items_of_another_persons_document() -> None:
    other = Answer(person=a_person(full_name="样大红", birth_date=a_person().birth_date.replace(year=1960)))
    borrowed = other.namespaces
    assert found(Answer(edit_shown=lambda shown: borrowed)) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_an_item_of_another_copy_of_the_same_document() -> None:
    def fresh(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**entry, "random": sha256(entry["random"]).digest()} for entry in items]

    copy = Answer(edit_items=fresh).namespaces[NAMESPACE][0]
    answer = Answer(edit_shown=lambda shown: [copy, *shown[1:]])
    assert found(answer) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_the_right_item_in_another_namespace() -> None:
    answer = Answer(edit_shown=lambda shown: {"cn.eid.resident_id.2": shown})
    assert found(answer) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


# --- tag 24 ----------------------------------------------------------------------------------------------------------


def test_refuses_an_item_encoded_again_in_another_order() -> None:
    answer = sending(lambda entry: dict(reversed(entry.items())))
    assert found(answer) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_an_item_without_its_tag() -> None:
    answer = Answer(edit_shown=lambda shown: [shown[0].value, *shown[1:]])
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)
    opened = Answer(edit_shown=lambda shown: [cbor2.loads(shown[0].value), *shown[1:]])
    assert found(opened) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize("tag", [23, 25, 63, 1004])
def test_refuses_an_item_under_another_tag(tag: int) -> None:
    answer = Answer(edit_shown=lambda shown: [CBORTag(tag, shown[0].value), *shown[1:]])
    check, reason = found(answer)
    assert check is Check.STRUCTURE
    assert reason in {Reason.CBOR_MALFORMED, Reason.DISCLOSURE_MALFORMED}


def test_refuses_an_item_tagged_twice() -> None:
    answer = Answer(edit_shown=lambda shown: [CBORTag(24, cbor2.dumps(shown[0])), *shown[1:]])
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)
    nested = Answer(edit_shown=lambda shown: [CBORTag(24, shown[0]), *shown[1:]])
    assert found(nested) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


def test_refuses_a_tag_or_a_length_longer_than_it_need_be() -> None:
    data = Answer().data
    place = data.index(b"\xd8\x18\x58")
    longer_tag = data[:place] + b"\xd9\x00\x18" + data[place + 2 :]
    longer_size = data[: place + 2] + b"\x59\x00" + data[place + 3 :]
    for bent in (longer_tag, longer_size):
        assert found(bent) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


def test_refuses_bytes_behind_an_item_within_its_tag() -> None:
    answer = Answer(edit_shown=lambda shown: [CBORTag(24, shown[0].value + b"\x00"), *shown[1:]])
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


def test_the_digest_of_an_untagged_item_is_not_the_items() -> None:
    """An issuer that hashed the item without its tag signed the digest of something else."""

    def untagged(mso: dict[str, Any]) -> dict[str, Any]:
        digests = {entry["digestID"]: sha256(cbor2.dumps(entry)).digest() for entry in Answer().items}
        return {**mso, "valueDigests": {NAMESPACE: digests}}

    assert found(Answer(edit_mso=untagged)) == (Check.DIGESTS, Reason.DISCLOSURE_UNREFERENCED)


# --- twice -----------------------------------------------------------------------------------------------------------


def test_refuses_an_item_shown_twice() -> None:
    answer = Answer(edit_shown=lambda shown: [*shown, shown[0]])
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_DUPLICATE)


def test_refuses_two_items_with_one_digest_id() -> None:
    twin = CBORTag(24, cbor2.dumps(item(0, "full_name", "别名")))
    for shown in (lambda shown: [*shown, twin], lambda shown: [twin, *shown]):
        assert found(Answer(edit_shown=shown)) == (Check.STRUCTURE, Reason.DISCLOSURE_DUPLICATE)


def test_refuses_an_element_that_its_issuer_signed_with_two_values() -> None:
    def twice(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*items, item(77, "full_name", "别名")]

    assert found(issuing(twice)) == (Check.STRUCTURE, Reason.DISCLOSURE_DUPLICATE)


# --- what an item is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["digestID", "random", "elementIdentifier", "elementValue"])
def test_refuses_an_item_that_leaves_a_member_out(member: str) -> None:
    bent = cbor2.dumps({name: value for name, value in Answer().items[0].items() if name != member})
    answer = Answer(
        edit_mso=lambda mso: {**mso, "valueDigests": {NAMESPACE: {0: sha256(tagged(bent)).digest()}}},
        edit_shown=lambda _: [CBORTag(24, bent)],
    )
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize(
    "change",
    [
        {"digestID": -1},
        {"digestID": 1 << 31},
        {"digestID": "0"},
        {"digestID": True},
        {"random": bytes(15)},
        {"random": "r" * 16},
        {"elementIdentifier": 1},
        {"elementIdentifier": b"full_name"},
        {"extra": 1},
    ],
)
def test_refuses_an_item_with_a_member_of_another_kind(change: dict[str, Any]) -> None:
    bent = {**Answer().items[0], **change}
    answer = Answer(edit_shown=lambda shown: [CBORTag(24, cbor2.dumps(bent)), *shown])
    assert found(answer) == (Check.STRUCTURE, Reason.DISCLOSURE_MALFORMED)


# --- the digests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SHA-1", "sha-256", "MD5", "", None, -16])
def test_refuses_a_digest_algorithm_that_is_not_in_the_standard(name: object) -> None:
    answer = Answer(edit_mso=lambda mso: {**mso, "digestAlgorithm": name})
    assert found(answer) == (Check.STRUCTURE, Reason.ALGORITHM_NOT_ALLOWED)


@pytest.mark.parametrize(("name", "function"), [("SHA-384", sha384), ("SHA-512", sha512)])
def test_accepts_the_longer_digests_of_the_standard(name: str, function: Any) -> None:
    def longer(mso: dict[str, Any]) -> dict[str, Any]:
        digests = {entry["digestID"]: function(tagged(cbor2.dumps(entry))).digest() for entry in Answer().items}
        return {**mso, "digestAlgorithm": name, "valueDigests": {NAMESPACE: digests}}

    assert judged(Answer(edit_mso=longer)).colour is Colour.GREEN
    mixed = Answer(edit_mso=lambda mso: {**mso, "digestAlgorithm": name})
    assert found(mixed) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize("size", [0, 16, 31])
def test_refuses_digests_cut_short(size: int) -> None:
    def cut(mso: dict[str, Any]) -> dict[str, Any]:
        digests = {number: digest[:size] for number, digest in mso["valueDigests"][NAMESPACE].items()}
        return {**mso, "valueDigests": {NAMESPACE: digests}}

    assert found(Answer(edit_mso=cut)) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize("digests", [{}, {NAMESPACE: {}}, [], None, {NAMESPACE: []}, {NAMESPACE: {"0": bytes(32)}}])
def test_refuses_an_mso_without_the_digests(digests: object) -> None:
    answer = Answer(edit_mso=lambda mso: {**mso, "valueDigests": digests})
    assert found(answer) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_one_flipped_bit_in_any_item_is_never_accepted() -> None:
    data = Answer(shown=("full_name", "age_over_18")).data
    shown = Answer(shown=("full_name", "age_over_18")).namespaces[NAMESPACE]
    for entry in shown:
        start = data.index(entry.value)
        for place in range(start, start + len(entry.value)):
            bent = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
            assert judged(bent).colour is Colour.RED
