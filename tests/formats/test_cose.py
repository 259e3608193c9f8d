from __future__ import annotations

import cbor2
import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats import cose
from formats.cose import Checks, ForeignSign1Draft, Sign1Draft, SignatureCheck, UnverifiedSign1
from formats.encoding import cbor
from formats.encoding.cbor import CborValue, ForeignValue
from formats.signature_checks import run
from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.signing import verify_signature
from tests.builders import qr
from tests.builders.refusals import refused
from tests.formats.mdoc.mdocs import definition
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
    vector = load_json("cose-cwt", name, fields={"title", "input", "intermediates", "output"})
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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_finishes_with_a_signature_of_the_size_of_its_algorithm(algorithm: Algorithm) -> None:
    draft = Sign1Draft({1: algorithm.cose_usual}, b"payload")
    tagged = cbor.decode_foreign(draft.finish(bytes(algorithm.signature_bytes)), max_bytes=5000, tags=(18,))
    assert isinstance(tagged, CBORTag)
    assert cose.read_foreign_sign1(tagged.value).algorithm is algorithm
    with pytest.raises(ValueError):
        draft.finish(bytes(algorithm.signature_bytes + 1))


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


# --- what others read and write ---------------------------------------------------------------------------------------

FOREIGN_KEY = b"a certificate"
FOREIGN_DRAFT = ForeignSign1Draft(ES256, (FOREIGN_KEY,), b"payload")


def foreign(**changes: ForeignValue) -> list[ForeignValue]:
    """The four elements of a good untagged COSE_Sign1, with these changes."""
    good: dict[str, ForeignValue] = {
        "protected": b"\xa1\x01\x26",
        "unprotected": {},
        "payload": b"payload",
        "signature": bytes(64),
    }
    return list({**good, **changes}.values())


def cut_apart(value: ForeignValue, *, detached: bool = False) -> cose.UnverifiedForeignSign1:
    """What is read of these four elements by cutting them out of their bytes."""
    assert isinstance(value, list)
    protected, unprotected, payload, signature = value
    assert isinstance(signature, bytes)
    held = b"" if detached else payload
    assert isinstance(held, bytes)
    headers = cbor.encode_foreign(protected) + cbor.encode_foreign(unprotected)
    return cose.cut_foreign_sign1(headers, held, signature)


def test_writes_the_older_number_protected_and_the_chain_unprotected() -> None:
    signed = FOREIGN_DRAFT.finish(bytes(64))
    expected = [b"\xa1\x01\x26", {33: FOREIGN_KEY}, b"payload", bytes(64)]
    assert cbor.decode_foreign(signed, max_bytes=500) == expected
    assert FOREIGN_DRAFT.to_be_signed() == cbor.encode_foreign(["Signature1", b"\xa1\x01\x26", b"", b"payload"])


@pytest.mark.parametrize("chain", [(), (b"leaf",), (b"leaf", b"above")])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("detached", [True, False])
def test_what_is_written_for_others_reads_back(chain: tuple[bytes, ...], algorithm: Algorithm, detached: bool) -> None:
    draft = ForeignSign1Draft(algorithm, chain, b"payload", detached=detached)
    spelled = draft.finish(bytes(algorithm.signature_bytes))
    read = cose.read_foreign_sign1(cbor.decode_foreign(spelled, max_bytes=5000), detached=detached)
    assert (read.algorithm, read.chain) == (algorithm, chain)
    assert cut_apart(cbor.decode_foreign(spelled, max_bytes=5000), detached=detached) == read
    if detached:
        assert read.payload == b""
        assert read.with_payload(b"payload") == draft.to_be_signed()
    else:
        assert read.to_be_signed() == draft.to_be_signed()


def test_a_chain_has_at_most_four_certificates() -> None:
    longest = [bytes((number,)) for number in range(1, 5)]
    assert cose.read_foreign_sign1(foreign(unprotected={33: [*longest]})).chain == tuple(longest)
    with refused(Reason.HEADER_UNEXPECTED):
        cose.read_foreign_sign1(foreign(unprotected={33: [*longest, b"one more"]}))


