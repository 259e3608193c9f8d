"""Runs the verdict vectors: from the frozen JSON to judged verdicts.

Only portable modules are imported, so ``python -m tests.vectors.verdicts.run`` also runs where no cryptography is: the
vectors carry the right answer to every signature check of theirs, by the hash of the question.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Refused, Unavailable
from core.reasons import Reason
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from formats.bundle.trust_table import KeyRole, KeyState, TrustedKey, TrustTable
from formats.cose import Checks, SignatureCheck
from formats.dataset import Group, group_by_word
from formats.sd_cwt.model import Assurance
from formats.site_policy import Mode, SitePolicy
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import Answer, Expected, OneWay
from verifier.checkpoint.offline import BundleStatus, StatusAnswer, StatusSource
from verifier.checkpoint.paper import judge_card
from verifier.checkpoint.verdict import Verdict

FOLDER = Path(__file__).resolve().parent
FAMILIES = ("good", "wire", "issuer", "holder", "freshness", "disclosures", "status", "policy")
FIELDS = frozenset(
    {"id", "why", "text", "trust", "statuses", "policy", "expected", "clock", "seen", "training", "driver"}
    | {"colour", "reasons"}
)

Driver = Callable[[Checks[Verdict]], Verdict]


class VectorsUnusable(Exception):
    """The files are not what the runner was written for."""


@dataclass(frozen=True)
class Vector:
    """One code, what it is judged against, and the verdict it must get."""

    row: Mapping[str, Any]
    contexts: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def expected(self) -> tuple[str, list[str]]:
        """The colour and the reason codes, the deciding one first."""
        return self.row["colour"], self.row["reasons"]

    @property
    def fields(self) -> frozenset[str]:
        """The fields a vector of this kind has."""
        return FIELDS

    def judging(self) -> Checks[Verdict]:
        """Return the generator that judges this vector."""
        row, contexts = self.row, self.contexts
        return judge(
            row["text"],
            trust=trust_table(contexts["trust"][row["trust"]]),
            statuses=status_source(contexts["statuses"][row["statuses"]]),
            policy=site_policy(contexts["policies"][row["policy"]]),
            expected=expected(row["expected"]),
            clock=reader_clock(row["clock"]),
            seen=AlwaysSays(row["seen"]),
            training=row["training"],
        )

    def verdict(self, driver: Driver) -> Verdict:
        """Return the verdict; a vector whose driver fails brings that driver with it."""
        return failing(self.judging()) if row_driver(self.row) == "fails" else driver(self.judging())


class PaperVector(Vector):
    """One printed card; nothing about it is fresh, so it has neither expectation nor memory."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields a vector of this kind has."""
        return FIELDS - {"expected", "seen"}

    def judging(self) -> Checks[Verdict]:
        """Return the generator that judges this vector."""
        row, contexts = self.row, self.contexts
        return judge_card(
            row["text"],
            trust=trust_table(contexts["trust"][row["trust"]]),
            statuses=status_source(contexts["statuses"][row["statuses"]]),
            policy=site_policy(contexts["policies"][row["policy"]]),
            clock=reader_clock(row["clock"]),
            training=row["training"],
        )


@dataclass(frozen=True)
class AlwaysSays:
    """A replay memory with one answer: never seen (None), seen at an instant, or full."""

    answer: int | str | None

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:  # the port's parameters
        if isinstance(self.answer, str):
            raise Unavailable(Reason.REPLAY_MEMORY_FULL, "full")
        return self.answer


@dataclass(frozen=True)
class OutOfReach:
    """A status source that raises."""

    reason: Reason

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:  # the port's
        if self.reason is Reason.STATUS_UNKNOWN:
            raise Unavailable(self.reason, "the server does not answer")
        raise Refused(self.reason, "refused by the source")


@dataclass(frozen=True)
class Snapshots:
    """As much of a bundle as a look-up needs."""

    snapshots: Mapping[str, StatusSnapshot]


def row_driver(row: Mapping[str, Any]) -> str:
    """Return which driver a vector asks for."""
    return str(row["driver"])


def load() -> list[Vector]:
    """Return all vectors; raises VectorsUnusable for a missing file, an unknown field or an id used twice."""
    contexts, paper_contexts = read("contexts"), read("paper_contexts")
    vectors = [Vector(row, contexts) for family in FAMILIES for row in read(family)]
    vectors += [PaperVector(row, paper_contexts) for row in read("paper")]
    for vector in vectors:
        if vector.row.keys() != vector.fields:
            raise VectorsUnusable(f"the fields of {vector.id} are not those of a vector")
    if len({vector.id for vector in vectors}) != len(vectors):
        raise VectorsUnusable("two vectors have one id")
    return vectors


