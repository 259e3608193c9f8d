from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from core.errors import Refused, Unavailable
from core.reasons import Colour, Reason
from formats.bundle.trust_table import KeyRole, KeyState
from formats.dataset import Group, mdoc_elements
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_cwt.model import Assurance, KeyStorage
from formats.site_policy import BUILT_IN, Mode
from keys.certificates import Validity
from tests.builders.mdoc import (
    CARD,
    NAMESPACE,
    READER,
    WITH_READER_KEY,
    Answer,
    handover,
    item,
    judged,
    presented,
)
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.builders.presentations import (
    ISSUER,
    OTHER_ISSUER,
    POLICY,
    REAL_ISSUER,
    REAL_ROOT,
    ROOT,
    THIEF,
    Says,
    a_trust,
    bare_trust,
    trust_table,
    trusted_key,
)
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU, document_signer
from tests.verifier.test_verification import ADULTS_ONLY, DOUBTFUL, UNCONFIRMED, doubts, said
from verifier.checkpoint.offline import EntryState
from verifier.checkpoint.report import to_json
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import MDOC_CHECKS, ExpectedSession

pytestmark = pytest.mark.usefixtures("each_suite")

# --- what is right ---------------------------------------------------------------------------------------------------


def test_a_right_answer_is_green_and_every_check_of_the_tuple_was_made() -> None:
    verdict = judged()
    assert verdict.colour is Colour.GREEN, verdict.findings[-1]
    assert tuple(finding.check for finding in verdict.findings) == MDOC_CHECKS
    assert all(finding.passed for finding in verdict.findings)


def test_a_green_verdict_shows_every_element_in_its_place_and_who_signed() -> None:
    person = a_person(family_name="样", given_name="小明", name_local_script="ياڭ")
    elements = mdoc_elements(person, as_of=date(2026, 9, 20))
    verdict = judged(Answer(person=person, shown=tuple(elements)))
    assert verdict.colour is Colour.GREEN
    assert verdict.person is not None
    assert verdict.person.groups == {
        Group.NAME: {1: "样小明", 2: "YANG XIAOMING", 4: "样", 5: "小明", 6: "ياڭ"},
        Group.BIRTH_DATE: {1: "1990-01-01"},
        Group.CITIZEN_NUMBER: {1: "690101199001010018"},
        Group.NUMBER_TAIL: {1: "**************0018"},
        Group.CIVIL: {1: 1, 2: "CN", 3: "汉", 4: "01"},
        Group.ADDRESS: {1: person.address, 2: "690101"},
        Group.DOCUMENT: {
            1: "居民身份证",
            2: "690101199001010018",
            3: "2020-05-01",
            4: "2040-05-01",
            5: BUREAU_NAME_ZH,
            6: "CN",
            7: "690101",
            8: person.card_authority,
        },
        Group.PORTRAIT: {1: person.portrait},
        Group.AGE_18: {18: True},
        Group.OTHER_AGES: {14: True, 16: True, 60: False, 65: False},
    }
    assert (verdict.bureau, verdict.bureau_name_zh, verdict.bureau_name_en) == (BUREAU, BUREAU_NAME_ZH, BUREAU_NAME_EN)
    assert (verdict.status_age_seconds, verdict.status_number) == (600, 12)
    assert (verdict.trust_age_seconds, verdict.trust_number) == (3600, 7)
    assert verdict.held_by_owner
    assert verdict.bytes == len(Answer(person=person, shown=tuple(elements)).data)


def test_what_was_not_shown_is_not_there() -> None:
    person = judged().person
    assert person is not None
    assert set(person.groups) == {Group.NAME, Group.PORTRAIT, Group.DOCUMENT, Group.AGE_18, Group.CIVIL}
    assert person.value(Group.CIVIL, 1) is None


def test_the_report_is_the_one_of_qr_codes() -> None:
    report = to_json(judged())
    assert (report["verdict"], report["reasons"], report["mode"]) == ("GREEN", [], "challenge")


@pytest.mark.parametrize("with_mac", [False, True])
def test_what_our_wallet_presents_is_green(with_mac: bool) -> None:
    transcript = redirect_transcript(
        client_id="x509_san_dns:v.example.test",
        nonce="n-0S6_WzA2Mj",
        response_uri="https://v.example.test/r",
        jwk_thumbprint=None,
    )
    shown = presented(CARD, mac=with_mac, transcript=transcript)
    verdict = judged(shown, expected=ExpectedSession(transcript, READER.private_key))
    assert verdict.colour is Colour.GREEN, verdict.findings[-1]


