"""Two acts about one person at the same instant, on both databases: one waits for the other and sees what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Barrier, Event

import pytest

from core.errors import EidError, NotFound
from core.reasons import Reason
from issuer.ports import IssuanceStore, IssuanceTransaction
from issuer.status import ReasonClass, Verb
from tests.builders.bureau import APPROVER, REGISTRAR
from tests.builders.issuance import POLICY, RECORD, Desk, DirectWallet

ROUNDS = 6


def outcome(act: Callable[[], object]) -> Reason | None:
    try:
        act()
    except EidError as err:
        return err.reason
    return None


def at_once(*acts: Callable[[], object]) -> list[Reason | None]:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> Reason | None:
        barrier.wait()
        return outcome(act)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@dataclass
class SlowStore:
    """A store whose next writing transaction stops just before its commit, until it is let go."""

    real: IssuanceStore
    reached: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    @contextmanager
    def transaction(self) -> Iterator[IssuanceTransaction]:
        with self.real.transaction() as tx:
            yield tx
            self.reached.set()
            self.go_on.wait(timeout=5)

    def reading(self) -> AbstractContextManager[IssuanceTransaction]:
        return self.real.reading()


def overtaken(desk: Desk, first: Callable[[Desk], object], second: Callable[[], object]) -> Reason | None:
    """Start ``second`` when ``first`` has done its work but not committed; return what came of ``second``."""
    slow = SlowStore(desk.role.context.store)
    late = Desk(desk.with_store(slow), desk.clock, desk.people, desk.engine, desk.folder)
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        stack.callback(slow.go_on.set)
        ahead = pool.submit(first, late)
        assert slow.reached.wait(timeout=10)
        behind = pool.submit(outcome, second)
        # Long enough for the second to come to the lock, or to slip through where there is none.
        wait([behind], timeout=0.3)
        slow.go_on.set()
        ahead.result(timeout=20)
        return behind.result(timeout=20)


def live(desk: Desk) -> int:
    return int(desk.rows("SELECT count(*) FROM credential_copy WHERE state = 'signed' AND status = 0")[0][0])


def test_two_wallets_of_one_person_share_the_limit_at_the_same_instant(any_desk: Desk) -> None:
    any_desk.role.status.open_lists()
    wallets = [DirectWallet(any_desk.role, any_desk.clock, jkt=f"w{number}") for number in range(4)]
    tokens = [wallet.redeem(any_desk.offer()).access_token for wallet in wallets]
    fetches = [partial(wallet.fetch, token, 10) for wallet, token in zip(wallets, tokens, strict=True)]
    for _ in range(2):
        # Each asks for ten: two of the eight requests fit.
        assert set(at_once(*fetches)) <= {None, Reason.COPIES_EXHAUSTED}
    assert live(any_desk) == POLICY.live_max


def test_issuing_waits_for_another_wallets_plan_and_counts_it(any_desk: Desk) -> None:
    desk = any_desk
    desk.role.status.open_lists()
    one, two = (DirectWallet(desk.role, desk.clock, jkt=name) for name in ("one", "two"))
    first, second = (wallet.redeem(desk.offer()).access_token for wallet in (one, two))
    one.fetch(first, 10)

    def ahead(late: Desk) -> object:
        return DirectWallet(late.role, late.clock, jkt="one", count=50).fetch(first, 10)

    assert overtaken(desk, ahead, lambda: two.fetch(second, 1)) is Reason.COPIES_EXHAUSTED
    assert live(desk) == POLICY.live_max


def test_an_offer_made_while_a_suspension_commits_is_refused(any_desk: Desk) -> None:
    desk = any_desk
    created = desk.offer()
    DirectWallet(desk.role, desk.clock).redeem(created)
    found = overtaken(desk, lambda late: late.role.status.suspend(created.credential_id, by=REGISTRAR), desk.offer)
    assert found is Reason.CREDENTIAL_STATE
    assert desk.rows("SELECT count(*) FROM credential_offer WHERE state = 'open'") == [(0,)]


@pytest.mark.parametrize(
    ("behind", "reason"),
    [("issue", Reason.TOKEN_INVALID), ("redeem", Reason.OFFER_UNKNOWN), ("refresh", Reason.TOKEN_INVALID)],
)
def test_a_revocation_that_commits_meanwhile_stops_what_comes_behind(
    any_desk: Desk, behind: str, reason: Reason
) -> None:
    desk = any_desk
    desk.role.status.open_lists()
    wallet = DirectWallet(desk.role, desk.clock)
    created, second = desk.offer(), desk.offer()
    tokens = wallet.redeem(created)
    act = desk.role.status.request(Verb.REVOKE, created.credential_id, by=REGISTRAR, reason=ReasonClass.WITHDRAWN)
    acts: dict[str, Callable[[], object]] = {
        "issue": lambda: wallet.fetch(tokens.access_token),
        "redeem": lambda: wallet.redeem(second),
        "refresh": lambda: wallet.refresh(tokens.refresh_token),
    }
    assert overtaken(desk, lambda late: late.role.status.approve(act.act_id, by=APPROVER), acts[behind]) is reason
    assert live(desk) == 0


def test_acts_and_issuing_at_once_end_and_leave_nothing_valid_behind(any_desk: Desk) -> None:
    any_desk.role.status.open_lists()
    for number in range(ROUNDS):
        one_round(any_desk, f"{RECORD[:-4]}00a{number}", f"w{number}")
    assert live(any_desk) == 0
    assert any_desk.rows("SELECT count(*) FROM credential_offer WHERE state = 'open'") == [(0,)]


def one_round(desk: Desk, record: str, jkt: str) -> None:
    desk.add_person(record, desk.people.people[RECORD])
    wallet = DirectWallet(desk.role, desk.clock, jkt=jkt)
    created = desk.offer(record)
    token = wallet.redeem(created).access_token
    fetched, suspended, offered = at_once(
        lambda: wallet.fetch(token, 2),
        lambda: desk.role.status.suspend(created.credential_id, by=REGISTRAR),
        lambda: desk.offer(record),
    )
    assert suspended is None
    assert {fetched, offered} <= {None, Reason.CREDENTIAL_STATE}


def test_nothing_is_done_for_a_person_who_is_not_in_the_register(any_desk: Desk) -> None:
    unknown = f"{RECORD[:-4]}ffff"
    any_desk.people.people[unknown] = any_desk.people.people[RECORD]
    with pytest.raises(NotFound) as caught:
        any_desk.offer(unknown)
    assert caught.value.reason is Reason.RECORD_UNKNOWN
