"""The files of the project as the house rules see them: what git tracks or would track, read once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "keys", "formats", "protocols", "issuer", "verifier", "wallet_client", "api", "migrations")

Sources = Mapping[str, str]
"""Path from the root, with forward slashes, to the text of the file."""


@lru_cache(maxsize=1)
def project_files() -> tuple[str, ...]:
    """Return the paths of all files git tracks or would track, sorted.

    A tree git does not know (an unpacked archive) is walked instead, past what the set-up and runs leave there.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=False) if (ROOT / ".git").exists() else None
    if answer is not None and answer.returncode == 0:
        listed = answer.stdout.decode().split("\0")
    else:
        listed = [path.relative_to(ROOT).as_posix() for path in _walk(ROOT)]
    return tuple(sorted(name for name in listed if name and (ROOT / name).is_file()))


def _walk(folder: Path) -> Iterator[Path]:
    left_by_runs = {"vendor", "node_modules", "eid-data", "eid-wallet", "demo-output", "htmlcov", "build", "dist"}
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif path.name not in left_by_runs | {"__pycache__"} and (path.name == ".ci" or not path.name.startswith(".")):
            yield from _walk(path)


@lru_cache(maxsize=1)
def texts() -> Sources:
    """Return every file that is UTF-8 text."""
    found: dict[str, str] = {}
    for name in project_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            found[name] = content.decode("utf-8")
    return found


@lru_cache(maxsize=1)
def python_sources() -> Sources:
    """Return every Python file."""
    return {name: text for name, text in texts().items() if name.endswith(".py")}


@lru_cache(maxsize=1)
def package_sources() -> Sources:
    """Return the Python files of the product: its packages without tests and bench."""
    return {name: text for name, text in python_sources().items() if name.split("/")[0] in PACKAGES}


def module_name(path: str) -> str:
    """Return the dotted name of a Python file.

    >>> module_name("formats/encoding/cbor.py"), module_name("formats/__init__.py")
    ('formats.encoding.cbor', 'formats')
    """
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.Module:
    """Return the syntax tree of one file."""
    return ast.parse(text)


def imports_of(text: str) -> list[tuple[int, str, str | None]]:
    """Return every import anywhere in a file: line, module, and the name taken from it (None for ``import m``).

    >>> imports_of("import a.b, c\\nfrom d import e as f\\n")
    [(1, 'a.b', None), (1, 'c', None), (2, 'd', 'e')]
    """
    found: list[tuple[int, str, str | None]] = []
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += [(node.lineno, module, alias.name) for alias in node.names]
    return found
