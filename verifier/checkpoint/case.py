"""One code on its way to a verdict: what it is judged against, what has been read of it, what has been found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NoReturn

from core.errors import EidError
from core.reasons import Colour, Reason
from formats.bundle.trust_table import TrustedKey, TrustTable
from formats.dataset import Group
from formats.sd_cwt.unpack import UnverifiedKbt
from formats.site_policy import Mode, SitePolicy
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.expected import Answer, Expected
from verifier.checkpoint.offline import StatusAnswer, StatusSource
from verifier.checkpoint.replay import Seen
from verifier.checkpoint.verdict import CHALLENGE_CHECKS, ONE_WAY_CHECKS, Check, Finding, ShownPerson, Verdict

_PASSED: Final = {check: Finding(check, passed=True) for check in Check}


class Stopped(Exception):
    """The first RED finding was made: nothing further runs."""


@dataclass(slots=True)
class Case:
    """The state of one judgement; the attributes without a value appear when the check that reads them has passed."""

    text: str
    trust: TrustTable
    statuses: StatusSource
    policy: SitePolicy
    expected: Expected
    clock: ReaderClock
    seen: Seen
    training: bool
    findings: list[Finding] = field(default_factory=list)
    token: bytes = b""
    kbt: UnverifiedKbt = field(init=False)
    issuer: TrustedKey = field(init=False)
    person: ShownPerson = field(init=False)
    status: StatusAnswer | None = None
    signed_by: TrustedKey | None = None
    seen_at: int | None = None

    def passed(self, check: Check) -> None:
        """Note that a check holds."""
        self.findings.append(_PASSED[check])

    def doubt(self, check: Check, reason: Reason, detail: str) -> None:
        """Note an AMBER finding: the officer decides, and the checks go on."""
        self.findings.append(Finding(check, passed=False, reason=reason, detail=detail))

    def refuse(self, check: Check, reason: Reason, detail: str) -> NoReturn:
        """Note a finding after which nothing further runs."""
        self.findings.append(Finding(check, passed=False, reason=reason, detail=detail))
        raise Stopped

    def refuse_because(self, check: Check, error: EidError) -> NoReturn:
        """Note as a finding what a reading function refused."""
        self.refuse(check, error.reason, error.detail)

    @property
    def mode(self) -> Mode:
        """The mode this reader works in; the code has no say in it."""
        return Mode.CHALLENGE if isinstance(self.expected, Answer) else Mode.ONE_WAY

    def verdict(self) -> Verdict:
        """Return the verdict on what was found: the worst colour, and GREEN only if exactly the fixed checks passed."""
        colour = self._colour()
        signed_by, status, now = self.signed_by, self.status, self.clock.now
        person = self.person if colour is not Colour.RED and hasattr(self, "person") else None
        shows_face = person is not None and Group.PORTRAIT in person.groups
        return Verdict(
            colour=colour,
            findings=tuple(self.findings),
            mode=self.mode,
            at=now,
            training=self.training,
            trust_age_seconds=now - self.trust.issued_at,
            trust_number=self.trust.number,
            person=person,
            bureau=None if signed_by is None else signed_by.bureau,
            bureau_name_zh=None if signed_by is None else signed_by.name_zh,
            bureau_name_en=None if signed_by is None else signed_by.name_en,
            status_age_seconds=None if status is None else now - status.as_of,
            status_number=None if status is None else status.number,
            seen_seconds_ago=None if self.seen_at is None else max(0, now - self.seen_at),
            held_by_owner=colour is Colour.GREEN and shows_face,
            bytes=len(self.token),
        )

    def _colour(self) -> Colour:
        colours = {finding.colour for finding in self.findings if not finding.passed}
        if Colour.RED in colours:
            return Colour.RED
        if colours:
            return Colour.AMBER
        demanded = CHALLENGE_CHECKS if self.mode is Mode.CHALLENGE else ONE_WAY_CHECKS
        if tuple(finding.check for finding in self.findings) != demanded:
            self.doubt(Check.COMPLETE, Reason.COULD_NOT_CHECK, "the checks made are not the checks demanded")
            return Colour.AMBER
        return Colour.GREEN
