"""PyPI ``cwt`` and ``pycose`` as independent judges of our COSE and CWT, each shown a corrupted copy first."""

from __future__ import annotations

import zlib
from typing import Any, Final

import pytest

from core.reasons import Reason
from formats import cose, qr_token, signature_checks
from formats.cose import Sign1Draft, check_signature, decode_own, decode_sign1
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.sd_cwt import model
from formats.sd_cwt.model import disclosure_digest
from formats.status_list import cwt_token
from formats.status_list.entries import INVALID, build_entries
from keys.algorithms import ES256
from keys.public_keys import PublicKey
from tests.builders import qr
from tests.builders.refusals import refused
from tests.builders.trust import DAY, NOW, document_signer, national_root
from tests.judges.child import Judge, JudgeRefused
from tests.judges.keys import flipped, private, public

STATUS_URI: Final = "https://id.example.test/status/690101000000/1"
ISSUER: Final = qr.signer("document signer")
COPY: Final = qr.issue()
KBT: Final = qr_token.decode(qr.show_one_way(COPY))
ANSWER: Final = qr_token.decode(qr.show_answer(COPY, challenge_hash=b"\x69" * 32))
ES256_ELSEWHERE: Final = -7

# What each judge takes: the SD-CWT with the issuer's key, both kinds of key-binding token with the holder's.
TOKENS: Final = {
    "sd-cwt": (COPY.sd_cwt, ISSUER, ISSUER.key_id.hex()),
    "one-way": (KBT, COPY.holder, ""),
    "answer": (ANSWER, COPY.holder, ""),
}


def spoilt(token: bytes) -> tuple[bytes, bytes]:
    """A flipped bit in the signature, which closes the structure, and one in the payload before it."""
    return flipped(token, -20), flipped(token, -90)


@pytest.mark.parametrize("name", TOKENS)
def test_python_cwt_verifies_our_tokens(judge_in_python: Judge, name: str) -> None:
    token, key, kid = TOKENS[name]
    asked = {"jwk": public(key), "algorithm": ES256.cose, "kid": kid}
    for bent in spoilt(token):
        with pytest.raises(JudgeRefused, match="VerifyError"):
            judge_in_python.ask("cwt_sign1_read", token=bent.hex(), **asked)
    with pytest.raises(JudgeRefused, match="VerifyError"):
        judge_in_python.ask("cwt_sign1_read", token=token.hex(), **{**asked, "jwk": public(qr.signer("other"))})
    read = judge_in_python.ask("cwt_sign1_read", token=token.hex(), **asked)
    ours = decode_sign1(token, max_bytes=model.MAX_TOKEN_BYTES)
    assert bytes.fromhex(read["payload"]) == ours.payload
    assert [label for label, _ in read["protected"]] == list(ours.protected)


@pytest.mark.parametrize("name", TOKENS)
def test_pycose_verifies_our_tokens(judge_in_python: Judge, name: str) -> None:
    token, key, _ = TOKENS[name]
    for bent in spoilt(token):
        with pytest.raises(JudgeRefused, match="does not hold"):
            judge_in_python.ask("pycose_sign1_read", token=bent.hex(), jwk=public(key))
    payload = judge_in_python.ask("pycose_sign1_read", token=token.hex(), jwk=public(key))
    assert bytes.fromhex(payload) == decode_sign1(token, max_bytes=model.MAX_TOKEN_BYTES).payload


def test_python_cwt_reads_the_claims_of_our_sd_cwt(judge_in_python: Judge) -> None:
    asked = {"jwk": public(ISSUER), "algorithm": ES256.cose, "kid": ISSUER.key_id.hex()}
    with pytest.raises(JudgeRefused):
        judge_in_python.ask("cwt_read", token=flipped(COPY.sd_cwt, -20).hex(), **asked)
    read = judge_in_python.ask("cwt_read", token=COPY.sd_cwt.hex(), **asked)
    assert (read["sub"], read["iat"], read["exp"]) == (
        COPY.claims.subject,
        COPY.claims.issued_at,
        COPY.claims.expires_at,
    )
    claims = {str(label): value for label, value in read["claims"]}
    point = COPY.claims.holder_point33
    key = dict(claims["8"][0][1])
    assert key == {1: 2, -1: 1, -2: {"hex": point[1:].hex()}, -3: point[:1] == b"\x03"}
    assert dict(claims["65535"][0][1]) == {"idx": COPY.claims.status.index, "uri": COPY.claims.status.uri}
    shown = judge_in_python.ask("cwt_sign1_read", token=COPY.sd_cwt.hex(), **asked)["unprotected"]
    disclosures = [bytes.fromhex(entry["hex"]) for entry in dict(shown)[cose.SD_CLAIMS]]
    digests = {entry["hex"] for entry in claims[str({"simple": 59})]}
    assert digests == {disclosure_digest(disclosure).hex() for disclosure in disclosures}


@pytest.mark.parametrize("name", ["one-way", "answer"])
def test_python_cwt_reads_the_claims_of_our_key_binding_token(judge_in_python: Judge, name: str) -> None:
    token, holder, _ = TOKENS[name]
    asked = {"jwk": public(holder), "algorithm": ES256.cose}
    with pytest.raises(JudgeRefused):
        judge_in_python.ask("cwt_read", token=flipped(token, -20).hex(), **asked)
    read = judge_in_python.ask("cwt_read", token=token.hex(), **asked)
    assert read["iat"] == qr.NOW
    assert read["aud"] == ("urn:eid:qr:any:1" if name == "one-way" else qr.POST_ID)
    assert (read["exp"], read["cti"] is None) == ((qr.NOW + 60, False) if name == "one-way" else (None, True))