def test_a_device_mac_counts_as_a_signature_where_this_reader_has_a_key_in_the_session() -> None:
    answer = Answer(mac_with=READER.point)
    assert judged(answer, expected=WITH_READER_KEY).colour is Colour.GREEN
    assert said(judged(answer)) == (Colour.RED, Check.HOLDER_SIGNATURE, Reason.HOLDER_PROOF_MISSING)
    assert judged(expected=WITH_READER_KEY).colour is Colour.GREEN


def test_a_chain_in_the_protected_header_counts_too() -> None:
    answer = Answer(
        edit_protected=lambda plain: {**plain, 33: ISSUER.certificates[0]}, edit_unprotected=lambda plain: {}
    )
    assert judged(answer).colour is Colour.GREEN


def test_items_are_hashed_as_received_whatever_order_their_issuer_wrote_them_in() -> None:
    def backwards(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [dict(reversed(entry.items())) for entry in items]

    assert judged(Answer(edit_items=backwards)).colour is Colour.GREEN


def test_elements_and_namespaces_of_others_are_left_out() -> None:
    def with_more(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*items, item(77, "blood_type", "AB")]

    verdict = judged(Answer(edit_items=with_more, shown=("full_name", "portrait", "blood_type")))
    assert verdict.colour is Colour.GREEN
    assert verdict.person is not None
    assert set(verdict.person.groups) == {Group.NAME, Group.PORTRAIT}


def test_a_bare_root_is_enough_where_no_trust_list_is_at_hand() -> None:
    verdict = judged(Answer(shown=CARD), trust=bare_trust())
    assert verdict.colour is Colour.GREEN
    assert (verdict.bureau, verdict.trust_number, verdict.trust_age_seconds) == (BUREAU, None, None)


def test_a_real_document_is_green_at_a_reader_in_real_mode() -> None:
    trust = a_trust(trust_table(trusted_key(REAL_ISSUER), specimen=False), root=REAL_ROOT.certificate)
    assert judged(Answer(issuer=REAL_ISSUER, specimen=False), trust=trust).colour is Colour.GREEN


def test_red_shows_nobody_and_names_no_bureau_before_its_signature_held() -> None:
    verdict = judged(Answer(issuer=OTHER_ISSUER))
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    assert verdict.bureau is None


def test_the_session_cannot_be_left_open() -> None:
    with pytest.raises(ValueError, match="transcript"):
        ExpectedSession(b"")


# --- the type --------------------------------------------------------------------------------------------------------


def test_refuses_a_document_of_another_type_before_looking_at_its_issuer() -> None:
    verdict = judged(Answer(doctype="org.iso.18013.5.1.mDL", issuer=OTHER_ISSUER))
    assert said(verdict) == (Colour.RED, Check.DOCTYPE, Reason.FORM_NOT_ACCEPTED)


# --- who issued ------------------------------------------------------------------------------------------------------


def test_refuses_a_signer_that_is_not_in_the_trust_table() -> None:
    assert said(judged(Answer(issuer=OTHER_ISSUER))) == (Colour.RED, Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)


def test_refuses_a_certificate_under_another_root() -> None:
    answer = Answer(issuer=REAL_ISSUER, specimen=False)
    assert said(judged(answer)) == (Colour.RED, Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)


def test_refuses_everything_of_a_compromised_key_whatever_the_dates() -> None:
    trust = a_trust(trust_table(trusted_key(state=KeyState.COMPROMISED, retired_at=NOW + DAY)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_STATE, Reason.ISSUER_KEY_WITHDRAWN)


@pytest.mark.parametrize(
    "changes",
    [
        {"forms": frozenset({"eid1", "dc+sd-jwt"})},
        {"role": KeyRole.CARD},
        {"role": KeyRole.BUNDLE},
        {"bureau": OTHER_BUREAU},
    ],
)
def test_refuses_a_key_of_another_form_role_or_bureau(changes: dict[str, Any]) -> None:
    trust = a_trust(trust_table(trusted_key(**changes)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


def test_a_key_that_signs_this_form_alone_is_enough() -> None:
    assert judged(trust=a_trust(trust_table(trusted_key(forms=frozenset({"mso_mdoc"}))))).colour is Colour.GREEN


@pytest.mark.parametrize(
    "changes", [{"valid_from": NOW - DAY + 1}, {"retired_at": NOW - DAY - 1}, {"state": KeyState.PLANNED}]
)
def test_refuses_what_was_issued_outside_the_keys_period(changes: dict[str, Any]) -> None:
    trust = a_trust(trust_table(trusted_key(**changes)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_PERIOD, Reason.ISSUER_KEY_OUT_OF_PERIOD)


def test_refuses_a_document_signed_outside_its_certificate_and_says_which_checks_held() -> None:
    short = document_signer(ROOT, "short", validity=Validity(NOW - DAY + 1, NOW + DAY))
    verdict = judged(Answer(issuer=short), trust=a_trust(trust_table(trusted_key(short))))
    assert said(verdict)[:2] == (Colour.RED, Check.ISSUER_PERIOD)
    assert [finding.check for finding in verdict.findings if finding.passed] == [
        Check.STRUCTURE,
        Check.DOCTYPE,
        Check.ISSUER_KNOWN,
        Check.ISSUER_STATE,
        Check.ISSUER_ROLE,
    ]


def test_refuses_a_specimen_in_real_mode_and_a_real_one_in_training() -> None:
    real = a_trust(trust_table(trusted_key(REAL_ISSUER), specimen=False), root=REAL_ROOT.certificate)
    assert said(judged(Answer(issuer=REAL_ISSUER), trust=real))[1:] == (Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE)
    assert said(judged(Answer(specimen=False)))[1:] == (Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE)


def test_refuses_when_root_and_trust_table_are_of_two_kinds() -> None:
    verdict = judged(trust=a_trust(trust_table(specimen=False)))
    assert said(verdict)[1:] == (Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE)


# --- signatures and digests ------------------------------------------------------------------------------------------


def test_refuses_an_mso_that_was_changed_after_signing() -> None:
    later = Answer(expires_at=NOW + 300 * DAY).issuer_auth[2]

    def swapped(auth: list[Any]) -> list[Any]:
        return [auth[0], auth[1], later, auth[3]]

    verdict = judged(Answer(edit_auth=swapped))
    assert said(verdict) == (Colour.RED, Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID)
    assert verdict.bureau is None


def test_refuses_an_item_that_was_changed_after_signing() -> None:
    def promoted(shown: list[CBORTag]) -> list[CBORTag]:
        first = cbor2.loads(shown[0].value)
        return [CBORTag(24, cbor2.dumps({**first, "elementValue": "别名"})), *shown[1:]]

    verdict = judged(Answer(edit_shown=promoted))
    assert said(verdict)[:2] == (Colour.RED, Check.DIGESTS)
    assert verdict.bureau == BUREAU


def test_refuses_the_answer_of_another_key() -> None:
    verdict = judged(Answer(shown_by=THIEF))
    assert said(verdict) == (Colour.RED, Check.HOLDER_SIGNATURE, Reason.HOLDER_SIGNATURE_INVALID)


def test_refuses_the_answer_to_another_session() -> None:
    answer = Answer(transcript=handover("OpenID4VPHandover", "x509_san_dns:v.example.test", "another", None, "r"))
    assert said(judged(answer)) == (Colour.RED, Check.HOLDER_SIGNATURE, Reason.HOLDER_SIGNATURE_INVALID)


def test_refuses_at_a_site_that_takes_only_one_way_codes() -> None:
    policy = replace(POLICY, modes=frozenset({Mode.ONE_WAY}))
    assert said(judged(policy=policy)) == (Colour.RED, Check.MODE, Reason.WRONG_MODE)


# --- validity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(expires_at=NOW - 31), Reason.CREDENTIAL_EXPIRED),
        (Answer(valid_from=NOW + 31), Reason.CREDENTIAL_NOT_YET_VALID),
    ],
)
def test_refuses_a_document_outside_its_validity(answer: Answer, reason: Reason) -> None:
    assert said(judged(answer)) == (Colour.RED, Check.VALIDITY, reason)
    verdict = judged(answer, clock=DOUBTFUL)
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.VALIDITY: Reason.CHECK_CLOCK_FIRST})


def test_a_clock_in_doubt_gives_no_green() -> None:
    verdict = judged(clock=DOUBTFUL)
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.VALIDITY: Reason.CLOCK_DOUBTFUL})
    assert judged(clock=UNCONFIRMED).colour is Colour.GREEN


