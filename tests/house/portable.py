"""The portable core: which modules judge a QR code offline, and what they may import.

Standard library only and importing nothing of the project, because the import hook uses it in a process that must
stay clean.
"""

from __future__ import annotations

import sys

MODULES = frozenset(
    {
        "core.errors",
        "core.reasons",
        "keys.algorithms",
        "formats.cose",
        "formats.qr_token",
        "formats.claim_169",
        "formats.dataset",
        "formats.display",  # what dataset lets through to a screen
        "formats.status_list.entries",
        "formats.licence",
        "formats.challenge",
        "formats.site_policy",
        "formats.trust_table",
        "formats.status_snapshot",
    }
)
# Packages that are portable with everything in them; `formats.bundle` may be one module or a package.
TREES = ("formats.encoding", "formats.sd_cwt", "formats.bundle", "verifier.checkpoint")

CODECS = frozenset({"cbor2"})

# Standard library that reaches the world, or that would hide an import from these checks.
REFUSED_STDLIB = frozenset(
    {
        "asyncio",
        "builtins",
        "ctypes",
        "ftplib",
        "http",
        "imaplib",
        "importlib",
        "multiprocessing",
        "pkgutil",
        "poplib",
        "runpy",
        "select",
        "selectors",
        "smtplib",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "urllib.request",
        "webbrowser",
        "xmlrpc",
    }
)


def is_portable(module: str) -> bool:
    """Tell whether a module belongs to the closed set.

    >>> [is_portable(m) for m in ("formats.sd_cwt.unpack", "formats.cose", "formats.jose", "formats")]
    [True, True, False, False]
    """
    return module in MODULES or any(module == tree or module.startswith(tree + ".") for tree in TREES)


def holds_portable(package: str) -> bool:
    """Tell whether a package only stands above portable modules, so that its empty ``__init__`` is imported with them.

    >>> [holds_portable(m) for m in ("formats", "formats.status_list", "formats.sd_jwt")]
    [True, True, False]
    """
    return any(module.startswith(package + ".") for module in (*MODULES, *TREES))


def is_refused_stdlib(module: str) -> bool:
    """Tell whether a module of the standard library is closed to the portable core.

    >>> [is_refused_stdlib(m) for m in ("http.client", "urllib.parse", "urllib.request", "hashlib", "ssl")]
    [True, False, True, False, True]
    """
    return any(module == name or module.startswith(name + ".") for name in REFUSED_STDLIB)


def may_be_imported(module: str) -> bool:
    """Tell whether a portable module may import ``module``: each other, the codec, the harmless standard library."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return not is_refused_stdlib(module)
    return top in CODECS or is_portable(module)
