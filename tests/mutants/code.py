"""``make mutants-code``: mutmut over the verification code; fails on each mutant that is neither killed nor explained.

``python -m tests.mutants.code [--only GROUP] [--workers N]``

Each group of modules is tried in a copy of the tree. In the copies functions are not decorated: mutmut leaves decorated
functions alone, and what a cache remembers of the unchanged code would hide a mutant below it.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.house.sources import ROOT, project_files
from tests.mutants.groups import GROUPS, Group
from tests.mutants.planting import CHANGES_NOTHING, FOLDER, REFUSED_BY_TYPES, functions_of, original_of

EXPLAINED = "tests/mutants/explained.toml"
# Which end of pytest means what; mutmut writes 33 where no test reaches the function.
_SURVIVED = frozenset({0, 5, 33})
_KILLED = frozenset({1, 3, 36, 24, -24, 152, 255})
_WORDS = {CHANGES_NOTHING: "changes nothing", REFUSED_BY_TYPES: "refused by the types"}
_CONFIGURATION = """
[tool.mutmut]
source_paths = {modules}
pytest_add_cli_args = ["-m", "not slow", "-k", {keyword}, "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
track_dependencies = false
"""


class NothingJudged(Exception):
    """mutmut could not try the mutants, most likely because the tests fail as they are."""


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a mutant: the lines that are gone and those in their place, in one function of one module."""

    function: str
    was: str
    now: str

    def __str__(self) -> str:
        gone = [f"    - {line}" for line in self.was.splitlines()]
        new = [f"    + {line}" for line in self.now.splitlines()]
        return "\n".join([self.function, *gone, *new])


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the mutants of one group: how many came to what, and the changes that no test noticed."""

    group: Group
    counts: Counter[str]
    survivors: list[Change]


def explained(text: str) -> dict[Change, str]:
    """Return the explained survivors and why each is harmless, from the text of their list.

    A list of reasons, each with the changes it holds for: the function, the lines that go, the lines that come.
    """
    reasons = tomllib.loads(text).get("reason", [])
    return {Change(*change): reason["why"] for reason in reasons for change in reason["changes"]}


def modules_of(group: Group, files: Sequence[str]) -> list[str]:
    """Return the files of the group that hold code."""
    folders = tuple(f"{module}/" for module in group.modules)
    return [
        name
        for name in files
        if (name in group.modules or (name.startswith(folders) and name.endswith(".py")))
        and not name.endswith("__init__.py")
    ]


def opened(text: str) -> str:
    """Return the text of a module whose functions are not decorated: no caches, and properties made one line later."""
    lines = text.splitlines(keepends=True)
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for function in sorted(functions, key=lambda node: -node.lineno):
        for decorator in function.decorator_list:
            name = ast.unparse(decorator).partition("(")[0]
            if name == "lru_cache" or (name == "property" and not _is_promised(function)):
                if name == "property":
                    indent = " " * function.col_offset
                    lines[function.end_lineno or 0 : function.end_lineno] = [
                        f"{indent}{function.name} = property({function.name})\n"
                    ]
                del lines[decorator.lineno - 1 : decorator.end_lineno]
    return "".join(lines)


def _is_promised(function: ast.FunctionDef) -> bool:
    """Tell whether a function has no code: a member of a protocol."""
    return all(isinstance(part, ast.Expr) for part in function.body)


def attempt(group: Group, tree: Path) -> Tried:
    """Return what became of the group's mutants; ``tree`` is an empty folder for the copy.

    Raises NothingJudged when mutmut gives up.
    """
    files = project_files()
    modules = modules_of(group, files)
    for name in files:
        _copy(name, tree)
    with (tree / "pyproject.toml").open("a", encoding="utf-8") as file:
        words = {"modules": modules, "tests": group.tests, "keyword": group.keyword}
        file.write(_CONFIGURATION.format(**{name: json.dumps(word) for name, word in words.items()}))
    shutil.copytree(tree, tree / FOLDER, ignore=shutil.ignore_patterns(FOLDER.name, "output"))
    _run(tree, "tests.mutants.planting", *modules)
    _run(tree, "mutmut", "run", "--max-children", "1")
    return _read(group, modules, tree / FOLDER)


def _copy(name: str, tree: Path) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / name, tree / name)
    if name.endswith(".py") and not name.startswith("tests/"):
        text = (tree / name).read_text(encoding="utf-8")
        (tree / name).write_text(opened(text), encoding="utf-8")


def _run(tree: Path, *module: str) -> None:
    # In a time zone with an offset, a mistake with UTC shows.
    environment = dict(os.environ) | {"HYPOTHESIS_PROFILE": "quick", "TZ": "Asia/Shanghai"}
    # The copies lie elsewhere, the official vectors stay where they are beside the tree.
    environment.setdefault("EID_VECTORS", str(ROOT.parent / "shared" / "vectors"))
    # mutmut draws while it waits: what it prints goes to a file, of which only the end is ever read.
    with (tree / "output").open("wb+") as output:
        command = [sys.executable, "-m", *module]
        end = subprocess.run(
            command, cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
        output.seek(max(0, output.tell() - 4000))
        if end.returncode != 0:
            raise NothingJudged(output.read().decode("utf-8", "replace"))


def _read(group: Group, modules: Sequence[str], planted: Path) -> Tried:
    counts: Counter[str] = Counter()
    survivors: list[Change] = []
    for path in modules:
        note = json.loads((planted / f"{path}.meta").read_text(encoding="utf-8"))
        ends = {key.rpartition(".")[2]: end for key, end in note["exit_code_by_key"].items()}
        counts.update(_word(end) for end in ends.values())
        code = (planted / path).read_text(encoding="utf-8")
        survivors += changes(path, code, [name for name, end in ends.items() if _word(end) == "survived"])
    return Tried(group, counts, survivors)


def _word(end: int | None) -> str:
    if end in _KILLED:
        return "killed"
    # Whatever is not a clean death counts as none.
    return _WORDS.get(end or 0, "survived")


def changes(path: str, code: str, names: Sequence[str]) -> Iterator[Change]:
    """Yield what the mutants of these names change, from the text of a planted file."""
    functions, lines = functions_of(code), code.splitlines()

    def body(name: str) -> list[str]:
        # Without the line that holds the name, which differs always.
        function = functions[name]
        return [
            re.sub(r"\bx\S*__mutmut_\w+", "", line).strip() for line in lines[function.lineno - 1 : function.end_lineno]
        ]

    for name in names:
        original = original_of(name)
        was, now = [], []
        for line in difflib.ndiff(body(original), body(name)):
            if line.startswith("- "):
                was.append(line[2:])
            elif line.startswith("+ "):
                now.append(line[2:])
        function = (
            original.removesuffix("__mutmut_orig").removeprefix("x").removeprefix("_").strip("ǁ").replace("ǁ", ".")
        )
        yield Change(f"{path} {function}", "\n".join(was), "\n".join(now))


def main(arguments: list[str]) -> int:
    """Try the mutants; return 0 when each is killed or explained, 1 when one is not, 2 when they could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.code")
    parser.add_argument("--only", default="", help="try this group: " + ", ".join(group.name for group in GROUPS))
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="groups tried at a time")
    options = parser.parse_args(arguments)
    chosen = [group for group in GROUPS if options.only in {"", group.name}]
    if not chosen:
        parser.error(f"there is no group {options.only}")
    reasons = explained((ROOT / EXPLAINED).read_text(encoding="utf-8"))
    started = time.perf_counter()
    with TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(options.workers) as pool:

        def judge(group: Group) -> Tried:
            tried = attempt(group, Path(folder) / group.name)
            _say(f"{group.name}: {_counted(tried.counts)}")
            return tried

        try:
            outcomes = list(pool.map(judge, chosen))
        except NothingJudged as err:
            _say(str(err), "mutmut gave up: no mutant was judged.")
            return 2
    _say(*report(outcomes, reasons, whole=not options.only), f"{time.perf_counter() - started:.0f} seconds.")
    return int(bool(open_ends(outcomes, reasons, whole=not options.only)))


def open_ends(outcomes: Sequence[Tried], reasons: dict[Change, str], *, whole: bool) -> list[str]:
    """Return the survivors without an explanation and, where all was tried, the explanations without a survivor."""
    survivors = [change for outcome in outcomes for change in outcome.survivors]
    left = [f"SURVIVED {change}" for change in survivors if change not in reasons]
    idle = [f"EXPLAINED, BUT NO SURVIVOR {change}" for change in reasons if change not in survivors]
    return left + idle if whole else left


def report(outcomes: Sequence[Tried], reasons: dict[Change, str], *, whole: bool) -> list[str]:
    """Return what is open, and the sums."""
    counts = sum((outcome.counts for outcome in outcomes), Counter[str]())
    known = sum(change in reasons for outcome in outcomes for change in outcome.survivors)
    left = open_ends(outcomes, reasons, whole=whole)
    return [*left, f"{counts.total()} mutants: {_counted(counts)}; {known} explained, {len(left)} open."]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in ("killed", *_WORDS.values(), "survived"))


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
