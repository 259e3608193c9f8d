from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url
from formats.encoding.json import JsonValue
from formats.jose import sign_compact
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt.key_binding import bind, check_freshness, check_holder_signature
from formats.sd_jwt_vc import (
    NEVER_DISCLOSED,
    UnverifiedPresentation,
    check_issuer,
    check_issuer_signature,
    check_shown_within_validity,
    check_validity,
    draft_credential,
    open_disclosures,
    read_credential,
    read_presentation,
    select,
)
from keys.jwk import public_jwk
from keys.signing import InProcessSigner
from tests.builders.credentials import AUDIENCE, CLAIMS, NONCE, WORLD, a_credential, a_presentation, the_terms
from tests.builders.trust import (
    DAY,
    NOW,
    PUBLIC_URL,
    bare_trust,
    document_signer,
    national_root,
    seeded_signer,
)
from tests.fakes.seeded_entropy import SeededEntropy
from tests.formats.sd_jwt.test_unpack import digest, disclosure

pytestmark = pytest.mark.usefixtures("each_suite")

TRUST = bare_trust(WORLD.root)
KB = {"iat": NOW, "aud": AUDIENCE, "nonce": NONCE}


def verified(token: str, *, now: int = NOW, nonce: str = NONCE, audience: str = AUDIENCE) -> dict[str, JsonValue]:
    """Every check in the order a verifier runs them."""
    shown = read_presentation(token)
    credential = shown.credential
    issuer = check_issuer(credential, TRUST, now=now)
    check_issuer_signature(credential, issuer)
    check_holder_signature(credential.sd_jwt, shown.binding, credential.terms.holder_point)
    check_freshness(shown.binding, nonce=nonce, audience=audience, now=now, max_age_seconds=300, tolerance_seconds=30)
    check_shown_within_validity(shown, tolerance_seconds=30)
    check_validity(credential, now=now, tolerance_seconds=30)
    return open_disclosures(credential)


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        act()
    return caught.value.reason


def refusal(token: str, **expected: Any) -> Reason:
    return reason_of(lambda: verified(token, **expected))


def signed_claims(change: Callable[[dict[str, Any]], object], *, typ: str = "dc+sd-jwt") -> str:
    """A credential whose clear claims are spoiled before the issuer signs them."""
    issued = a_credential()
    jwt, *disclosures = issued.split("~")
    claims = json.loads(base64url.decode(jwt.split(".")[1]))
    change(claims)
    return "~".join((sign_compact(json.dumps(claims).encode(), WORLD.issuer, typ=typ), *disclosures))


def shown(issued: str, *, signer: InProcessSigner = WORLD.holder, **changes: Any) -> str:
    terms: dict[str, Any] = {"nonce": NONCE, "audience": AUDIENCE, "now": NOW, **changes}
    return bind(issued, signer=signer, **terms)


def test_a_presentation_passes_every_check_and_shows_what_was_chosen() -> None:
    claims = verified(a_presentation(("full_name",), ("age_equal_or_over", "18")))
    assert claims["full_name"] == CLAIMS["full_name"]
    assert claims["age_equal_or_over"] == {"18": True}
    assert "birthdate" not in claims
    assert claims["vct"] == "urn:eid:cn:resident-id:1"


def test_the_terms_read_back() -> None:
    for terms in (
        the_terms(),
        the_terms(issuer=None, specimen=False, key_storage=KeyStorage.ATTESTED, assurance=Assurance.BASIC),
        the_terms(key_storage=None, assurance=None),
    ):
        token = draft_credential(CLAIMS, terms, entropy=SeededEntropy("t"), signer=WORLD.issuer).finish(bytes(64))
        assert read_credential(token).terms == terms


def test_a_draft_fixes_payload_and_message_before_the_key_is_used() -> None:
    draft = draft_credential(CLAIMS, the_terms(), entropy=SeededEntropy("credential"), signer=WORLD.issuer)
    token = draft.finish(WORLD.issuer.sign(draft.to_be_signed()))
    assert base64url.decode(token.split("~")[0].split(".")[1]) == draft.payload
    assert verified(shown(token))["sex"] == 1


def test_two_copies_share_no_value() -> None:
    one, other = a_credential(seed="one"), a_credential(seed="other")
    assert set(one.split("~")[1:-1]).isdisjoint(other.split("~")[1:-1])


