"""Runs the tests once for each mutant, in copies of the tree, and names the test that died."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.mutants.mutation import Mutant, mutants_in

_LIMIT_SECONDS = 300
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class TestsUnusable(Exception):
    """The tests fail, or there are none, before anything was changed: no mutant could be judged."""

    __test__ = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant.

    killer:  the first test that failed, or None where all passed: then nothing guards the removed check.
    seconds: how long the tests ran.
    """

    mutant: Mutant
    killer: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is mutated and what must notice.

    root:    the tree.
    files:   the files of the tree that the copies need, from the root.
    modules: files, or folders with every Python file below, whose checks are removed.
    tests:   arguments of pytest that select the tests.
    nearest: for files or folders, arguments of pytest that select the tests which notice soonest; all the tests run
             only where those notice nothing. A file belongs to the first of them that fits.
    """

    root: Path
    files: tuple[str, ...]
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    nearest: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def selections(self, path: str) -> list[tuple[str, ...]]:
        """Return the selections of tests to run for a mutant of this file, one after the other until a test dies."""
        near = [tests for place, tests in self.nearest if _is_under(path, (place,))]
        return [*near[:1], self.tests]

    def mutants(self) -> list[Mutant]:
        """Return the mutants of all modules that are there."""
        wanted = [path for path in self.files if path.endswith(".py") and _is_under(path, self.modules)]
        return mutants_in(wanted, lambda path: (self.root / path).read_text(encoding="utf-8"))


def _is_under(path: str, modules: Sequence[str]) -> bool:
    return any(path == module or path.startswith(module.rstrip("/") + "/") for module in modules)


def run(plan: Plan, mutants: Sequence[Mutant], *, workers: int, tell: Callable[[str], None]) -> list[Outcome]:
    """Return the outcome of each mutant, in their order; ``tell`` gets one line as each is done.

    Raises TestsUnusable when the unchanged tree does not pass.
    """
    copies: SimpleQueue[Path] = SimpleQueue()
    with TemporaryDirectory(prefix="mutants-") as folder:
        first = _copy(plan, Path(folder) / "tree0")
        tell("Running the tests on the unchanged tree.")
        _prove_the_tests(plan, first)
        copies.put(first)
        for number in range(1, workers):
            # With the bytecode that the tests left behind, which holds as long as the times of the files are kept.
            copies.put(shutil.copytree(first, Path(folder) / f"tree{number}"))
        done = 0

        def judge(mutant: Mutant) -> Outcome:
            nonlocal done
            tree = copies.get()
            try:
                outcome = _judge(plan, tree, mutant)
            finally:
                copies.put(tree)
            done += 1
            verdict = "SURVIVED" if outcome.killer is None else "died"
            tell(f"[{done}/{len(mutants)}] {outcome.seconds:4.1f} s {verdict:8} {mutant.name}")
            return outcome

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(judge, mutants))


def _copy(plan: Plan, tree: Path) -> Path:
    for name in plan.files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(plan.root / name, tree / name)
    return tree


def _prove_the_tests(plan: Plan, tree: Path) -> None:
    """Run all tests unchanged: they must pass, and what they compile is used again by each mutant."""
    result = _pytest(plan, tree, plan.tests, writes_bytecode=True)
    if result.returncode != 0:
        raise TestsUnusable((result.stdout + result.stderr)[-3000:])


def _judge(plan: Plan, tree: Path, mutant: Mutant) -> Outcome:
    started = time.perf_counter()
    with _planted(tree, mutant):
        selections = plan.selections(mutant.path)
        killer = next(filter(None, (_killer(plan, tree, tests) for tests in selections)), None)
    return Outcome(mutant, killer, time.perf_counter() - started)


def _killer(plan: Plan, tree: Path, tests: tuple[str, ...]) -> str | None:
    """Return the first of these tests that fails, or None where all pass."""
    try:
        result = _pytest(plan, tree, tests, writes_bytecode=False)
    except subprocess.TimeoutExpired:
        return f"no test ended within {_LIMIT_SECONDS} s"
    if result.returncode == 0:
        return None
    failed = _FAILED.search(result.stdout)
    return failed[1] if failed else f"pytest ended with {result.returncode}"


@contextmanager
def _planted(tree: Path, mutant: Mutant) -> Iterator[None]:
    """Put the mutant into the copy, without the bytecode of the original; afterwards put the original back."""
    file = tree / mutant.path
    original, times = file.read_bytes(), file.stat()
    compiled = [(path, path.read_bytes()) for path in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")]
    for path, _ in compiled:
        path.unlink()
    file.write_text(mutant.text, encoding="utf-8")
    try:
        yield
    finally:
        file.write_bytes(original)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        for path, content in compiled:
            path.write_bytes(content)


def _pytest(
    plan: Plan, tree: Path, tests: tuple[str, ...], *, writes_bytecode: bool
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # The copies lie elsewhere, the official vectors stay where they are beside the tree.
    environment.setdefault("EID_VECTORS", str(plan.root.parent / "shared" / "vectors"))
    environment |= {"PYTHONPATH": str(tree), "HYPOTHESIS_PROFILE": "quick"}
    if not writes_bytecode:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE", *tests]
    return subprocess.run(
        command,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
    )


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the report: each mutant with the test that died, the survivors last."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.killer is None)
    width = max((len(outcome.mutant.name) for outcome in ordered), default=0)
    rows = [f"{o.mutant.name:{width}} -> {o.killer or 'SURVIVED: no test noticed'}" for o in ordered]
    survivors = sum(outcome.killer is None for outcome in outcomes)
    return [*rows, f"{len(outcomes)} mutants, {survivors} survived."]
