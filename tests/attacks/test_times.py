"""Times that are no instants, instants of another unit, and a past or future that lets something count which does not.

Every claim with a time in every form but mdoc, whose instants are texts of their own: ``test_mdoc_times.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.reasons import Colour, Reason
from formats.cose import Sign1Draft
from formats.encoding import base64url, cbor
from formats.encoding.cbor import CborMap
from formats.jose import sign_compact
from formats.status_list import cwt_token, token
from formats.status_list.entries import build_entries
from formats.status_list.model import stream_of
from keys.certificates import leaf_key
from tests.builders import mdoc, paper_readers, readers
from tests.builders.paper import Card, having
from tests.builders.presentations import (
    ISSUER,
    STATUS_URI,
    Edit,
    Showing,
    a_trust,
    bare_trust,
    judged,
)
from tests.builders.published import Serves
from tests.builders.refusals import outcome
from tests.builders.trust import DAY, NOW
from tests.builders.verdicts import Code, answer
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.verdict import Check, Verdict
from verifier.gateways.status_lists import OnlineStatuses, SignedToken

NO_TIMES: dict[str, Any] = {
    "a date": "2026-10-01",
    "a date and a time": "2026-10-01T00:00:00Z",
    "a number in a text": str(NOW + DAY),
    "milliseconds": (NOW + DAY) * 1000,
    "nanoseconds": (NOW + DAY) * 10**9,
    "the first second beyond the year 2242": 1 << 33,
    "64 bits": (1 << 64) - 1,
    "before 1970": -1,
    "as long before 1970 as now is behind it": -NOW,
    "true": True,
    "false": False,
    "a list": [NOW + DAY],
    "a map": {},
    "never": "never",
    "nothing": "",
}
FRACTIONS: dict[str, Any] = {
    "seconds with a point": float(NOW + DAY),
    "half a second": NOW + DAY + 0.5,
    "a number of thirty digits": 1e30,
    "null": None,
}
"""What JSON can say and our CBOR cannot."""

every_time = pytest.mark.parametrize("name", NO_TIMES)
every_time_of_json = pytest.mark.parametrize("name", [*NO_TIMES, *FRACTIONS])


def setting(claim: object, value: object) -> Edit:
    return lambda claims: {**claims, claim: value}


def said(verdict: Verdict) -> tuple[Colour, Check, Reason]:
    return verdict.colour, verdict.findings[-1].check, verdict.deciding


MALFORMED = (Colour.RED, Check.STRUCTURE, Reason.CLAIMS_MALFORMED)


# --- SD-JWT VC -------------------------------------------------------------------------------------------------------

JWT_PLACES: dict[str, Callable[[object], Showing]] = {
    "exp": lambda value: Showing(edit_payload=setting("exp", value)),
    "iat": lambda value: Showing(edit_payload=setting("iat", value)),
    "nbf": lambda value: Showing(edit_payload=setting("nbf", value)),
    "iat of the binding": lambda value: Showing(edit_binding=setting("iat", value)),
    "exp of the binding": lambda value: Showing(edit_binding=setting("exp", value)),
}


@pytest.mark.parametrize("place", JWT_PLACES)
def test_a_time_of_a_presentation_is_a_number_of_seconds(place: str) -> None:
    made = JWT_PLACES[place]
    right = NOW + DAY if place.startswith("exp") else NOW - 5
    assert judged(made(right)).colour is Colour.GREEN


@pytest.mark.parametrize("place", JWT_PLACES)
@every_time_of_json
def test_refuses_a_presentation_whose_time_is_none(place: str, name: str) -> None:
    value = {**NO_TIMES, **FRACTIONS}[name]
    assert said(judged(JWT_PLACES[place](value))) == MALFORMED


# --- QR codes and printed cards --------------------------------------------------------------------------------------

CODE_PLACES: dict[str, Callable[[object], Verdict]] = {
    "exp": lambda value: readers.judged(Code(edit_claims=setting(4, value))),
    "iat": lambda value: readers.judged(Code(edit_claims=setting(6, value))),
    "exp of a one-way code": lambda value: readers.judged(Code(edit_proof=setting(4, value))),
    "iat of a one-way code": lambda value: readers.judged(Code(edit_proof=setting(6, value))),
    "iat of an answer": lambda value: readers.judged(
        answer(edit_proof=setting(6, value)), expected=readers.challenge()
    ),
    "exp of a card": lambda value: paper_readers.judged(Card(edit_claims=having(4, value))),
    "iat of a card": lambda value: paper_readers.judged(Card(edit_claims=having(6, value))),
}


@pytest.mark.parametrize("place", CODE_PLACES)
@every_time
def test_refuses_a_code_or_a_card_whose_time_is_none(place: str, name: str) -> None:
    assert said(CODE_PLACES[place](NO_TIMES[name])) == MALFORMED


def test_the_codes_and_cards_of_this_file_are_right_otherwise() -> None:
    assert readers.judged(Code()).colour is Colour.GREEN
    assert readers.judged(answer(), expected=readers.challenge()).colour is Colour.GREEN
    assert paper_readers.judged(Card()).deciding is Reason.PAPER_CARD


# --- status lists ----------------------------------------------------------------------------------------------------


STREAM = stream_of(build_entries(1 << 14, 2, {}))


def jwt_list(claim: str, value: object) -> str:
    claims = {"iat": NOW - 60, "exp": NOW + DAY, "ttl": 300, claim: value}
    entries = {"bits": 2, "lst": base64url.encode(STREAM)}
    payload = json.dumps({"sub": STATUS_URI, **claims, "status_list": entries}).encode()
    return sign_compact(payload, ISSUER, typ=token.TYP)


LABELS = {"iat": 6, "exp": 4, "ttl": 65534}


def cwt_list(claim: str, value: Any) -> bytes:
    claims: CborMap = {2: STATUS_URI, 4: NOW + DAY, 6: NOW - 60, 65533: {"bits": 2, "lst": STREAM}, 65534: 300}
    payload = cbor.encode({**claims, LABELS[claim]: value})
    draft = Sign1Draft({1: -7, 16: cwt_token.MEDIA_TYPE, 33: ISSUER.certificates[0]}, payload)
    return draft.finish(ISSUER.sign(draft.to_be_signed()))


def with_list(signed: SignedToken, *, now: int = NOW) -> tuple[Colour, Reason]:
    verdict = judged(statuses=OnlineStatuses(Serves(signed), a_trust()).at(now))
    return verdict.colour, verdict.deciding


def why(signed: SignedToken) -> object:
    expected: dict[str, Any] = {
        "uri": STATUS_URI, "signer_of": lambda chain: leaf_key(chain[0]), "now": NOW, "tolerance_seconds": 30
    }  # fmt: skip
    if isinstance(signed, str):
        return outcome(token.read_token, signed, **expected)
    return outcome(cwt_token.read_cwt, signed, **expected)


@pytest.mark.parametrize("make", [jwt_list, cwt_list])
def test_the_lists_of_this_file_are_right_otherwise(make: Callable[[str, object], SignedToken]) -> None:
    for claim, value in (("iat", NOW - 5), ("exp", NOW + 5), ("ttl", 60)):
        assert with_list(make(claim, value)) == (Colour.GREEN, Reason.ALL_CHECKS_PASSED)


@pytest.mark.parametrize("claim", LABELS)
@every_time
def test_a_list_whose_time_is_none_says_nothing(claim: str, name: str) -> None:
    for signed in (jwt_list(claim, NO_TIMES[name]), cwt_list(claim, NO_TIMES[name])):
        assert why(signed) is Reason.CLAIMS_MALFORMED
        assert with_list(signed) == (Colour.AMBER, Reason.STATUS_UNKNOWN)


@pytest.mark.parametrize("claim", LABELS)
@pytest.mark.parametrize("name", FRACTIONS)
def test_a_list_whose_time_has_a_point_says_nothing(claim: str, name: str) -> None:
    signed = jwt_list(claim, FRACTIONS[name])
    assert with_list(signed) == (Colour.AMBER, Reason.STATUS_UNKNOWN)


@pytest.mark.parametrize("make", [jwt_list, cwt_list])
def test_a_list_of_the_far_future_says_nothing_today(make: Callable[[str, object], SignedToken]) -> None:
    for ahead in (31, DAY, (1 << 33) - 1 - NOW):
        assert with_list(make("iat", NOW + ahead)) == (Colour.AMBER, Reason.STATUS_UNKNOWN)


@pytest.mark.parametrize("make", [jwt_list, cwt_list])
def test_a_list_that_never_ends_still_grows_old(make: Callable[[str, object], SignedToken]) -> None:
    """What a site allows counts from the list's own ``iat``, whatever its ``exp`` and ``ttl`` say."""
    endless = make("exp", (1 << 33) - 1)
    assert with_list(endless) == (Colour.GREEN, Reason.ALL_CHECKS_PASSED)
    late = NOW + 6 * 3600
    showing = Showing(made_at=late - 5)
    statuses = OnlineStatuses(Serves(endless), a_trust()).at(late)
    verdict = judged(showing, statuses=statuses, clock=ReaderClock(late, doubtful=False, confirmed=True))
    assert (verdict.colour, verdict.deciding) == (Colour.AMBER, Reason.STATUS_STALE)


