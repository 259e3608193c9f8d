"""Asserting why something is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import pytest

from core.errors import EidError
from core.reasons import Reason

T = TypeVar("T")
P = ParamSpec("P")


def outcome(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Reason:
    """Return what is read, or the reason why it is refused; any other error passes through."""
    try:
        return read(*args, **kwargs)
    except EidError as err:
        return err.reason


@contextmanager
def refused(reason: Reason) -> Iterator[None]:
    """Expect one of our errors with exactly this reason."""
    with pytest.raises(EidError) as caught:
        yield
    assert caught.value.reason is reason
