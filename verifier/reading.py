"""One presentation at one reader: the entry that the command and the verification API share.

The reader and the site's policy choose what is expected, never the token. What a reader remembers (codes seen, its
challenge, the time) changes here and nowhere else, and not at all when evidence is re-checked as of a stated instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.clock import Clock
from core.errors import EidError, MalformedInput, Misconfigured, NotFound, Refused
from core.reasons import Colour, Reason
from formats.bundle import bundle_delta
from formats.bundle.bundle_delta import Updated, is_delta, open_delta
from formats.bundle.envelope import Bundle, Floors, certificates, open_bundle
from formats.bundle.trust_table import TrustTable
from formats.encoding import base64url
from formats.signature_checks import run
from formats.site_policy import BUILT_IN, PAPER, Mode, SitePolicy, strictest
from keys.certificate_profiles import EKU_LIST_SIGNER
from keys.certificates import check_chain, is_specimen
from keys.trust import TrustAnchor
from verifier.checkpoint.clock import TOLERANCE_SECONDS, ReaderClock, after_server_time, read_clock
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import CHALLENGE_LIMIT_SECONDS, Answer, Expected, OneWay
from verifier.checkpoint.offline import BundleStatus, StatusAnswer, StatusSource
from verifier.checkpoint.paper import judge_card
from verifier.checkpoint.replay import EvidenceMemory
from verifier.checkpoint.self_test import self_test
from verifier.checkpoint.verdict import Check, Finding, Verdict
from verifier.checks.case import ExpectedBinding
from verifier.checks.mdoc.case import ExpectedSession
from verifier.mdoc_verification import verify_device_response
from verifier.ports import ReaderMemory, Statuses, StatusLookup, StoredChallenge
from verifier.trust import MDOC, SD_JWT_VC, IssuerTrust
from verifier.verification import verify_presentation

EID1: Final = "eid1"
_NO_CHALLENGE: Final = bytes(32)
# In the alphabet of base45 too: the codes of posts, and of versions to come, are no printed cards.
_OWN_PREFIX: Final = "EID"
_BASE45: Final = re.compile(r"[0-9A-Z $%*+./:-]+", re.ASCII)
# A map of two to four members, 0xa2 to 0xa4, whose first key is a text of fewer than 24 bytes, in base64url.
_DEVICE_RESPONSE: Final = re.compile(r"(?:o[mn23]|p[GH])[0-9A-Za-z_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reader:
    """One place that judges presentations; made by ``open_reader``.

    policies:     the site policies it may apply, by id: the built-in ones and those of its bundle.
    statuses:     where statuses come from: its bundle, or the published lists.
    post_id:      the post's name in challenges; empty for a reader that shows none.
    monotonic:    seconds of a clock that is never set, the same for all processes of this machine since it was started.
    server_clock: this reader is a server whose clock its operator keeps right: it counts as confirmed, and no marks are
                  kept for it.
    """

    trust: IssuerTrust
    policies: Mapping[str, SitePolicy]
    statuses: Statuses
    memory: ReaderMemory
    clock: Clock
    monotonic: Callable[[], int]
    post_id: str = ""
    server_clock: bool = False

    @property
    def table(self) -> TrustTable:
        """The verified trust table. Raises Misconfigured(BUNDLE_MISSING) for a reader with a bare root."""
        if self.trust.table is None:
            raise Misconfigured(Reason.BUNDLE_MISSING, "a QR code is judged by a trust table, which a bundle brings")
        return self.trust.table

    def policy(self, policy_id: str | None) -> SitePolicy:
        """Return the policy of this name, the strictest without a name; NotFound(POLICY_UNKNOWN)."""
        if policy_id is None:
            return strictest()
        found = self.policies.get(policy_id)
        if found is None:
            raise NotFound(Reason.POLICY_UNKNOWN, "this reader has no such policy")
        return found


@dataclass(frozen=True, slots=True)
class StatedChallenge:
    """A challenge that the caller has shown: SHA-256 of its exact bytes, and the post's name in it."""

    challenge_hash: bytes
    post_id: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How one presentation is judged; everything has a safe default.

    policy_id: None for the strictest built-in policy.
    mode:      None: the policy's only mode; or challenge while one of this reader is open, else one-way.
    as_of:     seconds since 1970: re-check evidence as of then. The stated clock counts as confirmed, and nothing is
               remembered. None: now.
    challenge: the challenge a QR code must answer, where the caller keeps it and not this reader's memory; that it was
               shown within the limit is the caller's word.
    """

    policy_id: str | None = None
    mode: Mode | None = None
    as_of: int | None = None
    challenge: StatedChallenge | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A verdict, and the addresses of the status lists that were asked for."""

    verdict: Verdict
    fetched: tuple[str, ...]


