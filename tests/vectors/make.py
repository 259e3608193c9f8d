"""Makes the vectors of the QR profile: ``python -m tests.vectors.make`` writes them, a test checks that nothing moved.

Everything is derived from fixed seeds and deterministic signatures, so that the files are the same on every machine.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cbor2

from formats import challenge, qr_token
from formats.dataset import Group
from formats.encoding import base45
from tests.builders import qr
from tests.builders.forging import REMOVED, forged_kbt, forged_sd_cwt
from tests.builders.people import a_person

FOLDER = Path(__file__).resolve().parent
VECTORS = FOLDER / "qr-profile.json"
HASH = FOLDER / "qr-profile.json.sha256"

# Drawn once and kept: another version of the picture library may compress the same drawing differently.
PORTRAIT = bytes.fromhex(
    "524946469a000000574542505650384c8d0000002f3fc013002740986df41acc08c674ec2744a46dc327627cc2afee2688b4"
    "6dd06c0ccdd7fdb34b98fff8df02c8d90446912429ea0503070acec29c8085f16f6a61160e7f11fd9f00fca68758ff2e705c"
    "8f862cb4e339093f0f16db268b4ff6659efaf7e544781c90d8099c0013a0ce4ee1aa30056aac88b2b182b2322a9dcd62819a"
    "51cc50078acc4c5d843f1100"
)
KEYS = ("document signer", "bundle signer", "policy signer", "list signer", "holder", "post")
SALT = bytes(range(16))


def document() -> dict[str, Any]:
    """Return all vectors as one JSON document."""
    copy = qr.issue(person=a_person(qr_portrait=PORTRAIT, portrait=None))
    asked = qr.a_challenge()
    parts = qr.bundle_parts()
    return {
        "about": "Vectors of docs/qr-profile.md. Keys are for tests only; the person does not exist.",
        "now": qr.NOW,
        "keys": {name: _key(name) for name in KEYS},
        "sd_cwt_issued": copy.sd_cwt.hex(),
        "valid": [
            _valid("one_way_name_and_age", qr.show_one_way(copy, groups=(Group.NAME, Group.AGE_18))),
            _valid("one_way_rail_gate", qr.show_one_way(copy, groups=qr.SHOWN)),
            _valid("one_way_nothing_disclosed", qr.show_one_way(copy, groups=())),
            _valid("answer_all_groups", qr.show_answer(copy, challenge_hash=_hash(asked), groups=list(Group))),
        ],
        "invalid": [{"id": name, "text": text, "reason": reason} for name, (text, reason) in _invalid().items()],
        "challenge": {
            "text": challenge.encode(asked),
            "sha256": _hash(asked).hex(),
            "licence": qr.a_signed_licence().hex(),
        },
        "bundle": {
            "trust_table": parts.trust.hex(),
            "snapshot": qr.signed_snapshot(qr.a_snapshot({0: 0, 5: 1, 123: 2, 1_048_575: 3})).hex(),
            "policy": parts.policies[0].hex(),
            "envelope": parts.packed().hex(),
        },
    }


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _key(name: str) -> dict[str, str]:
    key = qr.signer(name)
    return {"private": key.scalar().hex(), "point": key.point.hex(), "kid": key.key_id.hex()}


def _valid(name: str, text: str) -> dict[str, str]:
    return {"id": name, "text": text, "cbor": qr_token.decode(text).hex()}


def _invalid() -> dict[str, tuple[str, str]]:
    good = qr.show_one_way(qr.issue(person=a_person(qr_portrait=PORTRAIT, portrait=None)))
    kbt = qr_token.decode(good)
    decoy, bad_text, bad_portrait = (
        cbor2.dumps(parts)
        for parts in ([SALT], [SALT, {1: "样\u202e明"}, -65537], [SALT, {1: PORTRAIT[:-2] + b"\x01\x02\x03"}, -65544])
    )
    forged = {
        "header_unknown_critical": (forged_kbt(headers={2: [99], 99: 1}), "header_unexpected"),
        "header_unprotected": (forged_kbt(unprotected={4: bytes(8)}), "header_unexpected"),
        "header_typ_of_another_token": (forged_kbt(headers={16: 295}), "header_unexpected"),
        "issuer_kid_too_short": (forged_kbt(sd_cwt=forged_sd_cwt(headers={4: bytes(7)})), "header_unexpected"),
        "disclosure_list_empty": (forged_kbt(sd_cwt=forged_sd_cwt(unprotected={17: []})), "header_unexpected"),
        "algorithm_minus_7": (forged_kbt(headers={1: -7}), "algorithm_not_allowed"),
        "issuer_algorithm_minus_7": (forged_kbt(sd_cwt=forged_sd_cwt(headers={1: -7})), "algorithm_not_allowed"),
        "bare_sd_cwt": (qr.issue().sd_cwt, "holder_proof_missing"),
        "no_cnf": (forged_kbt(sd_cwt=forged_sd_cwt(claims={8: REMOVED})), "holder_proof_missing"),
        "both_shapes_mixed": (forged_kbt(claims={39: bytes(32)}), "claims_malformed"),
        "one_way_lives_longer": (forged_kbt(claims={4: qr.NOW + 3600}), "claims_malformed"),
        "no_status": (forged_kbt(sd_cwt=forged_sd_cwt(claims={65535: REMOVED})), "claims_malformed"),
        "not_at_midnight": (forged_kbt(sd_cwt=forged_sd_cwt(claims={6: qr.MONDAY + 1})), "claims_malformed"),
        "holder_key_uncompressed": (
            forged_kbt(sd_cwt=forged_sd_cwt(claims={8: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}}})),
            "holder_key_invalid",
        ),
        "trailing_byte": (kbt + b"\0", "cbor_malformed"),
        "no_tag": (kbt[1:], "cbor_malformed"),
        "truncated": (kbt[:-1], "cbor_malformed"),
        "payload_indefinite": (forged_kbt(payload=b"\xbf\xff"), "cbor_malformed"),
        "payload_duplicate_key": (forged_kbt(payload=b"\xa2\x03\x61a\x03\x61b"), "cbor_malformed"),
        "disclosure_not_signed": (
            forged_kbt(sd_cwt=forged_sd_cwt(unprotected={17: [decoy]})),
            "disclosure_unreferenced",
        ),
        "disclosure_is_a_decoy": (forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[decoy])), "disclosure_malformed"),
        "text_with_bidi_control": (forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[bad_text])), "text_bad"),
        "portrait_damaged": (forged_kbt(sd_cwt=forged_sd_cwt(disclosures=[bad_portrait])), "portrait_bad"),
        "holder_signature_flipped": (kbt[:-1] + bytes((kbt[-1] ^ 1,)), "holder_signature_invalid"),
        "issuer_signature_flipped": (_issuer_signature_flipped(kbt), "issuer_signature_invalid"),
    }
    cases = {name: (_text(data), reason) for name, (data, reason) in forged.items()}
    cases["prefix_of_another_profile"] = ("HC1:" + good[5:], "prefix_unknown")
    cases["base45_lower_case"] = (good[:5] + good[5:].lower(), "base45_malformed")
    cases["base45_out_of_range"] = ("EID1:GGW", "base45_malformed")
    cases["larger_than_3072_bytes"] = ("EID1:" + base45.encode(bytes(3074)), "too_large")
    return cases


def _issuer_signature_flipped(kbt: bytes) -> bytes:
    signature = cbor2.loads(cbor2.loads(kbt).value[0])[13].value[3]
    at = kbt.index(signature) + 63
    return kbt[:at] + bytes((kbt[at] ^ 1,)) + kbt[at + 1 :]


def _text(data: bytes) -> str:
    return "EID1:" + base45.encode(data)


def spelled() -> bytes:
    """Return the file as it is written."""
    return (json.dumps(document(), ensure_ascii=False, indent=1) + "\n").encode()


def main() -> None:
    """Write the vectors and their hash."""
    data = spelled()
    VECTORS.write_bytes(data)
    HASH.write_text(f"{hashlib.sha256(data).hexdigest()}  {VECTORS.name}\n", encoding="ascii")


if __name__ == "__main__":
    main()