def test_both_libraries_refuse_a_key_binding_token_with_another_sd_cwt_inside(judge_in_python: Judge) -> None:
    other = qr.issue(seed="other salts").sd_cwt
    read = decode_sign1(KBT, max_bytes=model.MAX_TOKEN_BYTES)
    swapped: CborMap = {**read.protected, cose.KCWT: cose.sign1_value(other, max_bytes=model.MAX_TOKEN_BYTES)}
    forged = Sign1Draft(swapped, read.payload).finish(read.signature)
    for verb, more in (("cwt_sign1_read", {"algorithm": ES256.cose}), ("pycose_sign1_read", {})):
        with pytest.raises(JudgeRefused):
            judge_in_python.ask(verb, token=forged.hex(), jwk=public(COPY.holder), **more)


def _made(judge: Judge, library: str, protected: CborMap, payload: bytes, key: Any, algorithm: int) -> bytes:
    asked = {"payload": payload.hex(), "protected": cbor.encode(protected).hex(), "jwk": private(key)}
    if library == "cwt":
        return bytes.fromhex(judge.ask("cwt_sign1_make", algorithm=algorithm, **asked))
    return bytes.fromhex(judge.ask("pycose_sign1_make", **asked))


@pytest.mark.parametrize("library", ["cwt", "pycose"])
def test_we_read_and_verify_a_sign1_that_another_library_made(judge_in_python: Judge, library: str) -> None:
    headers: CborMap = {cose.ALG: ES256.cose, cose.KID: ISSUER.key_id, cose.TYP: "application/example"}
    token = _made(judge_in_python, library, headers, b"payload", ISSUER, ES256.cose)
    sign1, kid = decode_own(token, typ="application/example", max_bytes=4096)
    assert (sign1.payload, kid) == (b"payload", ISSUER.key_id)
    assert signature_checks.run(check_signature(sign1, ISSUER.point, ES256))
    assert not signature_checks.run(check_signature(sign1, COPY.holder.point, ES256))
    bent = decode_sign1(flipped(token, -20), max_bytes=4096)
    assert not signature_checks.run(check_signature(bent, ISSUER.point, ES256))


SIGNER: Final = document_signer(national_root())


def a_status_cwt(bits: int = 2) -> bytes:
    return cwt_token.build_cwt(
        STATUS_URI,
        build_entries(1 << 12, bits, {7: INVALID}),
        bits=bits,
        issued_at=NOW - 60,
        expires_at=NOW + DAY,
        ttl_seconds=300,
        signer=SIGNER,
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_both_libraries_verify_our_status_list_in_its_cwt_form(judge_in_python: Judge, bits: int) -> None:
    token = a_status_cwt(bits)
    asked = {"jwk": public(SIGNER), "algorithm": ES256_ELSEWHERE}
    for bent in spoilt(token):
        with pytest.raises(JudgeRefused):
            judge_in_python.ask("cwt_read", token=bent.hex(), **asked)
        with pytest.raises(JudgeRefused):
            judge_in_python.ask("pycose_sign1_read", token=bent.hex(), jwk=public(SIGNER))
    read = judge_in_python.ask("cwt_read", token=token.hex(), **asked)
    assert (read["sub"], read["iat"], read["exp"]) == (STATUS_URI, NOW - 60, NOW + DAY)
    listed = dict(dict(_pairs(read["claims"]))[cwt_token.STATUS_LIST])
    assert listed["bits"] == bits
    assert zlib.decompress(bytes.fromhex(listed["lst"]["hex"])) == build_entries(1 << 12, bits, {7: INVALID})
    assert judge_in_python.ask("pycose_sign1_read", token=token.hex(), jwk=public(SIGNER))


def _pairs(claims: list[list[Any]]) -> list[tuple[Any, Any]]:
    return [(label, value) for label, value in claims]


@pytest.mark.parametrize("library", ["cwt", "pycose"])
def test_we_verify_a_status_list_that_another_library_signed(judge_in_python: Judge, library: str) -> None:
    headers: CborMap = {
        cose.ALG: ES256_ELSEWHERE,
        cose.TYP: cwt_token.MEDIA_TYPE,
        cose.X5CHAIN: SIGNER.certificates[0],
    }
    listed: CborMap = {"bits": 1, "lst": zlib.compress(build_entries(64, 1, {7: INVALID}))}
    claims: CborMap = {cwt_token.SUB: STATUS_URI, cwt_token.IAT: NOW, cwt_token.EXP: NOW + DAY}
    payload = cbor.encode({**claims, cwt_token.STATUS_LIST: listed})
    token = _made(judge_in_python, library, headers, payload, SIGNER, ES256_ELSEWHERE)

    def read(data: bytes) -> Any:
        return cwt_token.read_cwt(
            data, uri=STATUS_URI, signer_of=lambda _chain: PublicKey(SIGNER.point, ES256), now=NOW, tolerance_seconds=30
        )

    with refused(Reason.STATUS_UNKNOWN):
        read(flipped(token, -20))
    found = read(token)
    assert [found.status_at(index) for index in (6, 7, 8)] == [0, INVALID, 0]
