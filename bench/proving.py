"""The proof before each figure: the call that will be timed accepts what is good and refuses what was tampered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.errors import EidError
from core.reasons import Colour, Reason
from verifier.checkpoint.verdict import Verdict

T = TypeVar("T")


class ProofFailed(Exception):
    """The call about to be timed does not do its work, so its time means nothing."""


def prove_green(verdict: Verdict) -> None:
    """Demand a GREEN verdict."""
    if verdict.colour is not Colour.GREEN:
        reasons = ", ".join(reason.code for reason in verdict.reasons)
        raise ProofFailed(f"a good presentation is not GREEN: {reasons}")


def prove_red(verdict: Verdict, reason: Reason) -> None:
    """Demand a RED verdict that this reason decided."""
    if verdict.colour is not Colour.RED or verdict.reasons[0] is not reason:
        found = ", ".join(found.code for found in verdict.reasons) or "no reason"
        raise ProofFailed(f"tampered input is {verdict.colour.value} with {found}, not RED with {reason.code}")


def prove_refused(call: Callable[[], object], reason: Reason) -> None:
    """Demand that a call raises one of our errors with this reason."""
    try:
        call()
    except EidError as err:
        if err.reason is not reason:
            raise ProofFailed(f"refused as {err.reason.code}, not as {reason.code}") from err
        return
    raise ProofFailed(f"what must be refused as {reason.code} is accepted")


def prove(holds: object, what: str) -> None:
    """Demand anything else."""
    if not holds:
        raise ProofFailed(what)


def flipped(octets: bytes, place: int) -> bytes:
    """Return the bytes with one bit flipped in the byte at this place."""
    bent = bytearray(octets)
    bent[place] ^= 1
    return bytes(bent)
