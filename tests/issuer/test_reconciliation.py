"""Reconciliation: what the log announced, what was signed, and who approved it must agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.reconciliation import (
    ALARMS,
    PLANNED,
    PRINTED,
    Alarm,
    CopyCount,
    Discrepancy,
    SigningRow,
    announced,
    reconcile,
)


@dataclass
class Books:
    """What is compared, in memory."""

    rows: Sequence[SigningRow] = ()
    held: Sequence[CopyCount] = ()
    without_case: Sequence[CopyCount] = ()
    twice: Sequence[str] = ()

    def signing_rows(self) -> Iterable[SigningRow]:
        return sorted(self.rows, key=lambda row: row.credential_id)

    def copies(self) -> Iterable[CopyCount]:
        return sorted(self.held, key=lambda row: row.credential_id)

    def unapproved(self) -> Iterable[CopyCount]:
        return self.without_case

    def keys_used_twice(self) -> Iterable[str]:
        return self.twice


def planned(credential_id: str, note: str) -> SigningRow:
    return SigningRow(credential_id, PLANNED, note)


def test_what_agrees_raises_no_alarm() -> None:
    rows = [planned("a", "qr x4"), planned("a", "mdoc x2"), planned("a", "qr x1"), SigningRow("b", PRINTED, "copy-1")]
    outcome = reconcile(Books(rows, [CopyCount("a", "qr", 5), CopyCount("a", "mdoc", 2), CopyCount("b", "card", 1)]))
    assert (outcome.credentials, outcome.copies, outcome.discrepancies) == (2, 8, ())


def test_nothing_at_all_agrees() -> None:
    assert reconcile(Books()).discrepancies == ()


def test_a_copy_that_was_never_recorded_raises_an_alarm() -> None:
    outcome = reconcile(Books([planned("a", "qr x4")], [CopyCount("a", "qr", 5), CopyCount("b", "qr", 1)]))
    assert outcome.discrepancies == (
        Discrepancy(Alarm.NOT_RECORDED, "a", "qr", 4, 5),
        Discrepancy(Alarm.NOT_RECORDED, "b", "qr", 0, 1),
    )


def test_a_signature_whose_copy_is_gone_raises_an_alarm() -> None:
    outcome = reconcile(Books([planned("a", "qr x4"), planned("b", "qr x2")], [CopyCount("a", "qr", 3)]))
    assert outcome.discrepancies == (
        Discrepancy(Alarm.NOT_IN_DATABASE, "a", "qr", 4, 3),
        Discrepancy(Alarm.NOT_IN_DATABASE, "b", "qr", 2, 0),
    )


def test_forms_do_not_make_up_for_each_other() -> None:
    outcome = reconcile(Books([planned("a", "qr x4")], [CopyCount("a", "mdoc", 4)]))
    assert {found.alarm for found in outcome.discrepancies} == {Alarm.NOT_RECORDED, Alarm.NOT_IN_DATABASE}


def test_copies_without_an_approved_case_raise_an_alarm() -> None:
    outcome = reconcile(Books(without_case=[CopyCount("a", "qr", 3)]))
    assert outcome.discrepancies == (Discrepancy(Alarm.NOT_APPROVED, "a", "qr", 0, 3),)


def test_a_key_in_two_copies_raises_an_alarm() -> None:
    assert reconcile(Books(twice=["a"])).discrepancies == (Discrepancy(Alarm.KEY_USED_TWICE, "a"),)


@pytest.mark.parametrize("note", ["", "qr", "qr x", "qr x-1", "qr x٣", "qrx4", "qr x4 "])
def test_a_row_that_does_not_say_how_many_raises_an_alarm(note: str) -> None:
    assert announced(planned("a", note)) is None
    assert Discrepancy(Alarm.NOTE_UNREADABLE, "a") in reconcile(Books([planned("a", note)])).discrepancies


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 9)), st.data())
def test_one_copy_more_or_less_is_found_wherever_it_is(plans: dict[str, int], data: st.DataObject) -> None:
    rows = [planned(name, f"qr x{number}") for name, number in plans.items()]
    held = [CopyCount(name, "qr", number) for name, number in plans.items()]
    assert reconcile(Books(rows, held)).discrepancies == ()
    wrong = data.draw(st.text("abcd", min_size=1, max_size=3))
    (found,) = reconcile(Books(rows, [*held, CopyCount(wrong, "qr", 1)])).discrepancies
    assert (found.alarm, found.credential_id, found.found - found.recorded) == (Alarm.NOT_RECORDED, wrong, 1)


@pytest.mark.parametrize("alarm", Alarm)
def test_every_alarm_is_said_in_two_languages(alarm: Alarm) -> None:
    zh, en = ALARMS[alarm]
    assert not zh.isascii()
    assert en.isascii()
