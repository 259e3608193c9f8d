"""What judges a QR code offline is a closed set: it imports itself, the standard library and the CBOR codec."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.house import import_hook
from tests.house.portable import CODECS, REFUSED_STDLIB, holds_portable, is_portable, may_be_imported
from tests.house.sources import ROOT, Sources, imports_of, module_name, package_sources


def imports_outside_the_core(sources: Sources) -> list[str]:
    """Return every import of a portable module, however hidden in a function, that leaves the closed set."""
    modules = {module_name(path) for path in sources}
    found: list[str] = []
    for path, text in sources.items():
        if not is_portable(module_name(path)):
            continue
        for line, module, name in imports_of(text):
            wanted = f"{module}.{name}" if name is not None and f"{module}.{name}" in modules else module
            inside_refused = name is not None and f"{module}.{name}" in REFUSED_STDLIB
            if inside_refused or not may_be_imported(wanted):
                found.append(f"{path}:{line} imports {wanted}")
        if "__import__" in text:
            found.append(f"{path} calls __import__")
    return found


def _portable_modules() -> list[str]:
    return sorted(name for name in map(module_name, package_sources()) if is_portable(name))


def _run_under_hook(folder: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.house.import_hook", module, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_portable_core_imports_nothing_from_outside() -> None:
    assert imports_outside_the_core(package_sources()) == []


def test_the_portable_core_is_there() -> None:
    present = set(_portable_modules())
    assert {"core.errors", "core.reasons", "keys.algorithms"} <= present
    assert any(name.startswith("verifier.checkpoint.") for name in present)


def test_packages_above_the_core_are_empty() -> None:
    """They are loaded with the core, so a line in one of them would be a part of it."""
    above = [p for p in package_sources() if p.endswith("__init__.py") and holds_portable(module_name(p))]
    assert above
    assert [path for path in above if package_sources()[path].strip()] == []


def test_every_module_of_the_core_loads_while_everything_else_is_refused() -> None:
    run = _run_under_hook(ROOT, "tests.house.load_modules", "--", *_portable_modules())
    assert (run.returncode, run.stderr) == (0, "")
    loaded = set(run.stdout.split())
    assert set(_portable_modules()) <= loaded
    tops = {name.partition(".")[0] for name in loaded}
    foreign = {top for top in tops if not top.startswith("_")} - set(sys.stdlib_module_names)
    assert foreign <= {"tests", *CODECS, *(name.partition(".")[0] for name in _portable_modules())}


@pytest.mark.parametrize(
    "line",
    [
        "import cryptography",
        "import ssl",
        "from urllib import request",
        "import http.client",
        "import importlib",
        "from core import clock",
        "from core.clock import SystemClock",
        "import keys.signing",
        "from formats.jose import read_compact",
        "def late():\n    import socket",
        "if False:\n    import subprocess",
        "from . import jose",
        "x = __import__('ssl')",
    ],
)
def test_refuses_a_planted_import(line: str) -> None:
    planted = {"formats/cose.py": line, "core/clock.py": "", "keys/signing.py": "", "formats/jose.py": ""}
    assert len(imports_outside_the_core(planted)) == 1


@pytest.mark.parametrize(
    "line", ["import hashlib", "from urllib import parse", "import cbor2", "from core.errors import Refused"]
)
def test_allows_what_the_core_is_made_of(line: str) -> None:
    assert imports_outside_the_core({"formats/cose.py": line, "core/errors.py": ""}) == []


def test_leaves_modules_outside_the_core_alone() -> None:
    assert imports_outside_the_core({"formats/jose.py": "import ssl, cryptography"}) == []


def _tree(folder: Path, text: str, also: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    for path in ("formats/__init__.py", "core/__init__.py", "core/clock.py"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("", encoding="utf-8")
    (folder / "formats" / "cose.py").write_text(text, encoding="utf-8")
    (folder / "runner.py").write_text("import formats.cose\nprint('loaded')\n", encoding="utf-8")
    (folder / "tests").symlink_to(ROOT / "tests", target_is_directory=True)
    return _run_under_hook(folder, "runner", *also)


@pytest.mark.parametrize(
    "line",
    [
        "import cryptography",
        "import ssl",
        "from urllib import request",
        "import core.clock",
        "import email.utils, socket",  # loaded before by a part of the standard library, and still refused
        "__builtins__['__import__']('cryptography')",
    ],
)
def test_the_hook_refuses_while_running(tmp_path: Path, line: str) -> None:
    run = _tree(tmp_path, line)
    assert run.returncode == 1
    assert "ImportOutsideCore" in run.stderr
    assert "loaded" not in run.stdout


def test_the_hook_lets_the_core_load(tmp_path: Path) -> None:
    run = _tree(tmp_path, "import hashlib, email.utils, cbor2")
    assert (run.returncode, run.stdout) == (0, "loaded\n")


def test_the_hook_admits_a_part_of_the_runner_by_name(tmp_path: Path) -> None:
    assert _tree(tmp_path, "import core.clock", ["--also", "core.clock"]).returncode == 0


def test_the_hook_refuses_to_start_after_a_library_was_imported() -> None:
    with pytest.raises(import_hook.ImportOutsideCore):
        import_hook.install()