def test_takes_either_number_of_es256_and_either_place_of_the_chain() -> None:
    for protected in (b"\xa1\x01\x26", b"\xa1\x01\x28"):
        assert cose.read_foreign_sign1(foreign(protected=protected)).algorithm is ES256
    inside = cbor.encode_foreign({1: -7, 33: [b"leaf", b"above"], 16: "typ"})
    read = cose.read_foreign_sign1(foreign(protected=inside, unprotected={4: b"kid"}))
    assert read.chain == (b"leaf", b"above")
    assert read.headers[16] == "typ"
    assert cut_apart(foreign(protected=inside, unprotected={4: b"kid"})) == read


def test_the_received_protected_bytes_are_what_is_signed() -> None:
    odd = cbor.encode_foreign({33: b"leaf", 1: -7})
    read = cose.read_foreign_sign1(foreign(protected=odd))
    assert read.to_be_signed() == cbor.encode_foreign(["Signature1", odd, b"", b"payload"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        CBORTag(18, foreign()),
        foreign()[:3],
        [*foreign(), b""],
        foreign(protected={1: -7}),
        foreign(protected=b"\xff"),
        foreign(protected=b"\xa1\x18\x01\x26"),
        foreign(protected=b"\xa1\x01\x26\x00"),
        foreign(unprotected=[]),
        foreign(unprotected=None),
        foreign(payload=None),
        foreign(payload=b""),
        foreign(payload="text"),
        foreign(signature=bytes(63)),
        foreign(signature=bytes(65)),
        foreign(signature="s" * 64),
        foreign(protected=b"\xa1\x01\x38\x2f"),
    ],
)
def test_refuses_what_is_no_untagged_sign1_of_others(value: ForeignValue) -> None:
    with refused(Reason.CBOR_MALFORMED):
        cose.read_foreign_sign1(value)


@pytest.mark.parametrize("payload", [b"", b"payload", "text"])
def test_a_detached_payload_is_null(payload: ForeignValue) -> None:
    assert cose.read_foreign_sign1(foreign(payload=None), detached=True).payload == b""
    with refused(Reason.CBOR_MALFORMED):
        cose.read_foreign_sign1(foreign(payload=payload), detached=True)


def test_an_attached_payload_is_not_replaced() -> None:
    with pytest.raises(ValueError):
        cose.read_foreign_sign1(foreign()).with_payload(b"another")


@pytest.mark.parametrize(
    ("protected", "unprotected"),
    [
        (b"", {}),
        (b"\xa0", {}),
        (b"\x80", {}),
        (b"\x01", {}),
        (b"\xa1\x04\x41k", {1: -7}),
        (b"\xa1\x01\x26", {1: -7}),
        (b"\xa2\x01\x26\x02\x81\x01", {}),
        (b"\xa1\x01\x26", {2: [1]}),
        (b"\xa2\x01\x26\x04\x41k", {4: b"k"}),
        (b"\xa2\x01\x26\x18\x21\x41c", {33: b"c"}),
        (b"\xa2\x01\x26\x18\x21\x40", {}),
        (b"\xa2\x01\x26\x18\x21\xf6", {}),
        (b"\xa1\x01\x26", {33: b""}),
        (b"\xa1\x01\x26", {33: "text"}),
        (b"\xa1\x01\x26", {33: None}),
        (b"\xa1\x01\x26", {33: []}),
        (b"\xa1\x01\x26", {33: [b"one"]}),
        (b"\xa1\x01\x26", {33: [b"one", b""]}),
        (b"\xa1\x01\x26", {33: [b"one", "two"]}),
        (b"\xa1\x01\x26", {33: [b"c"] * 5}),
    ],
)
def test_refuses_headers_that_are_missing_misplaced_or_malformed(protected: bytes, unprotected: ForeignValue) -> None:
    for read in (cose.read_foreign_sign1, cut_apart):
        with refused(Reason.HEADER_UNEXPECTED):
            read(foreign(protected=protected, unprotected=unprotected))


@pytest.mark.parametrize(
    "value",
    [
        foreign(protected={1: -7}),
        foreign(protected=b"\xa1\x18\x01\x26"),
        foreign(unprotected=[]),
        foreign(unprotected=None),
        foreign(unprotected={4: CBORTag(24, b"")}),
        foreign(unprotected={4: [[[1]]]}),
        foreign(signature=bytes(63)),
        foreign(protected=b"\xa1\x01\x38\x2f"),
    ],
)
def test_cuts_nothing_apart_that_is_not_as_usual(value: ForeignValue) -> None:
    with refused(Reason.CBOR_MALFORMED):
        cut_apart(value)


