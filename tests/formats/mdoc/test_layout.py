"""What is cut out of bytes in our own layout is what the reader of any layout reads, and what that one refuses is not cut.

The two ways are held against each other part by part: an item, an MSO, a response over the same parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc import device_response, items, mso
from formats.mdoc.device_response import cut_device_response, read_device_response
from formats.mdoc.issuer_signed import read_issuer_signed
from formats.mdoc.items import cut_items
from formats.mdoc.model import DOCTYPE, MAX_BYTES, NAMESPACE
from formats.mdoc.mso import cut_mso, read_mso, write_mso
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from tests.builders.refusals import outcome, refused
from tests.builders.trust import DAY, NOW, seeded_signer
from tests.fakes.seeded_entropy import SeededEntropy
from tests.formats.mdoc.mdocs import (
    ELEMENTS,
    READER,
    SHOWN,
    TRANSCRIPT,
    WORLD,
    Forge,
    a_response,
    an_mdoc,
    loosely,
    the_terms,
    values,
)

RESPONSE = a_response()
MSO = cbor.unwrap(loosely(an_mdoc())["issuerAuth"][2])
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=200)
PLAIN: st.SearchStrategy[ForeignValue] = (
    st.text(min_size=1, max_size=60)
    | st.binary(min_size=256, max_size=400)
    | st.booleans()
    | st.integers(0, 23)
    | st.dates().map(lambda day: CBORTag(1004, day.isoformat()))
)


def an_item(number: int = 7, random: bytes = bytes(16), element: str = "sex", value: Any = 1) -> bytes:
    members = {"digestID": number, "random": random, "elementIdentifier": element, "elementValue": value}
    return cbor2.dumps(members)


def an_mso(digests: int = 28, namespace: str = NAMESPACE, **terms: Any) -> bytes:
    random = SeededEntropy("digests").random_bytes(32 * digests)
    found = [random[at : at + 32] for at in range(0, len(random), 32)]
    return cbor.unwrap(write_mso(namespace, found, the_terms(**terms)))


def a_response_with(elements: dict[str, ForeignValue]) -> bytes:
    return device_response.present(an_mdoc(elements), tuple(elements), transcript=TRANSCRIPT, signer=WORLD.holder)


def flipped(data: bytes, patterns: Iterable[int] = (1, 0x20, 0x80)) -> Iterable[bytes]:
    """The data with each of its bytes changed in turn, in some of its bits."""
    for at in range(len(data)):
        for pattern in patterns:
            yield data[:at] + bytes((data[at] ^ pattern,)) + data[at + 1 :]


@st.composite
def spoiled(draw: st.DrawFn, data: bytes) -> bytes:
    """The data with a few bytes somewhere replaced, taken away or put in."""
    at = draw(st.integers(0, len(data)))
    gone = draw(st.integers(0, 4) | st.integers(0, 60))
    return data[:at] + draw(st.binary(max_size=4)) + data[at + gone :]


# --- both ways, held against each other ------------------------------------------------------------------------------


def same_item(inner: bytes) -> bool:
    """Hold the two ways of reading an item against each other; whether it was cut at all."""
    tagged = cbor.wrapped(inner)
    found = cut_items(tagged, 0, 1)
    if found is None:
        return False
    [item], end = found
    assert (item, end) == (items.read_any_layout(inner), len(tagged))
    assert type(item.value) is type(items.read_any_layout(inner).value)
    return True


def same_mso(inner: bytes) -> bool:
    """As ``same_item``, of an MSO."""
    found = cut_mso(inner)
    if found is None:
        return False
    assert found == mso.read_any_layout(inner)
    return True


def same_response(data: bytes) -> bool:
    """As ``same_item``, of a response."""
    found = cut_device_response(data)
    if found is None:
        return False
    assert found == device_response.read_any_layout(data)
    return True


# --- what is ours is cut ---------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.integers(0, 255), st.binary(min_size=16, max_size=16), NAMES, PLAIN)
def test_an_item_of_ours_is_cut_and_means_the_same(number: int, random: bytes, element: str, value: Any) -> None:
    assert same_item(an_item(number, random, element, value))


@pytest.mark.parametrize("size", [1, 23, 24, 255])
def test_texts_of_every_head_are_cut(size: int) -> None:
    assert same_item(an_item(value="n" * size))


@pytest.mark.parametrize("element", ["n", "n" * 23, "n" * 24, "n" * 200, "民族"])
def test_names_of_every_head_are_cut(element: str) -> None:
    assert same_item(an_item(element=element))


@pytest.mark.parametrize("size", [256, 20_000, 65_000])
def test_a_picture_is_cut(size: int) -> None:
    assert same_item(an_item(element="portrait", value=bytes(size)))


def test_a_response_of_the_largest_size_is_cut() -> None:
    room = 60_000 + MAX_BYTES - len(a_response_with({"portrait": bytes(60_000)}))
    largest = a_response_with({"portrait": bytes(room)})
    assert len(largest) == MAX_BYTES
    assert same_response(largest)


@settings(max_examples=60)
@given(
    st.sampled_from([None, *KeyStorage]),
    st.sampled_from([None, *Assurance]),
    st.booleans(),
    st.integers(0, 1 << 31),
    st.integers(1, DAY * 60),
    st.integers(0, (1 << 32) - 1),
    st.text("abc/.", max_size=100),
    st.integers(1, 256),
    st.integers(0, 50),
)
def test_an_mso_of_ours_is_cut_and_means_the_same(
    storage: KeyStorage | None,
    assurance: Assurance | None,
    specimen: bool,
    issued_at: int,
    lives: int,
    index: int,
    path: str,
    digests: int,
    holder: int,
) -> None:
    terms: dict[str, Any] = {
        "key_storage": storage,
        "assurance": assurance,
        "specimen": specimen,
        "issued_at": issued_at,
        "expires_at": issued_at + lives,
        "status": StatusReference(f"https://{path}", index),
        "holder_point": seeded_signer(f"holder {holder}").point,
    }
    spelled = an_mso(digests, **terms)
    assert same_mso(spelled)
    assert read_mso(cbor.wrapped(spelled)).terms == the_terms(**terms)


@pytest.mark.parametrize("digests", [1, 23, 24, 25, 28, 255, 256])
def test_any_count_of_digests_up_to_256_is_cut(digests: int) -> None:
    assert same_mso(an_mso(digests))


@pytest.mark.parametrize("index", [0, 23, 24, 255, 256, 65_535, 65_536, (1 << 32) - 1])
def test_an_index_of_every_length_is_cut(index: int) -> None:
    spelled = an_mso(status=StatusReference("https://list", index))
    assert same_mso(spelled)
    assert read_mso(cbor.wrapped(spelled)).terms.status.index == index


def test_an_mso_of_another_type_is_cut_where_it_says_nothing_about_the_key() -> None:
    bare: dict[str, Any] = {"key_storage": None, "assurance": None, "specimen": False}
    assert same_mso(an_mso(namespace="org.example", doctype="org.example.1", **bare))


@settings(max_examples=40)
@given(st.dictionaries(NAMES, PLAIN, min_size=1, max_size=40), st.integers(0, 1 << 20))
@example({f"element_{number}": number % 24 for number in range(23)}, 1)
@example({f"element_{number}": number % 24 for number in range(24)}, 1)
def test_a_response_of_ours_is_cut_and_shows_the_same(elements: dict[str, ForeignValue], seed: int) -> None:
    issued = an_mdoc(elements, seed=f"{seed}")
    data = device_response.present(issued, tuple(elements), transcript=TRANSCRIPT, signer=WORLD.holder)
    assert same_response(data)
    assert values(read_device_response(data).issued) == elements


@pytest.mark.parametrize("chained", [False, True])
def test_either_kind_of_chain_is_cut_with_its_response(chained: bool) -> None:
    chain = (*WORLD.issuer.certificates, WORLD.root.certificate) if chained else WORLD.issuer.certificates
    issued = an_mdoc(signer=WORLD.issuer.with_certificates(*chain))
    data = device_response.present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder)
    assert same_response(data)
    assert read_device_response(data).issued.chain == chain


def test_the_mso_is_the_first_behind_the_items_wherever_else_one_seems_to_begin() -> None:
    assert same_response(a_response_with({**ELEMENTS, "portrait": MSO[:100] + bytes(300)}))
    device_at = RESPONSE.index(b"\x6cdeviceSigned")
    begins = MSO[:20]
    assert same_response(RESPONSE[: device_at - len(begins)] + begins + RESPONSE[device_at:])


def test_two_responses_that_differ_in_everything_but_their_frame_are_not_mixed_up() -> None:
    holders = [seeded_signer(f"holder {number}") for number in range(3)]
    for number, holder in enumerate(holders):
        status = StatusReference("https://list", number * 1000)
        issued = an_mdoc({"sex": number}, seed=f"{number}", holder_point=holder.point, status=status)
        shown = read_device_response(
            device_response.present(issued, ["sex"], transcript=TRANSCRIPT, signer=holder),
        )
        assert (shown.issued.terms.holder_point, shown.issued.terms.status) == (holder.point, status)
        assert values(shown.issued) == {"sex": number}


# --- what is not ours is not cut, and what is bent is judged as by the other way -------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        an_item(256),
        an_item(random=bytes(15)),
        an_item(random=bytes(17)),
        an_item(element=""),
        an_item(element="n" * 201),
        an_item(value=24),
        an_item(value=-1),
        an_item(value=None),
        an_item(value=1.5),
        an_item(value=""),
        an_item(value=b""),
        an_item(value=bytes(255)),
        an_item(value="n" * 256),
        an_item(value=[]),
        an_item(value={}),
        an_item(value=CBORTag(0, "1990-01-01")),
        an_item(value=CBORTag(1004, "1990-01-1")),
        an_item() + b"\x00",
        an_item()[:-1],
        an_item().replace(b"\x07", b"\x18\x07", 1),
        an_item(value="a")[:-2] + b"\x78\x01a",
        an_item(value="n" * 23)[:-24] + b"\x78\x17" + b"n" * 23,
        an_item(value="n" * 24).replace(b"\x78\x18", b"\x78\x19"),
        an_item(value="n" * 24)[:-26] + b"\x79\x00\x18" + b"n" * 24,
        an_item(value=bytes(256)).replace(b"\x59\x01\x00", b"\x5a\x00\x00\x01\x00"),
        an_item(value=bytes(24))[:-26] + b"\x59\x00\x18" + bytes(24),
        an_item(value="aa")[:-3] + b"\x59\x00",
        an_item(value="aa")[:-3] + b"\x59",
        an_item(value="aa")[:-2] + b"\xc3\x28",
        an_item(value="aaa")[:-3] + b"\xed\xa0\x80",
        an_item(value=CBORTag(1004, "1990-01-01"))[:-1] + b"\xff",
        an_item().replace(b"\x63sex", b"\x64sex"),
        an_item().replace(b"\x63sex", b"\x78\x03sex"),
        an_item().replace(b"\x63sex", b"\x43sex"),
        an_item().replace(b"\x63sex", b"\x63se\xff"),
        an_item().replace(b"\x50", b"\x58\x10", 1),
        an_item().replace(b"digestID", b"digestId"),
        cbor2.dumps(dict(sorted(cbor2.loads(an_item()).items()))),
    ],
)
def test_cuts_no_item_of_another_layout(inner: bytes) -> None:
    assert not same_item(inner)


@pytest.mark.parametrize("name", ["", "n" * 201, 1, b"n", None])
def test_a_name_is_a_text_of_a_bounded_size(name: ForeignValue) -> None:
    assert items.read_name(cbor.encode_foreign(name)) is None
    assert items.read_name(b"\x61n") == "n"


@pytest.mark.parametrize("spelled", [b"", b"\x62n", b"\x61nn", b"\x78\x01n", b"\x61\xff"])
def test_a_name_is_spelled_in_strict_cbor(spelled: bytes) -> None:
    assert items.read_name(spelled) is None


def test_cuts_no_item_whose_wrapping_is_longer_than_needed() -> None:
    inner = an_item(value="n" * 100)
    for head in (b"\x59\x00", b"\x5a\x00\x00\x00"):
        assert cut_items(cbor.TAG_24_HEAD + head + bytes((len(inner),)) + inner, 0, 1) is None
    assert cut_items(cbor.wrapped(inner), 0, 1) is not None


def test_an_item_ends_where_its_own_head_says() -> None:
    two = cbor.wrapped(an_item(1, element="one")) + cbor.wrapped(an_item(2, element="two", value="n" * 200))
    found = cut_items(b"before" + two + b"behind", 6, 2)
    assert found is not None
    assert ([item.element for item in found[0]], found[1]) == (["one", "two"], 6 + len(two))
    assert cut_items(two, 0, 3) is None


@pytest.mark.parametrize("changes", [{"element": "other"}, {"number": 8}])
def test_refuses_to_cut_a_number_or_an_element_met_twice(changes: dict[str, Any]) -> None:
    with refused(Reason.DISCLOSURE_DUPLICATE):
        cut_items(cbor.wrapped(an_item()) + cbor.wrapped(an_item(**changes, random=b"r" * 16)), 0, 2)


@pytest.mark.parametrize("value", [1, True, "n" * 30, "姓名", CBORTag(1004, "1990-01-01"), bytes(256)])
def test_an_item_with_any_byte_changed_means_the_same_both_ways(value: ForeignValue) -> None:
    cut = [same_item(inner) for inner in flipped(an_item(value=value))]
    assert True in cut
    assert False in cut


@settings(max_examples=300)
@given(spoiled(an_item(value="n" * 30)) | spoiled(an_item(value=CBORTag(1004, "1990-01-01"))))
def test_a_bent_item_means_the_same_both_ways(inner: bytes) -> None:
    same_item(inner)


def reordered(change: Callable[[dict[Any, Any]], object]) -> bytes:
    members = loosely(MSO)
    return cbor2.dumps(change(members) or members)


def swapped_digests(members: dict[str, Any]) -> None:
    listed = members["valueDigests"][NAMESPACE]
    members["valueDigests"][NAMESPACE] = dict(sorted(listed.items(), reverse=True))


def another_first_number(members: dict[str, Any]) -> None:
    listed = members["valueDigests"][NAMESPACE]
    members["valueDigests"][NAMESPACE] = {28 if number == 3 else number: listed[number] for number in listed}


def looks_like_an_index(members: dict[str, Any]) -> None:
    members["validityInfo"]["later"] = b"\x6bstatus_list\xa2\x63idx\x05\x63uri"


def looks_like_digests(members: dict[str, Any]) -> None:
    members["valueDigests"] = {"\x00X " * 3: members["valueDigests"][NAMESPACE]}


def of_two_namespaces(members: dict[str, Any]) -> None:
    members["valueDigests"] = {"org.example": {5: bytes(32)}, **members["valueDigests"]}


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        b"\xa0",
        MSO + b"\x00",
        MSO[:-1],
        an_mso(257),
        reordered(lambda members: dict(reversed(members.items()))),
        reordered(swapped_digests),
        reordered(another_first_number),
        reordered(looks_like_an_index),
        reordered(looks_like_digests),
        reordered(of_two_namespaces),
        reordered(lambda members: members["deviceKeyInfo"]["deviceKey"].update({2: b"kid"})),
        reordered(lambda members: members["deviceKeyInfo"].update(keyAuthorizations={"nameSpaces": ["org.example"]})),
        reordered(lambda members: members["deviceKeyInfo"].pop("keyInfo")),
        reordered(lambda members: members["deviceKeyInfo"]["keyInfo"].update({-9: 1})),
        reordered(lambda members: members["validityInfo"].update(validFrom=CBORTag(0, "2026-09-21T00:00:00Z"))),
        reordered(lambda members: members["validityInfo"].update(later=1)),
        reordered(lambda members: members["status"]["status_list"].update(certificate=b"DER")),
        reordered(lambda members: members["status"].update(identifier_list={})),
        reordered(lambda members: members["status"]["status_list"].update(idx=1 << 32)),
        reordered(lambda members: members["status"]["status_list"].update(idx=-1)),
        reordered(lambda members: members["status"]["status_list"].update(uri="ftp://list")),
        reordered(lambda members: members["status"]["status_list"].update(uri="https://list/" + "n" * 200)),
        reordered(lambda members: members.update(docType="d" * 201)),
        reordered(lambda members: members.update(docType="org.example.1")),
        reordered(lambda members: members.update(version="1.1")),
        reordered(lambda members: members.update(digestAlgorithm="SHA-512")),
        reordered(lambda members: members.update(later="n" * 2000)),
        MSO.replace(b"\xb8\x1c", b"\xb8\x1b", 1),
        MSO.replace(b"\xb8\x1c", b"\xb9\x00\x1c", 1),
        MSO.replace(b"\x00\x58\x20", b"\x18\x00\x58\x20", 1),
        MSO.replace(b"\x18\x1a\x58\x20", b"\x18\x1b\x58\x20", 1),
        MSO.replace(b"\x19\x12\x67", b"\x1a\x00\x00\x12\x67", 1),
        an_mso(status=StatusReference("https://list", 7)).replace(b"\x63idx\x07", b"\x63idx\x18\x07"),
        an_mso(status=StatusReference("https://list", 200)).replace(b"\x63idx\x18", b"\x63idx\x19\x00"),
        an_mso(status=StatusReference("https://list", 65_535)).replace(b"\x63idx\x19", b"\x63idx\x1a\x00\x00"),
    ],
)
def test_cuts_no_mso_of_another_layout(inner: bytes) -> None:
    assert inner != MSO
    assert not same_mso(inner)


@pytest.mark.parametrize(("size_bytes", "cut"), [(1024, True), (1025, False)])
def test_a_frame_is_remembered_up_to_its_largest_size(size_bytes: int, cut: bool) -> None:
    def an_mso_of(path: str) -> bytes:
        bare: dict[str, Any] = {"key_storage": None, "assurance": None, "specimen": False}
        return an_mso(namespace="名" * 130, doctype="名" * 130, status=StatusReference(f"https://{path}", 7), **bare)

    short = an_mso_of("n" * 50)
    key_at = short.index(b"\x6ddeviceKeyInfo")
    key_bytes, index_bytes = len(b"\x6ddeviceKeyInfo\xa2\x69deviceKey\xa4\x01\x02\x20\x01\x21\x58\x20") + 32 + 3 + 32, 1
    frame = len(short) - (key_at - short.index(b"\x00\x58\x20")) - key_bytes - index_bytes
    assert same_mso(an_mso_of("n" * (50 + size_bytes - frame))) is cut


@pytest.mark.parametrize("looks_like", [b"\x6bstatus_list\xa2\x63idx\x05", b"\x00\x58\x20", b"\x22\x58\x20"])
def test_digests_are_any_bytes_and_mark_no_place(looks_like: bytes) -> None:
    random = SeededEntropy("digests").random_bytes(32)
    digests = [bytes(32), looks_like + random[len(looks_like) :], random]
    spelled = cbor.unwrap(write_mso(NAMESPACE, digests, the_terms()))
    assert same_mso(spelled)
    assert read_mso(cbor.wrapped(spelled)).digests == {NAMESPACE: dict(enumerate(digests))}


def test_a_frame_too_large_to_be_remembered_is_not_cut() -> None:
    bare: dict[str, Any] = {"key_storage": None, "assurance": None, "specimen": False}
    assert not same_mso(an_mso(namespace="名" * 200, doctype="名" * 200, **bare))
    assert same_mso(an_mso(namespace="名" * 100, doctype="名" * 100, **bare))


def test_the_index_is_the_one_of_the_status_wherever_else_one_seems_to_be() -> None:
    for change in (looks_like_an_index, looks_like_digests):
        assert read_mso(cbor.wrapped(reordered(change))).terms.status == the_terms().status


def test_refuses_a_key_off_the_curve_in_our_layout_too() -> None:
    x_at = MSO.index(b"\x21\x58\x20") + 3
    spoiled_key = MSO[:x_at] + bytes(32) + MSO[x_at + 32 :]
    assert not same_mso(spoiled_key)
    with refused(Reason.HOLDER_KEY_INVALID):
        read_mso(cbor.wrapped(spoiled_key))


def test_refuses_a_longer_index_than_needed_in_our_layout_too() -> None:
    longer = MSO.replace(b"\x63idx\x19", b"\x63idx\x1a\x00\x00")
    with refused(Reason.CBOR_MALFORMED):
        read_mso(cbor.wrapped(longer))


def test_an_mso_with_any_byte_changed_means_the_same_both_ways() -> None:
    cut = [same_mso(inner) for inner in flipped(MSO, (1, 0x80))]
    # Any byte of a digest may be another one; of the rest, a few of the index, the times and the names.
    assert 2 * 28 * 32 <= sum(cut) <= 2 * (28 * 32 + 32 + 32)


@settings(max_examples=400)
@given(spoiled(MSO))
def test_a_bent_mso_means_the_same_both_ways(inner: bytes) -> None:
    same_mso(inner)


@pytest.mark.parametrize("head", [b"\x6ddeviceKeyInfo", b"\x67docType", b"\x66status", b"\x63uri", b"\xb8\x1c"])
@settings(max_examples=60)
@given(data=st.data())
def test_an_mso_bent_at_one_of_its_heads_means_the_same_both_ways(head: bytes, data: st.DataObject) -> None:
    at = MSO.index(head)
    same_mso(MSO[:at] + data.draw(spoiled(MSO[at : at + len(head) + 8])) + MSO[at + len(head) + 8 :])


def of_another_kind() -> dict[str, bytes]:
    room = MAX_BYTES - len(an_mdoc({"portrait": bytes(60_000)})) + 60_000
    mac = device_response.present_with_mac(
        an_mdoc(),
        SHOWN,
        transcript=TRANSCRIPT,
        holder_private=WORLD.holder.private_key,
        reader_point=READER.point,
    )

    def edited(change: Callable[[dict[str, Any]], object], data: bytes = RESPONSE) -> bytes:
        value = loosely(data)
        return cbor2.dumps(change(value["documents"][0]) or value)

    def issued(document: dict[str, Any]) -> dict[str, Any]:
        return dict(document["issuerSigned"])

    return {
        "nothing": b"",
        "cut short": RESPONSE[:-1],
        "trailing": RESPONSE + b"\x00",
        "twice": RESPONSE + RESPONSE,
        "beyond the limit": a_response_with({"portrait": bytes(room)}),
        "a MAC": mac,
        "another status": RESPONSE[:-1] + b"\x01",
        "another version": RESPONSE.replace(b"631.0", b"631.1", 1).replace(b"\x631.0", b"\x631.1", 1),
        "another type": RESPONSE.replace(DOCTYPE.encode(), DOCTYPE[:-1].encode() + b"2", 1),
        "a longer count": RESPONSE.replace(b"\x83\xd8\x18", b"\x98\x03\xd8\x18", 1),
        "a count too low": RESPONSE.replace(b"\x83\xd8\x18", b"\x82\xd8\x18", 1),
        "a count too high": RESPONSE.replace(b"\x83\xd8\x18", b"\x84\xd8\x18", 1),
        "no items": RESPONSE.replace(b"\x83\xd8\x18", b"\x80\xd8\x18", 1),
        "an older number of the device's algorithm": RESPONSE.replace(
            b"\x43\xa1\x01\x26\xa0\xf6", b"\x43\xa1\x01\x28\xa0\xf6"
        ),
        "elements of the device": edited(
            lambda document: document["deviceSigned"].update(nameSpaces=CBORTag(24, cbor2.dumps({"org": {"a": 1}})))
        ),
        "a header of the device": edited(
            lambda document: document["deviceSigned"]["deviceAuth"]["deviceSignature"][1].update({4: b"kid"})
        ),
        "two namespaces": edited(
            lambda document: issued(document)["nameSpaces"].update(
                {"org.example": [CBORTag(24, an_item(99, element="other"))]}
            )
        ),
        "a deep header of the issuer": edited(lambda document: issued(document)["issuerAuth"][1].update({9: [[[1]]]})),
        "the issuer's header twice": edited(lambda document: issued(document)["issuerAuth"][1].update({1: -7})),
        "another algorithm": edited(lambda document: issued(document)["issuerAuth"].__setitem__(0, b"\xa1\x01\x27")),
        "a short payload": edited(
            lambda document: issued(document)["issuerAuth"].__setitem__(2, cbor.wrapped(b"\xa0"))
        ),
        "no payload": edited(lambda document: issued(document)["issuerAuth"].__setitem__(2, None)),
        "a short signature": edited(lambda document: issued(document)["issuerAuth"].__setitem__(3, bytes(63))),
        "a long signature": edited(lambda document: issued(document)["issuerAuth"].__setitem__(3, bytes(300))),
        "a value of several parts": a_response_with({"sex": [1]}),
    }


OTHERS = of_another_kind()


@pytest.mark.parametrize("name", OTHERS)
def test_cuts_no_response_of_another_layout(name: str) -> None:
    assert OTHERS[name] != RESPONSE
    assert not same_response(OTHERS[name])


def test_a_response_over_an_mso_of_another_layout_is_cut_around_it() -> None:
    issued = Forge(mso=lambda members: members.update(later=1)).issuer_signed()
    forged = device_response.present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder)
    # Its MSO has another number of members: what finds the MSO does not know it.
    assert not same_response(forged)
    issued = Forge(mso=lambda members: members["validityInfo"].update(later=1)).issuer_signed()
    assert same_response(device_response.present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder))


def test_a_response_with_any_byte_changed_means_the_same_both_ways() -> None:
    cut = [same_response(data) for data in flipped(RESPONSE, (1, 0x80))]
    assert True in cut
    assert False in cut


@settings(max_examples=400)
@given(spoiled(RESPONSE))
def test_a_bent_response_means_the_same_both_ways(data: bytes) -> None:
    same_response(data)


@pytest.mark.parametrize(
    "head",
    [b"\x67docType", b"\x6anameSpaces\xa1", b"\x6aissuerAuth", b"\x59\x02", b"\xd8\x18\x59", b"\x6cdeviceSigned"],
)
@settings(max_examples=60)
@given(data=st.data())
def test_a_response_bent_at_one_of_its_heads_means_the_same_both_ways(head: bytes, data: st.DataObject) -> None:
    at = RESPONSE.index(head)
    same_response(
        RESPONSE[:at] + data.draw(spoiled(RESPONSE[at : at + len(head) + 8])) + RESPONSE[at + len(head) + 8 :]
    )


@settings(max_examples=200)
@given(spoiled(RESPONSE))
def test_what_is_cut_or_not_has_one_outcome(data: bytes) -> None:
    whole = outcome(read_device_response, data)
    assert whole == outcome(device_response.read_any_layout, data)


def test_what_is_refused_is_refused_again_with_the_same_reason() -> None:
    # What was read before is remembered; what was refused never is.
    without = MSO.replace(b"https://", b"httpx://")
    for _ in range(3):
        with refused(Reason.CLAIMS_MALFORMED):
            read_mso(cbor.wrapped(without))
    for _ in range(3):
        with pytest.raises(EidError):
            read_issuer_signed(an_mdoc()[:-1])


def test_the_frame_of_one_week_is_not_that_of_another() -> None:
    weeks = [an_mso(issued_at=NOW - DAY * week, expires_at=NOW + DAY) for week in range(1, 4)]
    read = [read_mso(cbor.wrapped(spelled)).terms.issued_at for spelled in (*weeks, *weeks)]
    assert read == [NOW - DAY * week for week in (1, 2, 3, 1, 2, 3)]


def test_elements_have_no_trace_where_they_are_remembered() -> None:
    first, second = (a_response_with({**ELEMENTS, "full_name": name}) for name in ("一", "二"))
    assert [values(read_device_response(data).issued)["full_name"] for data in (first, second)] == ["一", "二"]
