"""Nothing in the portable core is newer than CPython 3.11 or gone in 3.14: a page and a server run the same files."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.portable import is_portable
from tests.house.sources import ROOT, Sources, imports_of, module_name, package_sources, parse
from tests.house.versions import (
    GONE_MODULES,
    GONE_NAMES,
    NEW_MODULES,
    NEW_NAMES,
    NEWEST,
    OLDEST,
    find_interpreter,
)
from tests.support import not_exercised

_OTHERS = [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1) if (3, minor) != sys.version_info[:2]]

_COMPILE = """
import sys, warnings
warnings.simplefilter("error")
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        compile(source.read(), path, "exec", dont_inherit=True)
"""


def names_outside_the_versions(sources: Sources) -> list[str]:
    """Return the uses, by import or as ``module.name``, of what one of the supported versions lacks."""
    found: list[str] = []
    for path, text in sources.items():
        for line, module, name in imports_of(text):
            dotted = module if name is None else f"{module}.{name}"
            known = {module.partition(".")[0], module, dotted}
            if known & (GONE_MODULES | NEW_MODULES | GONE_NAMES | NEW_NAMES):
                found.append(f"{path}:{line} {dotted}")
        attributes = (node for node in ast.walk(parse(text)) if isinstance(node, ast.Attribute))
        used = ((node.lineno, ast.unparse(node)) for node in attributes)
        found += [f"{path}:{line} {dotted}" for line, dotted in used if dotted in GONE_NAMES | NEW_NAMES]
    return found


def syntax_newer_than_oldest(sources: Sources) -> list[str]:
    """Return the files that the grammar of the oldest version refuses."""
    found: list[str] = []
    for path, text in sources.items():
        try:
            ast.parse(text, feature_version=OLDEST)
        except SyntaxError as err:
            found.append(f"{path}:{err.lineno}")
    return found


def _core() -> Sources:
    return {path: text for path, text in package_sources().items() if is_portable(module_name(path))}


def _compiles(interpreter: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [str(interpreter), "-I", "-B", "-c", _COMPILE, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_core_uses_only_what_all_versions_have() -> None:
    assert names_outside_the_versions(_core()) == []


def test_the_core_is_written_in_the_grammar_of_the_oldest() -> None:
    assert syntax_newer_than_oldest(_core()) == []


@pytest.mark.parametrize("version", _OTHERS, ids="{0[0]}.{0[1]}".format)
def test_another_version_compiles_the_product_without_a_warning(version: tuple[int, int]) -> None:
    interpreter = find_interpreter(version)
    if interpreter is None:
        wanted = "{}.{}".format(*version)
        not_exercised.leave_out(
            f"compiling under Python {wanted}",
            why="no such interpreter is on this machine.",
            remedy=f"put python{wanted} on PATH",
            always_allowed=True,
        )
    run = _compiles(interpreter, *(ROOT / path for path in package_sources()))
    assert (run.returncode, run.stderr) == (0, "")


def test_a_compilation_fails_for_what_the_version_cannot_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("print 'no'\n", encoding="utf-8")
    assert _compiles(Path(sys.executable), broken).returncode == 1


@pytest.mark.parametrize(
    "line",
    [
        "import cgi",
        "from distutils import log",
        "import imp as loader",
        "from typing import override",
        "import itertools\nitertools.batched([1], 2)",
        "from itertools import batched",
        "import ast\nast.Str",
        "import compression.zstd",
        "from string import templatelib",
        "import uuid\nmake = uuid.uuid7",
    ],
)
def test_refuses_a_planted_name(line: str) -> None:
    assert len(names_outside_the_versions({"core/errors.py": line})) == 1


def test_refuses_planted_grammar_of_a_later_version() -> None:
    later = "type Pair = tuple[int, int]\n" if sys.version_info >= (3, 12) else "def first[T](x: T) -> T: ...\n"
    assert syntax_newer_than_oldest({"core/errors.py": later}) == ["core/errors.py:1"]


def test_finds_no_interpreter_that_does_not_exist() -> None:
    assert find_interpreter((3, 99)) is None


def test_finds_the_one_that_runs() -> None:
    assert find_interpreter((sys.version_info[0], sys.version_info[1])) is not None
