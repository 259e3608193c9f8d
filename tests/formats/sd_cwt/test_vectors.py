"""The working group's SD-CWT and key-binding token: the rules of the draft hold in it; our frozen profile refuses it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from cbor2 import CBORSimpleValue, CBORTag

from core.reasons import Reason
from formats import cose
from formats.encoding import base64url, cbor
from formats.sd_cwt.model import TYP_KBT, TYP_SD_CWT, disclosure_digest
from formats.sd_cwt.unpack import read_kbt, read_sd_cwt
from keys.algorithms import ES256
from keys.signing import verify_signature
from tests.builders.refusals import refused
from tests.support.vectors import load_json

FIELDS: Final = {
    "keys", "alg", "issuer_cwt_hex", "kbt_hex", "issuer_cwt_edn", "kbt_edn", "note", "first_disclosure_inner_hex",
    "first_disclosure_hash_in_text",
}  # fmt: skip
REDACTED_KEYS: Final = CBORSimpleValue(59)
REDACTED_ELEMENT: Final = 60


@cache
def vector() -> dict[str, Any]:
    content: dict[str, Any] = load_json("sd-cwt", "issuer_and_kbt.json", fields=FIELDS)
    return content


def loosely(data: bytes) -> Any:
    import cbor2

    return cbor2.loads(data)


def key_binding_token() -> tuple[bytes, dict[int, Any], bytes, bytes]:
    """Return the protected bytes, the headers in them, the payload and the signature."""
    protected, unprotected, payload, signature = loosely(bytes.fromhex(vector()["kbt_hex"])).value
    assert not unprotected
    return protected, loosely(protected), payload, signature


def digests(value: Any) -> list[bytes]:
    if isinstance(value, CBORTag):
        return [value.value] if value.tag == REDACTED_ELEMENT else []
    if isinstance(value, dict):
        inner = [found for name, member in value.items() if name != REDACTED_KEYS for found in digests(member)]
        return [*value.get(REDACTED_KEYS, ()), *inner]
    return [found for member in value for found in digests(member)] if isinstance(value, list | tuple) else []


def test_the_holder_signed_the_whole_sd_cwt_it_shows() -> None:
    protected, headers, payload, signature = key_binding_token()
    key = vector()["keys"]["holder"]
    point = b"\x04" + base64url.decode(key["x"]) + base64url.decode(key["y"])
    structure = cbor.encode_foreign(["Signature1", protected, b"", payload])
    assert verify_signature(point, ES256, structure, signature)
    assert not verify_signature(point, ES256, structure + b"\0", signature)
    assert headers[cose.TYP] == TYP_KBT
    assert headers[cose.KCWT].tag == 18


def test_what_is_shown_is_part_of_what_was_issued_and_nothing_else() -> None:
    issued = loosely(bytes.fromhex(vector()["issuer_cwt_hex"])).value
    _, headers, _, _ = key_binding_token()
    inside = headers[cose.KCWT].value
    # Protected header, payload and signature of the issuer pass unchanged; only the disclosures are fewer.
    assert [inside[place] for place in (0, 2, 3)] == [issued[place] for place in (0, 2, 3)]
    shown, all_of_them = inside[1][cose.SD_CLAIMS], issued[1][cose.SD_CLAIMS]
    assert set(shown) < set(all_of_them)
    assert len(shown) == len(set(shown)) == 3
    signed = digests(loosely(issued[2]))
    assert len(signed) == len(set(signed))
    assert {disclosure_digest(bytes(disclosure)) for disclosure in shown} < set(signed)
    assert loosely(issued[0])[cose.TYP] == TYP_SD_CWT


def test_a_disclosure_is_salt_then_value_then_key() -> None:
    issued = loosely(bytes.fromhex(vector()["issuer_cwt_hex"])).value
    for disclosure in issued[1][cose.SD_CLAIMS]:
        salt, *rest = loosely(bytes(disclosure))
        assert (type(salt), len(salt)) == (bytes, 16)
        assert len(rest) in {1, 2}
    assert loosely(bytes.fromhex(vector()["first_disclosure_inner_hex"]))[1:] == ["ABCD-123456", 501]


def test_the_showing_lies_inside_the_validity_of_the_credential() -> None:
    _, headers, payload, _ = key_binding_token()
    claims, shown = loosely(headers[cose.KCWT].value[2]), loosely(payload)
    assert claims[6] <= shown[6] <= claims[4]
    assert shown[3] == "https://verifier.example/app"
    assert not {1, 2} & shown.keys()


def test_the_frozen_profile_takes_neither() -> None:
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read_kbt(bytes.fromhex(vector()["kbt_hex"]))
    # A signature on P-384 has another size than any of the profile.
    with refused(Reason.CBOR_MALFORMED):
        read_sd_cwt(bytes.fromhex(vector()["issuer_cwt_hex"]))
