from __future__ import annotations

import uuid

import pytest

from issuer.identifiers import is_id, new_id, new_ids
from tests.fakes.seeded_entropy import SeededEntropy

NOW = 1_795_132_800


def test_ids_are_uuids_of_version_7_with_the_instant_in_front() -> None:
    made = uuid.UUID(new_id(now=NOW, entropy=SeededEntropy("ids")))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == NOW * 1000


def test_ids_made_together_ascend_and_differ() -> None:
    made = new_ids(10_000, now=NOW, entropy=SeededEntropy("ids"))
    assert made == sorted(set(made))
    assert all(is_id(text) for text in made)
    assert uuid.UUID(made[4_096]).int >> 80 == NOW * 1000 + 1


def test_ids_of_the_same_second_differ_from_call_to_call() -> None:
    entropy = SeededEntropy("ids")
    assert new_id(now=NOW, entropy=entropy) != new_id(now=NOW, entropy=entropy)


def test_ids_of_a_later_second_come_later() -> None:
    entropy = SeededEntropy("ids")
    assert max(new_ids(9_000, now=NOW, entropy=entropy)) < new_id(now=NOW + 1, entropy=entropy)


def test_one_call_makes_no_more_than_fit_into_a_second() -> None:
    with pytest.raises(ValueError):
        new_ids(4_096_001, now=NOW, entropy=SeededEntropy("ids"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0192E4B0-0000-7000-8000-000000000000",
        "0192e4b0-0000-4000-8000-000000000000",
        "0192e4b0-0000-7000-8000-000000000000\n",
    ],
)
def test_is_no_id(text: str) -> None:
    assert not is_id(text)
