"""Writes the mutants of mutmut into a copy of the tree, and marks those that need no test.

Runs in the copy, as mutmut does: ``python -m tests.mutants.planting FILE...``. Each file is written below ``mutants/``
with all its mutants, and beside it mutmut's own note of what became of each. mutmut takes both for those of a run before
and tries what is still open. Two sorts are settled here: what changes nothing (see ``classes``), and what the strict
types refuse, for such a change does not get past ``make check`` whatever the tests say.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

from tests.mutants.classes import details_of, meaning

FOLDER = Path("mutants")
# As mutmut counts them.
CHANGES_NOTHING = 34
REFUSED_BY_TYPES = 37
_ORIGINAL = "_orig"
# A condition that is always true is refused for being idle, not for being wrong: whether a test notices is the question.
_ONLY_IDLE = frozenset({"unreachable", "redundant-expr", "truthy-bool"})


def plant(path: str, details: Mapping[str, int]) -> SourceFileMutationData:
    """Write one file with all its mutants, and return mutmut's note of them, not yet saved."""
    source = Path(path).read_text(encoding="utf-8")
    mutated = mutate_file_contents(path, source)
    (FOLDER / path).write_text(mutated.code, encoding="utf-8")
    functions = functions_of(mutated.code)
    meanings: dict[str, str] = {}
    note = SourceFileMutationData(path=path)
    note.hash_by_function_name = dict(mutated.hash_by_function_name)
    for name in mutated.mutant_names:
        original = original_of(name)
        if original not in meanings:
            meanings[original] = meaning(functions[original], details)
        same = meaning(functions[name], details) == meanings[original]
        note.exit_code_by_key[get_mutant_name(Path(path), name)] = CHANGES_NOTHING if same else None
    return note


def all_details() -> dict[str, int]:
    """Return the functions of the verification code that take a ``detail``, and at which place."""
    found: dict[str, int] = {}
    for package in ("core", "keys", "formats", "verifier"):
        for file in sorted(Path(package).rglob("*.py")):
            found |= details_of(ast.parse(file.read_text(encoding="utf-8")))
    return found


def functions_of(code: str) -> dict[str, ast.FunctionDef]:
    """Return the mutants in the text of a planted file, and the functions they were made from."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in found if "__mutmut_" in node.name}


def original_of(name: str) -> str:
    """Return the name under which the unchanged function stands beside its mutant."""
    return name.rpartition("_")[0] + _ORIGINAL


def refused_by_types(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield path and name of each planted mutant that mypy does not accept."""
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "--no-error-summary", *paths]
    told = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if told.stderr:
        raise SystemExit(told.stderr)
    spans = {path: _spans(functions_of((FOLDER / path).read_text(encoding="utf-8"))) for path in paths}
    found: dict[tuple[str, str], set[str]] = {}
    for line in told.stdout.splitlines():
        error = json.loads(line)
        if error["severity"] == "error" and error["code"] not in _ONLY_IDLE and error["file"] in spans:
            name = spans[error["file"]].get(error["line"], "")
            found.setdefault((error["file"], name), set()).add(error["message"])
    for (path, name), messages in found.items():
        # What is said of the unchanged function too comes from the planting.
        if name and not name.endswith(_ORIGINAL) and messages - found.get((path, original_of(name)), set()):
            yield path, name


def _spans(functions: Mapping[str, ast.FunctionDef]) -> dict[int, str]:
    return {
        line: name
        for name, function in functions.items()
        for line in range(function.lineno, (function.end_lineno or function.lineno) + 1)
    }


def main(paths: Sequence[str]) -> None:
    """Plant the mutants of these files."""
    details = all_details()
    notes = {path: plant(path, details) for path in paths}
    for path, name in refused_by_types(paths):
        key = get_mutant_name(Path(path), name)
        if notes[path].exit_code_by_key[key] is None:
            notes[path].exit_code_by_key[key] = REFUSED_BY_TYPES
    for note in notes.values():
        note.save()


if __name__ == "__main__":
    main(sys.argv[1:])
