"""The trust list as readers of mdoc get it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from core.reasons import Reason
from formats import vical
from formats.bundle.trust_table import KeyRole
from formats.cose import ForeignSign1Draft
from formats.encoding import cbor
from formats.mdoc.model import DOCTYPE
from formats.sd_jwt_vc import VCT
from formats.trust_list import BureauEntry, Service, TrustListContent
from formats.vical import SIGNERS, Vical, VicalSigner, read_vical, sign_vical
from keys.algorithms import ES256, SM2_SM3
from keys.certificates import identifiers_of
from keys.lifecycle import KeyState
from keys.signing import InProcessSigner, KeyPurpose
from tests.builders.refusals import outcome, refused
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    OTHER_BUREAU,
    document_signer,
    national_root,
    other_signer,
    seeded_signer,
)

ROOT = national_root()
SIGNER = other_signer(ROOT, KeyPurpose.VICAL_SIGNER)
ISSUER = document_signer(ROOT)
OTHER = document_signer(ROOT, "other", bureau=OTHER_BUREAU)
LICENCE_TYPE = "org.iso.18013.5.1.mDL"


def a_service(signer: InProcessSigner = ISSUER, **changes: Any) -> Service:
    types = frozenset({VCT, DOCTYPE})
    service = Service(
        KeyRole.CREDENTIAL, signer.certificates[0], frozenset({"eid1"}), types, NOW - DAY, None, KeyState.ACTIVE
    )
    return replace(service, **changes)


def a_list(*services: Service, **changes: Any) -> TrustListContent:
    bureau = BureauEntry(BUREAU, "样例分局", "Sample Bureau", "CN", ("6901",), services or (a_service(),))
    found = TrustListContent(7, NOW - 60, NOW + DAY, True, "CN", "样例部", "Sample Ministry", (bureau,))
    return replace(found, **changes)


def sign(*services: Service, signer: InProcessSigner = SIGNER, **changes: Any) -> bytes:
    return sign_vical(a_list(*services, **changes), signer, national_root=ROOT.certificate)


def read(data: bytes, **changes: Any) -> Vical:
    expected: dict[str, Any] = {"root": ROOT.certificate, "highest_seen": 0, "now": NOW, **changes}
    return read_vical(data, tolerance_seconds=30, **expected)


def authorise(found: Vical, signer: InProcessSigner = ISSUER, **changes: Any) -> str | Reason:
    asked: dict[str, Any] = {"doctype": DOCTYPE, "issued_at": NOW - 60, "now": NOW, **changes}
    leaf = outcome(found.authorise, signer.certificates, **asked)
    return leaf if isinstance(leaf, Reason) else str(leaf.bureau)


def members_of(data: bytes) -> dict[Any, Any]:
    elements: Any = cbor.decode_foreign(data, max_bytes=1 << 20)
    found: Any = cbor.decode_foreign(elements[2], max_bytes=1 << 20, tags=(0, 2))
    return dict(found)


def resigned(members: Any, signer: InProcessSigner = SIGNER) -> bytes:
    draft = ForeignSign1Draft(ES256, signer.certificates, cbor.encode_foreign(members))
    return draft.finish(signer.sign(draft.to_be_signed()))


def test_the_list_reads_back_with_the_trust_lists_number_and_instants() -> None:
    found = read(sign())
    assert (found.provider, found.number) == ("Sample Ministry", 7)
    assert (found.issued_at, found.next_update) == (NOW - 60, NOW + DAY)
    (entry,) = found.entries
    assert (entry.certificate, entry.doctypes) == (ROOT.certificate, frozenset({DOCTYPE}))
    ski = identifiers_of(ISSUER.certificates[0])[1]
    assert entry.signers == {ski: VicalSigner(frozenset({DOCTYPE}), NOW - DAY, None)}


def test_it_has_the_shape_of_annex_c() -> None:
    data = sign()
    elements: Any = cbor.decode_foreign(data, max_bytes=1 << 20)
    protected, unprotected, _, signature = elements
    assert data[:1] == b"\x84"
    assert cbor.decode_foreign(protected, max_bytes=16) == {1: -7}
    assert unprotected == {33: SIGNER.certificates[0]}
    assert len(signature) == 64
    members = members_of(data)
    assert list(members) == ["version", "vicalProvider", "date", "vicalIssueID", "nextUpdate", "certificateInfos"]
    assert members["version"] == "1.0"
    assert members["date"] == CBORTag(0, "2026-09-21T14:12:20Z")
    (info,) = members["certificateInfos"]
    serial, ski = identifiers_of(ROOT.certificate)
    assert info["certificate"] == ROOT.certificate
    assert (int.from_bytes(info["serialNumber"].value, "big"), info["serialNumber"].tag) == (serial, 2)
    assert (info["ski"], info["docType"], info["issuingCountry"]) == (ski, [DOCTYPE], "CN")
    assert info["notAfter"].tag == 0


def test_signers_of_the_list_are_admitted_for_the_types_it_names_for_them() -> None:
    found = read(sign(a_service(), a_service(OTHER, vcts=frozenset({VCT}))))
    assert authorise(found) == BUREAU
    assert authorise(found, doctype=LICENCE_TYPE) is Reason.ISSUER_NOT_AUTHORISED
    # It signs other forms only, so the list for readers of mdoc does not know it.
    assert authorise(found, OTHER) is Reason.ISSUER_KEY_WITHDRAWN


def test_a_type_is_admitted_signer_by_signer() -> None:
    members = members_of(sign(a_service(), a_service(OTHER)))
    (info,) = members["certificateInfos"]
    info["docType"].append(LICENCE_TYPE)
    info["extensions"][SIGNERS][1]["docType"] = [LICENCE_TYPE]
    found = read(resigned(members))
    assert authorise(found) == BUREAU
    assert authorise(found, doctype=LICENCE_TYPE) is Reason.ISSUER_NOT_AUTHORISED
    assert authorise(found, OTHER, doctype=LICENCE_TYPE) == OTHER_BUREAU
    assert authorise(found, OTHER) is Reason.ISSUER_NOT_AUTHORISED


def test_a_list_of_others_that_names_no_signers_admits_each_below_the_root() -> None:
    members = members_of(sign())
    del members["certificateInfos"][0]["extensions"]
    found = read(resigned(members))
    assert authorise(found) == BUREAU
    assert authorise(found, OTHER) == OTHER_BUREAU
    assert authorise(found, doctype=LICENCE_TYPE) is Reason.ISSUER_NOT_AUTHORISED


@pytest.mark.parametrize(
    "changes",
    [
        {"state": KeyState.COMPROMISED},
        {"role": KeyRole.CARD},
        {"role": KeyRole.BUNDLE},
        {"vcts": frozenset({VCT})},
        {"vcts": frozenset({LICENCE_TYPE})},
    ],
)
def test_withdrawn_keys_other_roles_and_other_types_are_left_out(changes: dict[str, Any]) -> None:
    found = read(sign(a_service(), a_service(OTHER, **changes)))
    assert authorise(found) == BUREAU
    assert authorise(found, OTHER) is Reason.ISSUER_KEY_WITHDRAWN
    assert read(sign(a_service(**changes))).entries == ()
    assert authorise(read(sign(a_service(**changes)))) is Reason.ISSUER_UNKNOWN


def test_a_signers_period_is_the_trust_lists() -> None:
    found = read(sign(a_service(retired_at=NOW - 100)))
    assert authorise(found, issued_at=NOW - 100) == BUREAU
    assert authorise(found, issued_at=NOW - 99) is Reason.ISSUER_KEY_OUT_OF_PERIOD
    assert authorise(found, issued_at=NOW - DAY) == BUREAU
    assert authorise(found, issued_at=NOW - DAY - 1) is Reason.ISSUER_KEY_OUT_OF_PERIOD


def test_the_path_is_judged_as_everywhere() -> None:
    found = read(sign())
    stranger = document_signer(national_root("stranger"), "stranger")
    assert authorise(found, stranger) is Reason.ISSUER_UNKNOWN
    assert authorise(found, SIGNER) is Reason.CERTIFICATE_INVALID
    assert authorise(found, now=NOW + 401 * DAY) is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize("purpose", [KeyPurpose.LIST_SIGNER, KeyPurpose.BUNDLE_SIGNER])
def test_refuses_the_signature_of_another_role(purpose: KeyPurpose) -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        read(sign(signer=other_signer(ROOT, purpose)))
    with refused(Reason.CERTIFICATE_INVALID):
        read(sign(signer=ISSUER))


def test_refuses_the_signature_of_another_root_and_of_a_stranger() -> None:
    with refused(Reason.ISSUER_UNKNOWN):
        read(sign(signer=other_signer(national_root("stranger"), KeyPurpose.VICAL_SIGNER)))
    with refused(Reason.TRUST_LIST_INVALID):
        read(sign(signer=seeded_signer("stranger").with_certificates(*SIGNER.certificates)))
    with refused(Reason.CERTIFICATE_INVALID):
        read(sign(signer=seeded_signer("bare")))


def test_refuses_a_header_that_names_another_algorithm_than_the_signers() -> None:
    draft = ForeignSign1Draft(SM2_SM3, SIGNER.certificates, cbor.encode_foreign(members_of(sign())))
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        read(draft.finish(SIGNER.sign(draft.to_be_signed())))


def test_numbers_never_go_back_and_nothing_comes_from_the_future() -> None:
    assert read(sign(), highest_seen=7).number == 7
    with refused(Reason.TRUST_LIST_OLDER):
        read(sign(), highest_seen=8)
    assert read(sign(issued_at=NOW + 30)).number == 7
    with refused(Reason.TRUST_LIST_INVALID):
        read(sign(issued_at=NOW + 31))


def test_a_list_and_a_root_of_two_kinds_are_never_signed_together() -> None:
    with pytest.raises(ValueError):
        sign(specimen=False)


def set_member(name: str, value: Any) -> Any:
    return lambda members: members.update({name: value})


def set_info(name: str, value: Any) -> Any:
    return lambda members: members["certificateInfos"][0].update({name: value})


def set_signer(name: str, value: Any) -> Any:
    return lambda members: members["certificateInfos"][0]["extensions"][SIGNERS][0].update({name: value})


@pytest.mark.parametrize(
    "change",
    [
        set_member("version", "1.1"),
        set_member("version", 1),
        set_member("vicalProvider", None),
        set_member("vicalIssueID", 0),
        set_member("vicalIssueID", "7"),
        set_member("vicalIssueID", True),
        set_member("date", "2026-09-21T14:12:20Z"),
        set_member("date", CBORTag(0, "2026-09-21T14:12:20+08:00")),
        set_member("date", CBORTag(0, "2026-9-21T14:12:20Z")),
        set_member("date", CBORTag(0, "2026-02-30T00:00:00Z")),
        set_member("date", CBORTag(2, b"\x01")),
        set_member("nextUpdate", None),
        set_member("certificateInfos", None),
        set_member("certificateInfos", [1]),
        set_info("certificate", b"not DER"),
        set_info("certificate", ISSUER.certificates[0]),
        set_info("certificate", national_root("stranger").certificate),
        set_info("serialNumber", 7),
        set_info("serialNumber", CBORTag(2, "7")),
        set_info("ski", b""),
        set_info("docType", []),
        set_info("docType", DOCTYPE),
        set_info("docType", [7]),
        set_info("extensions", []),
        set_info("extensions", {SIGNERS: {}}),
        set_signer("ski", "x"),
        set_signer("docType", []),
        set_signer("from", 7),
        set_signer("until", 7),
        lambda members: members.pop("vicalIssueID"),
        lambda members: members["certificateInfos"][0]["extensions"][SIGNERS][0].pop("until"),
    ],
)
def test_refuses_a_list_of_another_shape(change: Any) -> None:
    members = members_of(sign())
    change(members)
    with refused(Reason.TRUST_LIST_INVALID):
        read(resigned(members))


def test_refuses_an_entry_that_is_no_root_though_everything_said_of_it_is_right() -> None:
    members = members_of(sign())
    serial, ski = identifiers_of(ISSUER.certificates[0])
    set_info("certificate", ISSUER.certificates[0])(members)
    set_info("serialNumber", CBORTag(2, serial.to_bytes(16, "big")))(members)
    set_info("ski", ski)(members)
    with refused(Reason.TRUST_LIST_INVALID):
        read(resigned(members))


def test_passes_over_what_it_does_not_know() -> None:
    members = members_of(sign())
    set_member("extensions", {"org.example": 1})(members)
    set_info("certificateProfile", ["org.example"])(members)
    assert read(resigned(members)) == read(sign())


@pytest.mark.parametrize("members", [[], 7, "x", None])
def test_refuses_a_payload_that_is_no_map(members: Any) -> None:
    with refused(Reason.TRUST_LIST_INVALID):
        read(resigned(members))


@pytest.mark.parametrize("bent", [b"\xd2", b""])
def test_refuses_every_other_encoding(bent: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read(bent + sign() if bent else b"")
    with refused(Reason.TOO_LARGE):
        read(bytes(vical.MAX_BYTES + 1))


@given(st.integers(0, 8 * 200))
def test_one_flipped_bit_is_refused(place: int) -> None:
    data = bytearray(sign())
    place = len(data) * 8 - 1 - place
    data[place // 8] ^= 1 << place % 8
    assert isinstance(outcome(read, bytes(data)), Reason)
