"""Credentials at rest: one SQLite file in the wallet's home, every value in it sealed. The only user of sqlite3.

Row ids, forms and the states of copies are the only things in the clear: what must be changed atomically by several
processes at once. They name no person, no site and no time. The device secret lies in a file of its own beside the store.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from core.clock import Clock
from core.entropy import Entropy
from core.errors import Conflict, Misconfigured, NotFound, Refused
from core.reasons import Reason
from wallet_client.records import (
    Batch,
    Copy,
    Form,
    Issuance,
    Showing,
    TrustRecord,
    decode_record,
    decode_trust,
    encode_record,
    encode_trust,
)
from wallet_client.sealing import KEY_BYTES, SALT_BYTES, STANDARD, ScryptCost, Sealer, unwrap_data_key, wrap_data_key

STORE_NAME: Final = "wallet.sqlite3"
SECRET_NAME: Final = "device.secret"
LOCK_NAME: Final = "issuing.lock"

_BUSY_SECONDS: Final = 20.0
_PIN_MIN, _PIN_MAX = 6, 12
_FREE_TRIES: Final = 4
_FIRST_WAIT_SECONDS: Final = 30
_LONGEST_WAIT_SECONDS: Final = 24 * 3600
_ID_BYTES: Final = 16

UNSPENT, SPENT = 0, 1

_MIGRATIONS: Final = (
    """
    CREATE TABLE wrapping (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL, r INTEGER NOT NULL,
                           salt BLOB NOT NULL, wrapped BLOB NOT NULL);
    CREATE TABLE back_off (id INTEGER PRIMARY KEY CHECK (id = 1), wrong_tries INTEGER NOT NULL, not_before INTEGER NOT NULL);
    CREATE TABLE trust    (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
    CREATE TABLE issuance (id BLOB PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, offer_tag BLOB NOT NULL UNIQUE,
                           sealed BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE batch    (id BLOB PRIMARY KEY, issuance BLOB NOT NULL REFERENCES issuance (id), sealed BLOB NOT NULL)
                           WITHOUT ROWID;
    CREATE TABLE copy     (id BLOB PRIMARY KEY, issuance BLOB NOT NULL REFERENCES issuance (id), form TEXT NOT NULL,
                           state INTEGER NOT NULL CHECK (state IN (0, 1)), key_tag BLOB NOT NULL UNIQUE,
                           sealed BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE showing  (id INTEGER PRIMARY KEY AUTOINCREMENT, sealed BLOB NOT NULL);
    """,
)


@dataclass(frozen=True, slots=True)
class HeldIssuance:
    """An accepted offer and its id, which is also how commands name the credential."""

    id: bytes
    record: Issuance


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """A planned request and its id."""

    id: bytes
    record: Batch


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """A copy, its id, the credential it belongs to, and whether it was ever shown."""

    id: bytes
    issuance: bytes
    spent: bool
    record: Copy


@dataclass(frozen=True, slots=True)
class HeldShowing:
    """One row of the history and its number."""

    id: int
    record: Showing


class WalletStore:
    """The wallet's rows. Each method is one transaction; several processes may use the same home at once."""

    def __init__(self, home: Path, connection: sqlite3.Connection, sealer: Sealer, entropy: Entropy) -> None:
        self._home = home
        self._connection = connection
        self._sealer = sealer
        self._entropy = entropy

    @classmethod
    def open(
        cls, home: Path, pin: str, *, clock: Clock, entropy: Entropy, create: bool = False, cost: ScryptCost = STANDARD
    ) -> WalletStore:
        """Return the opened store of a home.

        create: make it, under this PIN, when there is none yet; otherwise a missing store is Refused(WALLET_EMPTY).
        cost:   the work of one PIN guess for a store that is made now; an existing one says its own.
        Raises Refused: WALLET_PIN_WRONG; WALLET_LOCKED during the wait that follows the fifth wrong PIN (30 seconds,
        doubled by each further one, a day at most); WALLET_PIN_UNFIT for a new PIN that is not 6 to 12 digits.
        Misconfigured: WALLET_DAMAGED, DATABASE_NEWER.
        """
        path = home / STORE_NAME
        missing = not path.exists()
        if missing:
            if not create:
                raise Refused(Reason.WALLET_EMPTY, f"there is no wallet in {home}")
            _check_new_pin(pin)
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = _device_secret(home, entropy if missing else None)
        connection = _connect(path)
        try:
            with _transaction(connection):
                _migrate(connection)
                data_key = _unlock(connection, pin, secret, clock.now(), entropy, cost if create else None)
        except BaseException:
            connection.close()
            raise
        if data_key is None:
            connection.close()
            raise Refused(Reason.WALLET_PIN_WRONG, "the PIN does not open this wallet")
        return cls(home, connection, Sealer.over(data_key, entropy), entropy)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # --- trust data

    def trust(self) -> TrustRecord | None:
        """Return what is trusted, or None before the first trust list was stored."""
        row = self._row("SELECT sealed FROM trust")
        return None if row is None else decode_trust(self._sealer.open("trust", row[0]))

    def save_trust(self, record: TrustRecord) -> None:
        """Store what is trusted in place of the last."""
        with _transaction(self._connection):
            sealed = self._sealer.seal("trust", encode_trust(record))
            self._connection.execute("INSERT OR REPLACE INTO trust (id, sealed) VALUES (1, ?)", (sealed,))

    # --- accepted offers and planned requests

    @contextmanager
    def issuing(self, *, wait_seconds: float = _BUSY_SECONDS) -> Iterator[None]:
        """Hold the right to talk to the issuer: one process at a time, given up by a crash.

        Two processes that rotate one refresh token look like a stolen wallet to the issuer.
        Raises Conflict(WALLET_BUSY) when another process keeps it longer than ``wait_seconds``.
        """
        lock = _connect(self._home / LOCK_NAME, wait_seconds)
        try:
            with _transaction(lock, "EXCLUSIVE"):
                yield
        finally:
            lock.close()

    def add_issuance(self, offer: bytes, record: Issuance) -> HeldIssuance:
        """Store a newly accepted offer; ``offer`` is what names it: the same offer accepted again is found by it."""
        name = self._entropy.random_bytes(_ID_BYTES)
        with _transaction(self._connection):
            self._connection.execute(
                "INSERT INTO issuance (id, sequence, offer_tag, sealed)"
                " VALUES (?, (SELECT coalesce(max(sequence), 0) + 1 FROM issuance), ?, ?)",
                (name, self._sealer.tag("offer", offer), self._sealed("issuance", name, record)),
            )
        return HeldIssuance(name, record)

    def issuance_of(self, offer: bytes) -> HeldIssuance | None:
        """Return what was stored for an offer, or None."""
        row = self._row("SELECT id, sealed FROM issuance WHERE offer_tag = ?", self._sealer.tag("offer", offer))
        return None if row is None else self._issuance(row)

    def issuances(self) -> tuple[HeldIssuance, ...]:
        """Return every accepted offer, the newest first."""
        return tuple(map(self._issuance, self._rows("SELECT id, sealed FROM issuance ORDER BY sequence DESC")))

    def save_issuance(self, held: HeldIssuance) -> None:
        """Store a new state of an accepted offer; it is on the disk when this returns."""
        with _transaction(self._connection):
            self._write_issuance(held)

    def plan(self, issuance: bytes, record: Batch) -> HeldBatch:
        """Store a planned request with its keys."""
        name = self._entropy.random_bytes(_ID_BYTES)
        with _transaction(self._connection):
            self._connection.execute(
                "INSERT INTO batch (id, issuance, sealed) VALUES (?, ?, ?)",
                (name, issuance, self._sealed("batch", name, record)),
            )
        return HeldBatch(name, record)

    def save_batch(self, held: HeldBatch) -> None:
        """Store a new state of a planned request."""
        with _transaction(self._connection):
            self._connection.execute(
                "UPDATE batch SET sealed = ? WHERE id = ?", (self._sealed("batch", held.id, held.record), held.id)
            )

    def drop_batch(self, batch: bytes) -> None:
        """Forget a planned request and its keys."""
        with _transaction(self._connection):
            self._connection.execute("DELETE FROM batch WHERE id = ?", (batch,))

    def batches(self, issuance: bytes) -> tuple[HeldBatch, ...]:
        """Return the planned requests of an accepted offer whose answers have not been stored."""
        rows = self._rows("SELECT id, sealed FROM batch WHERE issuance = ? ORDER BY id", issuance)
        return tuple(HeldBatch(row[0], decode_record(Batch, self._opened("batch", row))) for row in rows)

    def receive(self, held: HeldIssuance, batch: bytes, copies: Sequence[tuple[bytes, Copy]]) -> None:
        """Store the copies of an answered request and drop its plan, all or nothing.

        copies: (holder's public point, copy). A key that already has a copy is Conflict(KEY_SEEN_BEFORE): one key is
        one copy of one form.
        """
        with _transaction(self._connection):
            for point, record in copies:
                self._insert_copy(held.id, point, record)
            self._connection.execute("DELETE FROM batch WHERE id = ?", (batch,))
            self._write_issuance(held)

    # --- copies and showings

    def copies(self) -> tuple[HeldCopy, ...]:
        """Return every copy, the newest credential's first."""
        return tuple(map(self._copy, self._rows(f"{_COPIES} ORDER BY issuance.sequence DESC, copy.id")))

    def drop_copies(self, ids: Sequence[bytes]) -> None:
        """Forget copies and their keys."""
        with _transaction(self._connection):
            self._connection.executemany("DELETE FROM copy WHERE id = ?", [(name,) for name in ids])

    def show(
        self, form: Form, choose: Callable[[Sequence[HeldCopy]], HeldCopy], showing: Showing
    ) -> tuple[HeldCopy, HeldShowing]:
        """Spend a copy and write the showing into the history, in one transaction.

        choose: picks among all copies of the form, the newest credential's first, or raises.
        showing: its ``copy_id`` and ``reused`` are filled in here.
        No other process can be given the same unspent copy: the file is locked from reading to writing.
        """
        with _transaction(self._connection):
            rows = self._rows(f"{_COPIES} WHERE copy.form = ? ORDER BY issuance.sequence DESC, copy.id", form.value)
            held = choose([self._copy(row) for row in rows])
            spent = self._connection.execute(
                "UPDATE copy SET state = ? WHERE id = ? AND state = ?", (SPENT, held.id, UNSPENT)
            ).rowcount
            return held, self._insert_showing(replace(showing, copy_id=held.id, reused=spent == 0))

    def copy_of(self, name: bytes) -> HeldCopy:
        """Return one copy; NotFound(SHOWING_UNKNOWN) once it is gone."""
        row = self._row(f"{_COPIES} WHERE copy.id = ?", name)
        if row is None:
            raise NotFound(Reason.SHOWING_UNKNOWN, "the copy of that showing is gone")
        return self._copy(row)

    def showings(self) -> tuple[HeldShowing, ...]:
        """Return the history, the latest first."""
        return tuple(map(self._showing, self._rows("SELECT id, sealed FROM showing ORDER BY id DESC")))

    def showing(self, number: int) -> HeldShowing:
        """Return one row of the history; NotFound(SHOWING_UNKNOWN)."""
        row = self._row("SELECT id, sealed FROM showing WHERE id = ?", number)
        if row is None:
            raise NotFound(Reason.SHOWING_UNKNOWN, "there is no showing of that number")
        return self._showing(row)

    def forget_showing(self, number: int | None) -> int:
        """Delete one row of the history, or all of it; returns how many rows are gone."""
        with _transaction(self._connection):
            if number is None:
                return self._connection.execute("DELETE FROM showing").rowcount
            return self._connection.execute("DELETE FROM showing WHERE id = ?", (number,)).rowcount

    # --- rows in and out

    def _insert_copy(self, issuance: bytes, point: bytes, record: Copy) -> None:
        # Named at random: the order of the names tells nothing of the order of receipt.
        name = self._entropy.random_bytes(_ID_BYTES)
        row = (name, issuance, record.form, UNSPENT, self._sealer.tag("key", point), self._sealed("copy", name, record))
        try:
            self._connection.execute(
                "INSERT INTO copy (id, issuance, form, state, key_tag, sealed) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        except sqlite3.IntegrityError as err:
            raise Conflict(Reason.KEY_SEEN_BEFORE, "a copy for this key is in the wallet already") from err

    def _insert_showing(self, record: Showing) -> HeldShowing:
        # The number is part of the place a value is sealed for, so the row comes first.
        number = self._connection.execute("INSERT INTO showing (sealed) VALUES (x'')").lastrowid
        if number is None:
            raise ValueError("an inserted row has a number")
        sealed = self._sealer.seal(f"showing:{number}", encode_record(record))
        self._connection.execute("UPDATE showing SET sealed = ? WHERE id = ?", (sealed, number))
        return HeldShowing(number, record)

    def _write_issuance(self, held: HeldIssuance) -> None:
        sealed = self._sealed("issuance", held.id, held.record)
        self._connection.execute("UPDATE issuance SET sealed = ? WHERE id = ?", (sealed, held.id))

    def _sealed(self, table: str, name: bytes, record: Issuance | Batch | Copy) -> bytes:
        return self._sealer.seal(f"{table}:{name.hex()}", encode_record(record))

    def _opened(self, table: str, row: Sequence[object]) -> bytes:
        name = row[0]
        return self._sealer.open(f"{table}:{name.hex() if isinstance(name, bytes) else name}", row[-1])

    def _issuance(self, row: tuple[bytes, bytes]) -> HeldIssuance:
        return HeldIssuance(row[0], decode_record(Issuance, self._opened("issuance", row)))

    def _copy(self, row: tuple[bytes, bytes, str, int, bytes]) -> HeldCopy:
        record = decode_record(Copy, self._opened("copy", row))
        if record.form != row[2]:
            raise Misconfigured(Reason.WALLET_DAMAGED, "a copy was moved to another form")
        return HeldCopy(row[0], row[1], row[3] == SPENT, record)

    def _showing(self, row: tuple[int, bytes]) -> HeldShowing:
        return HeldShowing(row[0], decode_record(Showing, self._opened("showing", row)))

    def _row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with _sqlite_errors():
            return self._connection.execute(statement, values).fetchall()


_COPIES: Final = (
    "SELECT copy.id, copy.issuance, copy.form, copy.state, copy.sealed"
    " FROM copy JOIN issuance ON issuance.id = copy.issuance"
)


def _check_new_pin(pin: str) -> None:
    if not (_PIN_MIN <= len(pin) <= _PIN_MAX and pin.isascii() and pin.isdigit()):
        raise Refused(Reason.WALLET_PIN_UNFIT, "a new PIN must have 6 to 12 digits")


def _connect(path: Path, wait_seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    try:
        # Made with the right mode from the start; SQLite would make it readable for others.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None)
    except (OSError, sqlite3.Error) as err:
        raise Misconfigured(Reason.WALLET_DAMAGED, f"{path.name} cannot be opened: {type(err).__name__}") from err
    try:
        with _sqlite_errors():
            # Deleted rows are overwritten; what a commit promised is on the disk.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as err:
        # Not every error has a name: some are made by the module and not by the library.
        name = getattr(err, "sqlite_errorname", "")
        if name.startswith("SQLITE_BUSY"):
            raise Conflict(Reason.WALLET_BUSY, "another process is using the wallet") from err
        raise Misconfigured(Reason.WALLET_DAMAGED, f"the store does not answer: {name or 'unreadable value'}") from err
    except sqlite3.DatabaseError as err:
        raise Misconfigured(Reason.WALLET_DAMAGED, "the store is not a wallet's database, or is damaged") from err


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    with _sqlite_errors():
        connection.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _device_secret(home: Path, entropy: Entropy | None) -> bytes:
    path = home / SECRET_NAME
    if entropy is not None and not path.exists():
        _write_new(path, entropy.random_bytes(KEY_BYTES))
    try:
        secret = path.read_bytes()
    except OSError as err:
        raise Misconfigured(Reason.WALLET_DAMAGED, f"the device secret {SECRET_NAME} is missing") from err
    if len(secret) != KEY_BYTES:
        raise Misconfigured(Reason.WALLET_DAMAGED, f"the device secret {SECRET_NAME} is damaged")
    return secret


def _write_new(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process made it meanwhile; it is read next
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise Misconfigured(Reason.DATABASE_NEWER, "this wallet was written by a newer version; upgrade this software")
    for script in _MIGRATIONS[version:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _unlock(
    connection: sqlite3.Connection, pin: str, secret: bytes, now: int, entropy: Entropy, cost: ScryptCost | None
) -> bytes | None:
    """Return the data key, or None for a wrong PIN, which is counted in the same transaction."""
    row = connection.execute("SELECT n, r, salt, wrapped FROM wrapping").fetchone()
    if row is None:
        if cost is None:
            raise Refused(Reason.WALLET_EMPTY, "this wallet was never finished")
        return _lay_first_key(connection, pin, secret, entropy, cost)
    wrong_tries, not_before = connection.execute("SELECT wrong_tries, not_before FROM back_off").fetchone()
    if now < not_before:
        raise Refused(Reason.WALLET_LOCKED, f"too many wrong PINs; wait {not_before - now} seconds")
    stored = ScryptCost(row[0], row[1])
    if not stored.bounded():
        raise Misconfigured(Reason.WALLET_DAMAGED, "the stored cost of a PIN guess is out of bounds")
    data_key = unwrap_data_key(row[3], pin=pin, device_secret=secret, salt=row[2], cost=stored)
    if data_key is not None:
        connection.execute("UPDATE back_off SET wrong_tries = 0, not_before = 0")
    else:
        until = now + _wait_seconds(wrong_tries + 1)
        connection.execute("UPDATE back_off SET wrong_tries = ?, not_before = ?", (wrong_tries + 1, until))
    return data_key


def _wait_seconds(wrong_tries: int) -> int:
    if wrong_tries <= _FREE_TRIES:
        return 0
    return min(_FIRST_WAIT_SECONDS << min(wrong_tries - _FREE_TRIES - 1, 16), _LONGEST_WAIT_SECONDS)


def _lay_first_key(
    connection: sqlite3.Connection, pin: str, secret: bytes, entropy: Entropy, cost: ScryptCost
) -> bytes:
    _check_new_pin(pin)
    data_key, salt = entropy.random_bytes(KEY_BYTES), entropy.random_bytes(SALT_BYTES)
    nonce = entropy.random_bytes(12)
    wrapped = wrap_data_key(data_key, pin=pin, device_secret=secret, salt=salt, cost=cost, nonce=nonce)
    connection.execute(
        "INSERT INTO wrapping (id, n, r, salt, wrapped) VALUES (1, ?, ?, ?, ?)", (cost.n, cost.r, salt, wrapped)
    )
    connection.execute("INSERT INTO back_off (id, wrong_tries, not_before) VALUES (1, 0, 0)")
    return data_key
