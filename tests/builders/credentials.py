"""A readable SD-JWT VC and its presentation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from formats.encoding.json import JsonValue
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt.key_binding import bind
from formats.sd_jwt_vc import VCT, CredentialTerms, pack_credential, select
from tests.builders.suites import SuiteSigner
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, world
from tests.fakes.seeded_entropy import SeededEntropy

AUDIENCE = "https://verifier.example.test"
NONCE = "bm9uY2Utb2YtdGhpcy1yZXF1ZXN0"
_PLAIN = world()
WORLD = replace(_PLAIN, issuer=SuiteSigner(_PLAIN.root))

CLAIMS: dict[str, JsonValue] = {
    "full_name": "样例・测试",
    "birthdate": "1990-01-01",
    "personal_administrative_number": "690101199001010018",
    "sex": 1,
    "nationalities": ["CN"],
    "ethnicity": "汉",
    "address": {"formatted": "示例市示范区一号", "division_code": "690101"},
    "age_equal_or_over": {"14": True, "16": True, "18": True, "60": False, "65": False},
}


def the_terms(**changes: Any) -> CredentialTerms:
    terms = CredentialTerms(
        vct=VCT,
        issued_at=NOW - DAY,
        expires_at=NOW + 20 * DAY,
        holder_point=WORLD.holder.point,
        status=StatusReference(f"{PUBLIC_URL}/status/{BUREAU}/1", 4711),
        issuer=PUBLIC_URL,
        key_storage=KeyStorage.SOFTWARE,
        assurance=Assurance.FULL,
        specimen=True,
    )
    return terms._replace(**changes)


def a_credential(claims: dict[str, JsonValue] | None = None, *, seed: str = "credential", **terms: Any) -> str:
    return pack_credential(
        CLAIMS if claims is None else claims, the_terms(**terms), entropy=SeededEntropy(seed), signer=WORLD.issuer
    )


def a_presentation(*paths: tuple[str, ...], **terms: Any) -> str:
    shown = paths or (("full_name",), ("age_equal_or_over", "18"))
    return bind(select(a_credential(**terms), shown), nonce=NONCE, audience=AUDIENCE, now=NOW, signer=WORLD.holder)
