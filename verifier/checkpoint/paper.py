"""The judgement of one printed card: every check, in the fixed order, from text to verdict. Sans-IO and portable.

Nobody's key is bound to a card and nothing about it is fresh: a copy of it passes every check the card passes. So its best
verdict is AMBER: a person compares the face. Source: qr-trust-bundle 5, 7; product 4.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, TrustTable
from formats.claim_169 import FORM, CardFacts, CardTerms, UnverifiedCard, decode, open_content, read_card
from formats.cose import Checks
from formats.dataset import Group
from formats.encoding.cbor import CborMap
from formats.site_policy import SitePolicy
from verifier.checkpoint.case import ListedCase, Stopped
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.freshness import check_validity
from verifier.checkpoint.issuing import (
    check_issuer_known,
    check_issuer_period,
    check_issuer_signature,
    check_issuer_state,
    check_specimen,
)
from verifier.checkpoint.offline import StatusSource
from verifier.checkpoint.policy import (
    check_age,
    check_assurance,
    check_fields,
    check_status,
    check_status_age,
    check_trust_age,
)
from verifier.checkpoint.signatures import DriverFault
from verifier.checkpoint.verdict import Check, ShownPerson, Verdict

# The last one never passes. It stands here all the same: without its finding the checks made are not the checks demanded,
# and there is no way to GREEN.
PAPER_CHECKS: Final[tuple[Check, ...]] = (
    Check.TEXT,
    Check.STRUCTURE,
    Check.SPECIMEN,
    Check.ISSUER_KNOWN,
    Check.ISSUER_ROLE,
    Check.ISSUER_STATE,
    Check.ISSUER_PERIOD,
    Check.ISSUER_SIGNATURE,
    Check.VALIDITY,
    Check.CONTENT,
    Check.SCOPE,
    Check.STATUS,
    Check.FORM,
    Check.FIELDS,
    Check.AGE,
    Check.ASSURANCE,
    Check.STATUS_AGE,
    Check.TRUST_AGE,
    Check.PAPER,
)

_NAME, _LATIN_NAME, _DOCUMENT_NUMBER, _PORTRAIT = 1, 2, 2, 1
# The end of the document's number is shown, and is not what a site means that asks for the document.
_GROUPS: Final = frozenset({Group.NAME, Group.PORTRAIT})


@dataclass(slots=True)
class PaperCase(ListedCase):
    """The judgement of one printed card."""

    terms: CardTerms = field(init=False)
    token: bytes = field(init=False, default=b"")
    card: UnverifiedCard = field(init=False)
    facts: CardFacts = field(init=False)

    def shows(self, group: Group) -> bool:
        """Say whether a card shows this group, whole."""
        return group in _GROUPS


def judge_card(
    text: str,
    *,
    trust: TrustTable,
    statuses: StatusSource,
    policy: SitePolicy,
    clock: ReaderClock,
    training: bool,
) -> Checks[Verdict]:
    """Judge what the QR code of a printed card says and return the verdict: AMBER ``paper_card`` at best, else RED.

    text:     exactly what the picture holds; nothing is trimmed.
    trust:    the verified trust table; exactly one of its keys is tried, and only one for cards counts.
    statuses: where the status of the card is looked up, by the bureau of the verified key.
    policy:   the verified policy of the site; only one that names paper among its forms accepts it.
    training: whether this reader's pinned root is a specimen root.

    After the first RED finding nothing further runs; AMBER goes on. A fault thrown in by the driver gives AMBER
    ``could_not_check``. Every text gives a verdict.
    Raises TypeError when the driver answers anything but True or False. Closing the generator early gives no verdict.
    """
    case = PaperCase(statuses, policy, clock, None, PAPER_CHECKS, training, trust, text, trust)
    # After a fault of the driver the verdict says by itself that not every check was made.
    with suppress(Stopped, DriverFault):
        yield from _run_checks(case)
    return case.verdict()


def _run_checks(case: PaperCase) -> Checks[None]:
    # One call, one line: the order is the rule, and taking any line away must turn a test red.
    check_card_text(case)
    check_card_structure(case)
    check_specimen(case)
    check_issuer_known(case)
    check_card_role(case)
    check_issuer_state(case)
    check_issuer_period(case)
    yield from check_issuer_signature(case)
    check_validity(case)
    check_card_content(case)
    check_card_scope(case)
    check_status(case)
    check_card_form(case)
    check_fields(case)
    check_age(case)
    check_assurance(case)
    check_status_age(case)
    check_trust_age(case)
    check_paper(case)


def check_card_text(case: PaperCase) -> None:
    """The text is strict base45 of one whole zlib stream, and inflates to no more than a card may be."""
    try:
        case.token = decode(case.text)
    except EidError as err:
        case.refuse_because(Check.TEXT, err)
    case.size_bytes = len(case.token)
    case.passed(Check.TEXT)


def check_card_structure(case: PaperCase) -> None:
    """The token is a signed CWT with claim 169: strict CBOR, the exact headers and claims, no holder key among them."""
    try:
        case.card = read_card(case.token)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    case.terms, case.signed, case.kid = case.card.terms, case.card.sign1, case.card.kid
    case.passed(Check.STRUCTURE)


def check_card_role(case: PaperCase) -> None:
    """The key signs printed cards: one for credentials, policies or bundles does not."""
    if case.issuer.role is not KeyRole.CARD or FORM not in case.issuer.forms:
        case.refuse(Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED, "the key's role or forms do not cover a card")
    case.passed(Check.ISSUER_ROLE)


def check_card_content(case: PaperCase) -> None:
    """The card shows what a card may show and no more, with a harmless picture and text."""
    try:
        case.facts = open_content(case.card.content)
    except EidError as err:
        case.refuse_because(Check.CONTENT, err)
    case.person = _person(case.facts)
    case.passed(Check.CONTENT)


def _person(facts: CardFacts) -> ShownPerson:
    name: CborMap = {_NAME: facts.full_name}
    if facts.name_latin is not None:
        name[_LATIN_NAME] = facts.name_latin
    number: CborMap = {_DOCUMENT_NUMBER: facts.number_tail}
    return ShownPerson({Group.NAME: name, Group.DOCUMENT: number, Group.PORTRAIT: {_PORTRAIT: facts.portrait}})


def check_card_scope(case: PaperCase) -> None:
    """Country and division of the card lie within the powers of the key's bureau."""
    issuer = case.issuer
    if case.facts.country != issuer.country or not case.terms.division.startswith(issuer.scope):
        case.refuse(Check.SCOPE, Reason.ISSUER_OUT_OF_SCOPE, "country or division is outside the key's scope")
    case.passed(Check.SCOPE)


def check_card_form(case: PaperCase) -> None:
    """The site accepts paper. (No policy of an unmanned gate can name it.)"""
    if FORM not in case.policy.forms:
        case.refuse(Check.FORM, Reason.FORM_NOT_ACCEPTED, "the policy does not list printed cards")
    case.passed(Check.FORM)


def check_paper(case: PaperCase) -> None:
    """Paper can be copied, so a person compares the face: said of every card that came this far."""
    case.doubt(Check.PAPER, Reason.PAPER_CARD, "a printed card is bound to nobody's key")