# --- the far future and the far past ---------------------------------------------------------------------------------

LAST = (1 << 33) - 1


@pytest.mark.parametrize("ahead", [31, DAY, 100 * DAY])
def test_a_credential_of_the_future_does_not_count_yet(ahead: int) -> None:
    """Its certificate counts on that day too, so that nothing else is wrong."""
    issued_at, expires_at = NOW + ahead, NOW + ahead + DAY
    for trust in (a_trust(), bare_trust()):
        online = judged(Showing(issued_at=issued_at, expires_at=expires_at), trust=trust)
        document = mdoc.judged(mdoc.Answer(issued_at=issued_at, expires_at=expires_at), trust=trust)
        for verdict in (online, document):
            assert said(verdict) == (Colour.RED, Check.VALIDITY, Reason.CREDENTIAL_NOT_YET_VALID)
    later = judged(Showing(edit_payload=setting("nbf", issued_at)))
    assert said(later) == (Colour.RED, Check.VALIDITY, Reason.CREDENTIAL_NOT_YET_VALID)


def test_a_credential_of_the_last_second_does_not_count_yet_either() -> None:
    in_2242: dict[str, Any] = {"issued_at": LAST - DAY, "expires_at": LAST}
    assert judged(Showing(**in_2242)).deciding is Reason.CREDENTIAL_NOT_YET_VALID
    # What an mdoc calls ``signed`` lies within its signer's certificate, and no certificate lives so long.
    assert mdoc.judged(mdoc.Answer(**in_2242)).deciding is Reason.ISSUER_KEY_OUT_OF_PERIOD


