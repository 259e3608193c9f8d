"""Runs a module in which importing anything outside the portable core fails.

``python -m tests.house.import_hook MODULE [--also NAME]... [-- ARGUMENT...]`` installs the hook, then runs MODULE as
the main program. ``--also`` admits a module by name, with those under it: the runner's own parts, never a library of
the product.

Two guards, because either alone has a hole: a finder that refuses to *load* whatever is neither standard library,
nor the CBOR codec, nor portable; and a look at *who asks*, because parts of the standard library that the core may
not touch are loaded by other parts of it.
"""

from __future__ import annotations

import builtins
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from tests.house.portable import CODECS, holds_portable, is_portable, is_refused_stdlib


class ImportOutsideCore(ImportError):
    """The portable core asked for a module it may not have."""


def _stands_under(module: str, names: Sequence[str]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in names)


def _is_above(package: str, names: Sequence[str]) -> bool:
    return any(name.startswith(package + ".") for name in names)


class CoreFinder(MetaPathFinder):
    """Refuses to find a module from outside; leaves every other to the usual finders."""

    def __init__(self, also: Sequence[str]) -> None:
        self._also = tuple(also)

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        ours = is_portable(fullname) or holds_portable(fullname)
        admitted = _stands_under(fullname, self._also) or _is_above(fullname, self._also)
        if top in sys.stdlib_module_names or top in CODECS or ours or admitted:
            return None
        raise ImportOutsideCore(f"the portable core may not import {fullname}", name=fullname)


def install(also: Sequence[str] = ()) -> None:
    """Refuse imports from outside for the rest of this process.

    also: module names admitted besides, with everything under them.
    Raises ImportOutsideCore when a library was imported already: then the run would prove nothing.
    """
    early = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
    foreign = sorted(top for top in early if _is_foreign(top))
    if foreign:
        raise ImportOutsideCore(f"imported before the hook: {', '.join(foreign)}")
    sys.meta_path.insert(0, CoreFinder(also))
    builtins.__import__ = _asking_who(builtins.__import__)


def _is_foreign(top: str) -> bool:
    # Path files of an installation run code of a library at start (names with two underscores, or a plain finder).
    module = sys.modules.get(top)
    spec = getattr(module, "__spec__", None)
    return spec is not None and top not in {"__main__", "tests"} and not top.startswith("_")


def _asking_who(plain_import: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
    def guarded(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  # the names of __import__ itself
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        asking = str((globals or {}).get("__name__", ""))
        # The native CBOR codec asks for builtins in the name of whoever called it; the reading of sources refuses it.
        if is_portable(asking) and name != "builtins":
            wanted = [name, *(f"{name}.{part}" for part in fromlist or ())]
            if refused := [module for module in wanted if is_refused_stdlib(module)]:
                raise ImportOutsideCore(f"{asking} may not import {refused[0]}", name=refused[0])
        return plain_import(name, globals, locals, fromlist, level)

    return guarded


def main(arguments: Sequence[str]) -> None:
    """Install the hook and run the named module with what follows ``--`` as its arguments."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    module, *options = arguments[:end]
    if any(flag != "--also" for flag in options[::2]):
        raise SystemExit(f"unknown option in {options}")
    install([module, *options[1::2]])
    sys.argv = [module, *arguments[end + 1 :]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
