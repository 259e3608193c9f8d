"""Every kind of signed thing in the slot of every other, all of them genuine; and every kind of key in every role.

What stands for the issuer's role in a QR code is told in ``test_keys_in_other_roles.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats import challenge, licence, qr_token, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.bundle.envelope import Floors, open_bundle
from formats.bundle.trust_table import KeyRole
from formats.encoding import base45
from formats.encoding.json import JsonValue
from formats.signature_checks import run
from formats.site_policy import BUILT_IN
from formats.status_list.cwt_token import build_cwt, read_cwt
from formats.status_list.entries import build_entries
from formats.status_list.token import build_token, read_token
from formats.trust_list import BureauEntry, Service, TrustListContent, read_trust_list, sign_trust_list
from formats.vical import read_vical, sign_vical
from keys import lifecycle
from keys.algorithms import ML_DSA_44, SM2_SM3
from keys.certificates import leaf_key
from keys.signing import KeyPurpose, LocalSigner
from protocols.dpop import check_dpop, sign_dpop
from protocols.holder_jwt import sign_holder_jwt
from protocols.openid4vci.proof import check_key_proof, sign_key_proof
from tests.builders import mdoc, paper_readers, qr, readers
from tests.builders.paper import Card, stored
from tests.builders.presentations import (
    HOLDER,
    ISSUER,
    ROOT,
    STATUS_URI,
    Showing,
    a_trust,
    judged,
    status_token,
    trusted_key,
)
from tests.builders.presentations import (
    trust_table as a_table,
)
from tests.builders.published import Serves
from tests.builders.refusals import outcome
from tests.builders.suites import document_signer_of
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    PUBLIC_URL,
    card_signer,
    document_signer,
    other_signer,
    reader_root,
    status_signer,
)
from tests.builders.verdicts import Code
from tests.builders.verdicts import signer as verdict_signer
from verifier.gateways.status_lists import OnlineStatuses, SignedToken

READER_ROOT = reader_root()
Read = Callable[[Any], object]


def listed_signers() -> TrustListContent:
    """What a trust list and a VICAL say here."""
    service = Service(
        KeyRole.CREDENTIAL,
        ISSUER.certificates[0],
        frozenset({"eid1"}),
        frozenset({mdoc.DOCTYPE}),
        NOW - DAY,
        None,
        lifecycle.KeyState.ACTIVE,
    )
    bureau = BureauEntry(BUREAU, "样例分局", "Sample Bureau", "CN", ("6901",), (service,))
    return TrustListContent(7, NOW - 60, NOW + DAY, True, "CN", "样例部", "Sample Ministry", (bureau,))


def a_trust_list(signer: LocalSigner) -> str:
    return sign_trust_list(
        listed_signers(), signer, national_root=ROOT.certificate, reader_root=READER_ROOT.certificate
    )


def a_vical(signer: LocalSigner) -> bytes:
    return sign_vical(listed_signers(), signer, national_root=ROOT.certificate)


LIST_READING: dict[str, Any] = {"root": ROOT.certificate, "highest_seen": 0, "now": NOW, "tolerance_seconds": 30}
STATUS_READING: dict[str, Any] = {
    "uri": STATUS_URI, "signer_of": lambda chain: leaf_key(chain[0]), "now": NOW, "tolerance_seconds": 30
}  # fmt: skip
READ: object = "read"


def read_or_why(read: Read, signed: object) -> object:
    """READ, or the reason why not; a verdict's deciding reason where a reader judges."""
    found = outcome(read, signed)
    if isinstance(found, Reason):
        return READ if found in {Reason.ALL_CHECKS_PASSED, Reason.PAPER_CARD} else found
    return READ


# --- compact JWS: all but the lists are signed by the very keys that the other slots expect -----------------------------

TOKEN_URL = f"{PUBLIC_URL}/issuer/token"

SHOWN = Showing().text.split("~")

JWS: dict[str, Callable[[], str]] = {
    "credential": lambda: SHOWN[0],
    "key binding": lambda: SHOWN[-1],
    "status list": status_token,
    "trust list": lambda: a_trust_list(other_signer(ROOT, KeyPurpose.LIST_SIGNER)),
    "key proof": lambda: sign_key_proof(HOLDER, audience=PUBLIC_URL, nonce="a-nonce-of-the-issuer", now=NOW),
    "DPoP proof": lambda: sign_dpop(HOLDER, method="POST", url=TOKEN_URL, jti="a-fresh-name-of-it", now=NOW),
}


def as_credential(jws: str) -> Reason:
    return judged("~".join((jws, *SHOWN[1:]))).deciding


