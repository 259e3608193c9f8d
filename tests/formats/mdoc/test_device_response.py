from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.cose import UnverifiedForeignSign1, UnverifiedMac0
from formats.encoding import cbor
from formats.mdoc.device_response import present, present_with_mac, read_device_response
from formats.mdoc.issuer_signed import select
from formats.mdoc.model import DOCTYPE, MAX_BYTES
from formats.mdoc.session_transcript import redirect_transcript
from keys.points import decompress
from keys.signing import InProcessSigner
from tests.builders.refusals import refused
from tests.builders.trust import seeded_signer
from tests.formats.mdoc.mdocs import (
    ELEMENTS,
    READER,
    SHOWN,
    TRANSCRIPT,
    WORLD,
    Forge,
    a_response,
    an_mdoc,
    definition,
    loosely,
    values,
    verified,
)

RESPONSE = a_response()
ANOTHER = redirect_transcript(client_id="x", nonce="y", response_uri="https://z", jwk_thumbprint=None)


def a_mac_response(*, holder: InProcessSigner = WORLD.holder, reader_point: bytes = READER.point) -> bytes:
    return present_with_mac(
        an_mdoc(), SHOWN, transcript=TRANSCRIPT, holder_private=holder.private_key, reader_point=reader_point
    )


def changed(change: Callable[[dict[str, Any]], object], data: bytes = RESPONSE) -> bytes:
    value = loosely(data)
    return cbor2.dumps(change(value) or value)


def signed_again(change: Callable[[dict[str, Any]], object], data: bytes = RESPONSE) -> bytes:
    """A response with a changed document, the device's signature made again over what stands there."""

    def again(response: dict[str, Any]) -> None:
        document = response["documents"][0]
        change(document)
        parts = [
            "DeviceAuthentication",
            loosely(TRANSCRIPT),
            document["docType"],
            document["deviceSigned"]["nameSpaces"],
        ]
        message = cbor.wrapped(cbor2.dumps(parts))
        signed = ["Signature1", b"\xa1\x01\x26", b"", message]
        document["deviceSigned"]["deviceAuth"] = {
            "deviceSignature": [b"\xa1\x01\x26", {}, None, WORLD.holder.sign(cbor2.dumps(signed))]
        }

    return changed(again, data)


def says_by_itself(elements: object, *, authorised: object = None, wrap: bool = True) -> bytes:
    def authorise(mso: dict[str, Any]) -> None:
        if authorised is not None:
            mso["deviceKeyInfo"]["keyAuthorizations"] = authorised

    issued = Forge(mso=authorise).issuer_signed()
    shown = present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder)
    spelled = elements if isinstance(elements, bytes) else cbor2.dumps(elements)

    def change(document: dict[str, Any]) -> None:
        document["deviceSigned"]["nameSpaces"] = CBORTag(24, spelled)

    return signed_again(change, shown)


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elements", [("full_name",), SHOWN, tuple(ELEMENTS)])
def test_a_presentation_passes_every_check_and_shows_what_was_chosen(elements: tuple[str, ...]) -> None:
    shown = verified(a_response(*elements))
    assert values(shown.issued) == {name: value for name, value in ELEMENTS.items() if name in elements}
    assert shown.doctype == DOCTYPE
    assert shown.device_elements == frozenset()
    assert isinstance(shown.device_auth, UnverifiedForeignSign1)


def test_the_layout_is_the_standards() -> None:
    issued = an_mdoc()
    response = loosely(present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder))
    assert list(response) == ["version", "documents", "status"]
    assert (response["version"], response["status"]) == ("1.0", 0)
    [document] = response["documents"]
    assert list(document) == ["docType", "issuerSigned", "deviceSigned"]
    assert cbor2.dumps(document["issuerSigned"]) == select(issued, SHOWN)
    assert document["deviceSigned"]["nameSpaces"] == CBORTag(24, b"\xa0")
    [(kind, auth)] = document["deviceSigned"]["deviceAuth"].items()
    assert (kind, auth[:3], len(auth[3])) == ("deviceSignature", [b"\xa1\x01\x26", {}, None], 64)