def open_reader(reader: Reader) -> Reader:
    """Return the reader if its signature driver answers the planted checks; else Misconfigured(READER_CLOSED)."""
    run(self_test())
    return reader


# --- judging ---------------------------------------------------------------------------------------------------------


def read(
    text: str,
    reader: Reader,
    terms: Terms,
    binding: ExpectedBinding | None = None,
    session: ExpectedSession | None = None,
) -> Reading:
    """Return the verdict on a presentation of any form, known by its text.

    A QR code's text begins with EID1:, an SD-JWT VC has a tilde in it, an mdoc is a DeviceResponse in base64url, and any
    other text in the alphabet of base45 is a printed card's. What is none of them is judged as a QR code, and refused.
    binding: of the request; demanded for an SD-JWT VC (MalformedInput(REQUEST_MALFORMED)).
    session: of the request; demanded for an mdoc, in the same way.
    """
    form = form_of(text)
    if form == SD_JWT_VC:
        if binding is None:
            raise _unasked("this is an SD-JWT VC: name the nonce and the audience of the request it answers")
        return read_presentation(text, reader, terms, binding)
    if form == MDOC:
        if session is None:
            raise _unasked("this is an mdoc: give the session transcript of the request it answers")
        return read_device_response(text, reader, terms, session)
    return read_card(text, reader, terms) if form == PAPER else read_qr(text, reader, terms)


def form_of(text: str) -> str:
    """Return the name of the form a text has; eid1 for what has none.

    >>> [form_of(text) for text in ("EID1:AB", "e30.e30.AA~", "o2d2ZXJzaW9u", "6BF590B20F", "https://example.test")]
    ['eid1', 'dc+sd-jwt', 'mso_mdoc', 'claim-169', 'eid1']
    """
    if text.lstrip().startswith(_OWN_PREFIX):
        return EID1
    if "~" in text:
        return SD_JWT_VC
    if _DEVICE_RESPONSE.fullmatch(text):
        return MDOC
    return PAPER if _BASE45.fullmatch(text) else EID1


def read_qr(text: str, reader: Reader, terms: Terms) -> Reading:
    """Return the verdict on what a QR code says.

    A challenge whose one answer this is counts as answered before the verdict is given, so that of two lanes only one
    accepts it. Raises NotFound(POLICY_UNKNOWN), Misconfigured(BUNDLE_MISSING).
    """
    # The table first: a reader with a bare root has no memory to ask.
    table, policy, clock = reader.table, reader.policy(terms.policy_id), _clock(reader, terms)
    statuses = _statuses(reader, terms, clock.now)
    stored = None if terms.challenge is not None else reader.memory.shown_challenge()
    expected = _expected(reader, terms, policy, clock.now, stored)

    def judged(against: Expected) -> Verdict:
        return run(
            judge(
                text,
                trust=table,
                statuses=statuses,
                policy=policy,
                expected=against,
                clock=clock,
                seen=reader.memory if terms.as_of is None else EvidenceMemory(),
                training=reader.trust.specimen,
            )
        )

    verdict = judged(expected)
    if isinstance(expected, Answer) and stored is not None and terms.as_of is None:
        used_up = not expected.answered and stored.open.after(verdict).answered
        if used_up and not reader.memory.answer_challenge(expected.challenge_hash):
            verdict = judged(replace(expected, answered=True))
    elif isinstance(expected, Answer) and stored is None and terms.challenge is None:
        verdict = _never_shown(verdict)
    _remember_time(reader, terms, clock)
    return Reading(verdict, tuple(statuses.fetched))


def read_presentation(text: str, reader: Reader, terms: Terms, binding: ExpectedBinding) -> Reading:
    """Return the verdict on an SD-JWT VC, judged against the request it must answer.

    Raises NotFound(POLICY_UNKNOWN).
    """
    policy, clock = reader.policy(terms.policy_id), _clock(reader, terms)
    statuses = _statuses(reader, terms, clock.now)
    verdict = verify_presentation(
        text, expected=binding, trust=reader.trust, statuses=statuses, policy=policy, clock=clock
    )
    _remember_time(reader, terms, clock)
    return Reading(verdict, tuple(statuses.fetched))


def _statuses(reader: Reader, terms: Terms, now: int) -> StatusLookup:
    return reader.statuses.at(now) if terms.as_of is None else reader.statuses.as_of(now)


