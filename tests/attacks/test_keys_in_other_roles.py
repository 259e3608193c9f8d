"""Every kind of signed document in the slot of a showing, and every kind of key in the slot of an issuer."""

from __future__ import annotations

import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats import challenge, cose, licence, qr_token, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.cose import Sign1Draft
from formats.encoding import cbor
from tests.builders.readers import GATE, TRUST, judged
from tests.builders.verdicts import BUREAU, NOW, Code, seeded, sign, signer

EMPTY = status_snapshot.StatusSnapshot(BUREAU, 1, NOW, NOW + 60, {})


def of_type(typ: object, **more: object) -> bytes:
    """Return a document of ours as the issuer key would sign it."""
    headers = {cose.ALG: -9, cose.KID: signer("issuer").key_id, cose.TYP: typ}
    return signed(Sign1Draft(headers, cbor.encode({1: 1})), "issuer")  # type: ignore[arg-type]  # the attack


def signed(draft: Sign1Draft, name: str) -> bytes:
    return draft.finish(sign(name, draft.to_be_signed()))


DOCUMENTS = {
    "trust table": signed(trust_table.draft(TRUST, signer_kid=signer("list signer").key_id), "list signer"),
    "status snapshot": signed(status_snapshot.draft(EMPTY, signer_kid=signer("issuer").key_id), "issuer"),
    "site policy": signed(site_policy.draft(GATE, signer_kid=signer("policies").key_id), "policies"),
    "licence": of_type(licence.TYP),
    "challenge": of_type(challenge.TYP),
    "bundle": of_type("eid-bundle+cose"),
    "no type we know": of_type(61),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_other_document_is_a_showing(name: str) -> None:
    assert judged(qr_token.encode(DOCUMENTS[name])).deciding is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_other_document_is_a_credential(name: str) -> None:
    inside = cbor.decode(DOCUMENTS[name], max_bytes=10_000, sign1=True)
    code = Code(edit_proof_headers=lambda headers: {**headers, cose.KCWT: inside})
    assert judged(code).deciding is Reason.HEADER_UNEXPECTED


def test_a_showing_is_no_credential() -> None:
    inside = cbor.decode(Code(groups=()).token, max_bytes=10_000, sign1=True)
    code = Code(edit_proof_headers=lambda headers: {**headers, cose.KCWT: inside})
    assert judged(code).deciding is Reason.HEADER_UNEXPECTED


def test_a_credential_is_no_showing() -> None:
    assert judged(qr_token.encode(Code().sd_cwt)).deciding is Reason.HOLDER_PROOF_MISSING


def test_a_proof_made_for_an_issuer_is_no_showing() -> None:
    """The key proof of issuance is signed by the same holder key, over another structure."""
    signature = sign("holder", b"an issuance proof")
    assert judged(Code(edit_proof_signature=lambda _: signature)).deciding is Reason.HOLDER_SIGNATURE_INVALID


def test_the_issuers_signature_does_not_stand_for_the_holders() -> None:
    token = Code()
    inner = token.sd_cwt[-64:]
    assert judged(Code(edit_proof_signature=lambda _: inner)).deciding is Reason.HOLDER_SIGNATURE_INVALID
    outer = token.token[-64:]
    assert judged(Code(edit_issuer_signature=lambda _: outer)).deciding is Reason.ISSUER_SIGNATURE_INVALID


@pytest.mark.parametrize("name", ["printed cards", "policies", "bundles", "online only"])
def test_a_key_of_another_role_issues_nothing(name: str) -> None:
    assert judged(Code(issuer=name)).deciding is Reason.ISSUER_NOT_AUTHORISED


def test_a_key_that_signed_the_code_and_is_not_listed_issues_nothing() -> None:
    assert judged(Code(issuer="stranger")).deciding is Reason.ISSUER_UNKNOWN


def test_a_key_id_of_another_key_is_of_no_use() -> None:
    assert judged(Code(names_issuer="issuer of another bureau")).deciding is Reason.ISSUER_SIGNATURE_INVALID


def test_an_unsigned_payload_is_no_showing() -> None:
    bare = cbor.encode(CBORTag(18, [b"", {}, seeded("payload", 20), bytes(64)]))
    assert judged(qr_token.encode(bare)).deciding is Reason.HEADER_UNEXPECTED
