"""What a reader remembers between two codes: codes seen, its open challenge, numbers seen, clock marks. One SQLite file.

Nothing in it says anything of a person: a code is remembered by a hash of what names the showing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from core.errors import Misconfigured, Unavailable
from core.reasons import Reason
from formats.bundle.envelope import Floors
from formats.dataset import Group
from verifier.checkpoint.clock import ClockMarks
from verifier.checkpoint.expected import OpenChallenge
from verifier.ports import StoredChallenge

VERSION: Final = 1
MAX_SEEN: Final = 100_000
BUSY_SECONDS: Final = 5.0

_TRUST, _BUNDLE, _LICENCE, _SNAPSHOT, _POLICY = "trust", "bundle", "licence", "snapshot:", "policy:"

_SCHEMA: Final = """
CREATE TABLE seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_until ON seen (until);
CREATE TABLE challenge (
    hash BLOB PRIMARY KEY, post_id TEXT NOT NULL, policy_id TEXT NOT NULL, groups TEXT NOT NULL,
    shown_monotonic INTEGER NOT NULL, answered INTEGER NOT NULL, number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE floor (what TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), high_water INTEGER NOT NULL, confirmed_at INTEGER);
INSERT INTO clock VALUES (1, 0, NULL);
"""


class ReaderStore:
    """The memory of one reader, shared by all its lanes and processes.

    max_seen:     how many live codes it remembers at once.
    busy_seconds: how long one lane waits for another.
    """

    def __init__(self, path: Path, *, max_seen: int = MAX_SEEN, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._max_seen = max_seen
        self._busy_seconds = busy_seconds

    def first_seen(self, key: bytes, now: int, until: int) -> int | None:
        """Return when this showing was first seen, or None and remember it: one step, whatever else runs.

        Raises Unavailable(REPLAY_MEMORY_FULL) where no room is left for a code that could still be replayed.
        """
        digest = sha256(key).digest()
        with self._transaction() as database:
            row = database.execute("SELECT at FROM seen WHERE key = ? AND until >= ?", (digest, now)).fetchone()
            if row is not None:
                return int(row[0])
            database.execute("DELETE FROM seen WHERE until < ?", (now,))
            if database.execute("SELECT count(*) FROM seen").fetchone()[0] >= self._max_seen:
                raise Unavailable(Reason.REPLAY_MEMORY_FULL, "every place of the replay memory holds a live code")
            database.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (digest, now, until))
        return None

    def show_challenge(self, challenge: OpenChallenge, policy_id: str) -> None:
        """Remember the challenge now on the screen; the one before it counts no longer."""
        groups = ",".join(str(int(group)) for group in sorted(challenge.groups))
        with self._transaction() as database:
            number = database.execute("SELECT coalesce(max(number), 0) + 1 FROM challenge").fetchone()[0]
            database.execute("DELETE FROM challenge")
            database.execute(
                "INSERT INTO challenge VALUES (?, ?, ?, ?, ?, 0, ?)",
                (challenge.challenge_hash, challenge.post_id, policy_id, groups, challenge.shown_monotonic, number),
            )

    def shown_challenge(self) -> StoredChallenge | None:
        """Return the challenge shown last, answered or not."""
        with self._open() as database:
            row = database.execute(
                "SELECT hash, post_id, policy_id, groups, shown_monotonic, answered FROM challenge ORDER BY number DESC"
            ).fetchone()
        if row is None:
            return None
        groups = frozenset(Group(int(number)) for number in row[3].split(",") if number)
        return StoredChallenge(row[2], OpenChallenge(row[0], row[1], groups, row[4], answered=bool(row[5])))

    def answer_challenge(self, challenge_hash: bytes) -> bool:
        """Mark a challenge as answered; False where another process was faster or it is gone."""
        with self._transaction() as database:
            done = database.execute(
                "UPDATE challenge SET answered = 1 WHERE hash = ? AND answered = 0", (challenge_hash,)
            )
            return done.rowcount == 1

    def floors(self) -> Floors:
        """Return the highest number accepted of each signed thing."""
        with self._open() as database:
            rows = dict(database.execute("SELECT what, number FROM floor"))
        return Floors(
            trust_number=rows.get(_TRUST, 0),
            bundle_number=rows.get(_BUNDLE, 0),
            snapshot_numbers=_named(rows, _SNAPSHOT),
            policy_numbers=_named(rows, _POLICY),
            licence_number=rows.get(_LICENCE, 0),
        )

    def raise_floors(self, floors: Floors) -> None:
        """Keep the highest numbers; a lower one never replaces a higher."""
        rows = [(_TRUST, floors.trust_number), (_BUNDLE, floors.bundle_number), (_LICENCE, floors.licence_number)]
        rows += [(_SNAPSHOT + bureau, number) for bureau, number in floors.snapshot_numbers.items()]
        rows += [(_POLICY + policy_id, number) for policy_id, number in floors.policy_numbers.items()]
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO floor VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET number = max(number, excluded.number)",
                rows,
            )

    def clock_marks(self) -> ClockMarks:
        """Return the clock marks; a process of its own has no anchor yet."""
        with self._open() as database:
            high_water, confirmed_at = database.execute("SELECT high_water, confirmed_at FROM clock").fetchone()
        return ClockMarks(high_water=high_water, confirmed_at=confirmed_at)

    def raise_high_water(self, instant: int) -> None:
        """Remember that this instant has passed; an earlier one changes nothing, nor does another lane's reading."""
        with self._transaction() as database:
            database.execute("UPDATE clock SET high_water = max(high_water, ?)", (instant,))

    def set_clock_marks(self, marks: ClockMarks) -> None:
        """Replace the marks: after server time, or by a supervisor; the one way for a mark to fall."""
        with self._transaction() as database:
            database.execute(
                "UPDATE clock SET high_water = ?, confirmed_at = ?", (marks.high_water, marks.confirmed_at)
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # One short connection for each act: an open transaction ends with it, undone unless committed.
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)) as database:
                _prepare(database)
                yield database
        except sqlite3.OperationalError as err:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, f"the reader's store: {err}") from err
        except sqlite3.DatabaseError as err:
            raise Misconfigured(Reason.DATABASE_UNAVAILABLE, f"{self._path.name} is not the store of a reader") from err
        except OSError as err:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, f"the reader's store: {err.strerror}") from err


def _named(rows: dict[str, int], kind: str) -> dict[str, int]:
    return {what[len(kind) :]: number for what, number in rows.items() if what.startswith(kind)}


def _prepare(database: sqlite3.Connection) -> None:
    version = _version_of(database)
    if version > VERSION:
        raise Misconfigured(
            Reason.DATABASE_NEWER, f"the reader's store is of version {version}, this software knows {VERSION}"
        )
    if version == VERSION:
        return
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    # Another process may have made it while this one waited for the lock.
    if _version_of(database) == 0:
        for statement in _SCHEMA.strip().split(";\n"):
            database.execute(statement.rstrip(";"))
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def _version_of(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
