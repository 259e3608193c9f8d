"""In-memory ports of issuing, and signers and stores that die at a chosen moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from core.errors import NotFound, Refused
from core.reasons import Reason
from formats.dataset import CredentialDataset
from formats.sd_cwt.model import Assurance
from issuer.ports import ApprovedPerson, IssuanceStore, IssuanceTransaction, ListIssue
from keys.algorithms import Algorithm
from keys.signing import Signer


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    seconds: int

    def now(self) -> int:
        return self.seconds


@dataclass
class PeopleInMemory:
    """A person registry over a dictionary; a record in ``waiting`` is there but not approved."""

    people: dict[str, CredentialDataset]
    waiting: set[str] = field(default_factory=set)
    rounds: int = 0

    def approved(self, record_id: str) -> ApprovedPerson:
        if record_id in self.waiting:
            raise Refused(Reason.NOT_APPROVED, "waiting")
        if record_id not in self.people:
            raise NotFound(Reason.RECORD_UNKNOWN, "no such record")
        return ApprovedPerson(record_id, self.people[record_id], Assurance.FULL, unissued_case=None)

    def expire_waiting(self) -> int:
        self.rounds += 1
        return 0


@dataclass
class PublishedInMemory:
    """A status target over a dictionary; ``refusing`` makes it fail like a full disk."""

    lists: dict[str, ListIssue] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    announced: list[bytes] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)

    def publish(self, list_id: str, issue: ListIssue) -> None:
        self.lists[list_id] = issue

    def withdraw(self, list_id: str) -> None:
        self.lists.pop(list_id, None)
        self.withdrawn.append(list_id)

    def announce(self, document: bytes) -> None:
        self.announced.append(document)

    def forget(self, before: int) -> None:
        self.forgotten.append(before)


class PowerCutError(Exception):
    """The process died here."""


@dataclass
class DyingSigner:
    """A signer that dies instead of making the signature after ``good_for`` good ones."""

    real: Signer
    good_for: int

    @property
    def algorithm(self) -> Algorithm:
        return self.real.algorithm

    @property
    def key_id(self) -> bytes:
        return self.real.key_id

    @property
    def point(self) -> bytes:
        return self.real.point

    @property
    def certificates(self) -> tuple[bytes, ...]:
        return self.real.certificates

    def sign(self, message: bytes) -> bytes:
        if self.good_for <= 0:
            raise PowerCutError
        self.good_for -= 1
        return self.real.sign(message)


@dataclass
class DyingStore:
    """A store that dies in its n-th writing transaction: before the commit, or just after it."""

    real: IssuanceStore
    dies_in: int
    after_commit: bool
    seen: int = 0

    @contextmanager
    def transaction(self) -> Iterator[IssuanceTransaction]:
        self.seen += 1
        dying = self.seen == self.dies_in
        with self.real.transaction() as tx:
            yield tx
            if dying and not self.after_commit:
                raise PowerCutError
        if dying:
            raise PowerCutError

    def reading(self) -> AbstractContextManager[IssuanceTransaction]:
        return self.real.reading()
