"""What every command starts from: settings, output, clock, and the bureau's side opened when a command needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from api.cli.output import Output
from core.clock import Clock, SystemClock
from core.entropy import Entropy, SystemEntropy

if TYPE_CHECKING:
    import typer

    from api.settings import Settings
    from api.wiring.bureau import BureauSide
    from api.wiring.issuer import IssuerRole
    from api.wiring.keys import HomeKeys
    from issuer.officers import Officer

BUREAU_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The bureau's calendar: ages and validity change at midnight there."""


@dataclass(frozen=True)
class Session:
    """One run of the command.

    home: the folder named by ``--home``; None where the environment or the default decides.
    """

    home: str | None
    output: Output
    clock: Clock
    entropy: Entropy

    @classmethod
    def start(cls, home: str | None, output: Output) -> Session:
        """Return a session on the system's clock and randomness."""
        return cls(home, output, SystemClock(), SystemEntropy())

    @cached_property
    def settings(self) -> Settings:
        """The deployment's settings, read when a command first asks: the wallet has its own home and needs none."""
        from api.settings import load_settings

        return load_settings(home=self.home)

    @cached_property
    def unlocked(self) -> Settings:
        """The same with the key store's passphrase, asked for on a terminal where the environment gives none."""
        from api.cli.passphrase import with_passphrase

        return with_passphrase(self.settings, is_new=False)

    @property
    def today(self) -> date:
        """The day at the bureau."""
        return datetime.fromtimestamp(self.clock.now(), BUREAU_ZONE).date()

    @cached_property
    def keys(self) -> HomeKeys:
        """The key store of this home."""
        from api.wiring.keys import open_keys

        return open_keys(self.unlocked)

    @cached_property
    def bureau(self) -> BureauSide:
        """The register, cases and officers of this home's bureau."""
        from api.wiring.bureau import open_bureau

        return open_bureau(self.settings, self.keys, self.entropy)

    @cached_property
    def issuer(self) -> IssuerRole:
        """The issuing side of this home's bureau."""
        from api.wiring.bureau import read_root
        from api.wiring.issuer import open_issuer

        # An empty home is said to be one before anything is made in it.
        read_root(self.settings)
        return open_issuer(self.unlocked)

    def officer(self, officer_id: str) -> Officer:
        """Return the officer who acts. Raises NotFound(OFFICER_UNKNOWN)."""
        return self.bureau.officer(officer_id)

    def close(self) -> None:
        """Close the databases this run has opened."""
        for name in ("bureau", "issuer"):
            if name in self.__dict__:
                getattr(self, name).close()


def session_of(context: typer.Context) -> Session:
    """Return the session a command runs in."""
    if not isinstance(context.obj, Session):
        raise TypeError("a command runs inside a session")
    return context.obj
