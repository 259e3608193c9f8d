"""An mdoc whose issuer's signature chooses its algorithm, its key or its payload for the verifier."""

from __future__ import annotations

import hmac
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.reasons import Colour, Reason
from keys.signing import InProcessSigner
from tests.builders.mdoc import Answer, Edit, cose_key, judged, leaving_out, signature_structure
from tests.builders.presentations import ISSUER, OTHER_ISSUER, THIEF
from tests.builders.trust import seeded_signer
from verifier.checkpoint.verdict import Check


def found(answer: Answer | bytes) -> tuple[Check, Reason]:
    verdict = judged(answer)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    assert verdict.bureau is None
    return verdict.findings[-1].check, verdict.deciding


def protected(headers: dict[Any, Any]) -> Answer:
    """The issuer really signed under these protected headers."""
    return Answer(edit_protected=lambda _: headers)


def element(place: int, value: Any) -> Edit:
    return lambda auth: [*auth[:place], value, *auth[place + 1 :]]


# --- the algorithm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [-35, -36, -8, -257, -37, -47, 4, 5, 6, -16, 0, None, "ES256", True, [-7]])
def test_refuses_every_algorithm_but_the_one_in_the_table(algorithm: object) -> None:
    assert found(protected({1: algorithm})) == (Check.STRUCTURE, Reason.ALGORITHM_NOT_ALLOWED)


def test_accepts_the_older_and_the_newer_number_of_es256() -> None:
    for number in (-7, -9):
        assert judged(protected({1: number})).colour is Colour.GREEN


def test_refuses_the_public_key_as_a_secret() -> None:
    public = ISSUER.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    headers = cbor2.dumps({1: 5})

    def authenticated(auth: list[Any]) -> list[Any]:
        mac = hmac.digest(public, signature_structure(headers, auth[2], "MAC0"), "sha256")
        return [headers, auth[1], auth[2], mac]

    assert found(Answer(edit_auth=authenticated)) == (Check.STRUCTURE, Reason.ALGORITHM_NOT_ALLOWED)


def test_refuses_a_signature_that_names_no_algorithm() -> None:
    for headers in ({}, {4: b"kid"}):
        assert found(protected(headers)) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)
    empty = Answer(edit_auth=element(0, b""))
    assert found(empty) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)


def test_refuses_an_algorithm_named_where_nothing_protects_it() -> None:
    answer = Answer(edit_protected=lambda _: {}, edit_unprotected=lambda plain: {**plain, 1: -7})
    assert found(answer) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)
    twice = Answer(edit_unprotected=lambda plain: {**plain, 1: -35})
    assert found(twice) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)


def test_refuses_a_critical_header_that_is_not_known() -> None:
    assert found(protected({1: -7, 2: [99], 99: 1}))[1] is Reason.HEADER_UNEXPECTED


# --- the key ---------------------------------------------------------------------------------------------------------


def test_refuses_a_key_brought_along_in_place_of_a_certificate() -> None:
    unsigned = InProcessSigner.from_private_key(THIEF.private_key)
    for unprotected in ({}, {-1: cose_key(THIEF)}, {4: ISSUER.key_id}, {35: "https://a.test"}):
        answer = Answer(issuer=unsigned, edit_unprotected=lambda _, unprotected=unprotected: unprotected)  # type: ignore[misc]  # a default argument binds the loop's value
        assert found(answer) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


def test_refuses_two_chains_of_which_only_one_is_protected() -> None:
    good = ISSUER.certificates[0]
    thief = THIEF.with_certificates(OTHER_ISSUER.certificates[0])
    answer = Answer(issuer=thief, edit_protected=lambda plain: {**plain, 33: good})
    assert found(answer) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)


def test_refuses_the_certificate_of_another_key_than_the_one_that_signed() -> None:
    mixed = THIEF.with_certificates(*ISSUER.certificates)
    assert found(Answer(issuer=mixed)) == (Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID)


def test_refuses_a_chain_that_is_not_a_short_list_of_certificates() -> None:
    good = ISSUER.certificates[0]
    for x5chain in (b"", [], [b""], None, "MIIB", 1, [good, 1], [good] * 9, {0: good}):
        answer = Answer(edit_unprotected=lambda _, x5chain=x5chain: {33: x5chain})  # type: ignore[misc]  # a default argument binds the loop's value
        assert found(answer) == (Check.STRUCTURE, Reason.HEADER_UNEXPECTED)
    for octets in (b"not a certificate", good + b"\0", good[:-1]):
        answer = Answer(edit_unprotected=lambda _, octets=octets: {33: octets})  # type: ignore[misc]  # a default argument binds the loop's value
        assert found(answer) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


