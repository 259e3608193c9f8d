"""The rules of the house that no tool knows: each takes sources and returns its violations as `path:line what`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from tests.house.sources import PACKAGES, Sources, imports_of, parse

# Written in pieces, so that this file does not break its own rule.
_REGISTRY_HOSTS = [
    "py" + r"pi\.org",
    "python" + r"hosted\.org",
    r"registry\." + r"npmjs",
    "npm" + r"mirror\.",
    "crates" + r"\.io",
    "proxy" + r"\.golang",
    "jsdelivr" + r"\.net",
    "unpkg" + r"\.com",
    r"/simp" + r"le/?[\"'\s]",
]
_INDEX_OPTIONS = [
    r"(?<!no-emit-)\b(?:extra-)?index" + r"-url\b",
    r"(?:PIP|UV)_\w*" + r"INDEX",
    r"(?<!no-emit-)find" + r"-links\b",
]
_MACHINE_PATHS = [
    "/" + r"work/\w",
    "/" + r"root/",
    "/" + r"home/\w",
    "/" + r"Users/\w",
    r"[A-Z]:\\" + r"Users",
    "/" + r"opt/wheels",
]
_ADDRESSES = re.compile("|".join([*_REGISTRY_HOSTS, *_INDEX_OPTIONS]))
_PATHS = re.compile("|".join(rf"(?<![\w.]){path}" for path in _MACHINE_PATHS))

# Who may import a library that has one owner. Tests may: there it is the second opinion.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "cbor2": ("formats/encoding/cbor.py",),
    "jwt": ("formats/jose.py", "protocols/"),
    "qrcode": ("formats/qr_picture.py",),
    "zxingcpp": ("verifier/gateways/qr_reader.py", "verifier/gateways/qr_reader_child.py"),
    "fpdf": ("issuer/printing/sheet.py",),
    "claim169": (),
    "sd_jwt": (),
    "jwcrypto": (),
    "cwt": (),
    "pycose": (),
    "pymdoccbor": (),
}

# The types of CBOR values travel through the portable core; encoding and decoding stay with their owner.
_VALUE_TYPES = {("cbor2", "CBORTag"), ("cbor2", "CBORSimpleValue")}

# Where any fault at all may arrive and has one meaning.
_CATCHES_ALL = {
    "verifier/checkpoint/signatures.py",  # a driver throws in what its library threw: could not be checked
    "api/cli/main.py",  # a fault of ours becomes its exit code
}

_SKIPPING = {"skip", "skipif", "xfail", "importorskip", "skipTest", "expectedFailure"}
_MAY_SKIP = "tests/support/not_exercised.py"


def addresses(sources: Sources) -> list[str]:
    """Find hosts of package registries and options that name one."""
    return _matches(sources, _ADDRESSES)


def machine_paths(sources: Sources) -> list[str]:
    """Find paths that exist only where somebody happened to work."""
    return _matches(sources, _PATHS)


def _matches(sources: Sources, pattern: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    for path, text in sources.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if match := pattern.search(line):
                found.append(f"{path}:{number} {match[0]}")
    return found


def urls_in_locks(sources: Sources) -> list[str]:
    """Find any address in a lock file; an npm lock may carry none either."""
    locks = {p: t for p, t in sources.items() if re.search(r"(^|/)requirements[\w-]*\.lock$|package-lock\.json$", p)}
    return _matches(locks, re.compile(r"\w+://|\"resolved\"|^\s*-(?:-?i\b|-f\b|-\w*index|-find)"))


def unpinned_in_locks(sources: Sources) -> list[str]:
    """Find packages in the Python lock files that are not pinned to one version with a hash."""
    found: list[str] = []
    for path, text in sources.items():
        if re.fullmatch(r"requirements[\w-]*\.lock", path):
            entries = re.split(r"\n(?=\S)", text.strip())
            sound = re.compile(r"[a-z0-9._-]+==[^\s;]+[^\n]*\\\n\s+--hash=sha256:[0-9a-f]{64}")
            found += [f"{path} {entry.splitlines()[0]}" for entry in entries if not sound.match(entry)]
    return found


def blind_excepts(sources: Sources) -> list[str]:
    """Find handlers that catch whatever comes: bare, Exception or BaseException, alone or in a tuple.

    One that puts things in order and then raises the very same error (a transaction rolled back) swallows nothing.
    """
    found: list[str] = []
    for path, text in sources.items():
        for node in ast.walk(parse(text)) if path not in _CATCHES_ALL else ():
            if isinstance(node, ast.ExceptHandler):
                caught = ["bare"] if node.type is None else _names(node.type)
                refused = {"bare"} if _passes_on(node) else {"bare", "Exception", "BaseException"}
                found += [f"{path}:{node.lineno} {name}" for name in caught if name in refused]
    return found


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _names(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return [ast.unparse(part).rpartition(".")[2] for part in parts]


def full_package_files(sources: Sources) -> list[str]:
    """Find package files of the product that are not empty: importing a package does nothing."""
    ours = {p: t for p, t in sources.items() if p.split("/")[0] in PACKAGES}
    return [path for path, text in ours.items() if path.endswith("/__init__.py") and text.strip()]


def folders_without_package_file(sources: Sources) -> list[str]:
    """Find folders of Python files, in the product and in the tests, that lack their ``__init__.py``."""
    code = [PurePosixPath(p) for p in sources if p.split("/")[0] in {*PACKAGES, "tests"}]
    folders = {folder for path in code for folder in path.parents if folder.name}
    # Alembic loads its steps by path.
    steps = {PurePosixPath("migrations/versions")}
    return sorted(f"{folder}" for folder in folders - steps if f"{folder}/__init__.py" not in sources)


def skips(sources: Sources) -> list[str]:
    """Find tests left out by any other way than the list shown at the end of a run."""
    found: list[str] = []
    for path, text in sources.items():
        if path == _MAY_SKIP:
            continue
        for node in ast.walk(parse(text)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in _SKIPPING:
                found.append(f"{path}:{node.lineno} {name}")  # type: ignore[attr-defined]  # both kinds are expressions
    return found


def strangers_to_libraries(sources: Sources) -> list[str]:
    """Find files outside the tests that import a library owned by another module."""
    found: list[str] = []
    for path, text in sources.items():
        if path.startswith("tests/"):
            continue
        for line, module, name in imports_of(text):
            owners = OWNERS.get(module.partition(".")[0])
            if owners is None or path.startswith(owners):
                continue
            if not (path.startswith("formats/") and (module, name) in _VALUE_TYPES):
                found.append(f"{path}:{line} {module}")
    return found


def unfinished(sources: Sources) -> list[str]:
    """Find what is left to do: notes, functions that only raise NotImplementedError, tests without a name."""
    found = _matches(sources, re.compile(r"#\s*(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b"))
    for path, text in sources.items():
        for node in ast.walk(parse(text)):
            if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
                found.append(f"{path}:{node.lineno} NotImplementedError")
    return found


def unexplained_ignores(sources: Sources) -> list[str]:
    """Find `type: ignore` comments without a rule in brackets and a reason after it."""
    # The pattern is split for the sake of this file.
    loose = re.compile(r"#\s*type:" + r"\s*ignore(?!\[[\w, -]+\]\s+#\s*\S)")
    return _matches(sources, loose)


def module_work(sources: Sources) -> list[str]:
    """Find statements in modules of the product that act when imported: calls as statements, loops, `with`.

    Definitions, constants and the two usual conditions (type checking, main program) are what a module may hold.
    """
    found: list[str] = []
    for path, text in sources.items():
        if path == "migrations/env.py":  # run by Alembic, never imported
            continue
        for node in parse(text).body:
            acts = isinstance(node, ast.For | ast.While | ast.With | ast.Expr) and not _is_plain_expression(node)
            if acts:
                found.append(f"{path}:{node.lineno} acts when imported")
    return found


def _is_plain_expression(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def broken_links(sources: Sources, files: set[str]) -> list[str]:
    """Find relative links in the documents that lead to no file or folder of the project."""
    folders = {str(parent) for name in files for parent in PurePosixPath(name).parents}
    found: list[str] = []
    for path, text in sources.items():
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose):
            if re.match(r"\w+:|#|//", target):
                continue
            goal = _normalised(PurePosixPath(path).parent / target.partition("#")[0])
            if goal not in files | folders:
                found.append(f"{path} {target}")
    return found


def _normalised(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return str(PurePosixPath(*parts))


def unknown_targets(sources: Sources, makefile: str) -> list[str]:
    """Find commands `make X` in the documents for which the Makefile has no target; `eid bundle make` is none."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    found: list[str] = []
    for path, text in sources.items():
        code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"```.*?\n(.*?)```", text, flags=re.DOTALL)
        named = {name for part in code for name in re.findall(r"(?<!bundle )\bmake ([a-z][a-z-]*)", part)}
        found += [f"{path} make {name}" for name in sorted(named - targets)]
    return found
