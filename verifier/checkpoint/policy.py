"""Checks of the site's policy, and of the status and trust lists it relies on: the same rules for every form.

Only which forms a site accepts (``check_form``) is asked for each form in its own way.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.dataset import Group
from formats.sd_cwt.model import Assurance, KeyStorage
from formats.site_policy import age_group
from verifier.checkpoint.case import Case, QrCase
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import EntryState
from verifier.checkpoint.verdict import FORM, Check

DAY_SECONDS: Final = 86_400
EXPIRING_DAYS: Final = 30
# The dates on the card are days of the Beijing calendar, which has no summer time.
_BEIJING: Final = 8 * 3600
_EXPIRES: Final = 4
_REFUSALS: Final = {
    EntryState.REVOKED: Reason.STATUS_REVOKED,
    EntryState.SUSPENDED: Reason.STATUS_SUSPENDED,
    EntryState.REPORTED_LOST: Reason.STATUS_REPORTED_LOST,
    EntryState.SUPERSEDED: Reason.STATUS_SUPERSEDED,
}
# What a source may find that is the code's own fault; every other failure of it says nothing about the code.
_FAULTS_OF_THE_CODE: Final = frozenset({Reason.STATUS_INDEX_OUT_OF_RANGE, Reason.STATUS_WRONG_BUREAU})

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_STATUS: Final = Check.STATUS
_FORM: Final = Check.FORM
_FIELDS: Final = Check.FIELDS
_AGE: Final = Check.AGE
_KEY_STORAGE: Final = Check.KEY_STORAGE
_ASSURANCE: Final = Check.ASSURANCE
_DOCUMENT: Final = Check.DOCUMENT
_STATUS_AGE: Final = Check.STATUS_AGE
_TRUST_AGE: Final = Check.TRUST_AGE
_VALID: Final = EntryState.VALID
_DOCUMENT_GROUP: Final = Group.DOCUMENT
_BASIC: Final = Assurance.BASIC


def check_status(case: Case) -> None:
    """The bureau's status list says the copy is valid; asked only after everything that is signed holds.

    Not covered, unreachable, unreadable or expired is unknown, never valid. An expired list that says revoked still
    refuses: withholding the newer one must not turn a RED into an AMBER.
    """
    reference = case.terms.status
    try:
        answer = case.statuses.look_up(case.bureau, reference.uri, reference.index)
    except EidError as err:
        if err.reason in _FAULTS_OF_THE_CODE:
            case.refuse_because(Check.STATUS, err)
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, err.detail)
        return
    case.status = answer
    if answer is None:
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, "no list at hand covers this credential")
    elif answer.state is not _VALID:
        case.refuse(Check.STATUS, _REFUSALS[answer.state], "the list says it is not valid")
    elif case.clock.now > answer.expires_at + TOLERANCE_SECONDS:
        case.doubt(Check.STATUS, Reason.STATUS_UNKNOWN, "the list has expired")
    else:
        case.passed(_STATUS)


def check_form(case: QrCase) -> None:
    """The site accepts QR codes. (A policy that demands nothing cannot be made.)"""
    if FORM not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list this form")
    case.passed(_FORM)


def check_fields(case: Case) -> None:
    """Every group the site requires was shown."""
    missing = [group.word for group in case.policy.required if not case.shows(group)]
    if missing:
        case.doubt(Check.FIELDS, Reason.FIELD_MISSING, f"not shown: {', '.join(sorted(missing))}")
    else:
        case.passed(_FIELDS)


def check_age(case: Case) -> None:
    """The age the site demands is answered with yes. A "no" older than a day may have become a yes since."""
    demanded = case.policy.minimum_age
    answer: object = True if demanded is None else case.person.value(age_group(demanded), demanded)
    if answer is True:
        case.passed(_AGE)
    elif answer is not False:
        case.doubt(Check.AGE, Reason.FIELD_MISSING, "the age answer was not shown")
    elif case.clock.now - case.terms.issued_at >= DAY_SECONDS:
        case.doubt(Check.AGE, Reason.AGE_ANSWER_STALE, "the answer is as of the day of issue")
    else:
        case.refuse(Check.AGE, Reason.AGE_NOT_MET, "the age demanded is not reached")


def check_key_storage(case: Case) -> None:
    """An unmanned gate demands a holder key in attested storage: nobody there compares a face."""
    if case.policy.unmanned and case.terms.key_storage is not KeyStorage.ATTESTED:
        case.refuse(Check.KEY_STORAGE, Reason.KEY_STORAGE_INSUFFICIENT, "no attested key at an unmanned gate")
    case.passed(_KEY_STORAGE)


def check_assurance(case: Case) -> None:
    """The holder was enrolled at the level the site demands; a credential that does not say counts as basic."""
    if (case.terms.assurance or _BASIC) < case.policy.minimum_assurance:
        case.doubt(Check.ASSURANCE, Reason.ASSURANCE_INSUFFICIENT, "enrolled at a lower level")
    else:
        case.passed(_ASSURANCE)


def check_document(case: Case) -> None:
    """The card behind the credential is not about to expire, where its dates were shown."""
    shown = case.person.value(_DOCUMENT_GROUP, _EXPIRES)
    if shown is None:
        case.passed(_DOCUMENT)
        return
    last_day, today = date.fromisoformat(str(shown)), _beijing_day(case.clock.now)
    if today + timedelta(days=EXPIRING_DAYS) <= last_day:
        case.passed(_DOCUMENT)
    elif today <= last_day or case.clock.doubtful:
        case.doubt(Check.DOCUMENT, Reason.DOCUMENT_EXPIRING, "the card's last day is near")
    else:
        case.refuse(Check.DOCUMENT, Reason.CREDENTIAL_EXPIRED, "the card's last day is past")


def check_status_age(case: Case) -> None:
    """The status list is younger than the site allows, counted from the list's own time."""
    status = case.status
    if status is None:
        # The status is unknown, and the finding of check_status says so; an age that is not there is not a passed one.
        return
    age = case.clock.now - status.as_of
    if age < -TOLERANCE_SECONDS:
        case.doubt(Check.STATUS_AGE, Reason.CLOCK_DOUBTFUL, "the status list is of this reader's future")
    elif age > case.policy.max_status_age_seconds:
        case.doubt(Check.STATUS_AGE, Reason.STATUS_STALE, f"{age} seconds old")
    else:
        case.passed(_STATUS_AGE)


def check_trust_age(case: Case) -> None:
    """The trust list is younger than the site allows, and not past the instant its successor was announced for.

    A bare root has no list to age.
    """
    trust, now = case.trust_list, case.clock.now
    age = 0 if trust is None else now - trust.issued_at
    if age < -TOLERANCE_SECONDS:
        case.doubt(Check.TRUST_AGE, Reason.CLOCK_DOUBTFUL, "the trust list is of this reader's future")
    elif trust is not None and (age > case.policy.max_trust_age_seconds or now > trust.next_update + TOLERANCE_SECONDS):
        case.doubt(Check.TRUST_AGE, Reason.TRUST_LIST_STALE, f"{age} seconds old")
    else:
        case.passed(_TRUST_AGE)


def _beijing_day(now: int) -> date:
    return datetime.fromtimestamp(now + _BEIJING, UTC).date()