def as_key_binding(jws: str) -> Reason:
    return judged("~".join((*SHOWN[:-1], jws))).deciding


JWS_SLOTS: dict[str, tuple[Read, Reason]] = {
    "credential": (as_credential, Reason.HEADER_UNEXPECTED),
    "key binding": (as_key_binding, Reason.HEADER_UNEXPECTED),
    "status list": (lambda jws: read_token(jws, **STATUS_READING), Reason.HEADER_UNEXPECTED),
    "trust list": (lambda jws: read_trust_list(jws, **LIST_READING), Reason.HEADER_UNEXPECTED),
    "key proof": (lambda jws: check_key_proof(jws, audience=PUBLIC_URL, now=NOW), Reason.PROOF_INVALID),
    "DPoP proof": (lambda jws: check_dpop(jws, method="POST", url=TOKEN_URL, now=NOW), Reason.DPOP_INVALID),
}


@pytest.mark.parametrize("slot", JWS_SLOTS)
@pytest.mark.parametrize("kind", JWS)
def test_a_jws_is_read_in_its_own_slot_alone(kind: str, slot: str) -> None:
    read, reason = JWS_SLOTS[slot]
    assert read_or_why(read, JWS[kind]()) == (READ if kind == slot else reason)


@pytest.mark.parametrize("typ", ["openid4vci-proof+jwt", "dpop+jwt", "kb+jwt", "JWT", "dc+sd-jwt", ""])
def test_a_holders_proof_with_the_claims_of_all_is_the_one_that_it_is_called(typ: str) -> None:
    """Same key, same claims, all of them right for every slot: the type alone tells."""
    claims: dict[str, JsonValue] = {
        "aud": PUBLIC_URL,
        "iat": NOW,
        "nonce": "a-nonce-of-the-issuer",
        "htm": "POST",
        "htu": TOKEN_URL,
        "jti": "a-fresh-name-of-it",
    }
    proof = sign_holder_jwt(claims, typ=typ, signer=HOLDER)
    for slot, own in (("key proof", "openid4vci-proof+jwt"), ("DPoP proof", "dpop+jwt")):
        read, reason = JWS_SLOTS[slot]
        assert read_or_why(read, proof) == (READ if typ == own else reason)


# --- COSE: one key signs all of our own documents, so that nothing but what they are keeps them apart -------------------

KEY = qr.signer("key of every role")


def table_with(role: KeyRole) -> trust_table.TrustTable:
    forms = frozenset({"eid1", "claim-169"}) if role in {KeyRole.CREDENTIAL, KeyRole.CARD} else frozenset[str]()
    return qr.a_trust_table(qr.trusted_key(KEY, role, forms=forms))


def a_bundle() -> bytes:
    signed = qr.signed_table(table_with(KeyRole.BUNDLE), by=KEY)
    return qr.bundle_parts(trust=signed, packer=KEY).packed()


def a_status_cwt() -> bytes:
    return build_cwt(
        STATUS_URI,
        build_entries(1 << 10, 2, {}),
        bits=2,
        issued_at=NOW - 60,
        expires_at=NOW + DAY,
        ttl_seconds=300,
        signer=ISSUER,
    )


def tagged_auth() -> bytes:
    """The issuer's signature of an mdoc, under the tag that all of the others have."""
    return cbor2.dumps(CBORTag(18, mdoc.Answer().issuer_auth))


COSE: dict[str, Callable[[], bytes]] = {
    "trust table": lambda: qr.signed_table(by=KEY),
    "status snapshot": lambda: qr.signed_snapshot(by=KEY),
    "policy": lambda: qr.signed_policy(BUILT_IN["rail-gate"], by=KEY),
    "licence": lambda: qr.sign(licence.draft(qr.a_licence(), signer_kid=KEY.key_id), KEY),
    "challenge": lambda: qr.a_challenge(permit=qr.a_signed_licence(post_point33=KEY.point), by=KEY),
    "bundle": a_bundle,
    "code": lambda: Code().token,
    "credential": lambda: Code().sd_cwt,
    "card": lambda: Card().token,
    "status list": a_status_cwt,
    "VICAL": lambda: a_vical(other_signer(ROOT, KeyPurpose.VICAL_SIGNER)),
    "mdoc": lambda: cbor2.dumps(mdoc.Answer().issuer_auth),
    "mdoc, tagged": tagged_auth,
    "mdoc, shown": lambda: mdoc.Answer().data,
}


def known(kid: bytes) -> bytes | None:
    return KEY.point if kid == KEY.key_id else qr.licence_keys(kid)


