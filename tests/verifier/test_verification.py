from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import Refused, Unavailable
from core.reasons import Colour, Reason
from formats.bundle.trust_table import KeyRole, KeyState
from formats.dataset import Group
from formats.sd_cwt.model import Assurance, KeyStorage
from formats.site_policy import BUILT_IN, Mode
from keys.certificates import Validity
from keys.trust import TrustStore
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.builders.presentations import (
    CLOCK,
    EXPECTED,
    OTHER_ISSUER,
    POLICY,
    REAL_ISSUER,
    REAL_ROOT,
    ROOT,
    THIEF,
    Says,
    Showing,
    a_trust,
    bare_trust,
    judged,
    trust_table,
    trusted_key,
)
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU, document_signer
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import EntryState
from verifier.checkpoint.report import to_json
from verifier.checkpoint.verdict import Check, Verdict
from verifier.checks.case import SD_JWT_VC_CHECKS, ExpectedBinding
from verifier.trust import IssuerTrust

pytestmark = pytest.mark.usefixtures("each_suite")

ADULTS_ONLY = replace(
    POLICY, required=frozenset({Group.NAME, Group.AGE_18}), optional=frozenset({Group.PORTRAIT}), minimum_age=18
)
RETIREES_ONLY = replace(
    POLICY, required=frozenset({Group.NAME, Group.OTHER_AGES}), optional=frozenset({Group.PORTRAIT}), minimum_age=60
)
DOUBTFUL = ReaderClock(NOW, doubtful=True, confirmed=False)
UNCONFIRMED = ReaderClock(NOW, doubtful=False, confirmed=False)


def said(verdict: Verdict) -> tuple[Colour, Check, Reason | None]:
    """The colour, and the last check with what it found."""
    return verdict.colour, verdict.findings[-1].check, verdict.findings[-1].reason


def doubts(verdict: Verdict) -> dict[Check, Reason | None]:
    return {finding.check: finding.reason for finding in verdict.findings if not finding.passed}


def card() -> tuple[tuple[str, ...], ...]:
    return (
        ("full_name",),
        ("picture",),
        ("document_type",),
        ("document_number",),
        ("date_of_issuance",),
        ("date_of_expiry",),
        ("issuing_authority",),
        ("issuing_country",),
        ("issuing_division",),
    )


# --- what is right ---------------------------------------------------------------------------------------------------


def test_a_right_presentation_is_green_and_every_check_of_the_tuple_was_made() -> None:
    verdict = judged()
    assert verdict.colour is Colour.GREEN
    assert tuple(finding.check for finding in verdict.findings) == SD_JWT_VC_CHECKS
    assert all(finding.passed for finding in verdict.findings)


def test_a_green_verdict_shows_what_was_disclosed_and_who_signed() -> None:
    verdict = judged(Showing(shown=(*card(), ("address",), ("nationalities",), ("age_equal_or_over", "65"))))
    assert verdict.person is not None
    assert verdict.person.value(Group.NAME, 1) == a_person().full_name
    assert verdict.person.value(Group.ADDRESS, 1) == a_person().address
    assert verdict.person.value(Group.CIVIL, 2) == "CN"
    assert verdict.person.value(Group.OTHER_AGES, 65) is False
    assert verdict.person.value(Group.PORTRAIT, 1) == a_person().portrait
    assert verdict.person.value(Group.BIRTH_DATE, 1) is None
    assert (verdict.bureau, verdict.bureau_name_zh, verdict.bureau_name_en) == (BUREAU, BUREAU_NAME_ZH, BUREAU_NAME_EN)
    assert (verdict.status_age_seconds, verdict.status_number) == (600, 12)
    assert (verdict.trust_age_seconds, verdict.trust_number) == (3600, 7)
    assert verdict.held_by_owner


def test_the_report_is_the_one_of_qr_codes() -> None:
    report = to_json(judged())
    assert (report["verdict"], report["reasons"], report["mode"]) == ("GREEN", [], "challenge")


def test_says_nothing_of_the_owner_without_a_portrait() -> None:
    policy = replace(POLICY, required=frozenset({Group.NAME}), optional=frozenset({Group.PORTRAIT}))
    verdict = judged(Showing(shown=(("full_name",),)), policy=policy)
    assert verdict.colour is Colour.GREEN
    assert not verdict.held_by_owner


