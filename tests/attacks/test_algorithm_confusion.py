"""A header that names another algorithm than the one the key is for, in every place where a header names one.

The key says its algorithm: in its certificate, in the trust table, or because every key of that kind is P-256. Two suites
have signatures of one size, and half of all points of one curve have an x on the other, so nothing else would tell.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from cbor2 import CBORTag

from core.reasons import Colour, Reason
from formats import cose
from formats.cose import Sign1Draft
from formats.encoding import base64url, cbor
from formats.encoding.json import JsonValue
from formats.jose import read_compact, sign_compact
from formats.status_list.cwt_token import MEDIA_TYPE as CWT_TYPE
from formats.status_list.cwt_token import build_cwt, read_cwt
from formats.status_list.token import TYP as STATUS_TYP
from formats.status_list.token import read_token
from formats.trust_list import TYP as TRUST_LIST_TYP
from formats.trust_list import in_table, read_trust_list
from keys.algorithms import ALGORITHMS, ES256, ML_DSA_44, SM2_SM3, Algorithm
from keys.certificates import leaf_key
from keys.cose_key import key_id
from keys.jwk import akp_jwk, public_jwk
from keys.points import load_point
from keys.public_keys import PublicKey, to_spki
from keys.signing import KeyPurpose, LocalSigner, Signer, verify_signature
from keys.sm2_points import uncompressed
from protocols.holder_jwt import read_holder_jwt
from tests.builders import mdoc, readers, verdicts
from tests.builders.presentations import (
    HOLDER,
    ROOT,
    STATUS_URI,
    Showing,
    a_trust,
    bare_trust,
    header_of,
    judged,
    jws,
    status_token,
    trust_table,
    trusted_key,
)
from tests.builders.refusals import refused
from tests.builders.suites import document_signer_of, signers_of_each_suite, suite_signer
from tests.builders.trust import NOW, other_signer, seeded_signer
from verifier.checkpoint.verdict import Check, Verdict

SIGNERS = signers_of_each_suite(ROOT)
PAIRS = [pytest.param(key, named, id=f"{named.name} for {key.name}") for key, named in permutations(ALGORITHMS, 2)]

# JOSE and COSE names that others give to algorithms, and names that are near to ours.
JOSE_STRANGERS: list[Any] = [
    "none", "None", "NONE", "", "HS256", "HS384", "RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519",
    "ESP256", "es256", "Es256", "ES256 ", " ES256", "ES256\0", "ＥＳ256", "SM2", "SM3", "SM2SM3", "SM2-SM3", "SM3withSM2",
    "1.2.156.10197.1.501", SM2_SM3.jose.upper(), SM2_SM3.jose + ".1", SM2_SM3.jose[:-2], "ml-dsa-44", "ML-DSA-65",
    "ML-DSA-87", "ML-DSA-44-ES256", -7, -9, 0, 1, 7.0, True, False, None, ["ES256"], {"alg": "ES256"},
]  # fmt: skip
COSE_STRANGERS: list[Any] = [
    0, 1, 4, 5, 6, 7, 9, -1, -6, -8, -16, -17, -19, -35, -36, -37, -47, -49, -50, -51, -52, -257, -65535, -65537,
    SM2_SM3.cose - 1, SM2_SM3.cose + 1, 45, True, False, None, "ES256", "ML-DSA-44", SM2_SM3.jose, b"\x26", [-7], -7.0,
]  # fmt: skip


def trusts(signer: Signer) -> Iterator[Any]:
    """A reader with a table that admits the signer, and one that pinned the root alone."""
    yield a_trust(trust_table(trusted_key(signer)))
    yield bare_trust()


def refused_for_its_name(verdict: Verdict, check: Check) -> None:
    assert verdict.colour is Colour.RED
    assert (verdict.findings[-1].check, verdict.deciding) == (check, Reason.ALGORITHM_NOT_ALLOWED)
    assert verdict.person is None


# --- SD-JWT VC -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "named"), PAIRS)
def test_refuses_a_credential_whose_header_names_another_algorithm_than_its_certificate(
    key: Algorithm, named: Algorithm
) -> None:
    signer = SIGNERS[key.name]
    shown = Showing(issuer=signer, edit_header=lambda header: {**header, "alg": named.jose})
    for trust in trusts(signer):
        refused_for_its_name(judged(shown, trust=trust), Check.ISSUER_SIGNATURE)


@pytest.mark.parametrize(("key", "named"), PAIRS)
def test_refuses_a_credential_that_a_key_of_the_named_suite_signed_under_anothers_certificate(
    key: Algorithm, named: Algorithm
) -> None:
    attacker = suite_signer(named, "attacker").with_certificates(*SIGNERS[key.name].certificates)
    for trust in trusts(SIGNERS[key.name]):
        refused_for_its_name(judged(Showing(issuer=attacker), trust=trust), Check.ISSUER_SIGNATURE)


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
def test_the_same_presentation_with_the_right_name_is_green(signer: LocalSigner) -> None:
    for trust in trusts(signer):
        assert judged(Showing(issuer=signer), trust=trust).colour is Colour.GREEN


@pytest.mark.parametrize("alg", JOSE_STRANGERS, ids=repr)
def test_refuses_every_name_that_is_not_in_the_table_under_every_suite(alg: object) -> None:
    for signer in SIGNERS.values():
        shown = Showing(issuer=signer, edit_header=lambda header: {**header, "alg": alg})
        refused_for_its_name(judged(shown, trust=bare_trust()), Check.STRUCTURE)
    bound = Showing(edit_binding_header=lambda header: {**header, "alg": alg})
    refused_for_its_name(judged(bound), Check.STRUCTURE)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
def test_refuses_the_public_key_as_a_secret_under_every_suite(algorithm: Algorithm) -> None:
    signer = SIGNERS[algorithm.name]
    jwt, *rest = Showing(issuer=signer).text.split("~")
    header = base64url.encode(json.dumps({**header_of(signer), "alg": "HS256"}).encode())
    signing = f"{header}.{jwt.split('.')[1]}"
    for secret in (signer.point, signer.certificates[0], to_spki(PublicKey(signer.point, algorithm))):
        mac = base64url.encode(hmac.digest(secret, signing.encode(), "sha256"))
        refused_for_its_name(judged("~".join((f"{signing}.{mac}", *rest)), trust=bare_trust()), Check.STRUCTURE)


@pytest.mark.parametrize("named", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_a_holder_signs_its_binding_with_es256_in_every_suite(named: Algorithm) -> None:
    for signer in SIGNERS.values():
        by_holder = Showing(issuer=signer, edit_binding_header=lambda header: {**header, "alg": named.jose})
        refused_for_its_name(judged(by_holder, trust=bare_trust()), Check.HOLDER_SIGNATURE)
        by_other = replace(by_holder, shown_by=suite_signer(named, "attacker"))  # type: ignore[arg-type]  # the attack
        refused_for_its_name(judged(by_other, trust=bare_trust()), Check.HOLDER_SIGNATURE)


# --- mdoc ------------------------------------------------------------------------------------------------------------


def sized(algorithm: Algorithm) -> Callable[[list[Any]], list[Any]]:
    """The size would tell where the name does not."""
    return lambda auth: [*auth[:3], (auth[3] + bytes(3_000))[: algorithm.signature_bytes]]


@pytest.mark.parametrize(("key", "named"), PAIRS)
def test_refuses_an_mdoc_whose_header_names_another_algorithm_than_its_certificate(
    key: Algorithm, named: Algorithm
) -> None:
    signer = SIGNERS[key.name]
    for number in {named.cose, named.cose_usual}:
        answer = mdoc.Answer(issuer=signer, edit_protected=lambda _, number=number: {1: number}, edit_auth=sized(named))  # type: ignore[arg-type, misc]  # a default argument binds the loop's value
        for trust in trusts(signer):
            refused_for_its_name(mdoc.judged(answer, trust=trust), Check.ISSUER_SIGNATURE)


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
def test_the_same_mdoc_with_the_right_name_is_green(signer: LocalSigner) -> None:
    for trust in trusts(signer):
        assert mdoc.judged(mdoc.Answer(issuer=signer), trust=trust).colour is Colour.GREEN  # type: ignore[arg-type]  # any signer of the table


@pytest.mark.parametrize("alg", COSE_STRANGERS, ids=repr)
def test_refuses_every_number_that_is_not_in_the_table(alg: object) -> None:
    if type(alg) is float:
        # A number with a fraction is no CBOR of these formats at all.
        verdict = mdoc.judged(mdoc.Answer(edit_protected=lambda _: {1: alg}))
        assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.CBOR_MALFORMED)
        return
    refused_for_its_name(mdoc.judged(mdoc.Answer(edit_protected=lambda _: {1: alg})), Check.STRUCTURE)


@pytest.mark.parametrize("named", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_a_device_signs_with_es256_in_every_suite(named: Algorithm) -> None:
    def fitting(auth: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {"deviceSignature": sized(named)(auth["deviceSignature"])}

    answer = mdoc.Answer(edit_device_protected=lambda _: {1: named.cose}, edit_device_auth=fitting)
    refused_for_its_name(mdoc.judged(answer), Check.HOLDER_SIGNATURE)


# --- status lists ----------------------------------------------------------------------------------------------------


def key_of(chain: tuple[bytes, ...]) -> PublicKey:
    return leaf_key(chain[0])


@pytest.mark.parametrize(("key", "named"), PAIRS)
def test_refuses_a_status_list_whose_header_names_another_algorithm(key: Algorithm, named: Algorithm) -> None:
    signer = SIGNERS[key.name]
    right = status_token(signer=signer)
    read = {"uri": STATUS_URI, "signer_of": key_of, "now": NOW, "tolerance_seconds": 30}
    assert read_token(right, **read).uri == STATUS_URI  # type: ignore[arg-type]  # the arguments of both readers
    parts = read_compact(right, typ=STATUS_TYP, max_bytes=1 << 20)
    header = {**json.loads(base64url.decode(right.split(".")[0])), "alg": named.jose}
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_token(jws(header, parts.payload.decode(), signer), **read)  # type: ignore[arg-type]  # the arguments of both readers
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_cwt(a_cwt(named, signer), **read)  # type: ignore[arg-type]  # the arguments of both readers
    assert read_cwt(a_cwt(key, signer), **read).uri == STATUS_URI  # type: ignore[arg-type]  # the arguments of both readers


def a_cwt(named: Algorithm, signer: Signer) -> bytes:
    """The CWT form under a header that names an algorithm, with a signature of that algorithm's size."""
    token = build_cwt(STATUS_URI, bytes(64), bits=2, issued_at=NOW, expires_at=NOW + 60, ttl_seconds=5, signer=signer)
    elements = cbor.decode_foreign(token, max_bytes=1 << 16, tags=(18,)).value  # type: ignore[union-attr]  # it is tagged
    headers = {1: named.cose_usual, 16: CWT_TYPE, 33: signer.certificates[0]}
    draft = Sign1Draft(headers, elements[2])  # type: ignore[arg-type]  # as the builder writes it
    signature = (signer.sign(draft.to_be_signed()) + bytes(3_000))[: named.signature_bytes]
    return cbor.encode(CBORTag(18, [draft.protected_bytes, {}, draft.payload, signature]))


