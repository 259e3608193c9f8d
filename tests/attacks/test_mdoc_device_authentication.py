"""An mdoc shown by somebody else, for another session, or vouching for itself."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from tests.builders.mdoc import (
    DOCTYPE,
    NAMESPACE,
    OTHER_TRANSCRIPT,
    READER,
    TRANSCRIPT,
    WITH_READER_KEY,
    Answer,
    Edit,
    cose_key,
    device_authentication,
    judged,
    leaving_out,
    signature_structure,
    tagged,
)
from tests.builders.presentations import HOLDER, ISSUER, THIEF
from tests.builders.trust import seeded_signer
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import ExpectedSession

FORGED = (Check.HOLDER_SIGNATURE, Reason.HOLDER_SIGNATURE_INVALID)


def found(answer: Answer | bytes, expected: ExpectedSession = WITH_READER_KEY) -> tuple[Check, Reason]:
    verdict = judged(answer, expected=expected)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.findings[-1].check, verdict.deciding


def by_signature(element: int, value: Any) -> Edit:
    def edit(auth: dict[str, Any]) -> dict[str, Any]:
        signature = list(auth["deviceSignature"])
        signature[element] = value
        return {"deviceSignature": signature}

    return edit


both = pytest.mark.parametrize("mac_with", [None, READER.point], ids=["signature", "mac"])


# --- another session, another document, another key -----------------------------------------------------------------


@both
def test_refuses_the_answer_to_another_session(mac_with: bytes | None) -> None:
    assert found(Answer(transcript=OTHER_TRANSCRIPT, mac_with=mac_with)) == FORGED


@both
@pytest.mark.parametrize("transcript", [b"\xf6", cbor2.dumps([None, None, None]), cbor2.dumps([None, None, []])])
def test_refuses_the_answer_to_no_session(mac_with: bytes | None, transcript: bytes) -> None:
    assert found(Answer(transcript=transcript, mac_with=mac_with)) == FORGED


@both
def test_refuses_a_proof_for_a_document_of_another_type(mac_with: bytes | None) -> None:
    assert found(Answer(signs_doctype="org.iso.18013.5.1.mDL", mac_with=mac_with)) == FORGED


@both
def test_refuses_a_proof_over_other_device_elements(mac_with: bytes | None) -> None:
    assert found(Answer(signs_elements={NAMESPACE: {"full_name": "某某"}}, mac_with=mac_with)) == FORGED


@both
def test_refuses_the_proof_of_another_key(mac_with: bytes | None) -> None:
    assert found(Answer(shown_by=THIEF, mac_with=mac_with)) == FORGED


@both
def test_refuses_a_stolen_document_with_the_thiefs_proof(mac_with: bytes | None) -> None:
    own = Answer(holder=THIEF, mac_with=mac_with).device_auth
    assert found(Answer(edit_device_auth=lambda auth: own)) == FORGED


def test_refuses_the_issuers_signature_in_the_place_of_the_devices() -> None:
    signature = Answer().issuer_auth[3]
    assert found(Answer(edit_device_auth=by_signature(3, signature))) == FORGED
    assert found(Answer(shown_by=ISSUER)) == FORGED


def test_refuses_a_device_key_named_beside_the_mso() -> None:
    """The key in the MSO decides; a COSE_Key in a header is none of it."""

    def vouching(auth: dict[str, Any]) -> dict[str, Any]:
        protected, _, payload, signature = auth["deviceSignature"]
        return {"deviceSignature": [protected, {-1: cose_key(THIEF)}, payload, signature]}

    assert found(Answer(shown_by=THIEF, edit_device_auth=vouching)) == FORGED


# --- MAC -------------------------------------------------------------------------------------------------------------


def test_refuses_a_mac_made_with_another_readers_key() -> None:
    assert found(Answer(mac_with=seeded_signer("another reader").point)) == FORGED


def test_refuses_a_mac_where_the_session_has_no_key_of_this_readers() -> None:
    answer = Answer(mac_with=READER.point)
    assert found(answer, ExpectedSession(TRANSCRIPT)) == (Check.HOLDER_SIGNATURE, Reason.HOLDER_PROOF_MISSING)


def test_refuses_a_mac_that_anybody_could_have_made() -> None:
    """A MAC under the key shared between the reader and the thief, for the holder's document."""
    assert found(Answer(shown_by=THIEF, mac_with=READER.point)) == FORGED
    empty: dict[str, Any] = {"deviceMac": [cbor2.dumps({1: 5}), {}, None, bytes(32)]}
    assert found(Answer(edit_device_auth=lambda auth: empty)) == FORGED


@pytest.mark.parametrize("size", [0, 8, 16, 31])
def test_refuses_a_mac_cut_short(size: int) -> None:
    def cut(auth: dict[str, Any]) -> dict[str, Any]:
        protected, unprotected, payload, mac = auth["deviceMac"]
        return {"deviceMac": [protected, unprotected, payload, mac[:size]]}

    answer = Answer(mac_with=READER.point, edit_device_auth=cut)
    assert found(answer) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


@pytest.mark.parametrize("algorithm", [4, 6, 7, -7, 0, None, "HS256", True])
def test_refuses_every_mac_algorithm_but_hmac_256(algorithm: object) -> None:
    answer = Answer(mac_with=READER.point, edit_device_protected=lambda _: {1: algorithm})
    assert found(answer) == (Check.STRUCTURE, Reason.ALGORITHM_NOT_ALLOWED)


# --- both, neither, and other shapes ---------------------------------------------------------------------------------