@pytest.mark.parametrize(
    ("issued_at", "expires_at"), [(NOW - 10, NOW - 10), (NOW - 10, NOW - 20), (NOW - 10, 0), (NOW + 20, NOW + 10)]
)
def test_refuses_a_credential_that_ends_before_it_begins(issued_at: int, expires_at: int) -> None:
    """Within the tolerance, too: each instant for itself would pass."""
    backwards = Showing(edit_payload=lambda claims: {**claims, "iat": issued_at, "exp": expires_at}, made_at=NOW - 10)
    assert said(judged(backwards)) == MALFORMED


@pytest.mark.parametrize("now", [-1, 0, 1, LAST, LAST + 1, 253_402_300_800, 1 << 60])
def test_a_reader_at_the_end_of_all_calendars_gives_a_verdict_and_it_is_red(now: int) -> None:
    """Whatever ``--now`` says: past the last day a calendar knows, and before the first second."""
    clock = ReaderClock(now, doubtful=False, confirmed=True)
    for trust in (a_trust(), bare_trust()):
        assert judged(clock=clock, trust=trust).deciding is Reason.CERTIFICATE_EXPIRED
        assert mdoc.judged(clock=clock, trust=trust).deciding is Reason.CERTIFICATE_EXPIRED
    early = now < NOW
    shown = readers.judged(Code(), clock=clock).deciding
    assert shown is (Reason.CODE_FROM_FUTURE if early else Reason.CODE_EXPIRED)
    printed = paper_readers.judged(Card(), clock=clock).deciding
    assert printed is (Reason.CREDENTIAL_NOT_YET_VALID if early else Reason.CREDENTIAL_EXPIRED)