def test_a_real_credential_is_green_at_a_reader_in_real_mode() -> None:
    trust = a_trust(trust_table(trusted_key(REAL_ISSUER), specimen=False), root=REAL_ROOT.certificate)
    assert judged(Showing(issuer=REAL_ISSUER, specimen=False), trust=trust).colour is Colour.GREEN


def test_a_bare_root_is_enough_where_no_trust_list_is_at_hand() -> None:
    verdict = judged(Showing(shown=card()), trust=bare_trust())
    assert verdict.colour is Colour.GREEN
    assert (verdict.bureau, verdict.trust_number, verdict.trust_age_seconds) == (BUREAU, None, None)


def test_red_shows_nobody_and_names_no_bureau_before_its_signature_held() -> None:
    verdict = judged(Showing(issuer=OTHER_ISSUER))
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    assert verdict.bureau is None


def test_the_request_cannot_be_left_open() -> None:
    for nonce, audience in (("", "a"), ("n", "")):
        with pytest.raises(ValueError, match="nonce"):
            ExpectedBinding(nonce, audience)


# --- who issued ------------------------------------------------------------------------------------------------------


def test_refuses_a_signer_that_is_not_in_the_trust_table() -> None:
    assert said(judged(Showing(issuer=OTHER_ISSUER))) == (Colour.RED, Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)


def test_refuses_a_certificate_under_another_root() -> None:
    shown = Showing(issuer=REAL_ISSUER, specimen=False)
    assert said(judged(shown)) == (Colour.RED, Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)


def test_refuses_a_credential_without_a_certificate_chain() -> None:
    shown = Showing(edit_header=lambda header: {"alg": "ES256", "typ": "dc+sd-jwt"})
    assert said(judged(shown)) == (Colour.RED, Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)


