"""JOSE examples of others: what is no compact ES256 signature is refused by name, however well it is made."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from core.errors import EidError
from core.reasons import Reason
from formats.jose import read_compact
from tests.builders.refusals import outcome
from tests.support.vectors import load_json, refuse_unknown_fields

EXAMPLE: Final = {
    "title",
    "reproducible",
    "input",
    "signing",
    "generated",
    "encrypting_key",
    "encrypting_content",
    "output",
}
TESTS: Final = {"numberOfTests", "header", "notes", "schema", "testGroups"}
CASE: Final = {"flags", "jwe", "enc", "comment", "tcId", "pt", "result"}


def read(token: str) -> object:
    return outcome(read_compact, token, typ="JWT", max_bytes=100_000)


def example(name: str) -> dict[str, Any]:
    output: dict[str, Any] = load_json("jose", name, fields=EXAMPLE)["output"]
    return output


def test_an_edwards_curve_signature_is_refused_by_its_name() -> None:
    output = example("curve25519_jws.json")
    assert read(output["compact"]) is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("name", ["curve25519_jws.json", "jws_4_3.ecdsa_signature.json"])
@pytest.mark.parametrize("form", ["json", "json_flat"])
def test_the_json_serialisations_are_refused_by_name(name: str, form: str) -> None:
    assert read(json.dumps(example(name)[form])) is Reason.FORM_UNKNOWN


def test_an_encrypted_token_is_no_signed_one() -> None:
    output = example("jwe_5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json")
    assert read(output["compact"]) is Reason.TOKEN_MALFORMED
    assert read(json.dumps(output["json"])) is Reason.FORM_UNKNOWN


def test_no_encrypted_token_of_wycheproof_is_read() -> None:
    content = load_json("wycheproof", "json_web_encryption_test.json", fields=TESTS)
    refused = 0
    for group in content["testGroups"]:
        refuse_unknown_fields(group["tests"], CASE, where="json_web_encryption_test.json")
        for case in group["tests"]:
            token = case["jwe"]
            with pytest.raises(EidError):
                read_compact(token if isinstance(token, str) else json.dumps(token), typ="JWT", max_bytes=100_000)
            refused += 1
    assert refused == content["numberOfTests"]
