"""What the audit log records: who did what to which thing, never a claim value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act.

    bureau:  the 12-digit organ code of the bureau whose record this is.
    actor:   the officer's id, or ``system`` / ``wallet`` for acts no officer makes.
    action:  a stable dotted word, for example ``case.approve`` or ``credential.issue``.
    subject: the internal id of the thing acted on (record, case, credential, key); never a citizen number or a name.
    note:    codes, counts and reasons in plain words; never a claim value, token or key.
    """

    bureau: str
    at: int
    actor: str
    action: str
    subject: str
    note: str = ""


class AuditLog(Protocol):
    """Writes events in the transaction of the act itself: if the row cannot be written, the act does not happen."""

    def record(self, event: AuditEvent) -> None:
        """Add one event to the open transaction."""
        ...