# --- the payload -----------------------------------------------------------------------------------------------------


def test_refuses_an_mso_without_tag_24() -> None:
    answer = Answer(edit_payload=lambda payload: cbor2.loads(payload).value)
    assert found(answer) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


def test_refuses_a_payload_that_is_null_or_empty() -> None:
    for payload in (None, b""):
        assert found(Answer(edit_auth=element(2, payload)))[1] is Reason.CBOR_MALFORMED


def test_refuses_the_mso_of_another_document_under_this_signature() -> None:
    other = Answer(holder=THIEF).issuer_auth[2]
    answer = Answer(holder=THIEF, edit_auth=lambda auth: [*auth[:2], other, Answer().issuer_auth[3]])
    assert found(answer) == (Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID)


def test_refuses_a_device_signature_in_the_issuers_place() -> None:
    device = Answer().device_auth["deviceSignature"][3]
    assert found(Answer(edit_auth=element(3, device))) == (Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID)


def test_refuses_an_empty_signature_and_one_of_nothing() -> None:
    for signature in (b"", bytes(63), bytes(65)):
        assert found(Answer(edit_auth=element(3, signature)))[1] is Reason.CBOR_MALFORMED
    for signature in (bytes(64), b"\xff" * 64):
        assert found(Answer(edit_auth=element(3, signature)))[1] is Reason.ISSUER_SIGNATURE_INVALID


def test_refuses_a_der_signature() -> None:
    def der(auth: list[Any]) -> list[Any]:
        r, s = int.from_bytes(auth[3][:32], "big"), int.from_bytes(auth[3][32:], "big")
        return [*auth[:3], encode_dss_signature(r, s)]

    assert found(Answer(edit_auth=der)) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


@pytest.mark.parametrize(
    "auth",
    [
        lambda auth: CBORTag(18, auth),
        lambda auth: auth[:3],
        lambda auth: [*auth, b""],
        lambda auth: {},
        lambda auth: None,
        cbor2.dumps,
    ],
)
def test_refuses_what_is_not_an_untagged_sign1_of_four_elements(auth: Edit) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        signed = document["issuerSigned"]
        return {**document, "issuerSigned": {**signed, "issuerAuth": auth(signed["issuerAuth"])}}

    assert found(Answer(edit_document=edit)) == (Check.STRUCTURE, Reason.CBOR_MALFORMED)


# --- the MSO ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "2.0", "1", 1, None, "1.0 "])
def test_refuses_another_version_of_the_mso(version: object) -> None:
    assert found(Answer(edit_mso=lambda mso: {**mso, "version": version})) == (Check.STRUCTURE, Reason.FORM_UNKNOWN)


@pytest.mark.parametrize("name", ["digestAlgorithm", "valueDigests", "docType", "validityInfo", "status"])
def test_refuses_an_mso_that_leaves_a_member_out(name: str) -> None:
    assert found(Answer(edit_mso=leaving_out(name))) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_refuses_an_mso_that_names_no_version() -> None:
    assert found(Answer(edit_mso=leaving_out("version"))) == (Check.STRUCTURE, Reason.FORM_UNKNOWN)


@pytest.mark.parametrize(
    ("label", "value"), [(-1, 3), (-1, 0), (-1, "software"), (-1, True), (-2, 0), (-2, 3), (-2, None)]
)
def test_refuses_facts_about_the_key_that_are_none(label: int, value: object) -> None:
    def edit(mso: dict[str, Any]) -> dict[str, Any]:
        about = mso["deviceKeyInfo"]
        return {**mso, "deviceKeyInfo": {**about, "keyInfo": {**about["keyInfo"], label: value}}}

    assert found(Answer(edit_mso=edit)) == (Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


def test_a_stranger_with_the_issuers_kid_is_a_stranger() -> None:
    stranger = seeded_signer("stranger").with_certificates(*OTHER_ISSUER.certificates)
    answer = Answer(issuer=stranger, edit_unprotected=lambda plain: {**plain, 4: ISSUER.key_id})
    assert found(answer) == (Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)