def read(name: str, folder: Path = FOLDER) -> Any:
    """Return one file, whose hash must be the frozen one."""
    frozen = json.loads((folder / "hashes.json").read_text(encoding="utf-8"))
    content = (folder / f"{name}.json").read_bytes()
    if not content or hashlib.sha256(content).hexdigest() != frozen[name]:
        raise VectorsUnusable(f"{name}.json is not the frozen file")
    return json.loads(content)


def recorded() -> Driver:
    """Return the driver that answers from the record: it knows the questions of these vectors and no others."""
    answers: dict[str, bool] = {**read("answers"), **read("paper_answers")}

    def run(checks: Checks[Verdict]) -> Verdict:
        try:
            question = next(checks)
            while True:
                question = checks.send(answers[fingerprint(question)])
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict

    return run


def failing(checks: Checks[Verdict]) -> Verdict:
    """Fail at the first signature check."""
    try:
        next(checks)
        checks.throw(OSError("no cryptography here"))
    except StopIteration as done:
        verdict: Verdict = done.value
        return verdict
    raise VectorsUnusable("the judge went on after the driver failed")


def fingerprint(question: SignatureCheck) -> str:
    """Return what names one signature check in the record."""
    parts = (question.key, question.algorithm.name.encode(), question.message, question.signature)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()[:32]


def trust_table(row: Mapping[str, Any]) -> TrustTable:
    """Return the trust table of a context."""
    keys = [
        TrustedKey(
            **{
                **key,
                "kid": bytes.fromhex(key["kid"]),
                "point": bytes.fromhex(key["point"]),
                "role": KeyRole[key["role"]],
                "scope": tuple(key["scope"]),
                "forms": frozenset(key["forms"]),
                "state": KeyState[key["state"]],
            }
        )
        for key in row["keys"]
    ]
    return TrustTable(**{**row, "keys": {key.kid: key for key in keys}})


def status_source(row: Mapping[str, Any]) -> StatusSource:
    """Return the status source of a context: snapshots by bureau, or one that raises."""
    if "raises" in row:
        return OutOfReach(Reason[row["raises"]])
    return BundleStatus(Snapshots({bureau: _snapshot(bureau, fields) for bureau, fields in row.items()}))


def _snapshot(bureau: str, row: Mapping[str, Any]) -> StatusSnapshot:
    lists = {
        uri: SnapshotList(size=fields["size"], entries={int(i): c for i, c in fields["entries"].items()})
        for uri, fields in row["lists"].items()
    }
    return StatusSnapshot(
        bureau=bureau, number=row["number"], as_of=row["as_of"], expires_at=row["expires_at"], lists=lists
    )


def site_policy(row: Mapping[str, Any]) -> SitePolicy:
    """Return the site policy of a context."""
    return SitePolicy(
        **{
            **row,
            "required": groups(row["required"]),
            "optional": groups(row["optional"]),
            "modes": frozenset(Mode[mode] for mode in row["modes"]),
            "forms": frozenset(row["forms"]),
            "minimum_assurance": Assurance[row["minimum_assurance"]],
        }
    )


def expected(row: Mapping[str, Any] | None) -> Expected:
    """Return what the post expects: null stands for a one-way code."""
    if row is None:
        return OneWay()
    fields = {**row, "challenge_hash": bytes.fromhex(row["challenge_hash"]), "groups": groups(row["groups"])}
    return Answer(**fields)


def reader_clock(row: Mapping[str, Any]) -> ReaderClock:
    """Return the clock of a context."""
    return ReaderClock(**row)


def groups(words: list[str]) -> frozenset[Group]:
    """Return the groups of these names."""
    return frozenset(_group(word) for word in words)


def _group(word: str) -> Group:
    group = group_by_word(word)
    if group is None:
        raise VectorsUnusable(f"no group {word}")
    return group


def differences(driver: Driver) -> Iterator[str]:
    """Yield a line for each vector that gets another verdict than it must."""
    for vector in load():
        verdict = vector.verdict(driver)
        got = (verdict.colour.value, [reason.code for reason in verdict.reasons])
        if got != vector.expected:
            yield f"{vector.id}: expected {vector.expected}, got {got}"


def main() -> int:
    """Run all vectors with the recorded answers; returns how many differ."""
    lines = list(differences(recorded()))
    sys.stdout.write("\n".join([*lines, f"{len(load())} vectors, {len(lines)} differ"]) + "\n")
    return len(lines)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
