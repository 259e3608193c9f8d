"""The working group's COSE and CWT examples: what holds, holds; what this profile does not take is refused by name."""

from __future__ import annotations

from typing import Any, Final

import pytest
from cbor2 import CBORTag

from core.reasons import Reason
from formats import cose
from formats.cose import UnverifiedForeignSign1
from formats.encoding import base64url, cbor
from formats.encoding.cbor import ForeignValue
from keys.algorithms import ES256
from keys.signing import verify_signature
from tests.builders.refusals import outcome, refused
from tests.support.vectors import VectorsUnusable, files, load_json

FOLDER: Final = "cose-cwt"
FIELDS: Final = {"title", "fail", "input", "intermediates", "output"}
SIGN1, ENCRYPT0, MAC0 = 18, 16, 17
HOLDS, FORGED = True, False
# What each example comes to when it is read as the issuer's signature of an mdoc is.
SIGNED: Final[dict[str, bool | Reason]] = {
    "CWT_A_3": HOLDS,
    "ecdsa-examples_ecdsa-sig-01": HOLDS,
    "ecdsa-examples_ecdsa-sig-04": Reason.ALGORITHM_NOT_ALLOWED,  # ES512 under a P-256 key
    "sign1-tests_sign-fail-01": Reason.CBOR_MALFORMED,  # under tag 998
    "sign1-tests_sign-fail-02": FORGED,  # another signature
    "sign1-tests_sign-fail-03": Reason.ALGORITHM_NOT_ALLOWED,  # -999
    "sign1-tests_sign-fail-04": Reason.ALGORITHM_NOT_ALLOWED,  # "unknown"
    "sign1-tests_sign-pass-01": Reason.HEADER_UNEXPECTED,  # its algorithm is not protected
    "sign1-tests_sign-pass-02": FORGED,  # over external data, which is always empty here
}
OTHERS: Final = {"CWT_A_4": MAC0, "CWT_A_5": ENCRYPT0, "CWT_A_7": MAC0}


def vector(name: str) -> dict[str, Any]:
    content: dict[str, Any] = load_json(FOLDER, f"{name}.json", fields=FIELDS)
    return content


def octets(name: str) -> bytes:
    return bytes.fromhex(vector(name)["output"]["cbor"])


def point_of(name: str) -> bytes:
    key = vector(name)["input"]["sign0"]["key"]
    x, y = (bytes.fromhex(key[f"{part}_hex"]) if f"{part}_hex" in key else base64url.decode(key[part]) for part in "xy")
    return b"\x04" + x + y


def sign1_of(data: bytes) -> UnverifiedForeignSign1:
    value = cbor.decode_foreign(data, max_bytes=4096, tags=(SIGN1,))
    return cose.read_foreign_sign1(value.value if isinstance(value, CBORTag) else None)


def untagged(data: bytes, number: int) -> ForeignValue:
    """Return what stands under this tag, whose head is one byte."""
    assert data[0] == 0xC0 | number
    return cbor.decode_foreign(data[1:], max_bytes=4096)


def holds(name: str) -> bool:
    read = sign1_of(octets(name))
    return verify_signature(point_of(name), ES256, read.to_be_signed(), read.signature)


def test_every_example_has_its_expectation() -> None:
    if {path.stem for path in files(FOLDER, "*.json")} != {*SIGNED, *OTHERS}:
        raise VectorsUnusable("the examples of COSE and CWT are not those this test knows")


@pytest.mark.parametrize("name", SIGNED)
def test_every_signed_example_comes_to_what_the_profile_says(name: str) -> None:
    assert outcome(holds, name) == SIGNED[name]


@pytest.mark.parametrize("name", [name for name, found in SIGNED.items() if found is HOLDS])
def test_what_is_signed_is_the_structure_of_the_standard_and_a_flipped_bit_breaks_it(name: str) -> None:
    read = sign1_of(octets(name))
    assert read.to_be_signed() == bytes.fromhex(vector(name)["intermediates"]["ToBeSign_hex"])
    assert not verify_signature(point_of(name), ES256, read.to_be_signed() + b"\0", read.signature)


def test_external_data_would_make_the_structure_another_one() -> None:
    """With the external data of the example its signature holds: nothing else is wrong with it."""
    name = "sign1-tests_sign-pass-02"
    structure = bytes.fromhex(vector(name)["intermediates"]["ToBeSign_hex"])
    read = sign1_of(octets(name))
    assert verify_signature(point_of(name), ES256, structure, read.signature)
    assert read.to_be_signed() != structure


@pytest.mark.parametrize("name", OTHERS)
def test_a_mac_and_an_encrypted_token_are_no_signature(name: str) -> None:
    data, number = octets(name), OTHERS[name]
    with refused(Reason.CBOR_MALFORMED):
        sign1_of(data)
    with refused(Reason.CBOR_MALFORMED):
        cose.decode_sign1(data, max_bytes=4096)
    # HMAC 256/64 is no signature algorithm of the table; three elements are no COSE_Sign1.
    found = outcome(cose.read_foreign_sign1, untagged(data, number))
    assert found is (Reason.ALGORITHM_NOT_ALLOWED if number == MAC0 else Reason.CBOR_MALFORMED)


@pytest.mark.parametrize("name", [name for name, number in OTHERS.items() if number == MAC0])
def test_a_shortened_mac_is_refused(name: str) -> None:
    elements: Any = untagged(octets(name), MAC0)
    protected, unprotected, _, tag = elements
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        cose.read_mac0([protected, unprotected, None, tag])


def test_the_claims_of_the_signed_example_are_the_registered_numbers() -> None:
    claims: Any = cbor.decode_foreign(sign1_of(octets("CWT_A_3")).payload, max_bytes=4096)
    assert sorted(claims) == [1, 2, 3, 4, 5, 6, 7]
    assert (claims[1], claims[4], claims[6]) == ("coap://as.example.com", 1444064944, 1443944944)


def test_a_time_with_a_fraction_is_refused() -> None:
    """A.7 carries ``iat`` as a floating-point number: RFC 8392 allows it, these formats do not."""
    elements: Any = untagged(octets("CWT_A_7"), MAC0)
    payload = elements[2]
    for decode in (cbor.decode, cbor.decode_foreign):
        with refused(Reason.CBOR_MALFORMED):
            decode(payload, max_bytes=100)