def test_refuses_everything_of_a_compromised_key_whatever_the_dates() -> None:
    trust = a_trust(trust_table(trusted_key(state=KeyState.COMPROMISED, retired_at=NOW + DAY)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_STATE, Reason.ISSUER_KEY_WITHDRAWN)


@pytest.mark.parametrize(
    "changes",
    [{"forms": frozenset({"eid1"})}, {"role": KeyRole.CARD}, {"role": KeyRole.BUNDLE}, {"bureau": OTHER_BUREAU}],
)
def test_refuses_a_key_of_another_form_role_or_bureau(changes: dict[str, Any]) -> None:
    trust = a_trust(trust_table(trusted_key(**changes)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


def test_refuses_an_iss_that_the_certificate_does_not_name() -> None:
    shown = Showing(iss="https://elsewhere.example.test")
    assert said(judged(shown)) == (Colour.RED, Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


@pytest.mark.parametrize(
    "changes",
    [{"valid_from": NOW - DAY + 1}, {"retired_at": NOW - DAY - 1}, {"state": KeyState.PLANNED}],
)
def test_refuses_what_was_issued_outside_the_keys_period(changes: dict[str, Any]) -> None:
    trust = a_trust(trust_table(trusted_key(**changes)))
    assert said(judged(trust=trust)) == (Colour.RED, Check.ISSUER_PERIOD, Reason.ISSUER_KEY_OUT_OF_PERIOD)


@pytest.mark.parametrize("changes", [{"valid_from": NOW - DAY}, {"retired_at": NOW - DAY}])
def test_both_ends_of_the_keys_period_belong_to_it(changes: dict[str, Any]) -> None:
    assert judged(trust=a_trust(trust_table(trusted_key(**changes)))).colour is Colour.GREEN


def test_credentials_of_a_retired_key_still_count() -> None:
    trust = a_trust(trust_table(trusted_key(state=KeyState.STATUS_ONLY, retired_at=NOW - 60)))
    assert judged(trust=trust).colour is Colour.GREEN


def test_refuses_a_specimen_in_real_mode_and_a_real_one_in_training() -> None:
    real = a_trust(trust_table(trusted_key(REAL_ISSUER), specimen=False), root=REAL_ROOT.certificate)
    assert said(judged(Showing(issuer=REAL_ISSUER), trust=real))[1:] == (Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE)
    assert said(judged(Showing(specimen=False)))[1:] == (Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE)


def test_refuses_when_root_and_trust_table_are_of_two_kinds() -> None:
    verdict = judged(trust=a_trust(trust_table(specimen=False)))
    assert said(verdict)[1:] == (Check.SPECIMEN, Reason.REAL_IN_SPECIMEN_MODE)
    mixed = a_trust(trust_table(trusted_key(REAL_ISSUER)), root=REAL_ROOT.certificate)
    verdict = judged(Showing(issuer=REAL_ISSUER, specimen=False), trust=mixed)
    assert said(verdict)[1:] == (Check.SPECIMEN, Reason.SPECIMEN_IN_REAL_MODE)


# --- the two signatures ----------------------------------------------------------------------------------------------


def test_refuses_a_payload_that_was_changed_after_signing() -> None:
    jwt, rest = Showing().text.split("~", 1)
    header, _, signature = jwt.split(".")
    payload = Showing(edit_payload=lambda claims: {**claims, "exp": NOW + 300 * DAY}).text.split(".")[1]
    forged = f"{header}.{payload}.{signature}~{rest}"
    assert said(judged(forged)) == (Colour.RED, Check.ISSUER_SIGNATURE, Reason.ISSUER_SIGNATURE_INVALID)


def test_refuses_a_key_binding_by_another_key() -> None:
    verdict = judged(Showing(shown_by=THIEF))
    assert said(verdict) == (Colour.RED, Check.HOLDER_SIGNATURE, Reason.HOLDER_SIGNATURE_INVALID)


def test_refuses_a_key_binding_over_other_disclosures() -> None:
    jwt, _, *rest = Showing().text.split("~")
    verdict = judged("~".join((jwt, *rest)))
    assert said(verdict) == (Colour.RED, Check.HOLDER_SIGNATURE, Reason.SD_HASH_MISMATCH)


# --- freshness -------------------------------------------------------------------------------------------------------


def test_refuses_at_a_site_that_takes_only_one_way_codes() -> None:
    policy = replace(POLICY, modes=frozenset({Mode.ONE_WAY}))
    assert said(judged(policy=policy)) == (Colour.RED, Check.MODE, Reason.WRONG_MODE)


@pytest.mark.parametrize("audience", ["https://other.example.test", EXPECTED.audience.upper(), f"{EXPECTED.audience}/"])
def test_refuses_a_presentation_made_for_another_audience(audience: str) -> None:
    verdict = judged(Showing(audience=audience))
    assert said(verdict) == (Colour.RED, Check.AUDIENCE, Reason.WRONG_AUDIENCE)


@pytest.mark.parametrize("nonce", ["another", EXPECTED.nonce.lower(), EXPECTED.nonce + " "])
def test_refuses_the_answer_to_another_request(nonce: str) -> None:
    assert said(judged(Showing(nonce=nonce))) == (Colour.RED, Check.NONCE, Reason.NONCE_MISMATCH)


@pytest.mark.parametrize(
    ("made_at", "reason"),
    [(NOW - 331, Reason.CODE_EXPIRED), (NOW + 31, Reason.CODE_FROM_FUTURE), (NOW - 366 * DAY, Reason.CODE_EXPIRED)],
)
def test_refuses_a_key_binding_of_another_time(made_at: int, reason: Reason) -> None:
    assert said(judged(Showing(made_at=made_at))) == (Colour.RED, Check.TIME, reason)


@pytest.mark.parametrize("made_at", [NOW - 330, NOW + 30])
def test_a_key_binding_counts_to_the_ends_of_its_window(made_at: int) -> None:
    assert judged(Showing(made_at=made_at)).colour is Colour.GREEN


def test_a_key_binding_may_say_when_it_ends() -> None:
    def ends(at: int) -> Showing:
        return Showing(edit_binding=lambda claims: {**claims, "exp": at})

    assert judged(ends(NOW + 10)).colour is Colour.GREEN
    assert said(judged(ends(NOW - 31)))[1:] == (Check.TIME, Reason.CODE_EXPIRED)


def test_an_unconfirmed_clock_is_blamed_before_the_holder() -> None:
    verdict = judged(Showing(made_at=NOW - 400), clock=UNCONFIRMED)
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.TIME: Reason.CHECK_CLOCK_FIRST})


def test_a_clock_in_doubt_gives_no_green() -> None:
    for made_at in (NOW - 5, NOW - 400):
        verdict = judged(Showing(made_at=made_at), clock=DOUBTFUL)
        assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.TIME: Reason.CLOCK_DOUBTFUL})


