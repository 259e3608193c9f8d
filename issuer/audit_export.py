"""The audit log of one bureau as a file of JSON lines: to be kept elsewhere, and verified there with public keys only.

First a line that says whose log it is and after which event it starts, then the checkpoints, then the events in their
order. Nothing in it is more than the log itself holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.audit import AuditEvent
from core.errors import EidError, MalformedInput
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from issuer.audit_chain import HASH_BYTES, ChainedEvent, ChainEnd, chain_start
from issuer.audit_checkpoints import StoredCheckpoint

VERSION: Final = 1
LINE_MAX_BYTES: Final = 65_536
_OPENING: Final = frozenset({"eid_audit", "bureau", "after", "hash"})
_CHECKPOINT: Final = frozenset({"checkpoint", "at", "token"})
_EVENT: Final = frozenset({"seq", "at", "actor", "action", "subject", "note", "hash"})


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """What a file holds: whose log, the place before its first event, its checkpoints, and its events, read as they come."""

    bureau: str
    start: ChainEnd
    checkpoints: tuple[StoredCheckpoint, ...]
    events: Iterator[ChainedEvent]


def write_export(
    bureau: str, start: ChainEnd, checkpoints: Iterable[StoredCheckpoint], events: Iterable[ChainedEvent]
) -> Iterator[bytes]:
    """Yield the lines of an export."""
    yield _line({"eid_audit": VERSION, "bureau": bureau, "after": start.seq, "hash": start.hash.hex()})
    for stored in checkpoints:
        yield _line({"checkpoint": stored.seq, "at": stored.at, "token": base64url.encode(stored.token)})
    for row in events:
        event = row.event
        yield _line(
            {
                "seq": row.seq,
                "at": event.at,
                "actor": event.actor,
                "action": event.action,
                "subject": event.subject,
                "note": event.note,
                "hash": row.hash.hex(),
            }
        )


def read_export(lines: Iterable[bytes]) -> ExportedLog:
    """Return what an export holds. The events are read while they are iterated over.

    Raises MalformedInput(AUDIT_FILE_MALFORMED) for any other file, naming the line; the events' iterator does too.
    A file that starts before the first event starts where the bureau's chain starts, whatever it says.
    """
    numbered = enumerate(lines, 1)
    number, first = next(numbered, (1, b""))
    opening = _fields(first, number)
    if opening.keys() != _OPENING or opening["eid_audit"] != VERSION:
        raise _malformed(number)
    bureau, after = _text(opening, "bureau", number), _number(opening, "after", number)
    start = chain_start(bureau) if after == 0 else ChainEnd(after, _hash(opening, number))
    checkpoints: list[StoredCheckpoint] = []
    for number, line in numbered:
        fields = _fields(line, number)
        if fields.keys() != _CHECKPOINT:
            return ExportedLog(bureau, start, tuple(checkpoints), _events(bureau, number, fields, numbered))
        checkpoints.append(
            StoredCheckpoint(
                _number(fields, "checkpoint", number), _number(fields, "at", number), _token(fields, number)
            )
        )
    return ExportedLog(bureau, start, tuple(checkpoints), iter(()))


def _events(
    bureau: str, number: int, fields: dict[str, JsonValue], rest: Iterator[tuple[int, bytes]]
) -> Iterator[ChainedEvent]:
    yield _event(bureau, fields, number)
    for following, line in rest:
        yield _event(bureau, _fields(line, following), following)


def _event(bureau: str, fields: dict[str, JsonValue], number: int) -> ChainedEvent:
    if fields.keys() != _EVENT:
        raise _malformed(number)
    actor, action, subject, note = (_text(fields, name, number) for name in ("actor", "action", "subject", "note"))
    event = AuditEvent(bureau, _number(fields, "at", number), actor, action, subject, note)
    return ChainedEvent(_number(fields, "seq", number), event, _hash(fields, number))


def _line(fields: dict[str, JsonValue]) -> bytes:
    return json.encode(fields) + b"\n"


def _fields(line: bytes, number: int) -> dict[str, JsonValue]:
    try:
        fields = json.decode(line.removesuffix(b"\n"), max_bytes=LINE_MAX_BYTES, max_depth=2)
    except EidError as err:
        raise _malformed(number) from err
    if type(fields) is not dict:
        raise _malformed(number)
    return fields


def _text(fields: dict[str, JsonValue], name: str, number: int) -> str:
    value = fields[name]
    if type(value) is not str:
        raise _malformed(number)
    return value


def _number(fields: dict[str, JsonValue], name: str, number: int) -> int:
    value = fields[name]
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise _malformed(number)
    return value


def _hash(fields: dict[str, JsonValue], number: int) -> bytes:
    text = _text(fields, "hash", number)
    try:
        value = bytes.fromhex(text)
    except ValueError as err:
        raise _malformed(number) from err
    if len(value) != HASH_BYTES or value.hex() != text:
        raise _malformed(number)
    return value


def _token(fields: dict[str, JsonValue], number: int) -> bytes:
    try:
        return base64url.decode(_text(fields, "token", number))
    except EidError as err:
        raise _malformed(number) from err


def _malformed(number: int) -> MalformedInput:
    return MalformedInput(Reason.AUDIT_FILE_MALFORMED, f"line {number} is not one of an audit export")
