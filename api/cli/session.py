"""What every command starts from: settings, output, clock, and the bureau's side opened when a command needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from api.cli.output import Output
from api.settings import Settings
from core.clock import Clock, SystemClock
from core.entropy import Entropy, SystemEntropy

if TYPE_CHECKING:
    import typer

    from api.wiring.bureau import BureauSide
    from api.wiring.issuer import IssuerRole
    from api.wiring.keys import HomeKeys
    from issuer.officers import Officer

BUREAU_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The bureau's calendar: ages and validity change at midnight there."""


@dataclass(frozen=True)
class Session:
    """One run of the command."""

    settings: Settings
    output: Output
    clock: Clock
    entropy: Entropy

    @classmethod
    def start(cls, settings: Settings, output: Output) -> Session:
        """Return a session on the system's clock and randomness."""
        return cls(settings, output, SystemClock(), SystemEntropy())

    @property
    def today(self) -> date:
        """The day at the bureau."""
        return datetime.fromtimestamp(self.clock.now(), BUREAU_ZONE).date()

    @cached_property
    def keys(self) -> HomeKeys:
        """The key store of this home."""
        from api.wiring.keys import open_keys

        return open_keys(self.settings)

    @cached_property
    def bureau(self) -> BureauSide:
        """The register, cases and officers of this home's bureau."""
        from api.wiring.bureau import open_bureau

        return open_bureau(self.settings, self.keys, self.entropy)

    @cached_property
    def issuer(self) -> IssuerRole:
        """The issuing side of this home's bureau."""
        from api.wiring.issuer import open_issuer

        return open_issuer(self.settings)

    def officer(self, officer_id: str) -> Officer:
        """Return the officer who acts. Raises NotFound(OFFICER_UNKNOWN)."""
        return self.bureau.officer(officer_id)


def session_of(context: typer.Context) -> Session:
    """Return the session a command runs in."""
    if not isinstance(context.obj, Session):
        raise TypeError("a command runs inside a session")
    return context.obj