def test_a_clock_in_doubt_does_not_excuse_another_audience() -> None:
    assert said(judged(Showing(audience="https://other.example.test"), clock=DOUBTFUL))[2] is Reason.WRONG_AUDIENCE
    assert said(judged(Showing(nonce="another"), clock=DOUBTFUL))[2] is Reason.NONCE_MISMATCH


# --- validity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (Showing(expires_at=NOW - 31), Reason.CREDENTIAL_EXPIRED),
        (Showing(issued_at=NOW + 31), Reason.CREDENTIAL_NOT_YET_VALID),
        (Showing(edit_payload=lambda claims: {**claims, "nbf": NOW + 31}), Reason.CREDENTIAL_NOT_YET_VALID),
    ],
)
def test_refuses_a_credential_outside_its_validity(shown: Showing, reason: Reason) -> None:
    assert said(judged(shown)) == (Colour.RED, Check.VALIDITY, reason)


def test_a_clock_in_doubt_is_blamed_for_an_expired_credential() -> None:
    verdict = judged(Showing(expires_at=NOW - 31, made_at=NOW - 40), clock=DOUBTFUL)
    assert verdict.colour is Colour.AMBER
    assert doubts(verdict)[Check.VALIDITY] is Reason.CHECK_CLOCK_FIRST


def test_refuses_a_showing_from_before_the_credential() -> None:
    shown = Showing(issued_at=NOW - 20, made_at=NOW - 60)
    assert said(judged(shown)) == (Colour.RED, Check.PROOF_VALIDITY, Reason.PROOF_OUTSIDE_VALIDITY)


# --- what was disclosed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (a_person(issuing_authority="别处公安局"), (("issuing_authority",),)),
        (a_person(issuing_country="US"), (("issuing_country",),)),
        (a_person(issuing_division="110101"), (("issuing_division",),)),
    ],
)
def test_refuses_an_authority_outside_the_signers_scope(person: Any, shown: tuple[tuple[str, ...], ...]) -> None:
    verdict = judged(Showing(person=person, shown=(("full_name",), ("picture",), *shown)))
    assert said(verdict) == (Colour.RED, Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE)


def test_a_bare_root_still_ties_the_country_to_the_certificate() -> None:
    shown = Showing(person=a_person(issuing_country="US"), shown=(("full_name",), ("picture",), ("issuing_country",)))
    assert said(judged(shown, trust=bare_trust())) == (Colour.RED, Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE)


# --- status ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (EntryState.REVOKED, Reason.STATUS_REVOKED),
        (EntryState.SUSPENDED, Reason.STATUS_SUSPENDED),
        (EntryState.REPORTED_LOST, Reason.STATUS_REPORTED_LOST),
        (EntryState.SUPERSEDED, Reason.STATUS_SUPERSEDED),
    ],
)
@pytest.mark.parametrize("expires_at", [NOW + DAY, NOW - DAY])
def test_refuses_what_the_list_says_is_not_valid_even_when_it_has_expired(
    state: EntryState, reason: Reason, expires_at: int
) -> None:
    assert said(judged(statuses=Says(state, expires_at=expires_at))) == (Colour.RED, Check.STATUS, reason)


@pytest.mark.parametrize(
    "statuses",
    [
        Says(None),
        Says(failure=Unavailable(Reason.STATUS_UNKNOWN, "no network")),
        Says(expires_at=NOW - 31),
    ],
)
def test_an_unknown_status_is_amber_and_never_valid(statuses: Says) -> None:
    verdict = judged(statuses=statuses)
    assert verdict.colour is Colour.AMBER
    assert doubts(verdict)[Check.STATUS] is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("reason", [Reason.STATUS_INDEX_OUT_OF_RANGE, Reason.STATUS_WRONG_BUREAU])
