"""Who may get what, for how long, how many."""

from __future__ import annotations

from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from core.errors import Refused
from core.reasons import Reason

DAY: Final = 86_400
WEEK: Final = 7 * DAY
_FIRST_MONDAY: Final = 4 * DAY  # 1970-01-05


class Form(StrEnum):
    """The forms a credential is issued in; the text is what tables and audit notes say."""

    SD_JWT_VC = "sd-jwt-vc"
    MDOC = "mdoc"
    QR = "qr"
    CARD = "card"


COPY_FORMS: Final = (Form.SD_JWT_VC, Form.MDOC, Form.QR)
"""The forms of copies in wallets. Lists of printed cards are opened when the first card is printed."""

ONLINE_FORMS: Final = frozenset({Form.SD_JWT_VC, Form.MDOC})
"""The forms a bureau may sign in another suite; all others are ES256."""


@dataclass(frozen=True, slots=True)
class IssuancePolicy:
    """The numbers of issuing. Times in seconds.

    batch_size:           key proofs in one credential request.
    live_max:             copies of one form one person may have at a time; ``live_max_refreshing`` while new copies
                          fetched by refresh token overlap with the old ones.
    lifetimes:            of a copy, from the Monday it is dated to; whole weeks, so that all end on a Monday.
    card_list_span:       the expiry of printed cards is rounded up to whole spans to find their status list: few lists, and
                          each lives long.
    card_live_max:        printed cards one person may have at a time: the one in use, and one printed to replace it.
    list_size:            entries of one status list; a list takes new copies until half full, so that a random free
                          index is found quickly and says little about how many there are.
    status_ttl:           how long a reader may reuse a fetched status list: the delay a revocation may have online.
    status_lifetime:      ``exp`` of a published list; it is published again at half of it.
    status_history:       for how long after its ``exp`` a published list can still be asked for by time.
    snapshot_lifetime:    how long a snapshot for offline readers says it is good for.
    abandoned_after:      a plan that was not signed by then never will be.
    """

    batch_size: int = 10
    live_max: int = 20
    live_max_refreshing: int = 40
    qr_lifetime: int = 2 * WEEK
    sd_jwt_vc_lifetime: int = 4 * WEEK
    mdoc_lifetime: int = 4 * WEEK
    card_lifetime: int = 52 * WEEK
    card_list_span: int = 13 * WEEK
    card_live_max: int = 2
    offer_lifetime: int = 14 * DAY
    tx_code_digits: int = 6
    tx_code_tries: int = 5
    access_token_lifetime: int = 300
    refresh_token_lifetime: int = 90 * DAY
    nonce_lifetime: int = 300
    list_size: int = 1 << 20
    status_ttl: int = 5
    status_lifetime: int = DAY
    status_history: int = 90 * DAY
    snapshot_lifetime: int = WEEK
    abandoned_after: int = 600

    def lifetime(self, form: Form) -> int:
        """Return how long a copy of this form lives, counted from its Monday."""
        match form:
            case Form.SD_JWT_VC:
                return self.sd_jwt_vc_lifetime
            case Form.MDOC:
                return self.mdoc_lifetime
            case Form.QR:
                return self.qr_lifetime
            case Form.CARD:
                return self.card_lifetime

    @property
    def list_capacity(self) -> int:
        """Copies one status list takes before the next one is opened."""
        return self.list_size // 2


@dataclass(frozen=True, slots=True)
class Validity:
    """``iat`` and ``exp`` of a copy: instants at midnight UTC."""

    issued_at: int
    expires_at: int


def validity(policy: IssuancePolicy, form: Form, *, now: int, document_ends: date | None, birth_date: date) -> Validity:
    """Return the validity every copy of this form gets this week.

    Copies are dated to the Monday of the week, so that times link nothing. They end earlier only when the plastic card
    does: at 00:00 UTC of its last day, or a day before where that day is the holder's birthday.
    Raises Refused(DOCUMENT_EXPIRED) when nothing would be left of it.
    Source: qr-trust-bundle 1 and 2.
    """
    issued_at = monday(now)
    expires_at = issued_at + policy.lifetime(form)
    if document_ends is not None:
        card = timegm(document_ends.timetuple())
        if card < expires_at:
            expires_at = card - DAY if _is_birthday(document_ends, birth_date) else card
    if expires_at <= now:
        raise Refused(Reason.DOCUMENT_EXPIRED, "the ID document has run out or is about to")
    return Validity(issued_at, expires_at)


def monday(now: int) -> int:
    """Return 00:00 UTC of the Monday of this week.

    >>> monday(1_700_000_000), monday(345_600)
    (1699833600, 345600)
    """
    return now - (now - _FIRST_MONDAY) % WEEK


def expiry_week(expires_at: int) -> int:
    """Return the Monday, 00:00 UTC, at or after this instant: when a status list with this credential is retired.

    >>> expiry_week(345_600), expiry_week(345_601)
    (345600, 950400)
    """
    return monday(expires_at + WEEK - 1)


def card_list_week(policy: IssuancePolicy, expires_at: int) -> int:
    """Return the Monday, 00:00 UTC, on which the status list of a printed card with this expiry is retired.

    >>> card_list_week(IssuancePolicy(), 345_600 + 1), card_list_week(IssuancePolicy(), 345_600 + 13 * WEEK)
    (8208000, 8208000)
    """
    return expires_at + (_FIRST_MONDAY - expires_at) % policy.card_list_span


def day_of(instant: int) -> date:
    """Return the UTC date of an instant."""
    return datetime.fromtimestamp(instant, UTC).date()


def _is_birthday(day: date, birth_date: date) -> bool:
    # Who was born on 29 February turns a year older on 1 March in common years.
    born = (birth_date.month, birth_date.day)
    return (day.month, day.day) == born or (born == (2, 29) and (day.month, day.day) == (3, 1))