def read_device_response(text: str, reader: Reader, terms: Terms, session: ExpectedSession) -> Reading:
    """Return the verdict on an mdoc, judged in the session of the request it must answer.

    text: the DeviceResponse in base64url; anything else is refused like any other malformed presentation.
    Raises NotFound(POLICY_UNKNOWN).
    """
    policy, clock = reader.policy(terms.policy_id), _clock(reader, terms)
    statuses = _statuses(reader, terms, clock.now)
    try:
        data = base64url.decode(text)
    except MalformedInput as err:
        return Reading(_unreadable(reader, clock, err), ())
    verdict = verify_device_response(
        data, expected=session, trust=reader.trust, statuses=statuses, policy=policy, clock=clock
    )
    _remember_time(reader, terms, clock)
    return Reading(verdict, tuple(statuses.fetched))


def read_card(text: str, reader: Reader, terms: Terms) -> Reading:
    """Return the verdict on what the QR code of a printed card says; nothing is asked of it and nothing is remembered.

    Raises NotFound(POLICY_UNKNOWN), Misconfigured(BUNDLE_MISSING).
    """
    table, policy, clock = reader.table, reader.policy(terms.policy_id), _clock(reader, terms)
    statuses = _statuses(reader, terms, clock.now)
    training = reader.trust.specimen
    verdict = run(judge_card(text, trust=table, statuses=statuses, policy=policy, clock=clock, training=training))
    _remember_time(reader, terms, clock)
    return Reading(verdict, tuple(statuses.fetched))


def _unreadable(reader: Reader, clock: ReaderClock, error: EidError) -> Verdict:
    table = reader.trust.table
    return Verdict(
        colour=Colour.RED,
        findings=(Finding(Check.TEXT, passed=False, reason=error.reason, detail=error.detail),),
        mode=Mode.CHALLENGE,
        at=clock.now,
        training=reader.trust.specimen,
        trust_age_seconds=None if table is None else clock.now - table.issued_at,
        trust_number=None if table is None else table.number,
    )


def _unasked(detail: str) -> MalformedInput:
    return MalformedInput(Reason.REQUEST_MALFORMED, detail)


def _clock(reader: Reader, terms: Terms) -> ReaderClock:
    if terms.as_of is not None:
        return ReaderClock(terms.as_of, doubtful=False, confirmed=True)
    if reader.server_clock:
        return ReaderClock(reader.clock.now(), doubtful=False, confirmed=True)
    # The marks first: another lane may raise them, never above a time that was read after.
    marks = reader.memory.clock_marks()
    return read_clock(marks, wall=reader.clock.now(), monotonic=reader.monotonic())


def _remember_time(reader: Reader, terms: Terms, clock: ReaderClock) -> None:
    if terms.as_of is None and not reader.server_clock and not clock.doubtful:
        reader.memory.raise_high_water(clock.now)


def _expected(reader: Reader, terms: Terms, policy: SitePolicy, now: int, stored: StoredChallenge | None) -> Expected:
    stated = terms.challenge
    if stated is not None:
        shown_at = now - CHALLENGE_LIMIT_SECONDS
        return Answer(stated.challenge_hash, stated.post_id, policy.groups, shown_at, answered=False)
    shown = _shown(reader, terms, now, stored)
    mode = terms.mode or (next(iter(policy.modes)) if len(policy.modes) == 1 else None)
    is_open = shown is not None and not shown.answered and 0 <= now - shown.shown_at <= CHALLENGE_LIMIT_SECONDS
    if mode is None:
        mode = Mode.CHALLENGE if is_open else Mode.ONE_WAY
    if mode is Mode.ONE_WAY:
        return OneWay()
    return shown or Answer(_NO_CHALLENGE, reader.post_id, policy.groups, shown_at=now, answered=False)


def _shown(reader: Reader, terms: Terms, now: int, stored: StoredChallenge | None) -> Answer | None:
    if stored is None:
        return None
    if terms.as_of is None:
        return stored.open.expected(now=now, monotonic=reader.monotonic())
    # Evidence is judged as it was then: when the challenge was shown by the wall clock, its answer not yet counted.
    then = stored.open.expected(now=reader.clock.now(), monotonic=reader.monotonic())
    return replace(then, answered=False)


def _never_shown(verdict: Verdict) -> Verdict:
    findings = tuple(
        replace(finding, reason=Reason.CHALLENGE_UNKNOWN, detail="this reader has shown no challenge")
        if finding.reason is Reason.NONCE_MISMATCH
        else finding
        for finding in verdict.findings
    )
    return verdict._replace(findings=findings)


# --- bundles and time ------------------------------------------------------------------------------------------------


