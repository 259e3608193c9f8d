from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.entropy import SystemEntropy
from core.errors import Conflict, EidError, Misconfigured, NotFound, Refused
from core.reasons import Reason
from keys.signing import InProcessSigner
from tests.builders.qr import NOW
from tests.wallet_client.homes import CHEAP, PIN, a_copy, a_showing, an_issuance, open_store
from wallet_client.records import Batch, Form
from wallet_client.store import SECRET_NAME, STORE_NAME, HeldIssuance, WalletStore


def reason_of(action: object) -> Reason:
    with pytest.raises(EidError) as caught:
        action()  # type: ignore[operator]  # a callable by contract
    return caught.value.reason


def with_copies(store: WalletStore, count: int, *, expires_at: int = NOW + 10 * 86_400) -> HeldIssuance:
    held = store.add_issuance(b"offer", an_issuance(complete=True))
    batch = store.plan(held.id, Batch("qr", "qr", (), ()))
    store.receive(held, batch.id, [a_copy(expires_at=expires_at) for _ in range(count)])
    return held


def test_what_is_stored_is_read_back_after_reopening(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    held = store.add_issuance(b"offer", an_issuance())
    planned = store.plan(held.id, Batch("qr", "qr", (b"k" * 32,), ("proof",)))
    store.close()
    again = open_store(tmp_path)
    assert again.issuances() == (held,)
    assert again.issuance_of(b"offer") == held
    assert again.issuance_of(b"another") is None
    assert again.batches(held.id) == (planned,)
    again.close()


def test_a_newer_offer_comes_first(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    first = store.add_issuance(b"first", an_issuance())
    second = store.add_issuance(b"second", an_issuance())
    assert [held.id for held in store.issuances()] == [second.id, first.id]
    store.close()


def test_nothing_secret_or_personal_is_in_the_clear_in_the_home(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    signer = InProcessSigner.generate()
    point, copy = a_copy(scalar=signer.scalar(), token="样小明 token".encode())
    held = store.add_issuance(b"offer-code", an_issuance(code="the-code", refresh_token="the-refresh-token"))
    batch = store.plan(held.id, Batch("qr", "qr", (b"planned key scalar, 32 bytes long",), ()))
    store.save_batch(replace(batch, record=replace(batch.record, proofs=("the-proof",))))
    store.receive(held, batch.id, [(point, copy)])
    store.plan(held.id, Batch("qr", "qr", (b"another key scalar, 32 bytes long",), ()))
    store.show(Form.QR, lambda copies: copies[0], a_showing(place="样例火车站"))
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name != SECRET_NAME)
    for secret in (
        signer.scalar(),
        point,
        "样小明".encode(),
        "样例火车站".encode(),
        b"the-code",
        b"offer-code",
        b"the-refresh-token",
        b"the-proof",
        b"key scalar",
        b"eid.example",
        PIN.encode(),
    ):
        assert secret not in content
    store.close()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_store(home).close()
    assert home.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()} == {
        STORE_NAME: 0o600,
        SECRET_NAME: 0o600,
    }


@pytest.mark.parametrize("pin", ["", "12345", "1234567890123", "12345a", "１２３４５６", " 123456"])
def test_refuses_a_new_pin_that_is_not_six_to_twelve_digits(tmp_path: Path, pin: str) -> None:
    assert reason_of(lambda: open_store(tmp_path / "home", pin=pin)) is Reason.WALLET_PIN_UNFIT
    assert not (tmp_path / "home").exists()


def test_a_missing_wallet_is_empty_and_is_not_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert reason_of(lambda: open_store(home, create=False)) is Reason.WALLET_EMPTY
    assert not home.exists()


def test_refuses_a_wrong_pin_and_takes_the_right_one_after_it(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    assert reason_of(lambda: open_store(tmp_path, pin="654321")) is Reason.WALLET_PIN_WRONG
    open_store(tmp_path).close()


def test_the_fifth_wrong_pin_starts_a_wait_that_doubles(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    for _ in range(5):
        assert reason_of(lambda: open_store(tmp_path, pin="654321")) is Reason.WALLET_PIN_WRONG
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_LOCKED
    assert reason_of(lambda: open_store(tmp_path, now=NOW + 29)) is Reason.WALLET_LOCKED
    assert reason_of(lambda: open_store(tmp_path, pin="654321", now=NOW + 30)) is Reason.WALLET_PIN_WRONG
    assert reason_of(lambda: open_store(tmp_path, now=NOW + 89)) is Reason.WALLET_LOCKED
    open_store(tmp_path, now=NOW + 90).close()
    assert reason_of(lambda: open_store(tmp_path, pin="654321", now=NOW + 90)) is Reason.WALLET_PIN_WRONG
    open_store(tmp_path, now=NOW + 90).close()


def test_the_longest_wait_is_a_day(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    now = NOW
    for _ in range(40):
        now += 86_400
        assert reason_of(lambda at=now: open_store(tmp_path, pin="654321", now=at)) is Reason.WALLET_PIN_WRONG
    open_store(tmp_path, now=now + 86_400).close()


def test_the_store_alone_answers_no_guess_of_the_pin(tmp_path: Path) -> None:
    """Without the device secret even the right PIN does not open the wrapped key: there is nothing to guess against."""
    open_store(tmp_path).close()
    (tmp_path / SECRET_NAME).write_bytes(bytes(32))
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_PIN_WRONG


def test_a_missing_device_secret_is_damage_and_is_never_made_anew(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / SECRET_NAME).unlink()
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_DAMAGED
    assert not (tmp_path / SECRET_NAME).exists()


def test_a_cut_device_secret_is_damage(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / SECRET_NAME).write_bytes(b"short")
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_DAMAGED


def change(home: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(home / STORE_NAME)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_refuses_a_changed_value(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    held = with_copies(store, 1)
    change(
        tmp_path, "UPDATE issuance SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE id = ?", held.id
    )
    assert reason_of(store.issuances) is Reason.WALLET_DAMAGED
    change(tmp_path, "UPDATE copy SET sealed = x'00'")
    assert reason_of(store.copies) is Reason.WALLET_DAMAGED
    store.close()


def test_refuses_a_value_moved_to_another_row(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 2)
    first, second = store.copies()
    change(
        tmp_path, "UPDATE copy SET sealed = (SELECT sealed FROM copy WHERE id = ?) WHERE id = ?", first.id, second.id
    )
    assert reason_of(store.copies) is Reason.WALLET_DAMAGED
    store.close()


def test_refuses_a_copy_moved_to_another_form(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 1)
    change(tmp_path, "UPDATE copy SET form = 'sd-jwt-vc'")
    assert reason_of(store.copies) is Reason.WALLET_DAMAGED
    store.close()


def test_refuses_a_cost_that_would_take_all_memory(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    change(tmp_path, "UPDATE wrapping SET n = 1 << 30")
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_DAMAGED


def test_refuses_a_lowered_cost(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    change(tmp_path, "UPDATE wrapping SET n = 2")
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_PIN_WRONG


def test_refuses_a_wallet_of_a_newer_version(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    change(tmp_path, "PRAGMA user_version = 99")
    assert reason_of(lambda: open_store(tmp_path)) is Reason.DATABASE_NEWER


def test_refuses_a_file_that_is_no_database(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / STORE_NAME).write_bytes(b"not a database, but long enough to be looked at" * 40)
    assert reason_of(lambda: open_store(tmp_path)) is Reason.WALLET_DAMAGED


def test_one_key_is_one_copy(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    held = store.add_issuance(b"offer", an_issuance())
    batch = store.plan(held.id, Batch("qr", "qr", (), ()))
    entry = a_copy()
    with pytest.raises(Conflict) as caught:
        store.receive(held, batch.id, [entry, entry])
    assert caught.value.reason is Reason.KEY_SEEN_BEFORE
    assert store.copies() == ()
    assert len(store.batches(held.id)) == 1
    store.close()


def test_receiving_drops_the_plan(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    held = with_copies(store, 3)
    assert store.batches(held.id) == ()
    assert len(store.copies()) == 3
    store.close()


def test_a_showing_spends_its_copy_and_is_in_the_history(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 2)
    copy, shown = store.show(Form.QR, lambda copies: copies[0], a_showing())
    assert shown.record.copy_id == copy.id
    assert shown.record.reused is False
    assert store.showings() == (shown,)
    assert {held.id: held.spent for held in store.copies()}[copy.id] is True
    _, again = store.show(Form.QR, lambda copies: next(one for one in copies if one.id == copy.id), a_showing())
    assert again.record.reused is True
    assert [row.id for row in store.showings()] == [again.id, shown.id]
    store.close()


def test_a_refused_choice_spends_nothing_and_leaves_no_history(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 1)

    def refuse(copies: object) -> object:
        raise Refused(Reason.GROUP_UNKNOWN, "no")

    assert reason_of(lambda: store.show(Form.QR, refuse, a_showing())) is Reason.GROUP_UNKNOWN  # type: ignore[arg-type]  # it only raises
    assert store.showings() == ()
    assert not store.copies()[0].spent
    store.close()


def test_history_is_deleted_row_by_row_or_whole(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 3)
    shown = [store.show(Form.QR, lambda copies: copies[0], a_showing())[1] for _ in range(3)]
    assert store.forget_showing(shown[1].id) == 1
    assert store.forget_showing(shown[1].id) == 0
    assert [row.id for row in store.showings()] == [shown[2].id, shown[0].id]
    with pytest.raises(NotFound):
        store.showing(shown[1].id)
    assert store.forget_showing(None) == 2
    assert store.showings() == ()
    store.close()


def test_dropped_copies_are_gone_with_their_keys(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 2)
    first, second = store.copies()
    store.drop_copies([first.id])
    assert store.copies() == (second,)
    assert reason_of(lambda: store.copy_of(first.id)) is Reason.SHOWING_UNKNOWN
    store.close()


def test_only_one_process_at_a_time_talks_to_the_issuer(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    other = open_store(tmp_path)
    with store.issuing():
        assert reason_of(lambda: other.issuing(wait_seconds=0).__enter__()) is Reason.WALLET_BUSY
    with other.issuing(wait_seconds=0):
        pass
    store.close()
    other.close()


def _show_many(home: str, count: int, found: object) -> None:
    store = WalletStore.open(Path(home), PIN, clock=FixedClock(NOW), entropy=SystemEntropy(), cost=CHEAP)
    for _ in range(count):
        copy, shown = store.show(Form.QR, lambda copies: min(copies, key=lambda held: held.spent), a_showing())
        found.put((copy.id, shown.record.reused))  # type: ignore[attr-defined]  # mypy does not know the type
    store.close()


def test_two_processes_never_spend_the_same_copy(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with_copies(store, 12)
    store.close()
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    workers = [context.Process(target=_show_many, args=(str(tmp_path), 6, found)) for _ in range(2)]
    for worker in workers:
        worker.start()
    shown = [found.get(timeout=60) for _ in range(12)]
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len({copy for copy, _ in shown}) == 12
    assert not any(reused for _, reused in shown)


def test_damage_is_the_operators_business(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / SECRET_NAME).unlink()
    with pytest.raises(Misconfigured):
        open_store(tmp_path)
