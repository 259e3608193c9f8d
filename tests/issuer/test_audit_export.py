"""An export holds the log to the letter, and anything else is refused with its line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import MalformedInput
from core.reasons import Reason
from issuer.audit_chain import ChainEnd, chain_start
from issuer.audit_checkpoints import sign_checkpoint, verify_log
from issuer.audit_export import ExportedLog, read_export, write_export
from tests.builders.audit import KEYS, SIGNER, a_chain, checkpoint_at, end_of
from tests.builders.bureau import BUREAU

CHAIN = a_chain(5)
STORED = (sign_checkpoint(checkpoint_at(CHAIN[2]), SIGNER), sign_checkpoint(checkpoint_at(CHAIN[4]), SIGNER))
LINES = list(write_export(BUREAU, chain_start(BUREAU), STORED, CHAIN))


def with_line(place: int, **changes: Any) -> list[bytes]:
    fields = json.loads(LINES[place]) | changes
    kept = {name: value for name, value in fields.items() if value is not None}
    return [*LINES[:place], json.dumps(kept).encode() + b"\n", *LINES[place + 1 :]]


def read_all(lines: list[bytes]) -> ExportedLog:
    exported = read_export(lines)
    for _ in exported.events:
        pass
    return exported


def test_what_is_written_is_read_again() -> None:
    exported = read_export(LINES)
    assert (exported.bureau, exported.start, exported.checkpoints) == (BUREAU, chain_start(BUREAU), STORED)
    assert list(exported.events) == CHAIN


def test_an_export_is_verified_with_public_keys_only() -> None:
    exported = read_export(LINES)
    verdict = verify_log(exported.events, bureau=exported.bureau, stored=exported.checkpoints, keys=KEYS)
    assert (verdict.covered, verdict.findings) == (5, ())


def test_a_part_starts_where_it_says() -> None:
    start = end_of(CHAIN[:2])
    exported = read_export(write_export(BUREAU, start, STORED, CHAIN[2:]))
    assert (exported.start, list(exported.events)) == (start, CHAIN[2:])


def test_a_whole_export_starts_at_the_start_whatever_it_says() -> None:
    forged = list(write_export(BUREAU, ChainEnd(0, bytes(32)), STORED, CHAIN))
    assert read_export(forged).start == chain_start(BUREAU)


def test_an_export_without_events_is_one() -> None:
    assert list(read_export(LINES[:1]).events) == []
    assert list(read_export(LINES[:3]).events) == []


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"\n"],
        [b"[]\n"],
        [b'"text"\n'],
        [b"\xff\n"],
        LINES[1:],
        [LINES[0], *LINES],
        [*LINES, b"\n"],
        [*LINES, LINES[1]],
        [*LINES, b'{"seq":6}\n'],
        [*LINES[:-1], LINES[-1][:-2]],
        [*LINES, b'{"note":"' + b"x" * 70_000 + b'"}\n'],
        with_line(0, eid_audit=2),
        with_line(0, bureau=1),
        with_line(0, after=-1),
        with_line(0, after=1, hash="00"),
        with_line(0, more=1),
        with_line(1, token="="),
        with_line(1, token=1),
        with_line(1, checkpoint="3"),
        with_line(1, at=True),
        with_line(3, seq="1"),
        with_line(3, seq=1.0),
        with_line(3, at=1 << 63),
        with_line(3, at=None),
        with_line(3, actor=1),
        with_line(3, note=None),
        with_line(3, hash="AB" * 32),
        with_line(3, hash="zz" * 32),
        with_line(3, more=1),
    ],
)
def test_refuses_what_is_no_export(lines: list[bytes]) -> None:
    with pytest.raises(MalformedInput) as refused:
        read_all(lines)
    assert refused.value.reason is Reason.AUDIT_FILE_MALFORMED


def test_the_refusal_names_the_line() -> None:
    with pytest.raises(MalformedInput) as refused:
        read_all([*LINES[:6], b"{}\n", *LINES[6:]])
    assert refused.value.detail.startswith("line 7 ")