@pytest.mark.parametrize(
    "headers", [b"", b"\x43\xa1\x01\x26", b"\x43\xa1\x01\x26\xa0\xa0", b"\x58\x03\xa1\x01\x26\xa0"]
)
def test_what_is_cut_out_is_two_headers_in_strict_cbor(headers: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        cose.cut_foreign_sign1(headers, b"payload", bytes(64))


def test_cuts_no_headers_beyond_their_size() -> None:
    with refused(Reason.TOO_LARGE):
        cut_apart(foreign(unprotected={4: bytes(8192)}))


@pytest.mark.parametrize("number", [-8, -35, -257, 5, 0, True, "ES256", None])
def test_refuses_another_algorithm_of_others(number: ForeignValue) -> None:
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        cose.read_foreign_sign1(foreign(protected=cbor.encode_foreign({1: number})))


def test_refuses_a_protected_header_larger_than_allowed() -> None:
    big = cbor.encode_foreign({1: -7, 33: bytes(8_192)})
    with refused(Reason.TOO_LARGE):
        cose.read_foreign_sign1(foreign(protected=big))


def test_a_draft_for_others_does_not_finish_with_a_signature_of_another_size() -> None:
    with pytest.raises(ValueError):
        FOREIGN_DRAFT.finish(bytes(65))


def test_a_mac_reads_back_and_is_over_the_structure_of_the_standard() -> None:
    spelled = cose.finish_mac0(bytes(32))
    read = cose.read_mac0(cbor.decode_foreign(spelled, max_bytes=100))
    assert read.tag == bytes(32)
    structure = cbor.encode_foreign(["MAC0", b"\xa1\x01\x05", b"", b"payload"])
    assert read.with_payload(b"payload") == cose.mac0_to_be_authenticated(b"payload") == structure


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payload": b"payload"}, Reason.CBOR_MALFORMED),
        ({"signature": bytes(31)}, Reason.CBOR_MALFORMED),
        ({"signature": bytes(8)}, Reason.CBOR_MALFORMED),
        ({"protected": b"\xa1\x01\x04"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"protected": b"\xa1\x01\x06"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"protected": b"\xa1\x01\x26"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"protected": b"\xa1\x01\xf5"}, Reason.ALGORITHM_NOT_ALLOWED),
        ({"protected": b""}, Reason.HEADER_UNEXPECTED),
        ({"protected": b"\xa2\x01\x05\x02\x81\x01"}, Reason.HEADER_UNEXPECTED),
        ({"unprotected": {1: 5}}, Reason.HEADER_UNEXPECTED),
        ({"unprotected": {2: [1]}}, Reason.HEADER_UNEXPECTED),
    ],
)
def test_refuses_another_mac(changes: dict[str, ForeignValue], reason: Reason) -> None:
    good: dict[str, ForeignValue] = {"protected": b"\xa1\x01\x05", "payload": None, "signature": bytes(32)}
    with refused(reason):
        cose.read_mac0(foreign(**{**good, **changes}))


def test_reads_the_structures_of_others() -> None:
    read = cose.read_foreign_sign1(cbor.decode_foreign(definition("cose/sign1/serialized"), max_bytes=500))
    assert (read.algorithm, read.payload, read.chain) == (ES256, b"This is the content.", ())
    protected, unprotected, payload, tag = cbor2.loads(definition("cose/mac0/serialized"))
    mac = cose.read_mac0([protected, unprotected, None, tag])
    assert mac.with_payload(payload) == cbor.encode_foreign(["MAC0", protected, b"", payload])


@pytest.mark.parametrize("algorithm", [other for other in ALGORITHMS if other is not ES256])
def test_our_own_documents_are_signed_with_es256_alone(algorithm: Algorithm) -> None:
    headers = cbor.encode({1: algorithm.cose, 4: bytes(8), 16: "eid-test+cose"})
    data = elements(protected=headers)
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        cose.decode_own(data, typ="eid-test+cose", max_bytes=500)
