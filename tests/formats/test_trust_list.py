from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core.errors import EidError
from core.reasons import Reason
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole
from formats.encoding import base64url
from formats.jose import sign_compact
from formats.trust_list import (
    TYP,
    BureauEntry,
    Service,
    TrustListContent,
    read_trust_list,
    sign_trust_list,
    to_trust_store,
    to_trust_table,
)
from keys.algorithms import ML_DSA_44, SM2_SM3, Algorithm
from keys.certificates import Validity
from keys.cose_key import thumbprint
from keys.lifecycle import KeyState
from keys.signing import InProcessSigner, KeyPurpose
from tests.builders.suites import document_signer_of
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    OTHER_BUREAU,
    document_signer,
    national_root,
    other_signer,
    reader_root,
    seeded_signer,
    status_signer,
)

ROOT, READER = national_root(), reader_root()
SIGNER = document_signer(ROOT)
LIST_SIGNER = other_signer(ROOT, KeyPurpose.LIST_SIGNER)
BUNDLE_SIGNER = other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER)
POLICY_SIGNER = other_signer(READER, KeyPurpose.POLICY_SIGNER)
VCT = "urn:eid:cn:resident-id:1"


def a_service(role: KeyRole = KeyRole.CREDENTIAL, signer: InProcessSigner = SIGNER, **changes: Any) -> Service:
    credential = role is KeyRole.CREDENTIAL
    service = Service(
        role=role,
        certificate=signer.certificates[0],
        forms=frozenset({"eid1"} if credential else ()),
        vcts=frozenset({VCT} if credential else ()),
        valid_from=NOW - DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    return replace(service, **changes)


def a_bureau(*services: Service, **changes: Any) -> BureauEntry:
    found = services or (a_service(), a_service(KeyRole.BUNDLE, BUNDLE_SIGNER))
    return replace(BureauEntry(BUREAU, "样例分局", "Sample Bureau", "CN", ("6901",), found), **changes)


OPERATOR = BureauEntry(
    "690000000000", "样例部", "Sample Ministry", "CN", (), (a_service(KeyRole.POLICY, POLICY_SIGNER),)
)


def content(*bureaus: BureauEntry, **changes: Any) -> TrustListContent:
    listed = bureaus or (a_bureau(), OPERATOR)
    found = TrustListContent(7, NOW - 60, NOW + DAY, True, "CN", "样例部", "Sample Ministry", listed)
    return replace(found, **changes)


def sign(listed: TrustListContent, signer: InProcessSigner = LIST_SIGNER) -> str:
    return sign_trust_list(listed, signer, national_root=ROOT.certificate, reader_root=READER.certificate)


def read(token: str, **changes: Any) -> TrustListContent:
    expected: dict[str, Any] = {"root": ROOT.certificate, "highest_seen": 0, "now": NOW, **changes}
    return read_trust_list(token, tolerance_seconds=30, **expected)


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        act()
    return caught.value.reason


def resigned(change: Callable[[dict[str, Any]], object], signer: InProcessSigner = LIST_SIGNER) -> str:
    body = json.loads(base64url.decode(sign(content()).split(".")[1]))
    change(body["LoTE"])
    payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return sign_compact(payload, signer, typ=TYP)


def test_a_signed_list_reads_back() -> None:
    retired = a_bureau(a_service(retired_at=NOW, state=KeyState.STATUS_ONLY))
    for listed in (content(), content(retired), content(a_bureau(), number=1 << 40)):
        assert read(sign(listed)) == listed
    assert read(resigned(lambda lote: None)) == content()


def test_it_has_the_lote_shape() -> None:
    body = json.loads(base64url.decode(sign(content()).split(".")[1]))["LoTE"]
    scheme = body["ListAndSchemeInformation"]
    assert (scheme["LoTESequenceNumber"], scheme["SchemeTerritory"]) == (7, "CN")
    assert scheme["NextUpdate"].endswith("Z")
    (service, _) = body["TrustedEntitiesList"][0]["TrustedEntityServices"]
    information = service["ServiceInformation"]
    assert information["ServiceStatus"] == "urn:eid:key-state:active"
    assert information["ServiceTypeIdentifier"] == "urn:eid:service:credential"


def test_a_stale_list_is_returned_for_the_policy_to_judge() -> None:
    assert read(sign(content(next_update=NOW - 30))).next_update == NOW - 30


def test_the_same_number_again_is_accepted_and_a_lower_one_refused() -> None:
    token = sign(content())
    assert read(token, highest_seen=7).number == 7
    assert reason_of(lambda: read(token, highest_seen=8)) is Reason.TRUST_LIST_OLDER


def test_refuses_a_list_from_the_future() -> None:
    read(sign(content(issued_at=NOW + 30)))
    assert reason_of(lambda: read(sign(content(issued_at=NOW + 31)))) is Reason.TRUST_LIST_INVALID


@pytest.mark.parametrize("signer", [SIGNER, BUNDLE_SIGNER])
def test_refuses_a_list_signed_by_another_kind_of_key(signer: InProcessSigner) -> None:
    assert reason_of(lambda: read(sign(content(), signer))) is Reason.CERTIFICATE_INVALID


def test_refuses_a_list_signed_under_another_root() -> None:
    stranger = other_signer(national_root("stranger"), KeyPurpose.LIST_SIGNER)
    assert reason_of(lambda: read(sign(content(), stranger))) is Reason.ISSUER_UNKNOWN
    policy = sign(content(), POLICY_SIGNER)
    assert reason_of(lambda: read(policy)) is Reason.ISSUER_UNKNOWN


def test_refuses_a_wrong_signature_and_a_bare_key() -> None:
    forger = seeded_signer("forger")
    forged = sign(content(), forger.with_certificates(*LIST_SIGNER.certificates))
    assert reason_of(lambda: read(forged)) is Reason.TRUST_LIST_INVALID
    assert reason_of(lambda: read(sign(content(), forger))) is Reason.CERTIFICATE_INVALID


def test_refuses_the_root_inside_the_chain() -> None:
    signer = LIST_SIGNER.with_certificates(*LIST_SIGNER.certificates, ROOT.certificate)
    assert reason_of(lambda: read(sign(content(), signer))) is Reason.CERTIFICATE_INVALID


def test_refuses_an_expired_list_signer() -> None:
    assert reason_of(lambda: read(sign(content()), now=NOW + 500 * DAY)) is Reason.CERTIFICATE_EXPIRED


def test_the_kind_of_list_follows_the_pinned_root() -> None:
    real = national_root("real", common_name="National Root")
    signer = other_signer(real, KeyPurpose.LIST_SIGNER)
    token = sign(content(), signer)
    assert reason_of(lambda: read(token, root=real.certificate)) is Reason.SPECIMEN_IN_REAL_MODE
    assert reason_of(lambda: read(sign(content(specimen=False)))) is Reason.REAL_IN_SPECIMEN_MODE


def test_refuses_another_typ() -> None:
    payload = base64url.decode(sign(content()).split(".")[1])
    for typ in ("JWT", "statuslist+jwt"):
        token = sign_compact(payload, LIST_SIGNER, typ=typ)
        assert reason_of(partial(read, token)) is Reason.HEADER_UNEXPECTED


def scheme(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda lote: lote["ListAndSchemeInformation"].update({name: value})


def service(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda lote: lote["TrustedEntitiesList"][0]["TrustedEntityServices"][0]["ServiceInformation"].update(
        {name: value}
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda lote: lote.pop("ListAndSchemeInformation"),
        lambda lote: lote.update(extra=1),
        lambda lote: lote.update(TrustedEntitiesList={}),
        lambda lote: lote["TrustedEntitiesList"].append(lote["TrustedEntitiesList"][0]),
        lambda lote: lote["TrustedEntitiesList"][0].update(extra=1),
        lambda lote: lote["TrustedEntitiesList"][0]["TrustedEntityInformation"].update(TEIdentifier="x"),
        lambda lote: lote["TrustedEntitiesList"][0]["TrustedEntityInformation"].update(TEScope="6901"),
        scheme("LoTESequenceNumber", 0),
        scheme("LoTESequenceNumber", True),
        scheme("LoTESequenceNumber", "7"),
        scheme("LoTEVersionIdentifier", 2),
        scheme("LoTEType", "other"),
        scheme("ListIssueDateTime", "2026-01-01T00:00:00+00:00"),
        scheme("ListIssueDateTime", "2026-1-1T00:00:00Z"),
        scheme("NextUpdate", 1790000000),
        scheme("NextUpdate", "never"),
        scheme("SchemeExtensions", {"specimen": "yes"}),
        scheme("SchemeExtensions", {}),
        scheme("SchemeOperatorName", []),
        scheme("SchemeOperatorName", [{"lang": "en", "value": "x"}, {"lang": "zh", "value": "x"}]),
        service("ServiceStatus", "urn:eid:key-state:unknown"),
        service("ServiceStatus", "active"),
        service("ServiceTypeIdentifier", "urn:eid:service:root"),
        service("ServiceTypeIdentifier", 1),
        service("ServiceDigitalIdentity", {"X509Certificates": []}),
        service("ServiceDigitalIdentity", {"X509Certificates": [{"val": "AAAA"}]}),
        service("ServiceDigitalIdentity", {"X509Certificates": [{"val": "-"}]}),
        service("ServiceExtensions", {"kid": "00" * 8, "forms": ["eid1"], "types": [VCT], "retired": None}),
        service("ServiceExtensions", {"kid": SIGNER.key_id.hex(), "forms": ["b", "a"], "types": [], "retired": None}),
        service("ServiceExtensions", {}),
    ],
)
def test_refuses_any_other_shape(change: Callable[[dict[str, Any]], object]) -> None:
    assert reason_of(lambda: read(resigned(change))) is Reason.TRUST_LIST_INVALID


def test_does_not_sign_a_certificate_that_does_not_fit() -> None:
    def signing(*bureaus: BureauEntry) -> Callable[[], str]:
        return lambda: sign(content(*bureaus))

    stranger = document_signer(national_root("stranger"))
    short = document_signer(ROOT, validity=Validity(NOW - DAY, NOW + DAY))
    assert reason_of(signing(a_bureau(a_service(signer=stranger)))) is Reason.ISSUER_UNKNOWN
    assert reason_of(signing(a_bureau(a_service(signer=BUNDLE_SIGNER)))) is Reason.CERTIFICATE_INVALID
    assert reason_of(signing(a_bureau(a_service(KeyRole.BUNDLE)))) is Reason.CERTIFICATE_INVALID
    assert reason_of(signing(a_bureau(a_service(KeyRole.CARD)))) is Reason.CERTIFICATE_INVALID
    assert reason_of(signing(a_bureau(a_service(KeyRole.POLICY)))) is Reason.ISSUER_UNKNOWN
    assert reason_of(signing(a_bureau(a_service(signer=short, valid_from=0)))) is Reason.CERTIFICATE_EXPIRED
    assert reason_of(signing(a_bureau(bureau_id=OTHER_BUREAU))) is Reason.ISSUER_OUT_OF_SCOPE
    assert reason_of(signing(a_bureau(country="DE"))) is Reason.ISSUER_OUT_OF_SCOPE


@pytest.mark.parametrize(
    "listed",
    [
        content(number=0),
        content(issued_at=NOW, next_update=NOW),
        content(a_bureau(), a_bureau()),
        content(a_bureau(a_service()), a_bureau(a_service(signer=document_signer(ROOT, "second")))),
        content(a_bureau(a_service(), a_service())),
        content(a_bureau(bureau_id="x")),
    ],
)
def test_does_not_sign_what_no_reader_would_accept(listed: TrustListContent) -> None:
    with pytest.raises(ValueError):
        sign(listed)


def test_the_compact_table_has_the_same_numbers_and_keys() -> None:
    listed = content(a_bureau(a_service(state=KeyState.COMPROMISED, retired_at=NOW)), OPERATOR)
    table = to_trust_table(listed)
    assert (table.number, table.issued_at, table.next_update, table.specimen) == (7, NOW - 60, NOW + DAY, True)
    assert set(table.keys) == {SIGNER.key_id, POLICY_SIGNER.key_id}
    key = table.keys[SIGNER.key_id]
    assert (key.point, key.bureau, key.scope, key.forms) == (SIGNER.point, BUREAU, ("6901",), frozenset({"eid1"}))
    assert (key.state, key.retired_at, key.role) == (trust_table.KeyState.COMPROMISED, NOW, KeyRole.CREDENTIAL)
    trust_table.draft(table, signer_kid=LIST_SIGNER.key_id)


@pytest.mark.parametrize("algorithm", [SM2_SM3, ML_DSA_44], ids=lambda row: row.name)
def test_a_document_signer_of_another_suite_is_listed_stored_and_named_in_the_table(algorithm: Algorithm) -> None:
    online = document_signer_of(algorithm, ROOT, "online")
    service = a_service(certificate=online.certificates[0], forms=frozenset({"dc+sd-jwt"}))
    listed = content(a_bureau(a_service(), service), OPERATOR)
    assert read(sign(listed)) == listed
    assert service.kid == online.key_id
    row = to_trust_table(listed).keys[online.key_id]
    assert (row.point, row.forms) == (thumbprint(online.point, algorithm), frozenset({"dc+sd-jwt"}))
    store = to_trust_store(listed, root=ROOT.certificate)
    issuer = store.authorise(online.certificates, credential_type=VCT, issued_at=NOW, now=NOW)
    assert (issuer.point, issuer.algorithm) == (online.point, algorithm)


def test_no_table_is_made_that_gives_a_qr_code_to_a_key_of_another_suite() -> None:
    online = document_signer_of(SM2_SM3, ROOT, "online")
    listed = content(a_bureau(a_service(certificate=online.certificates[0], forms=frozenset({"eid1"}))))
    with pytest.raises(ValueError):
        trust_table.draft(to_trust_table(listed), signer_kid=LIST_SIGNER.key_id)


def test_every_key_state_has_its_twin_in_the_compact_table() -> None:
    assert {state.name for state in KeyState} == {state.name for state in trust_table.KeyState}


def test_the_store_admits_credential_keys_only() -> None:
    store = to_trust_store(content(), root=ROOT.certificate)
    assert store.number == 7
    assert store.anchor.specimen
    issuer = store.authorise(SIGNER.certificates, credential_type=VCT, issued_at=NOW, now=NOW)
    assert issuer.signer is not None
    assert issuer.signer.name_zh == "样例分局"
    assert set(store.signers or ()) == {SIGNER.point}
    unlisted = document_signer(ROOT, "unlisted")
    wrong = lambda: store.authorise(unlisted.certificates, credential_type=VCT, issued_at=NOW, now=NOW)
    assert reason_of(wrong) is Reason.ISSUER_UNKNOWN


def test_a_separate_signer_of_status_lists_stands_in_the_list_and_signs_no_credential() -> None:
    signer = status_signer(ROOT)
    listed = content(a_bureau(a_service(), a_service(KeyRole.STATUS, signer)))
    assert read(sign(listed)) == listed
    assert to_trust_table(listed).keys[signer.key_id].role is KeyRole.STATUS
    assert signer.point not in (to_trust_store(listed, root=ROOT.certificate).signers or {})


def test_a_separate_signer_of_status_lists_needs_a_certificate_of_its_kind_and_bureau() -> None:
    for signer, reason in (
        (SIGNER, Reason.CERTIFICATE_INVALID),
        (BUNDLE_SIGNER, Reason.CERTIFICATE_INVALID),
        (status_signer(ROOT, bureau=OTHER_BUREAU), Reason.ISSUER_OUT_OF_SCOPE),
    ):
        listed = content(a_bureau(a_service(KeyRole.STATUS, signer)))
        assert reason_of(lambda listed=listed: sign(listed)) is reason  # type: ignore[misc]  # bound in the loop