# --- what was shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (a_person(issuing_authority="别处公安局"), "issuing_authority"),
        (a_person(issuing_country="US"), "issuing_country"),
        (a_person(issuing_division="110101"), "issuing_division"),
    ],
)
def test_refuses_an_authority_outside_the_signers_scope(person: Any, shown: str) -> None:
    verdict = judged(Answer(person=person, shown=("full_name", "portrait", shown)))
    assert said(verdict) == (Colour.RED, Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE)


# --- status and policy: the rules are those of every form, asked here once each --------------------------------------


def test_refuses_what_the_list_says_is_not_valid() -> None:
    verdict = judged(statuses=Says(EntryState.REVOKED))
    assert said(verdict) == (Colour.RED, Check.STATUS, Reason.STATUS_REVOKED)


def test_refuses_what_the_source_of_statuses_refuses() -> None:
    verdict = judged(statuses=Says(failure=Refused(Reason.STATUS_WRONG_BUREAU, "refused")))
    assert said(verdict) == (Colour.RED, Check.STATUS, Reason.STATUS_WRONG_BUREAU)


def test_an_unknown_status_is_amber_and_never_valid() -> None:
    verdict = judged(statuses=Says(failure=Unavailable(Reason.STATUS_UNKNOWN, "no network")))
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.STATUS: Reason.STATUS_UNKNOWN})