def test_every_bit_of_a_presentation_counts() -> None:
    token = a_presentation()
    reasons = set()
    for place in range(0, len(token), 37):
        spoiled = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        reasons.add(refusal(spoiled))
    assert Reason.ISSUER_SIGNATURE_INVALID in reasons
    assert Reason.HOLDER_SIGNATURE_INVALID in reasons
    assert Reason.SD_HASH_MISMATCH in reasons


@given(st.text(max_size=60) | st.text(alphabet=".~eyJ", max_size=30))
def test_any_text_ends_as_one_of_our_errors(text: str) -> None:
    for read in (read_credential, read_presentation):
        with pytest.raises(EidError):
            read(text)


# --- the issuer ------------------------------------------------------------------------------------------------------


def test_refuses_another_issuers_signature() -> None:
    jwt, rest = a_presentation().split("~", 1)
    signature = base64url.encode(seeded_signer("forger").sign(jwt.rsplit(".", 1)[0].encode()))
    forged = f"{jwt.rsplit('.', 1)[0]}.{signature}~{rest}"
    assert refusal(forged) is Reason.ISSUER_SIGNATURE_INVALID


def test_refuses_a_credential_without_certificates() -> None:
    payload = base64url.decode(a_credential().split("~")[0].split(".")[1])
    bare = sign_compact(payload, WORLD.issuer.with_certificates(), typ="dc+sd-jwt") + "~"
    assert refusal(shown(bare)) is Reason.ISSUER_UNKNOWN


def test_refuses_the_root_inside_the_chain() -> None:
    payload = base64url.decode(a_credential().split("~")[0].split(".")[1])
    signer = WORLD.issuer.with_certificates(*WORLD.issuer.certificates, WORLD.root.certificate)
    assert refusal(shown(sign_compact(payload, signer, typ="dc+sd-jwt") + "~")) is Reason.CERTIFICATE_INVALID


def test_refuses_an_issuer_under_another_root() -> None:
    stranger = document_signer(national_root("stranger"))
    payload = base64url.decode(a_credential().split("~")[0].split(".")[1])
    assert refusal(shown(sign_compact(payload, stranger, typ="dc+sd-jwt") + "~")) is Reason.ISSUER_UNKNOWN


@pytest.mark.parametrize("issuer", [f"{PUBLIC_URL}/any/path", f"{PUBLIC_URL}:8443", PUBLIC_URL])
def test_accepts_an_issuer_on_a_host_the_certificate_names(issuer: str) -> None:
    verified(a_presentation(issuer=issuer))


@pytest.mark.parametrize(
    "issuer", ["https://evil.test", "https://id.example.test.evil.test", "https://evil.test/id.example.test"]
)
def test_refuses_an_issuer_the_certificate_does_not_name(issuer: str) -> None:
    assert refusal(a_presentation(issuer=issuer)) is Reason.ISSUER_NOT_AUTHORISED


@pytest.mark.parametrize("issuer", ["http://id.example.test", "urn:x", "", "https://", "https://[x", 7, None])
def test_refuses_an_issuer_that_is_no_https_url(issuer: object) -> None:
    token = signed_claims(lambda claims: claims.update(iss=issuer))
    assert refusal(shown(token)) is Reason.CLAIMS_MALFORMED


def test_a_credential_may_go_without_iss() -> None:
    verified(a_presentation(issuer=None))


# --- types and claims ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typ", ["vc+sd-jwt", "JWT", "sd-jwt", "DC+SD-JWT", "application/dc+sd-jwt", "kb+jwt"])
def test_refuses_every_other_typ(typ: str) -> None:
    assert refusal(shown(signed_claims(lambda claims: None, typ=typ))) is Reason.HEADER_UNEXPECTED


@pytest.mark.parametrize("name", ["vct", "iat", "exp", "status"])
def test_refuses_a_credential_without(name: str) -> None:
    assert refusal(shown(signed_claims(lambda claims: claims.pop(name)))) is Reason.CLAIMS_MALFORMED


def test_refuses_a_credential_without_a_holder_key() -> None:
    assert refusal(shown(signed_claims(lambda claims: claims.pop("cnf")))) is Reason.HOLDER_PROOF_MISSING