def as_challenge(data: bytes) -> object:
    return run(challenge.read_challenge("EIDC1:" + base45.encode(data), licence_keys=known, now=qr.NOW))


def as_bundle(data: bytes) -> object:
    return run(open_bundle(data, list_signer_point=KEY.point, specimen=True, floors=Floors(), now=qr.NOW))


def as_mdoc(data: bytes) -> Reason:
    """In the place of the issuer's signature, or of the whole answer."""
    value = cbor2.loads(data)
    if isinstance(value, dict):
        return mdoc.judged(data).deciding
    auth = value.value if isinstance(value, CBORTag) else value
    return mdoc.judged(mdoc.Answer(edit_auth=lambda _: auth)).deciding


COSE_SLOTS: dict[str, Read] = {
    "trust table": lambda data: run(trust_table.read(data, list_signer_point=KEY.point)),
    "status snapshot": lambda data: run(status_snapshot.read(data, trust=table_with(KeyRole.CREDENTIAL))),
    "policy": lambda data: run(site_policy.read(data, keys=known)),
    "licence": lambda data: run(licence.read(data, keys=known, now=qr.NOW)),
    "challenge": as_challenge,
    "bundle": as_bundle,
    "code": lambda data: readers.judged(qr_token.encode(data)).deciding,
    "card": lambda data: paper_readers.judged(base45.encode(stored(data))).deciding,
    "status list": lambda data: read_cwt(data, **STATUS_READING),
    "VICAL": lambda data: read_vical(data, **LIST_READING),
    "mdoc": as_mdoc,
}

USUAL = {
    "trust table": Reason.BUNDLE_INVALID,
    "status snapshot": Reason.BUNDLE_INVALID,
    "policy": Reason.BUNDLE_INVALID,
    "licence": Reason.LICENCE_INVALID,
    "challenge": Reason.TOO_LARGE,
    "bundle": Reason.BUNDLE_INVALID,
    "code": Reason.HEADER_UNEXPECTED,
    "card": Reason.ALGORITHM_NOT_ALLOWED,
    "status list": Reason.HEADER_UNEXPECTED,
    "VICAL": Reason.CBOR_MALFORMED,
    "mdoc": Reason.CBOR_MALFORMED,
}
# What is untagged, too large for the slot, or alike in more than its tag.
OTHERWISE = {
    ("status snapshot", "challenge"): Reason.CHALLENGE_INVALID,
    ("policy", "challenge"): Reason.CHALLENGE_INVALID,
    ("licence", "challenge"): Reason.CHALLENGE_INVALID,
    ("credential", "code"): Reason.HOLDER_PROOF_MISSING,
    ("VICAL", "code"): Reason.CBOR_MALFORMED,
    ("mdoc", "code"): Reason.CBOR_MALFORMED,
    ("mdoc, shown", "code"): Reason.TOO_LARGE,
    ("status list", "card"): Reason.HEADER_UNEXPECTED,
    ("VICAL", "card"): Reason.CBOR_MALFORMED,
    ("mdoc", "card"): Reason.CBOR_MALFORMED,
    ("mdoc, tagged", "card"): Reason.HEADER_UNEXPECTED,
    ("mdoc, shown", "card"): Reason.TOO_LARGE,
    ("code", "status list"): Reason.CBOR_MALFORMED,
    ("VICAL", "status list"): Reason.CBOR_MALFORMED,
    ("mdoc", "status list"): Reason.CBOR_MALFORMED,
    ("mdoc, shown", "status list"): Reason.CBOR_MALFORMED,
    ("mdoc", "VICAL"): Reason.CERTIFICATE_INVALID,
}


@pytest.mark.parametrize("slot", COSE_SLOTS)
@pytest.mark.parametrize("kind", COSE)
def test_a_cose_document_is_read_in_its_own_slot_alone(kind: str, slot: str) -> None:
    expected: object = READ if kind.split(",", maxsplit=1)[0] == slot else OTHERWISE.get((kind, slot), USUAL[slot])
    assert read_or_why(COSE_SLOTS[slot], made(kind)) == expected


@cache
def made(kind: str) -> bytes:
    return COSE[kind]()


# --- keys: every certificate that the roots give out, in every role that a certificate speaks for -----------------------