def test_the_status_is_not_asked_for_a_document_that_is_refused() -> None:
    asked = Says(failure=AssertionError("asked"))
    assert judged(Answer(expires_at=NOW - DAY), statuses=asked).colour is Colour.RED


def test_lists_older_than_the_site_allows_are_amber() -> None:
    verdict = judged(
        statuses=Says(as_of=NOW - POLICY.max_status_age_seconds - 1),
        trust=a_trust(trust_table(issued_at=NOW - POLICY.max_trust_age_seconds - 1)),
    )
    assert doubts(verdict) == {Check.STATUS_AGE: Reason.STATUS_STALE, Check.TRUST_AGE: Reason.TRUST_LIST_STALE}


def test_refuses_at_a_site_that_does_not_take_this_form() -> None:
    verdict = judged(policy=replace(POLICY, forms=frozenset({"eid1", "dc+sd-jwt"})))
    assert said(verdict) == (Colour.RED, Check.FORM, Reason.FORM_NOT_ACCEPTED)


def test_the_built_in_policies_take_this_form() -> None:
    for policy in BUILT_IN.values():
        assert Check.FORM not in doubts(judged(policy=policy))


def test_part_of_a_required_group_is_not_the_group() -> None:
    policy = replace(POLICY, required=frozenset({Group.NAME, Group.DOCUMENT}), optional=frozenset({Group.PORTRAIT}))
    assert doubts(judged(policy=policy)) == {Check.FIELDS: Reason.FIELD_MISSING}
    assert judged(Answer(shown=CARD), policy=policy).colour is Colour.GREEN


def test_the_age_demanded_is_answered_by_its_own_answer_alone() -> None:
    assert judged(policy=ADULTS_ONLY).colour is Colour.GREEN
    missing = judged(Answer(shown=("full_name", "age_over_14")), policy=ADULTS_ONLY)
    assert doubts(missing)[Check.AGE] is Reason.FIELD_MISSING
    child = a_person(birth_date=datetime.fromtimestamp(NOW, UTC).date() - timedelta(days=10 * 365))
    fresh = judged(Answer(person=child, issued_at=NOW - 3600), policy=ADULTS_ONLY)
    assert said(fresh) == (Colour.RED, Check.AGE, Reason.AGE_NOT_MET)
    older = judged(Answer(person=child), policy=ADULTS_ONLY)
    assert doubts(older) == {Check.AGE: Reason.AGE_ANSWER_STALE}


@pytest.mark.parametrize("key_storage", [KeyStorage.SOFTWARE, None])
def test_refuses_a_software_key_at_an_unmanned_gate(key_storage: KeyStorage | None) -> None:
    unmanned = replace(POLICY, unmanned=True)
    verdict = judged(Answer(key_storage=key_storage), policy=unmanned)
    assert said(verdict) == (Colour.RED, Check.KEY_STORAGE, Reason.KEY_STORAGE_INSUFFICIENT)
    assert judged(policy=unmanned).colour is Colour.GREEN


@pytest.mark.parametrize("assurance", [Assurance.BASIC, None])
def test_a_lower_enrolment_than_the_site_demands_is_amber(assurance: Assurance | None) -> None:
    demanding = replace(POLICY, minimum_assurance=Assurance.FULL)
    assert doubts(judged(Answer(assurance=assurance), policy=demanding)) == {
        Check.ASSURANCE: Reason.ASSURANCE_INSUFFICIENT
    }
    assert judged(policy=demanding).colour is Colour.GREEN


def test_the_card_behind_the_document_is_judged_by_its_last_day() -> None:
    today = datetime.fromtimestamp(NOW + 8 * 3600, UTC).date()
    verdict = judged(Answer(person=a_person(date_of_expiry=today), shown=CARD))
    assert doubts(verdict) == {Check.DOCUMENT: Reason.DOCUMENT_EXPIRING}
    verdict = judged(Answer(person=a_person(date_of_expiry=today - timedelta(days=1)), shown=CARD))
    assert said(verdict) == (Colour.RED, Check.DOCUMENT, Reason.CREDENTIAL_EXPIRED)


def test_our_elements_are_read_in_our_namespace_alone() -> None:
    def elsewhere(mso: dict[str, Any]) -> dict[str, Any]:
        return {**mso, "valueDigests": {"cn.eid.other.1": mso["valueDigests"][NAMESPACE]}}

    answer = Answer(edit_mso=elsewhere, edit_shown=lambda shown: {"cn.eid.other.1": shown})
    verdict = judged(answer)
    assert verdict.colour is Colour.AMBER
    assert verdict.person is not None
    assert not verdict.person.groups