# --- what is ES256 in every suite ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [SM2_SM3.cose, ML_DSA_44.cose, -7, -8, -35, 5, True], ids=repr)
def test_a_qr_code_is_es256_by_its_full_number_in_every_suite(number: object) -> None:
    for code in (
        verdicts.Code(edit_headers=lambda headers: {**headers, cose.ALG: number}),
        verdicts.Code(edit_proof_headers=lambda headers: {**headers, cose.ALG: number}),
    ):
        verdict = readers.judged(code)
        assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.ALGORITHM_NOT_ALLOWED)


@pytest.mark.parametrize("named", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_our_own_documents_are_es256_in_every_suite(named: Algorithm) -> None:
    signer = suite_signer(named)
    draft = Sign1Draft({cose.ALG: named.cose, cose.KID: signer.key_id, cose.TYP: "eid-trust+cose"}, b"\xa0")
    signature = signer.sign(draft.to_be_signed())[:64]
    document = cbor.encode(CBORTag(18, [draft.protected_bytes, {}, draft.payload, signature]))
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        cose.decode_own(document, typ="eid-trust+cose", max_bytes=10_000)


@pytest.mark.parametrize("named", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_the_trust_list_is_es256_in_every_suite(named: Algorithm) -> None:
    signer = other_signer(ROOT, KeyPurpose.LIST_SIGNER)
    header = json.loads(base64url.decode(sign_compact(b"{}", signer, typ=TRUST_LIST_TYP).split(".")[0]))
    token = jws({**header, "alg": named.jose}, "{}", signer)
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_trust_list(token, root=ROOT.certificate, highest_seen=0, now=NOW, tolerance_seconds=30)


@pytest.mark.parametrize("typ", ["dpop+jwt", "openid4vci-proof+jwt"])
@pytest.mark.parametrize("named", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_a_holders_proof_is_es256_in_every_suite(named: Algorithm, typ: str) -> None:
    own = HOLDER
    header: dict[str, JsonValue] = {"typ": typ, "alg": named.jose, "jwk": dict(public_jwk(own.point))}
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_holder_jwt(jws(header, "{}", own), typ=typ, max_bytes=10_000)
    other = suite_signer(named)
    keys: list[dict[str, str]] = [
        {**public_jwk(own.point), "crv": "SM2"},
        {**public_jwk(own.point), "crv": SM2_SM3.jose},
    ]
    if named is ML_DSA_44:
        keys.append(akp_jwk(other.point, named))
    for jwk in keys:
        with refused(Reason.HOLDER_KEY_INVALID):
            read_holder_jwt(jws({**header, "alg": "ES256", "jwk": jwk}, "{}", other), typ=typ, max_bytes=10_000)
        with refused(Reason.ALGORITHM_NOT_ALLOWED):
            read_holder_jwt(jws({**header, "jwk": jwk}, "{}", other), typ=typ, max_bytes=10_000)


# --- one key's bytes under another suite's name ----------------------------------------------------------------------


def test_a_row_of_the_table_for_a_p256_key_admits_no_sm2_key_of_the_same_bytes() -> None:
    name = next(f"both {place}" for place in range(50) if load_point(suite_signer(SM2_SM3, f"both {place}").point))
    signer = document_signer_of(SM2_SM3, ROOT, name)
    right = trusted_key(signer)
    assert judged(Showing(issuer=signer), trust=a_trust(trust_table(right))).colour is Colour.GREEN
    as_p256 = PublicKey(signer.point, ES256)
    for kid in (key_id(*as_p256), right.kid):
        row = replace(right, kid=kid, point=in_table(as_p256))
        verdict = judged(Showing(issuer=signer), trust=a_trust(trust_table(row)))
        assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.ISSUER_UNKNOWN)


def test_a_p256_signature_is_none_of_an_sm2_key_with_the_same_bytes() -> None:
    holder = next(
        signer for signer in (seeded_signer(f"both {place}") for place in range(50)) if uncompressed(signer.point)
    )
    message = b"what is signed"
    signature = holder.sign(message)
    assert verify_signature(holder.point, ES256, message, signature)
    assert not verify_signature(holder.point, SM2_SM3, message, signature)


def test_a_row_that_names_an_online_key_signs_no_qr_code() -> None:
    online = trusted_key(SIGNERS[SM2_SM3.name])
    issuer = verdicts.signer("issuer")
    row = replace(readers.TRUST.keys[issuer.key_id], point=online.point, forms=frozenset({"dc+sd-jwt"}))
    table = replace(readers.TRUST, keys={**readers.TRUST.keys, issuer.key_id: row})
    assert readers.judged(verdicts.Code(), trust=table).deciding is Reason.ISSUER_NOT_AUTHORISED
    admitted = replace(table, keys={**table.keys, issuer.key_id: replace(row, forms=frozenset({"eid1"}))})
    assert readers.judged(verdicts.Code(), trust=admitted).deciding is Reason.ISSUER_SIGNATURE_INVALID
