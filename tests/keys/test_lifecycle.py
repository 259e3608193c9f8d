from __future__ import annotations

from itertools import pairwise

import pytest

from keys.lifecycle import KeyState, may_become, may_sign_credentials, may_sign_status


def test_the_ordinary_life_of_a_key() -> None:
    life = [KeyState.PLANNED, KeyState.ACTIVE, KeyState.STATUS_ONLY, KeyState.DESTROYED]
    for state, following in pairwise(life):
        assert may_become(state, following)
        assert not may_become(following, state)


@pytest.mark.parametrize("state", [state for state in KeyState if state is not KeyState.COMPROMISED])
def test_any_key_can_become_compromised_and_none_comes_back(state: KeyState) -> None:
    assert may_become(state, KeyState.COMPROMISED)
    assert not may_become(KeyState.COMPROMISED, state)


def test_an_active_key_is_not_destroyed_while_its_credentials_live() -> None:
    assert not may_become(KeyState.ACTIVE, KeyState.DESTROYED)


def test_what_each_state_signs() -> None:
    assert [state for state in KeyState if may_sign_credentials(state)] == [KeyState.ACTIVE]
    assert [state for state in KeyState if may_sign_status(state)] == [KeyState.ACTIVE, KeyState.STATUS_ONLY]
