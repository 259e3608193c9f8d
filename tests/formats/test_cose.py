from __future__ import annotations

import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats import cose
from formats.cose import Checks, Sign1Draft, SignatureCheck, UnverifiedSign1
from formats.encoding import cbor
from formats.encoding.cbor import CborValue
from formats.signature_checks import run
from keys.algorithms import ES256
from keys.signing import verify_signature
from tests.builders import qr
from tests.builders.refusals import refused
from tests.support.vectors import load_json

KEY = qr.signer("post")
SIGNED = qr.sign(cose.own_draft("eid-test+cose", KEY.key_id, b"payload"), KEY)


def elements(**changes: CborValue) -> bytes:
    """A COSE_Sign1 of four good elements, with these changes."""
    good: dict[str, CborValue] = {
        "protected": b"\xa1\x01\x28",
        "unprotected": {},
        "payload": b"",
        "signature": bytes(64),
    }
    return cbor.encode(CBORTag(18, list({**good, **changes}.values())))


@pytest.mark.parametrize("name", ["ecdsa-examples_ecdsa-sig-01.json", "sign1-tests_sign-pass-01.json", "CWT_A_3.json"])
def test_builds_the_structure_to_be_signed_of_the_working_group(name: str) -> None:
    vector = load_json("cose-cwt", name, fields=None)
    tag = load_tag(vector["output"]["cbor"])
    protected, _, payload, signature = tag
    if protected == b"\xa0":
        protected = b""
    sign1 = UnverifiedSign1(protected, {}, {}, payload, signature)
    expected = bytes.fromhex(vector["intermediates"]["ToBeSign_hex"])
    assert sign1.to_be_signed() == expected


def load_tag(spelled: str) -> list[bytes]:
    import cbor2

    return list(cbor2.loads(bytes.fromhex(spelled)).value)


def test_reads_back_what_it_wrote_and_the_signature_holds() -> None:
    sign1, kid = cose.decode_own(SIGNED, typ="eid-test+cose", max_bytes=500)
    assert (sign1.payload, kid) == (b"payload", KEY.key_id)
    assert run(cose.check_signature(sign1, KEY.point, ES256)) is True
    assert run(cose.check_signature(sign1, qr.signer("holder").point, ES256)) is False


def test_asks_exactly_one_question() -> None:
    sign1 = cose.decode_sign1(SIGNED, max_bytes=500)
    checks = cose.check_signature(sign1, KEY.point, ES256)
    assert next(checks) == SignatureCheck(KEY.point, ES256, sign1.to_be_signed(), sign1.signature)
    with pytest.raises(StopIteration) as done:
        checks.send(True)
    assert done.value.value is True


@pytest.mark.parametrize("answer", [1, 0, None, "True", object(), [True]])
def test_an_answer_that_is_not_a_bool_is_a_fault_of_the_driver(answer: object) -> None:
    checks = cose.check_signature(cose.decode_sign1(SIGNED, max_bytes=500), KEY.point, ES256)
    next(checks)
    with pytest.raises(TypeError):
        checks.send(answer)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    "data",
    [
        SIGNED[1:],
        cbor.encode([b"\xa1\x01\x28", {}, b""]),
        cbor.encode(CBORTag(18, [b"\xa1\x01\x28", {}, b""])),
        cbor.encode(CBORTag(18, [b"\xa1\x01\x28", {}, b"", bytes(64), b""])),
        cbor.encode(CBORTag(18, {1: 2})),
        elements(protected={}),
        elements(unprotected=[]),
        elements(payload="text"),
        elements(signature=bytes(63)),
        elements(signature=bytes(65)),
        elements(signature="s" * 64),
        elements(protected=b"\xff"),
        elements(protected=b"\xa1\x18\x01\x28"),
        SIGNED + b"\0",
    ],
)
def test_refuses_what_is_no_tagged_sign1(data: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        cose.decode_sign1(data, max_bytes=500)


@pytest.mark.parametrize("protected", [b"", b"\x80", b"\x01"])
def test_refuses_a_protected_header_that_is_no_map(protected: bytes) -> None:
    with refused(Reason.HEADER_UNEXPECTED):
        cose.decode_sign1(elements(protected=protected), max_bytes=500)


def test_refuses_more_bytes_than_allowed() -> None:
    with refused(Reason.TOO_LARGE):
        cose.decode_sign1(SIGNED, max_bytes=len(SIGNED) - 1)


@pytest.mark.parametrize(
    ("headers", "unprotected", "reason"),
    [
        ({1: -9, 4: bytes(8), 16: "eid-test+cose", 2: [1]}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 16: "eid-test+cose"}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 4: bytes(8), 16: "eid-trust+cose"}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 4: bytes(8), 16: 294}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 4: bytes(8), 16: "eid-test+cose"}, {4: b"x"}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 4: bytes(7), 16: "eid-test+cose"}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -9, 4: "12345678", 16: "eid-test+cose"}, {}, Reason.HEADER_UNEXPECTED),
        ({1: -7, 4: bytes(8), 16: "eid-test+cose"}, {}, Reason.ALGORITHM_NOT_ALLOWED),
        ({1: True, 4: bytes(8), 16: "eid-test+cose"}, {}, Reason.ALGORITHM_NOT_ALLOWED),
        ({1: "ES256", 4: bytes(8), 16: "eid-test+cose"}, {}, Reason.ALGORITHM_NOT_ALLOWED),
    ],
)
def test_refuses_other_headers_on_our_own_documents(
    headers: cbor.CborMap, unprotected: cbor.CborMap, reason: Reason
) -> None:
    data = Sign1Draft(headers, b"").finish(bytes(64), unprotected)
    with refused(reason):
        cose.decode_own(data, typ="eid-test+cose", max_bytes=500)


def test_does_not_finish_with_a_signature_of_another_size() -> None:
    with pytest.raises(ValueError):
        cose.own_draft("eid-test+cose", KEY.key_id, b"").finish(bytes(71))


def two_checks() -> Checks[tuple[bool, bool]]:
    first = yield SignatureCheck(KEY.point, ES256, b"m", KEY.sign(b"m"))
    second = yield SignatureCheck(KEY.point, ES256, b"n", KEY.sign(b"m"))
    return first, second


def test_the_driver_answers_each_question_with_cryptography() -> None:
    assert run(two_checks()) == (True, False)
    assert verify_signature(KEY.point, ES256, b"m", KEY.sign(b"m"))


def test_the_driver_throws_its_own_fault_into_the_open_question() -> None:
    def judge() -> Checks[str]:
        try:
            yield SignatureCheck(KEY.point, ES256, None, bytes(64))  # type: ignore[arg-type]  # makes the driver fail
        except TypeError:
            return "could not check"
        return "checked"

    assert run(judge()) == "could not check"


def test_the_driver_does_not_swallow_what_the_judge_does_not_handle() -> None:
    def judge() -> Checks[None]:
        yield SignatureCheck(KEY.point, ES256, None, bytes(64))  # type: ignore[arg-type]  # makes the driver fail

    with pytest.raises(TypeError):
        run(judge())


def test_the_driver_lets_the_judges_own_refusal_through() -> None:
    def judge() -> Checks[None]:
        yield SignatureCheck(KEY.point, ES256, b"m", KEY.sign(b"m"))
        cose.decode_sign1(b"", max_bytes=10)

    with refused(Reason.CBOR_MALFORMED):
        run(judge())
