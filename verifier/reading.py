"""One presentation at one reader: the entry that the command and the verification API share.

The reader and the site's policy choose what is expected, never the token. What a reader remembers (codes seen, its
challenge, the time) changes here and nowhere else, and not at all when evidence is re-checked as of a stated instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.clock import Clock
from core.errors import MalformedInput, Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle.envelope import Bundle, Floors, certificates, open_bundle
from formats.bundle.trust_table import TrustTable
from formats.qr_token import PREFIX
from formats.signature_checks import run
from formats.site_policy import BUILT_IN, Mode, SitePolicy, strictest
from keys.certificate_profiles import EKU_LIST_SIGNER
from keys.certificates import check_chain, is_specimen
from keys.trust import TrustAnchor
from verifier.checkpoint.clock import TOLERANCE_SECONDS, ReaderClock, after_server_time, read_clock
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import CHALLENGE_LIMIT_SECONDS, Answer, Expected, OneWay
from verifier.checkpoint.offline import BundleStatus, StatusAnswer, StatusSource
from verifier.checkpoint.replay import EvidenceMemory
from verifier.checkpoint.self_test import self_test
from verifier.checkpoint.verdict import Verdict
from verifier.checks.case import ExpectedBinding
from verifier.ports import ReaderMemory, Statuses, StatusLookup, StoredChallenge
from verifier.trust import IssuerTrust
from verifier.verification import verify_presentation

EID1: Final = "eid1"
_NO_CHALLENGE: Final = bytes(32)


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


def read(text: str, reader: Reader, terms: Terms, binding: ExpectedBinding | None = None) -> Reading:
    """Return the verdict on a presentation of either form: an SD-JWT VC has a tilde in it, a QR code's text has none.

    binding: of the request; demanded for an SD-JWT VC (MalformedInput(REQUEST_MALFORMED)), not looked at for a QR code.
    """
    if text.startswith(PREFIX) or "~" not in text:
        return read_qr(text, reader, terms)
    if binding is None:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "name the nonce and the audience of the request it answers")
    return read_presentation(text, reader, terms, binding)


def read_qr(text: str, reader: Reader, terms: Terms) -> Reading:
    """Return the verdict on what a QR code says.

    A challenge whose one answer this is counts as answered before the verdict is given, so that of two lanes only one
    accepts it. Raises NotFound(POLICY_UNKNOWN), Misconfigured(BUNDLE_MISSING).
    """
    policy, clock = reader.policy(terms.policy_id), _clock(reader, terms)
    statuses = reader.statuses.at(clock.now)
    stored = None if terms.challenge is not None else reader.memory.shown_challenge()
    expected = _expected(reader, terms, policy, clock.now, stored)

    def judged(against: Expected) -> Verdict:
        return run(
            judge(
                text,
                trust=reader.table,
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
    statuses = reader.statuses.at(clock.now)
    verdict = verify_presentation(
        text, expected=binding, trust=reader.trust, statuses=statuses, policy=policy, clock=clock
    )
    _remember_time(reader, terms, clock)
    return Reading(verdict, tuple(statuses.fetched))


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
    return replace(verdict, findings=findings)


# --- bundles and time ------------------------------------------------------------------------------------------------


def load_bundle(data: bytes, *, root: bytes, floors: Floors, now: int) -> Bundle:
    """Return a verified bundle, knowing only the pinned national root (DER).

    The list signer's certificate comes with the bundle and is judged against the root; its key opens the trust table,
    and each further part is verified under its own role. Whether specimens are demanded or refused follows from the
    root. Raises the certificate's reasons and those of ``formats.bundle.envelope.open_bundle``.
    """
    signer = check_chain(certificates(data), root=root, eku=EKU_LIST_SIGNER, now=now)
    return run(open_bundle(data, list_signer_point=signer.point, specimen=is_specimen(root), floors=floors, now=now))


def accept_bundle(data: bytes, *, anchor: TrustAnchor, memory: ReaderMemory, now: int) -> Bundle:
    """Return a verified bundle and remember its numbers and its signed times: nothing older is accepted from now on.

    The driver answers the planted checks again first. Raises what ``load_bundle`` raises, Misconfigured(READER_CLOSED).
    """
    run(self_test())
    floors = memory.floors()
    bundle = load_bundle(data, root=anchor.certificate, floors=floors, now=now)
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


class _OfflineLookup:
    def __init__(self, source: StatusSource) -> None:
        self._source = source

    @property
    def fetched(self) -> tuple[str, ...]:
        return ()

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        return self._source.look_up(bureau, uri, index)