def test_refuses_what_the_source_refuses(reason: Reason) -> None:
    verdict = judged(statuses=Says(failure=Refused(reason, "refused")))
    assert said(verdict) == (Colour.RED, Check.STATUS, reason)


def test_a_status_list_older_than_the_site_allows_is_amber() -> None:
    verdict = judged(statuses=Says(as_of=NOW - POLICY.max_status_age_seconds - 1))
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.STATUS_AGE: Reason.STATUS_STALE})


def test_a_status_list_from_the_readers_future_blames_the_clock() -> None:
    verdict = judged(statuses=Says(as_of=NOW + 31))
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.STATUS_AGE: Reason.CLOCK_DOUBTFUL})


def test_the_status_is_not_asked_for_a_credential_that_is_refused() -> None:
    asked = Says(failure=AssertionError("asked"))
    assert judged(Showing(expires_at=NOW - DAY), statuses=asked).colour is Colour.RED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issued_at": NOW - POLICY.max_trust_age_seconds - 1}, Reason.TRUST_LIST_STALE),
        ({"next_update": NOW - 31}, Reason.TRUST_LIST_STALE),
        ({"issued_at": NOW + 31}, Reason.CLOCK_DOUBTFUL),
    ],
)
def test_a_trust_table_of_another_time_is_amber(changes: dict[str, int], reason: Reason) -> None:
    verdict = judged(trust=a_trust(trust_table(**changes)))
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.TRUST_AGE: reason})


# --- the site's policy -----------------------------------------------------------------------------------------------


def test_refuses_at_a_site_that_does_not_take_this_form() -> None:
    verdict = judged(policy=replace(POLICY, forms=frozenset({"eid1"})))
    assert said(verdict) == (Colour.RED, Check.FORM, Reason.FORM_NOT_ACCEPTED)


def test_another_type_under_a_bare_root_may_be_genuine_and_shows_nothing() -> None:
    other = Showing(vct="urn:example:other:1")
    verdict = judged(other, trust=bare_trust())
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.FIELDS: Reason.FIELD_MISSING})
    assert verdict.person is not None
    assert verdict.person.groups == {}
    assert said(judged(replace(other, shown_by=THIEF), trust=bare_trust()))[0] is Colour.RED


def test_claims_of_another_type_are_not_read_by_our_rules() -> None:
    other = Showing(
        vct="urn:example:other:1", edit_payload=lambda claims: {**claims, "sex": "x", "address": "a\u202eb"}
    )
    assert judged(other, trust=bare_trust()).colour is Colour.AMBER


def test_a_missing_field_is_amber() -> None:
    verdict = judged(Showing(shown=(("full_name",),)))
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.FIELDS: Reason.FIELD_MISSING})


def test_part_of_a_required_group_is_not_the_group() -> None:
    policy = replace(POLICY, required=frozenset({Group.NAME, Group.DOCUMENT}), optional=frozenset({Group.PORTRAIT}))
    assert doubts(judged(policy=policy)) == {Check.FIELDS: Reason.FIELD_MISSING}
    assert judged(Showing(shown=card()), policy=policy).colour is Colour.GREEN


def test_the_age_demanded_is_answered_by_its_own_answer_alone() -> None:
    assert judged(policy=ADULTS_ONLY).colour is Colour.GREEN
    shown = Showing(person=a_person(birth_date=date(1950, 1, 1)), shown=(("full_name",), ("age_equal_or_over", "60")))
    assert judged(shown, policy=RETIREES_ONLY).colour is Colour.GREEN


def test_a_missing_age_answer_is_amber() -> None:
    verdict = judged(Showing(shown=(("full_name",), ("age_equal_or_over", "14"))), policy=ADULTS_ONLY)
    assert (verdict.colour, doubts(verdict)[Check.AGE]) == (Colour.AMBER, Reason.FIELD_MISSING)


def test_a_no_of_today_is_refused_and_an_older_one_asks_for_a_refresh() -> None:
    child = a_person(birth_date=datetime.fromtimestamp(NOW, UTC).date() - timedelta(days=10 * 365))
    fresh = judged(Showing(person=child, issued_at=NOW - 3600), policy=ADULTS_ONLY)
    assert said(fresh) == (Colour.RED, Check.AGE, Reason.AGE_NOT_MET)
    older = judged(Showing(person=child), policy=ADULTS_ONLY)
    assert (older.colour, doubts(older)) == (Colour.AMBER, {Check.AGE: Reason.AGE_ANSWER_STALE})


