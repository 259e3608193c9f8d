"""One credential on its way to a verdict: what it is judged against, what has been read of it, what has been found.

``Case`` is what every form has, and gives the verdict; ``QrCase`` is a QR code. The rules that do not depend on the form
(``verifier.checkpoint.policy``) are written for a ``Case``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NoReturn, Protocol, TypeAlias

from core.errors import EidError
from core.reasons import Colour, Reason
from formats.bundle.trust_table import TrustedKey, TrustTable
from formats.cose import UnverifiedSign1
from formats.dataset import Group
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_cwt.unpack import UnverifiedKbt
from formats.site_policy import Mode, SitePolicy
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.expected import Expected
from verifier.checkpoint.offline import StatusAnswer, StatusSource
from verifier.checkpoint.replay import Seen
from verifier.checkpoint.verdict import Check, Finding, ShownPerson, Verdict

_PASSED: Final = {check: Finding(check, passed=True) for check in Check}


# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_RED: Final = Colour.RED
_GREEN: Final = Colour.GREEN
_PORTRAIT: Final = Group.PORTRAIT


@lru_cache(maxsize=16)
def _all_of(demanded: tuple[Check, ...]) -> list[Finding]:
    return [_PASSED[check] for check in demanded]


BureauNames: TypeAlias = tuple[str, str, str]
"""A bureau's id and its Chinese and English names."""


class Stopped(Exception):
    """The first RED finding was made: nothing further runs."""


class Terms(Protocol):
    """The clear claims that the rules of a site look at, of whatever form."""

    @property
    def issued_at(self) -> int:
        """When the copy was issued."""
        ...

    @property
    def status(self) -> StatusReference:
        """Where the copy's status stands."""
        ...

    @property
    def key_storage(self) -> KeyStorage | None:
        """How the holder's key is kept; None where the credential does not say."""
        ...

    @property
    def assurance(self) -> Assurance | None:
        """How the holder was enrolled; None where the credential does not say."""
        ...


@dataclass(slots=True)
class Case:
    """The state of one judgement; the attributes without a value appear when the check that reads them has passed.

    mode:       of this reader; what is judged has no say in it. None for a form that is never fresh.
    demanded:   the checks that GREEN demands, in their order.
    training:   whether the pinned root is a specimen root.
    trust_list: the verified trust table; None with a bare root.
    size_bytes: of what is judged; 0 where it could not be read.
    bureau:     of the issuer's key, under which its status lists stand.
    signed_by:  the bureau whose signature held; None before that.
    """

    statuses: StatusSource
    policy: SitePolicy
    clock: ReaderClock
    mode: Mode | None
    demanded: tuple[Check, ...]
    training: bool
    trust_list: TrustTable | None
    findings: list[Finding] = field(init=False, default_factory=list)
    size_bytes: int = field(init=False, default=0)
    terms: Terms = field(init=False)
    bureau: str = field(init=False)
    signed_by: BureauNames | None = field(init=False, default=None)
    person: ShownPerson = field(init=False)
    status: StatusAnswer | None = field(init=False, default=None)
    seen_at: int | None = field(init=False, default=None)

    def shows(self, group: Group) -> bool:
        """Say whether the holder disclosed this group."""
        return group in self.person.groups

    def passed(self, check: Check) -> None:
        """Note that a check holds."""
        self.findings.append(_PASSED[check])

    def all_passed(self, checks: Iterable[Check]) -> None:
        """Note that these checks hold, in this order."""
        self.findings += [_PASSED[check] for check in checks]

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

    def verdict(self) -> Verdict:
        """Return the verdict on what was found: the worst colour, and GREEN only if exactly the fixed checks passed."""
        colour = self._colour()
        trust, status, now = self.trust_list, self.status, self.clock.now
        person = self.person if colour is not _RED and hasattr(self, "person") else None
        shows_face = person is not None and _PORTRAIT in person.groups
        bureau, name_zh, name_en = self.signed_by or (None, None, None)
        return Verdict(
            colour=colour,
            findings=tuple(self.findings),
            mode=self.mode,
            at=now,
            training=self.training,
            trust_age_seconds=None if trust is None else now - trust.issued_at,
            trust_number=None if trust is None else trust.number,
            person=person,
            bureau=bureau,
            bureau_name_zh=name_zh,
            bureau_name_en=name_en,
            status_age_seconds=None if status is None else now - status.as_of,
            status_number=None if status is None else status.number,
            seen_seconds_ago=None if self.seen_at is None else max(0, now - self.seen_at),
            held_by_owner=colour is _GREEN and shows_face,
            bytes=self.size_bytes,
        )

    def _colour(self) -> Colour:
        if self.findings == _all_of(self.demanded):
            return _GREEN
        failed = [finding for finding in self.findings if not finding.passed]
        if failed:
            return Colour.RED if any(finding.colour is Colour.RED for finding in failed) else Colour.AMBER
        self.doubt(Check.COMPLETE, Reason.COULD_NOT_CHECK, "the checks made are not the checks demanded")
        return Colour.AMBER


class ListedTerms(Terms, Protocol):
    """The clear claims of a form whose signer is a raw key of the trust table."""

    @property
    def expires_at(self) -> int:
        """When it stops being valid."""
        ...

    @property
    def specimen(self) -> bool:
        """Whether it is marked as a specimen."""
        ...


@dataclass(slots=True)
class ListedCase(Case):
    """The judgement of a form whose signer is a raw key of the trust table, named by its id.

    signed, kid: what the issuer signed, and the key it names.
    """

    text: str
    trust: TrustTable
    terms: ListedTerms = field(init=False)
    signed: UnverifiedSign1 = field(init=False)
    kid: bytes = field(init=False)
    issuer: TrustedKey = field(init=False)


@dataclass(slots=True)
class QrCase(ListedCase):
    """The judgement of one QR code."""

    expected: Expected
    seen: Seen
    token: bytes = field(init=False, default=b"")
    kbt: UnverifiedKbt = field(init=False)
