"""One SD-JWT VC on its way to a verdict: what it is judged against, what has been read of it, what has been found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from core.errors import EidError
from core.reasons import Reason
from formats.sd_jwt_vc import UnverifiedPresentation
from formats.site_policy import SitePolicy
from keys.trust import AuthorisedIssuer, TrustStore
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import StatusAnswer, StatusSource
from verifier.checkpoint.verdict import Check, Finding, ShownPerson
from verifier.trust import IssuerTrust

_PASSED: Final = {check: Finding(check, passed=True) for check in Check}


@dataclass(frozen=True, slots=True)
class ExpectedBinding:
    """What the key binding must answer: the request this verifier sent. Both texts are compared exactly."""

    nonce: str
    audience: str

    def __post_init__(self) -> None:
        if not self.nonce or not self.audience:
            raise ValueError("a presentation is judged against a nonce and an audience")


class Stopped(Exception):
    """The first RED finding was made: nothing further runs."""


@dataclass(slots=True)
class Case:
    """The state of one judgement; the attributes without a value appear when the check that reads them has passed."""

    text: str
    expected: ExpectedBinding
    trust: IssuerTrust
    statuses: StatusSource
    policy: SitePolicy
    clock: ReaderClock
    findings: list[Finding] = field(default_factory=list)
    shown: UnverifiedPresentation = field(init=False)
    store: TrustStore = field(init=False)
    issuer: AuthorisedIssuer = field(init=False)
    person: ShownPerson = field(init=False)
    status: StatusAnswer | None = None
    signed: bool = False

    def passed(self, *checks: Check) -> None:
        """Note that these checks hold."""
        self.findings += [_PASSED[check] for check in checks]

    def doubt(self, check: Check, reason: Reason, detail: str) -> None:
        """Note an AMBER finding: the person at the desk decides, and the checks go on."""
        self.findings.append(Finding(check, passed=False, reason=reason, detail=detail))

    def refuse(self, check: Check, reason: Reason, detail: str) -> NoReturn:
        """Note a finding after which nothing further runs."""
        self.findings.append(Finding(check, passed=False, reason=reason, detail=detail))
        raise Stopped

    def refuse_because(self, check: Check, error: EidError) -> NoReturn:
        """Note as a finding what a reading function refused."""
        self.refuse(check, error.reason, error.detail)

    def passed_before(self, error: EidError, checks: Collection[Check], told_by: Mapping[Reason, Check]) -> Check:
        """Note the checks of one function that came before the one that failed, and return that one.

        checks:  in the order the function makes them; a reason that is not in ``told_by`` belongs to the first.
        """
        order = tuple(checks)
        failed = told_by.get(error.reason, order[0])
        self.passed(*order[: order.index(failed)])
        return failed