def load_bundle(data: bytes, *, root: bytes, floors: Floors, now: int) -> Bundle:
    """Return a verified bundle, knowing only the pinned national root (DER).

    The list signer's certificate comes with the bundle and is judged against the root; its key opens the trust table,
    and each further part is verified under its own role. Whether specimens are demanded or refused follows from the
    root. Raises the certificate's reasons and those of ``formats.bundle.envelope.open_bundle``.
    """
    signer = check_chain(certificates(data), root=root, eku=EKU_LIST_SIGNER, now=now)
    return run(open_bundle(data, list_signer_point=signer.point, specimen=is_specimen(root), floors=floors, now=now))


def load_update(data: bytes, *, held: bytes | None, root: bytes, floors: Floors, now: int) -> Updated:
    """Return the verified bundle that a file brings, whole or as a delta, and its bytes as they are to be kept.

    held: the bundle that a delta starts from; None where there is none (Refused(BUNDLE_BASE_OTHER) for a delta).
    Raises what ``load_bundle`` and ``formats.bundle.bundle_delta.open_delta`` raise.
    """
    if not is_delta(data):
        return Updated(load_bundle(data, root=root, floors=floors, now=now), data)
    if held is None:
        raise Refused(Reason.BUNDLE_BASE_OTHER, "a delta needs the bundle it was made from, and none is held")
    signer = check_chain(bundle_delta.certificates(data, base=held), root=root, eku=EKU_LIST_SIGNER, now=now)
    return run(
        open_delta(
            data,
            base=held,
            list_signer_point=signer.point,
            specimen=is_specimen(root),
            floors=floors,
            now=now,
        )
    )


def accept_bundle(data: bytes, *, anchor: TrustAnchor, memory: ReaderMemory, now: int) -> Bundle:
    """Return a verified bundle and remember its numbers and its signed times: nothing older is accepted from now on.

    The driver answers the planted checks again first. Raises what ``load_bundle`` raises, Misconfigured(READER_CLOSED).
    """
    run(self_test())
    floors = memory.floors()
    return _remember(load_bundle(data, root=anchor.certificate, floors=floors, now=now), memory, floors)


def accept_update(
    data: bytes,
    *,
    held: bytes | None,
    anchor: TrustAnchor,
    memory: ReaderMemory,
    keep: Callable[[bytes], None],
    now: int,
) -> Updated:
    """Return what a bundle or a delta brings, after it was kept and its numbers were remembered.

    keep: puts the bytes of the full bundle in the place of those held, whole or not at all. It comes before the numbers:
    a reader that stops between the two holds a bundle that it still accepts, and never one below its own floors.
    Raises what ``load_update`` raises, Misconfigured(READER_CLOSED).
    """
    run(self_test())
    floors = memory.floors()
    updated = load_update(data, held=held, root=anchor.certificate, floors=floors, now=now)
    keep(updated.data)
    _remember(updated.bundle, memory, floors)
    return updated


def _remember(bundle: Bundle, memory: ReaderMemory, floors: Floors) -> Bundle:
    memory.raise_floors(bundle.floors(floors))
    # Signed time comes from the trust table and the snapshots, never from a card; the signer may be ahead a little.
    signed_at = max((bundle.trust.issued_at, *(snapshot.as_of for snapshot in bundle.snapshots.values())))
    memory.raise_high_water(signed_at - TOLERANCE_SECONDS)
    return bundle


def confirm_clock(memory: ReaderMemory, *, server: int, wall: int, monotonic: int) -> None:
    """Remember what time the enrolment server says it is: the one way for a reader's clock to be confirmed."""
    memory.set_clock_marks(after_server_time(memory.clock_marks(), server=server, wall=wall, monotonic=monotonic))


def policies_of(bundle: Bundle) -> Mapping[str, SitePolicy]:
    """Return the policies of a reader: the built-in ones, and in their place those its bundle brings signed."""
    return {**BUILT_IN, **bundle.policies}


class OfflineStatuses:
    """Statuses from one source at hand, such as a bundle's snapshots: nothing is ever fetched."""

    def __init__(self, source: StatusSource) -> None:
        self._source = source

    @classmethod
    def of(cls, bundle: Bundle) -> OfflineStatuses:
        """Return the statuses in a verified bundle."""
        return cls(BundleStatus(bundle))

    def at(self, now: int) -> StatusLookup:
        """Return the source for one judgement; what it says does not depend on the time."""
        del now
        return _OfflineLookup(self._source)

    def as_of(self, then: int) -> StatusLookup:
        """Return the same: a snapshot brings its own times, and a bundle holds one."""
        return self.at(then)


class NothingKnown:
    """A source that knows no status: unknown, never valid."""

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:  # noqa: ARG002  # the port's parameters
        return None


class _OfflineLookup:
    def __init__(self, source: StatusSource) -> None:
        self._source = source

    @property
    def fetched(self) -> tuple[str, ...]:
        return ()

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        return self._source.look_up(bureau, uri, index)
