"""Where status lists are kept: lists of printed cards and of wallets' copies are never given for one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from issuer.ports import StatusListRow
from issuer.storage.engine import open_engine
from issuer.storage.issuance import SqlIssuanceStore
from issuer.storage.upgrading import upgrade
from tests.builders.bureau import BUREAU, NOW

KEY = "00112233445566ff"
WEEK = 1_795_996_800
ROW = StatusListRow("a-1", KEY, WEEK, 4096, 0, None, dirty=True)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlIssuanceStore]:
    upgrade(database_url)
    engine = open_engine(database_url)
    yield SqlIssuanceStore(engine, BUREAU)
    engine.dispose()


@pytest.mark.parametrize("cards", [False, True])
def test_a_list_is_found_for_what_it_was_opened_for_only(store: SqlIssuanceStore, *, cards: bool) -> None:
    row = replace(ROW, cards=cards)
    with store.transaction() as tx:
        tx.add_list(row)
        tx.mark_published(row.list_id, NOW)
    with store.reading() as tx:
        assert tx.list_with_space(KEY, WEEK, 100, cards=cards) == replace(row, published_at=NOW, dirty=False)
        assert tx.list_with_space(KEY, WEEK, 100, cards=not cards) is None
        assert [found.cards for found in tx.lists(WEEK)] == [cards]


def test_a_list_is_for_copies_unless_it_is_said_to_be_for_cards(store: SqlIssuanceStore) -> None:
    with store.transaction() as tx:
        tx.add_list(ROW)
        tx.mark_published(ROW.list_id, NOW)
    with store.reading() as tx:
        assert tx.list_with_space(KEY, WEEK, 100) is not None