@pytest.mark.parametrize(
    "changes",
    [
        {"vct": ""},
        {"vct": ["x"]},
        {"iat": 1.5},
        {"iat": "1790000000"},
        {"iat": True},
        {"exp": 1 << 33},
        {"exp": -1},
        {"exp": None},
        {"exp": NOW - DAY},
        {"nbf": "x"},
        {"status": {}},
        {"status": {"status_list": {"idx": 1}}},
        {"status": {"status_list": {"idx": -1, "uri": "https://x.test"}}},
        {"status": {"status_list": {"idx": True, "uri": "https://x.test"}}},
        {"status": {"status_list": {"idx": 1 << 32, "uri": "https://x.test"}}},
        {"status": {"status_list": {"idx": 1, "uri": "file:///etc"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://x.test/ y"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://x.test/\ty"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://x.test/é"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://x.test/" + "y" * 200}}},
        {"specimen": False},
        {"specimen": "true"},
        {"key_storage": "hardware"},
        {"key_storage": 1},
        {"assurance": None},
    ],
)
def test_refuses_claims_of_the_wrong_kind(changes: dict[str, Any]) -> None:
    assert refusal(shown(signed_claims(lambda claims: claims.update(changes)))) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize(
    "confirmation",
    [
        {},
        {"kid": "x"},
        {"jwk": {}},
        "x",
        {"jwk": dict(public_jwk(WORLD.holder.point)), "kid": "x"},
        {"jwk": {**public_jwk(WORLD.holder.point), "d": "AAAA"}},
    ],
)
def test_refuses_a_holder_key_that_is_none(confirmation: object) -> None:
    token = signed_claims(lambda claims: claims.update(cnf=confirmation))
    assert refusal(shown(token)) is Reason.HOLDER_KEY_INVALID


def test_refuses_another_hash() -> None:
    assert (
        refusal(shown(signed_claims(lambda claims: claims.update(_sd_alg="sha-512")))) is Reason.ALGORITHM_NOT_ALLOWED
    )


@pytest.mark.parametrize("name", sorted(NEVER_DISCLOSED))
def test_refuses_a_registered_claim_in_a_disclosure(name: str) -> None:
    hidden = disclosure("c2FsdHNhbHQ", name, "x")

    def hide(claims: dict[str, Any]) -> None:
        if name not in {"vct", "iat", "exp", "status", "cnf", "_sd_alg", "specimen"}:
            claims.pop(name, None)
        claims["_sd"].append(digest(hidden))

    token = signed_claims(hide) + hidden + "~"
    assert refusal(shown(token)) is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize("name", ["cnf", "status"])
def test_refuses_hidden_parts_of_a_registered_claim(name: str) -> None:
    token = signed_claims(lambda claims: claims[name].update(extra={"_sd": ["x"]}) if name == "status" else None)
    if name == "cnf":
        token = signed_claims(lambda claims: claims["cnf"]["jwk"].update(_sd=["x"]))
    assert refusal(shown(token)) is Reason.DISCLOSURE_MALFORMED


# --- the holder ------------------------------------------------------------------------------------------------------


def test_refuses_a_presentation_without_key_binding() -> None:
    assert refusal(select(a_credential(), [("sex",)])) is Reason.HOLDER_PROOF_MISSING


def test_only_a_token_without_key_binding_can_be_bound() -> None:
    with pytest.raises(ValueError):
        shown(a_presentation())


def test_refuses_another_holders_signature() -> None:
    assert refusal(shown(a_credential(), signer=seeded_signer("thief"))) is Reason.HOLDER_SIGNATURE_INVALID


def test_refuses_other_disclosures_than_the_holder_signed() -> None:
    issued = a_credential()
    binding = shown(select(issued, [("sex",)])).rsplit("~", 1)[1]
    assert refusal(select(issued, [("full_name",)]) + binding) is Reason.SD_HASH_MISMATCH
    assert refusal(select(issued, []) + binding) is Reason.SD_HASH_MISMATCH


def with_key_binding(payload: dict[str, Any], *, typ: str = "kb+jwt", signer: InProcessSigner = WORLD.holder) -> str:
    selected = select(a_credential(), [("sex",)])
    from hashlib import sha256

    whole = {**KB, "sd_hash": base64url.encode(sha256(selected.encode()).digest()), **payload}
    whole = {name: value for name, value in whole.items() if value != "absent"}
    return selected + sign_compact(json.dumps(whole).encode(), signer, typ=typ)


def test_a_key_binding_made_by_hand_holds() -> None:
    verified(with_key_binding({"extra": 1, "exp": NOW + 60}))


@pytest.mark.parametrize("name", ["iat", "aud", "nonce", "sd_hash"])
@pytest.mark.parametrize("value", ["absent", None, [AUDIENCE], 1.5, ""])
def test_refuses_a_key_binding_without_one_of_its_claims(name: str, value: object) -> None:
    assert refusal(with_key_binding({name: value})) is Reason.CLAIMS_MALFORMED


@pytest.mark.parametrize("typ", ["JWT", "kb+JWT", "dc+sd-jwt", "openid4vci-proof+jwt"])
def test_refuses_a_key_binding_of_another_typ(typ: str) -> None:
    assert refusal(with_key_binding({}, typ=typ)) is Reason.HEADER_UNEXPECTED


def test_refuses_a_key_binding_that_brings_certificates() -> None:
    signer = WORLD.holder.with_certificates(*WORLD.issuer.certificates)
    assert refusal(with_key_binding({}, signer=signer)) is Reason.HEADER_UNEXPECTED


def test_refuses_a_key_binding_over_a_hash_of_other_text() -> None:
    assert refusal(with_key_binding({"sd_hash": "AAAA"})) is Reason.SD_HASH_MISMATCH


# --- freshness and validity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", [AUDIENCE.upper(), AUDIENCE + "/", "https://other.test", ""])
def test_refuses_a_presentation_made_for_another_audience(audience: str) -> None:
    assert refusal(a_presentation(), audience=audience) is Reason.WRONG_AUDIENCE


@pytest.mark.parametrize("nonce", [NONCE.lower(), NONCE + "x", "", "other"])
def test_refuses_a_presentation_that_answers_another_request(nonce: str) -> None:
    assert refusal(a_presentation(), nonce=nonce) is Reason.NONCE_MISMATCH


def test_the_window_of_a_key_binding() -> None:
    issued = a_credential()
    for at in (NOW - 330, NOW + 30):
        verified(shown(issued, now=at))
    assert refusal(shown(issued, now=NOW + 31)) is Reason.CODE_FROM_FUTURE
    assert refusal(shown(issued, now=NOW - 331)) is Reason.CODE_EXPIRED
    assert refusal(with_key_binding({"exp": NOW - 31})) is Reason.CODE_EXPIRED


def test_the_life_of_a_credential() -> None:
    ended = {"issued_at": NOW - DAY, "expires_at": NOW - 30}
    assert refusal(a_presentation(**ended)) is Reason.CREDENTIAL_EXPIRED
    verified(a_presentation(issued_at=NOW - DAY, expires_at=NOW - 29))
    assert refusal(a_presentation(issued_at=NOW + 31)) is Reason.PROOF_OUTSIDE_VALIDITY
    verified(a_presentation(issued_at=NOW + 30))
    later = signed_claims(lambda claims: claims.update(nbf=NOW + 31))
    assert refusal(shown(later)) is Reason.CREDENTIAL_NOT_YET_VALID
    credential = read_credential(a_credential(issued_at=NOW + 31))
    late = reason_of(lambda: check_validity(credential, now=NOW, tolerance_seconds=30))
    assert late is Reason.CREDENTIAL_NOT_YET_VALID


def test_refuses_a_showing_outside_the_credentials_life() -> None:
    def within(token: str) -> UnverifiedPresentation:
        found = read_presentation(token)
        check_shown_within_validity(found, tolerance_seconds=30)
        return found

    issued = a_credential()
    within(shown(issued, now=NOW - DAY - 30))
    for at in (NOW - DAY - 31, NOW + 20 * DAY + 31):
        token = shown(issued, now=at)
        assert reason_of(partial(within, token)) is Reason.PROOF_OUTSIDE_VALIDITY


def test_a_status_reference_reads_back() -> None:
    reference = StatusReference("http://127.0.0.1:8000/status/690101000000/3", (1 << 32) - 1)
    assert read_credential(a_credential(status=reference)).terms.status == reference
