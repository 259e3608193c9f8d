"""Looks a home over: what must be there is there, opens, and signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.settings import Settings
from api.wiring.bureau import open_bureau
from api.wiring.keys import open_keys
from api.wiring.trust import TrustFolder
from core.clock import Clock
from core.entropy import Entropy
from core.errors import EidError, Misconfigured
from core.reasons import Reason
from keys.signing import KeyPurpose, verify_signature

# A post's key lies in its kit; a second document signer and a separate signer of status lists are a bureau's choice;
# an older home gets its audit signer with its first checkpoint.
_NOT_ALWAYS_HERE: Final = frozenset(
    {KeyPurpose.POST, KeyPurpose.ONLINE_SIGNER, KeyPurpose.STATUS_SIGNER, KeyPurpose.AUDIT_SIGNER}
)


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing looked at; problem is None where it is right."""

    what: str
    problem: str | None


def look_over(settings: Settings, clock: Clock, entropy: Entropy) -> tuple[Looked, ...]:
    """Return what was looked at, in the order in which things depend on each other."""
    keys = open_keys(settings)

    def signs() -> None:
        message = entropy.random_bytes(32)
        here = {key.purpose for key in keys.listing()}
        for purpose in KeyPurpose:
            if purpose in _NOT_ALWAYS_HERE - here:
                continue
            signer = keys.open(purpose)
            if not verify_signature(signer.point, signer.algorithm, message, signer.sign(message)):
                raise Misconfigured(Reason.KEY_FILE_DAMAGED, f"the {purpose} key does not sign")

    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("口令 · passphrase", keys.check_passphrase),
        ("密钥签名自检 · every key signs", signs),
        ("数据库 · database", lambda: open_bureau(settings, keys, entropy).close()),
        ("信任列表 · trust list", lambda: TrustFolder(settings).current(now=clock.now())),
    )
    return tuple(Looked(what, _problem(check)) for what, check in checks)


def _problem(check: Callable[[], object]) -> str | None:
    try:
        check()
    except EidError as err:
        return str(err)
    return None