def test_a_presentation_with_a_mac_passes_every_check() -> None:
    for reader_point in (READER.point, decompress(READER.point) or b""):
        shown = verified(a_mac_response(reader_point=reader_point), reader=READER)
        assert isinstance(shown.device_auth, UnverifiedMac0)
        assert set(values(shown.issued)) == set(SHOWN)


def test_does_not_show_what_is_not_there() -> None:
    with refused(Reason.GROUP_UNKNOWN):
        a_response("address")
    with refused(Reason.GROUP_UNKNOWN):
        present_with_mac(
            an_mdoc(),
            ["address"],
            transcript=TRANSCRIPT,
            holder_private=WORLD.holder.private_key,
            reader_point=READER.point,
        )


def test_makes_no_mac_for_a_point_off_the_curve() -> None:
    with refused(Reason.REQUEST_MALFORMED):
        a_mac_response(reader_point=b"\x02" + b"\xff" * 32)


# --- whose, and for whom ---------------------------------------------------------------------------------------------


def test_refuses_the_signature_of_another_key_and_for_another_session() -> None:
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        verified(a_response(holder=seeded_signer("thief")))
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        verified(RESPONSE, transcript=ANOTHER)


def test_refuses_the_mac_of_another_key_for_another_reader_and_for_another_session() -> None:
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        verified(a_mac_response(holder=seeded_signer("thief")), reader=READER)
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        verified(a_mac_response(), reader=seeded_signer("other reader"))
    with refused(Reason.HOLDER_SIGNATURE_INVALID):
        verified(a_mac_response(), reader=READER, transcript=ANOTHER)


def test_a_signature_is_no_mac_and_a_mac_no_signature() -> None:
    with refused(Reason.HOLDER_PROOF_MISSING):
        verified(RESPONSE, reader=READER)
    with refused(Reason.HOLDER_PROOF_MISSING):
        verified(a_mac_response())


def test_no_mac_is_checked_under_a_key_off_the_curve() -> None:
    from formats.mdoc.device_response import check_device_mac

    with refused(Reason.HOLDER_KEY_INVALID):
        check_device_mac(
            read_device_response(a_mac_response()),
            transcript=TRANSCRIPT,
            holder_point=b"\x02" + b"\xff" * 32,
            reader_key=READER.private_key,
        )


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        ([b"\xa1\x01\x3a\x00\x05\x05\xdd", {}, None, bytes(64)], Reason.ALGORITHM_NOT_ALLOWED),
        ([b"\xa1\x01\x38\x2f", {}, None, bytes(2420)], Reason.ALGORITHM_NOT_ALLOWED),
        ([b"\xa1\x01\x28", {}, None, bytes(64)], Reason.HOLDER_SIGNATURE_INVALID),
    ],
)
def test_a_device_key_signs_with_es256_alone(auth: list[Any], reason: Reason) -> None:
    def change(response: dict[str, Any]) -> None:
        response["documents"][0]["deviceSigned"]["deviceAuth"]["deviceSignature"] = auth

    with refused(reason):
        verified(changed(change))


def test_refuses_a_signature_over_another_doctype() -> None:
    issued = Forge(mso=lambda mso: mso.update(docType="org.example.1")).issuer_signed()
    good = present(issued, SHOWN, transcript=TRANSCRIPT, signer=WORLD.holder)
    assert verified(good).doctype == "org.example.1"

    def another(response: dict[str, Any]) -> None:
        response["documents"][0]["docType"] = DOCTYPE

    with refused(Reason.CLAIMS_MALFORMED):
        verified(changed(another, good))


@settings(max_examples=150)
@given(st.integers(0, 8 * len(RESPONSE) - 1))
def test_any_single_flipped_bit_is_refused(bit: int) -> None:
    spoiled = bytearray(RESPONSE)
    spoiled[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EidError):
        verified(bytes(spoiled))