SIGNERS: dict[str, LocalSigner] = {
    "documents": document_signer(ROOT, "documents"),
    "documents in SM2": document_signer_of(SM2_SM3, ROOT, "documents"),
    "documents in ML-DSA": document_signer_of(ML_DSA_44, ROOT, "documents"),
    "cards": card_signer(ROOT),
    "status lists": status_signer(ROOT),
    "trust lists": other_signer(ROOT, KeyPurpose.LIST_SIGNER),
    "VICALs": other_signer(ROOT, KeyPurpose.VICAL_SIGNER),
    "bundles": other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER),
    "policies": other_signer(READER_ROOT, KeyPurpose.POLICY_SIGNER),
}
DOCUMENTS = {name for name in SIGNERS if name.startswith("documents")}
OWN_ROLES = {
    "cards": KeyRole.CARD,
    "status lists": KeyRole.STATUS,
    "bundles": KeyRole.BUNDLE,
    "policies": KeyRole.POLICY,
}
ROLES = [KeyRole.CREDENTIAL, *sorted(set(OWN_ROLES.values()))]


def trusting(signer: LocalSigner, role: KeyRole) -> Any:
    """A reader whose table has our issuer's key, and this one for both online forms in a role, whatever its certificate."""
    return a_trust(a_table(trusted_key(), trusted_key(signer, role=role)))


def why_not(name: str) -> Reason:
    return Reason.ISSUER_UNKNOWN if name == "policies" else Reason.CERTIFICATE_INVALID


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("role", ROLES)
def test_only_a_document_signer_in_the_role_of_one_signs_credentials(name: str, role: KeyRole) -> None:
    signer = SIGNERS[name]
    trust = trusting(signer, role)
    expected = why_not(name)
    if name in DOCUMENTS:
        expected = Reason.ALL_CHECKS_PASSED if role is KeyRole.CREDENTIAL else Reason.ISSUER_NOT_AUTHORISED
    # Without ``iss``: a certificate that names no address is not refused for that.
    assert judged(Showing(issuer=signer, iss=None), trust=trust).deciding is expected
    answer = mdoc.Answer(issuer=signer)  # type: ignore[arg-type]  # any signer of the table
    assert mdoc.judged(answer, trust=trust).deciding is expected


@pytest.mark.parametrize("build", [build_token, build_cwt])
@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("role", ROLES)
def test_only_document_signers_and_status_signers_each_in_its_role_sign_status_lists(
    name: str, role: KeyRole, build: Callable[..., SignedToken]
) -> None:
    """A separate signer's lists count in its own bureau, a document signer's too; nobody else's say anything."""
    signer = SIGNERS[name]
    terms: dict[str, Any] = {"bits": 2, "issued_at": NOW - 60, "expires_at": NOW + DAY, "ttl_seconds": 300}
    token = build(STATUS_URI, build_entries(1 << 14, 2, {}), signer=signer, **terms)
    trust = trusting(signer, role)
    counts = (name in DOCUMENTS and role is KeyRole.CREDENTIAL) or (name, role) == ("status lists", KeyRole.STATUS)
    expected = Reason.ALL_CHECKS_PASSED if counts else Reason.STATUS_UNKNOWN
    assert judged(statuses=OnlineStatuses(Serves(token), trust).at(NOW), trust=trust).deciding is expected


@pytest.mark.parametrize("name", SIGNERS)
def test_only_a_list_signer_signs_the_trust_list_and_only_a_vical_signer_the_vical(name: str) -> None:
    signer = SIGNERS[name]
    listed = read_or_why(lambda token: read_trust_list(token, **LIST_READING), a_trust_list(signer))
    assert listed == (READ if name == "trust lists" else why_not(name))
    exported = read_or_why(lambda data: read_vical(data, **LIST_READING), a_vical(signer))
    assert exported == (READ if name == "VICALs" else why_not(name))


@pytest.mark.parametrize("role", KeyRole)
def test_a_key_signs_codes_and_cards_in_its_role_alone(role: KeyRole) -> None:
    """Listed for the form, in the right bureau, with a signature that holds: only the role is another."""

    def listed(table: trust_table.TrustTable, name: str) -> trust_table.TrustTable:
        key = verdict_signer(name).key_id
        return replace(table, keys={**table.keys, key: replace(table.keys[key], role=role)})

    code = readers.judged(Code(), trust=listed(readers.TRUST, "issuer")).deciding
    right = role is KeyRole.CREDENTIAL
    assert code is (Reason.ALL_CHECKS_PASSED if right else Reason.ISSUER_NOT_AUTHORISED)
    card = paper_readers.judged(Card(), trust=listed(paper_readers.trust("real"), "cards")).deciding
    assert card is (Reason.PAPER_CARD if role is KeyRole.CARD else Reason.ISSUER_NOT_AUTHORISED)
