"""The judges in child processes: started once in a run. One that cannot be started is a failure of each of its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.judges.child import Judge, JudgesMissing, node_judge, python_judge

# Runs in the judges' own environment; here its libraries are not installed, so its docstrings cannot be searched.
collect_ignore = ["in_python"]


def _running(start: Callable[[], Judge]) -> Iterator[Judge]:
    try:
        judge = start()
    except JudgesMissing as err:
        missing = str(err)
    else:
        with judge:
            yield judge
        return
    pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def judge_in_python() -> Iterator[Judge]:
    """The child with cwt, pycose and pymdoccbor."""
    yield from _running(python_judge)


@pytest.fixture(scope="session")
def judge_in_node() -> Iterator[Judge]:
    """The child with @sd-jwt/sd-jwt-vc and @owf/mdoc."""
    yield from _running(node_judge)
