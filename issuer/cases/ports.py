"""What enrolment cases need from their store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from issuer.cases.model import CaseState, EnrolmentCase


class CaseBook(Protocol):
    """Where enrolment cases are kept, inside one open transaction."""

    def add(self, cases: Sequence[EnrolmentCase]) -> None:
        """Store new cases. Raises Conflict when a record already has an open one."""
        ...

    def get(self, bureau: str, case_ids: Sequence[str]) -> tuple[EnrolmentCase, ...]:
        """Return the cases in the order asked for. Raises NotFound when one does not exist in this bureau."""
        ...

    def listing(
        self, bureau: str, *, state: CaseState | None, limit: int | None = None, after: str = ""
    ) -> tuple[EnrolmentCase, ...]:
        """Return cases in the order of their ids, which is the order of submission.

        state: only these; None for all. limit: at most so many. after: the last case id of the page before.
        """
        ...

    def of_record(self, bureau: str, record_id: str) -> EnrolmentCase | None:
        """Return the newest case of one record."""
        ...

    def count(self, bureau: str) -> dict[CaseState, int]:
        """Return how many cases stand where; states without any are left out."""
        ...

    def move(self, cases: Sequence[EnrolmentCase]) -> None:
        """Store changed cases, each over the version just before its own.

        Raises Conflict, and nothing is stored, when any of them has another version by now.
        """
        ...
