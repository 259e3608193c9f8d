"""The families of errors: one type per action of the reader. What happened is data (a ``Reason``), never parsed from text."""

from __future__ import annotations

from core.reasons import Reason


class EidError(Exception):
    """An expected failure: its reason for programs, its detail for the log and the operator.

    reason: the row of the one table of reasons that says what happened.
    detail: one plain sentence without personal data, tokens or claim values.
    A mistake in our own code is never an ``EidError``: it stays a ValueError or TypeError.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.code}: {detail}")
        self.reason = reason
        self.detail = detail


class MalformedInput(EidError):
    """The bytes are not what they must be: the sender changes them."""


class Refused(EidError):
    """The input is well formed and a rule says no."""


class NotFound(EidError):
    """The thing named does not exist, or not for this caller."""


class Conflict(EidError):
    """The state moved meanwhile: reload and decide again."""


class Unavailable(EidError):
    """Something we depend on does not answer now: try later."""


class Misconfigured(EidError):
    """The operator must act: the detail says what to do."""