def test_refuses_a_signature_and_a_mac_together() -> None:
    mac = Answer(mac_with=READER.point).device_auth
    answer = Answer(edit_device_auth=lambda auth: {**auth, **mac})
    assert found(answer) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        ({}, Reason.HOLDER_PROOF_MISSING),
        ([], Reason.HOLDER_PROOF_MISSING),
        (None, Reason.HOLDER_PROOF_MISSING),
        ({"deviceSignature": None}, Reason.CBOR_MALFORMED),
        ({"deviceProof": []}, Reason.CLAIMS_MALFORMED),
    ],
)
def test_refuses_a_document_that_nobody_shows(auth: object, reason: Reason) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "deviceSigned": {**document["deviceSigned"], "deviceAuth": auth}}

    assert found(Answer(edit_document=edit)) == (Check.STRUCTURE, reason)


def test_refuses_a_document_without_its_device_signed_part() -> None:
    bare = Answer(edit_document=leaving_out("deviceSigned"))
    assert found(bare) == (Check.STRUCTURE, Reason.HOLDER_PROOF_MISSING)


@pytest.mark.parametrize("algorithm", [-8, -35, -36, -257, 5, 0, None, "ES256", True])
def test_refuses_every_signature_algorithm_but_the_one_in_the_table(algorithm: object) -> None:
    answer = Answer(edit_device_protected=lambda _: {1: algorithm})
    assert found(answer) == (Check.STRUCTURE, Reason.ALGORITHM_NOT_ALLOWED)


def test_refuses_an_algorithm_named_outside_the_signature() -> None:
    def outside(auth: dict[str, Any]) -> dict[str, Any]:
        _, _, payload, signature = auth["deviceSignature"]
        return {"deviceSignature": [b"", {1: -7}, payload, signature]}

    assert found(Answer(edit_device_auth=outside)) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)


def test_refuses_a_payload_that_is_not_detached() -> None:
    """The payload of the attacker's choice, with a signature that holds over it."""
    other = device_authentication(OTHER_TRANSCRIPT, DOCTYPE, tagged(b"\xa0"))
    protected = cbor2.dumps({1: -7})
    signature = HOLDER.sign(signature_structure(protected, other))
    for payload in (other, b""):
        attached = {"deviceSignature": [protected, {}, payload, signature]}
        answer = Answer(edit_device_auth=lambda _, attached=attached: attached)  # type: ignore[misc]  # a default argument binds the loop's value
        assert found(answer) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


def test_refuses_an_empty_signature_and_one_of_nothing() -> None:
    for signature in (b"", bytes(63), bytes(65)):
        answer = Answer(edit_device_auth=by_signature(3, signature))
        assert found(answer) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)
    for signature in (bytes(64), b"\xff" * 64):
        assert found(Answer(edit_device_auth=by_signature(3, signature))) == FORGED


def test_refuses_a_flipped_bit_anywhere_in_the_proof() -> None:
    good = Answer().device_auth["deviceSignature"][3]
    for place in range(0, 64, 7):
        bent = bytearray(good)
        bent[place] ^= 1
        assert found(Answer(edit_device_auth=by_signature(3, bytes(bent)))) == FORGED


# --- what the device says of itself ----------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("namespace", [NAMESPACE, "cn.eid.device.1"])
def test_refuses_elements_that_the_device_asserts_itself(mac_with: bytes | None, namespace: str) -> None:
    answer = Answer(device_elements={namespace: {"full_name": "某某"}}, mac_with=mac_with)
    assert found(answer) == (Check.HOLDER_SIGNATURE, Reason.DISCLOSURE_UNREFERENCED)


def test_never_shows_what_the_device_asserts_even_where_the_mso_authorises_it() -> None:
    def authorised(mso: dict[str, Any]) -> dict[str, Any]:
        about = {**mso["deviceKeyInfo"], "keyAuthorizations": {"nameSpaces": [NAMESPACE]}}
        return {**mso, "deviceKeyInfo": about}

    asserted = {NAMESPACE: {"full_name": "某某", "birth_date": CBORTag(1004, "1960-01-01")}}
    verdict = judged(Answer(device_elements=asserted, edit_mso=authorised))
    assert verdict.colour is Colour.GREEN
    assert verdict.person == judged().person


@pytest.mark.parametrize(
    ("namespaces", "reason"),
    [
        ({}, Reason.CLAIMS_MALFORMED),
        (b"\xa0", Reason.CLAIMS_MALFORMED),
        (CBORTag(24, b"\x80"), Reason.CLAIMS_MALFORMED),
        (CBORTag(24, b""), Reason.CBOR_MALFORMED),
        (CBORTag(24, b"\xa0\xa0"), Reason.CBOR_MALFORMED),
    ],
)
def test_refuses_device_namespaces_that_are_not_a_tagged_map(namespaces: object, reason: Reason) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "deviceSigned": {**document["deviceSigned"], "nameSpaces": namespaces}}

    assert found(Answer(edit_document=edit)) == (Check.STRUCTURE, reason)


@pytest.mark.parametrize(
    "key",
    [
        None,
        {},
        {1: 4, -1: b"secret"},
        {1: 2, -1: 2, -2: bytes(48), -3: bytes(48)},
        {1: 2, -1: 1, -2: b"\x01" * 32, -3: b"\x01" * 32},
        {**cose_key(HOLDER), -4: bytes(32)},
    ],
)
def test_refuses_a_device_key_that_is_none(key: object) -> None:
    def edit(mso: dict[str, Any]) -> dict[str, Any]:
        return {**mso, "deviceKeyInfo": {**mso["deviceKeyInfo"], "deviceKey": key}}

    assert found(Answer(edit_mso=edit)) == (Check.STRUCTURE, Reason.HOLDER_KEY_INVALID)


def test_refuses_an_mso_that_is_bound_to_nobody() -> None:
    unbound = Answer(edit_mso=leaving_out("deviceKeyInfo"))
    assert found(unbound) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)