# --- what the device says by itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorised",
    [
        {"nameSpaces": ["org.example"]},
        {"dataElements": {"org.example": ["mood", "weather"]}},
    ],
)
def test_takes_what_the_device_key_may_sign_and_never_among_what_the_issuer_says(authorised: object) -> None:
    shown = verified(says_by_itself({"org.example": {"mood": "good"}}, authorised=authorised))
    assert shown.device_elements == {("org.example", "mood")}
    assert list(shown.issued.namespaces) == [DOCTYPE]
    assert "mood" not in values(shown.issued)


@pytest.mark.parametrize(
    "authorised",
    [
        None,
        {"nameSpaces": ["org.other"]},
        {"dataElements": {"org.example": ["weather"]}},
        {"dataElements": {"org.other": ["mood"]}},
    ],
)
def test_refuses_what_the_device_key_may_not_sign(authorised: object) -> None:
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        verified(says_by_itself({"org.example": {"mood": "good"}}, authorised=authorised))


def test_refuses_what_the_device_key_may_not_sign_under_a_mac_too() -> None:
    from formats.mdoc.device_response import check_device_mac

    shown = read_device_response(a_mac_response())._replace(device_elements=frozenset({("org.example", "mood")}))
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        check_device_mac(shown, transcript=TRANSCRIPT, holder_point=WORLD.holder.point, reader_key=READER.private_key)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ([], Reason.CLAIMS_MALFORMED),
        ({"": {"mood": 1}}, Reason.CLAIMS_MALFORMED),
        ({1: {"mood": 1}}, Reason.CLAIMS_MALFORMED),
        ({"org.example": {}}, Reason.CLAIMS_MALFORMED),
        ({"org.example": []}, Reason.CLAIMS_MALFORMED),
        ({"org.example": {1: 1}}, Reason.CLAIMS_MALFORMED),
        ({"org.example": {"": 1}}, Reason.CLAIMS_MALFORMED),
        ({"org.example": {"mood": 1.5}}, Reason.CBOR_MALFORMED),
        (b"", Reason.CBOR_MALFORMED),
        (b"\xa0\x00", Reason.CBOR_MALFORMED),
        (b"\xbf\xff", Reason.CBOR_MALFORMED),
    ],
)
def test_refuses_namespaces_of_the_device_of_another_shape(elements: object, reason: Reason) -> None:
    with refused(reason):
        read_device_response(says_by_itself(elements))


# --- structure -------------------------------------------------------------------------------------------------------


def test_a_bare_mdoc_was_shown_by_nobody() -> None:
    with refused(Reason.HOLDER_PROOF_MISSING):
        read_device_response(select(an_mdoc(), SHOWN))


@pytest.mark.parametrize("version", ["1.1", "2.0", 1, None])
def test_refuses_another_version(version: Any) -> None:
    with refused(Reason.FORM_UNKNOWN):
        read_device_response(changed(lambda response: response.update(version=version)))


