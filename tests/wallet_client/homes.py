"""Wallet homes with readable defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.clock import Clock, FixedClock
from core.entropy import SystemEntropy
from keys.signing import InProcessSigner
from tests.builders.qr import NOW
from wallet_client.records import Copy, Issuance, Showing
from wallet_client.sealing import ScryptCost
from wallet_client.store import WalletStore

PIN = "246810"
CHEAP = ScryptCost(n=1 << 4, r=1)
"""So that a test does not wait for what keeps guessers waiting."""


def open_store(
    home: Path, *, pin: str = PIN, now: int = NOW, create: bool = True, clock: Clock | None = None
) -> WalletStore:
    return WalletStore.open(
        home, pin, clock=clock or FixedClock(now), entropy=SystemEntropy(), create=create, cost=CHEAP
    )


def an_issuance(**changes: Any) -> Issuance:
    record = Issuance(
        credential_issuer="https://eid.example/issuer",
        code="",
        wanted=(("resident_id_qr", "qr"),),
        dpop_scalar=bytes(31) + b"\1",
        access_token="",
        access_expires_at=0,
        refresh_token="",
        accepted_at=NOW,
        complete=False,
        tried_at=0,
        tried_in_vain=False,
        bureau_zh="",
        bureau_en="",
    )
    return replace(record, **changes)


def a_copy(
    *, scalar: bytes | None = None, token: bytes = b"token", expires_at: int = NOW + 864_000
) -> tuple[bytes, Copy]:
    """Return a copy with a fresh key, after the key's point."""
    signer = InProcessSigner.generate() if scalar is None else InProcessSigner.from_scalar(scalar)
    return signer.point, Copy("qr", signer.scalar(), token, NOW - 86_400, expires_at, NOW)


def a_showing(**changes: Any) -> Showing:
    record = Showing(
        shown_at=NOW,
        mode="one-way",
        place="",
        site_kind="",
        post_id="",
        ground="",
        groups=("name",),
        copy_id=b"",
        challenge_hash=b"",
        reused=False,
    )
    return replace(record, **changes)


class Watch:
    """A clock that a test sets."""

    def __init__(self, seconds: int = NOW) -> None:
        self.seconds = seconds

    def now(self) -> int:
        return self.seconds