@pytest.mark.parametrize("key_storage", [KeyStorage.SOFTWARE, None])
def test_refuses_a_software_key_at_an_unmanned_gate(key_storage: KeyStorage | None) -> None:
    unmanned = replace(POLICY, unmanned=True)
    verdict = judged(Showing(key_storage=key_storage), policy=unmanned)
    assert said(verdict) == (Colour.RED, Check.KEY_STORAGE, Reason.KEY_STORAGE_INSUFFICIENT)
    assert judged(policy=unmanned).colour is Colour.GREEN


@pytest.mark.parametrize("assurance", [Assurance.BASIC, None])
def test_a_lower_enrolment_than_the_site_demands_is_amber(assurance: Assurance | None) -> None:
    demanding = replace(POLICY, minimum_assurance=Assurance.FULL)
    verdict = judged(Showing(assurance=assurance), policy=demanding)
    assert (verdict.colour, doubts(verdict)) == (Colour.AMBER, {Check.ASSURANCE: Reason.ASSURANCE_INSUFFICIENT})
    assert judged(policy=demanding).colour is Colour.GREEN


def beijing_day(days: int) -> date:
    return (datetime.fromtimestamp(NOW + 8 * 3600, UTC) + timedelta(days=days)).date()


@pytest.mark.parametrize(
    ("days", "colour", "reason"),
    [
        (30, Colour.GREEN, None),
        (29, Colour.AMBER, Reason.DOCUMENT_EXPIRING),
        (0, Colour.AMBER, Reason.DOCUMENT_EXPIRING),
        (-1, Colour.RED, Reason.CREDENTIAL_EXPIRED),
    ],
)
def test_the_card_behind_the_credential_is_judged_by_its_last_day(
    days: int, colour: Colour, reason: Reason | None
) -> None:
    verdict = judged(Showing(person=a_person(date_of_expiry=beijing_day(days)), shown=card()))
    assert verdict.colour is colour
    assert doubts(verdict).get(Check.DOCUMENT) is reason


def test_a_clock_in_doubt_is_not_the_cards_end() -> None:
    verdict = judged(Showing(person=a_person(date_of_expiry=beijing_day(-1)), shown=card()), clock=DOUBTFUL)
    assert doubts(verdict)[Check.DOCUMENT] is Reason.DOCUMENT_EXPIRING


def test_amber_findings_add_up_and_red_ends_the_list() -> None:
    statuses = Says(None)
    verdict = judged(Showing(shown=(("full_name",),)), statuses=statuses)
    assert verdict.reasons == (Reason.STATUS_UNKNOWN, Reason.FIELD_MISSING)
    verdict = judged(
        Showing(shown=(("full_name",),)), statuses=statuses, policy=replace(POLICY, forms=frozenset({"eid1"}))
    )
    assert verdict.reasons[0] is Reason.FORM_NOT_ACCEPTED
    assert verdict.findings[-1].check is Check.FORM


def test_the_strictest_policy_judges_this_form_too() -> None:
    verdict = judged(policy=BUILT_IN["police-spot-check"], clock=CLOCK)
    assert doubts(verdict) == {Check.FIELDS: Reason.FIELD_MISSING}


def test_an_expired_certificate_ends_all_it_signed() -> None:
    ended = document_signer(ROOT, "ended", validity=Validity(NOW - 20 * DAY, NOW - 60))
    trust = a_trust(trust_table(trusted_key(ended)))
    assert said(judged(Showing(issuer=ended), trust=trust))[1:] == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_EXPIRED)


def test_a_list_is_trusted_only_beside_the_table_of_its_number() -> None:
    anchor, table = a_trust().anchor, trust_table()
    listed = TrustStore(anchor, {}, table.number, table.issued_at, table.next_update)
    assert IssuerTrust(anchor, table, listed).table is table
    for without in (None, replace(table, number=table.number + 1)):
        with pytest.raises(ValueError):
            IssuerTrust(anchor, without, listed)
