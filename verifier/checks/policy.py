"""Checks of the site's policy: form, fields, age, how the key is kept, how the holder was enrolled, the card behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from core.reasons import Reason
from formats.dataset import Group
from formats.sd_cwt.model import Assurance, KeyStorage
from formats.sd_jwt_vc import VCT
from formats.site_policy import age_group
from verifier.checkpoint.policy import DAY_SECONDS, EXPIRING_DAYS
from verifier.checkpoint.verdict import Check
from verifier.checks.case import Case
from verifier.trust import SD_JWT_VC

_BEIJING: Final = 8 * 3600
_EXPIRES: Final = 4
# A group counts as shown when it holds these; one claim more or less of the others is the holder's choice.
_NEEDED: Final = {
    Group.DOCUMENT: frozenset({1, 2, 3, 5, 6, 7}),
    Group.AGE_18: frozenset({18}),
    Group.OTHER_AGES: frozenset({14, 16, 60, 65}),
}
_FIRST: Final = frozenset({1})


def check_form(case: Case) -> None:
    """The site accepts this form, and the credential is of the one type that is read here."""
    if SD_JWT_VC not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list this form")
    if case.shown.credential.terms.vct != VCT:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "a credential of another type")
    case.passed(Check.FORM)


def check_fields(case: Case) -> None:
    """Every group the site requires was shown."""
    shown, age = case.person.groups, case.policy.minimum_age
    missing = sorted(
        group.word for group in case.policy.required if not _needed(group, age) <= shown.get(group, {}).keys()
    )
    if missing:
        case.doubt(Check.FIELDS, Reason.FIELD_MISSING, f"not shown: {', '.join(missing)}")
    else:
        case.passed(Check.FIELDS)


def check_age(case: Case) -> None:
    """The age the site demands is answered with yes. A "no" older than a day may have become a yes since."""
    demanded = case.policy.minimum_age
    answer: object = True if demanded is None else case.person.value(age_group(demanded), demanded)
    if answer is True:
        case.passed(Check.AGE)
    elif answer is not False:
        case.doubt(Check.AGE, Reason.FIELD_MISSING, "the age answer was not shown")
    elif case.clock.now - case.shown.credential.terms.issued_at >= DAY_SECONDS:
        case.doubt(Check.AGE, Reason.AGE_ANSWER_STALE, "the answer is as of the day of issue")
    else:
        case.refuse(Check.AGE, Reason.AGE_NOT_MET, "the age demanded is not reached")


def check_key_storage(case: Case) -> None:
    """An unmanned gate demands a holder key in attested storage: nobody there compares a face."""
    if case.policy.unmanned and case.shown.credential.terms.key_storage is not KeyStorage.ATTESTED:
        case.refuse(Check.KEY_STORAGE, Reason.KEY_STORAGE_INSUFFICIENT, "no attested key at an unmanned gate")
    case.passed(Check.KEY_STORAGE)


def check_assurance(case: Case) -> None:
    """The holder was enrolled at the level the site demands; a credential that does not say counts as basic."""
    if (case.shown.credential.terms.assurance or Assurance.BASIC) < case.policy.minimum_assurance:
        case.doubt(Check.ASSURANCE, Reason.ASSURANCE_INSUFFICIENT, "enrolled at a lower level")
    else:
        case.passed(Check.ASSURANCE)


def check_document(case: Case) -> None:
    """The card behind the credential is not about to expire, where its dates were shown."""
    shown = case.person.value(Group.DOCUMENT, _EXPIRES)
    if shown is None:
        case.passed(Check.DOCUMENT)
        return
    last_day = date.fromisoformat(str(shown))
    # The dates on the card are days of the Beijing calendar, which has no summer time.
    today = datetime.fromtimestamp(case.clock.now + _BEIJING, UTC).date()
    if today + timedelta(days=EXPIRING_DAYS) <= last_day:
        case.passed(Check.DOCUMENT)
    elif today <= last_day or case.clock.doubtful:
        case.doubt(Check.DOCUMENT, Reason.DOCUMENT_EXPIRING, "the card's last day is near")
    else:
        case.refuse(Check.DOCUMENT, Reason.CREDENTIAL_EXPIRED, "the card's last day is past")


def _needed(group: Group, minimum_age: int | None) -> frozenset[int]:
    if minimum_age is not None and group is age_group(minimum_age):
        return frozenset({minimum_age})
    return _NEEDED.get(group, _FIRST)