@pytest.mark.parametrize(
    "change",
    [
        lambda response: [1],
        lambda response: response.pop("version") and None,
        lambda response: response.pop("documents") and None,
        lambda response: {name: response[name] for name in ("version", "documents")},
        lambda response: response.update(status=10),
        lambda response: response.update(status=False),
        lambda response: response.update(status=None),
        lambda response: response.update(documentErrors=[{DOCTYPE: 0}]),
        lambda response: response.update(more=1),
        lambda response: response.update(documents=[]),
        lambda response: response.update(documents=None),
        lambda response: response.update(documents=response["documents"] * 2),
        lambda response: response.update(documents=[response["documents"]]),
        lambda response: response["documents"][0].update(docType="org.example.1"),
        lambda response: response["documents"][0].update(docType=None),
        lambda response: response["documents"][0].update(errors={DOCTYPE: {"sex": 0}}),
        lambda response: response["documents"][0].update(deviceSigned=None),
        lambda response: response["documents"][0].update(issuerSigned=None),
        lambda response: response["documents"][0]["issuerSigned"].pop("nameSpaces") and None,
        lambda response: response["documents"][0]["deviceSigned"].pop("nameSpaces") and None,
        lambda response: response["documents"][0]["deviceSigned"].update(more=1),
        lambda response: response["documents"][0]["deviceSigned"].update(nameSpaces={}),
        lambda response: response["documents"][0]["deviceSigned"].update(nameSpaces=b"\xa0"),
        lambda response: response["documents"][0]["deviceSigned"].update(nameSpaces=CBORTag(24, "text")),
        lambda response: response["documents"][0]["deviceSigned"].update(deviceAuth={"more": 1}),
        lambda response: response["documents"][0]["deviceSigned"]["deviceAuth"].update(deviceMac=[]),
    ],
)
def test_refuses_a_response_of_another_shape(change: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_device_response(changed(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda response: response["documents"][0].pop("deviceSigned") and None,
        lambda response: response["documents"][0]["deviceSigned"].update(deviceAuth={}),
        lambda response: response["documents"][0]["deviceSigned"].update(deviceAuth=None),
    ],
)
def test_refuses_a_document_that_the_device_did_not_sign(change: Any) -> None:
    with refused(Reason.HOLDER_PROOF_MISSING):
        read_device_response(changed(change))


def test_a_payload_that_is_there_is_not_detached() -> None:
    def attached(response: dict[str, Any]) -> None:
        response["documents"][0]["deviceSigned"]["deviceAuth"]["deviceSignature"][2] = b""

    with refused(Reason.CBOR_MALFORMED):
        read_device_response(changed(attached))


def test_a_response_in_another_order_is_read_too() -> None:
    def reordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reordered(value[key]) for key in reversed(value)}
        return [reordered(item) for item in value] if isinstance(value, list) else value

    for data, reader in ((RESPONSE, None), (a_mac_response(), READER)):
        other = changed(reordered, data)
        assert other != data
        assert verified(other, reader=reader).issued == verified(data, reader=reader).issued


def test_headers_that_say_nothing_to_us_are_left_alone() -> None:
    def change(response: dict[str, Any]) -> None:
        response["documents"][0]["deviceSigned"]["deviceAuth"]["deviceSignature"][1] = {4: b"kid"}

    assert verified(changed(change))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\0",
        lambda data: data[:-1],
        lambda data: b"\xb8\x03" + data[1:],
        lambda data: b"\xbf" + data[1:] + b"\xff",
        lambda data: b"\xa4" + data[1:] + b"\x66status\x00",
        lambda data: data[:-1] + b"\x18\x00",
        lambda data: data.replace(b"\x69documents\x81", b"\x69documents\x98\x01"),
        lambda data: data.replace(b"\xa0\xf6\x58\x40", b"\xa0\xf6\x59\x00\x40"),
        lambda data: data.replace(b"\xd8\x18\x41\xa0", b"\xd9\x00\x18\x41\xa0"),
        lambda data: data.replace(b"\xd8\x18\x41\xa0", b"\xd8\x18\x58\x01\xa0"),
        lambda data: data.replace(b"\x43\xa1\x01\x26\xa0", b"\x43\xa1\x01\x26\xb8\x00"),
        lambda data: data.replace(b"\xa1\x18\x21\x59", b"\xa1\xfb\x40\x40\x80\x00\x00\x00\x00\x00\x59"),
        lambda data: b"",
        lambda data: b"\xff",
    ],
)
def test_refuses_what_is_not_strict_cbor(spoil: Any) -> None:
    spoiled = spoil(RESPONSE)
    assert spoiled != RESPONSE
    with refused(Reason.CBOR_MALFORMED):
        read_device_response(spoiled)


def test_refuses_more_bytes_than_allowed() -> None:
    with refused(Reason.TOO_LARGE):
        read_device_response(bytes(MAX_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes_end_as_one_of_our_errors(data: bytes) -> None:
    with pytest.raises(EidError):
        read_device_response(data)


@settings(max_examples=150)
@given(st.data())
def test_a_mutated_response_ends_as_one_of_our_errors_or_is_the_same(data: st.DataObject) -> None:
    spelled = bytearray(RESPONSE)
    for _ in range(data.draw(st.integers(1, 3))):
        spelled[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    if spelled != RESPONSE:
        with pytest.raises(EidError):
            verified(bytes(spelled))


def test_refuses_the_response_of_others_with_tagged_structures() -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_device_response(definition("device_response"))
