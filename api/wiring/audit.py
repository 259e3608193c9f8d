"""Opens the audit log of a home's bureau: for reading, for checkpoints, and for acts outside of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.settings import Settings
from api.wiring.bureau import read_root
from core.audit import AuditEvent
from core.clock import Clock
from core.errors import EidError, Misconfigured, Refused
from core.reasons import Reason
from formats.encoding import json
from formats.encoding.json import JsonValue
from issuer.audit_chain import Checkpoint
from issuer.audit_checkpoints import MAX_BYTES, CheckpointDesk, read_checkpoint
from issuer.context import IssuingContext
from issuer.storage.audit_trail import SqlAuditTrail, bureaus_with_log
from issuer.storage.engine import open_current
from keys.cose_key import key_id
from keys.jwk import point_from_jwk, public_jwk
from keys.signing import KeyPurpose, Signer
from keys.storage.files import KeyFiles

_KEYS_MAX_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class AuditSide:
    """The audit log of one bureau of a home."""

    bureau: str
    trail: SqlAuditTrail
    clock: Clock

    def announce(self, action: str, subject: str, note: str) -> None:
        """Write one act of the system into the log, before it is done."""
        self.trail.record(AuditEvent(self.bureau, self.clock.now(), "system", action, subject, note))

    def checkpoints(self, keys: KeyFiles) -> CheckpointDesk:
        """Return what signs this log; a home founded before there were audit signers gets one now."""
        if not audit_points(keys):
            made = keys.create(KeyPurpose.AUDIT_SIGNER, created_at=self.clock.now())
            self.announce("key.create", made.key_id.hex(), KeyPurpose.AUDIT_SIGNER.value)
        return CheckpointDesk(self.bureau, self.trail, keys.open(KeyPurpose.AUDIT_SIGNER))


@contextmanager
def open_audit(settings: Settings, clock: Clock) -> Iterator[AuditSide]:
    """Give the audit log of a home's bureau. It takes no passphrase: nothing in it is sealed.

    Raises Misconfigured for a home without a bureau, a database of another version, or several bureaus with none named.
    """
    # An empty home is said to be one before a database is looked for.
    read_root(settings)
    engine = open_current(settings.database)
    try:
        found = (settings.bureau,) if settings.bureau else bureaus_with_log(engine)
        if len(found) != 1:
            raise Misconfigured(Reason.SETTING_INVALID, "say which bureau is meant with EID_BUREAU")
        yield AuditSide(found[0], SqlAuditTrail(engine, found[0]), clock)
    finally:
        engine.dispose()


class Announcing:
    """Writes acts of the system into the log of the bureau that issues."""

    def __init__(self, context: IssuingContext) -> None:
        self._at = context

    def __call__(self, action: str, subject: str, note: str) -> None:
        with self._at.store.transaction() as tx:
            tx.record(AuditEvent(self._at.bureau.bureau, self._at.clock.now(), "system", action, subject, note))


def audit_points(keys: KeyFiles) -> dict[bytes, bytes]:
    """Return the points of all audit signers of a key store by their key id."""
    signers: Iterable[Signer] = (
        keys.open(key.purpose, key.key_id) for key in keys.listing() if key.purpose is KeyPurpose.AUDIT_SIGNER
    )
    return {signer.key_id: signer.point for signer in signers}


def write_points(points: Iterable[bytes]) -> bytes:
    """Return audit signers' public keys as a JWK Set (RFC 7517): what verifies an export elsewhere."""
    return json.encode({"keys": [dict[str, JsonValue](public_jwk(point)) for point in points]}) + b"\n"


def read_points(path: Path) -> dict[bytes, bytes]:
    """Return the points of a JWK Set by their key id.

    Raises Misconfigured(FILE_UNREADABLE), and Refused(AUDIT_FILE_MALFORMED) for anything but P-256 keys in a JWK Set.
    """
    try:
        content = json.decode(_read(path), max_bytes=_KEYS_MAX_BYTES)
        jwks = content.get("keys") if type(content) is dict else None
        if type(jwks) is not list or not jwks:
            raise Refused(Reason.AUDIT_FILE_MALFORMED, f"{path} is no JWK Set")
        points = [point_from_jwk(jwk) for jwk in jwks]
    except EidError as err:
        if isinstance(err, Misconfigured):
            raise
        raise Refused(Reason.AUDIT_FILE_MALFORMED, f"{path} is no JWK Set of P-256 keys") from err
    return {key_id(point): point for point in points}


def read_kept_checkpoint(path: Path, *, keys: dict[bytes, bytes]) -> Checkpoint:
    """Return what a checkpoint file says; Misconfigured(FILE_UNREADABLE), or Refused(AUDIT_CHECKPOINT_INVALID)."""
    return read_checkpoint(_read(path)[: MAX_BYTES + 1], keys=keys)


def export_lines(path: Path, longest: int) -> Iterator[bytes]:
    """Yield the lines of an export, none longer than is allowed by more than a byte; Misconfigured(FILE_UNREADABLE)."""
    try:
        with path.open("rb") as file:
            while line := file.readline(longest + 1):
                yield line
    except OSError as err:
        raise _unreadable(path, err) from err


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise _unreadable(path, err) from err


def _unreadable(path: Path, err: OSError) -> Misconfigured:
    return Misconfigured(Reason.FILE_UNREADABLE, f"{path} cannot be read: {err.strerror}")
