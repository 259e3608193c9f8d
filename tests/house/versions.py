"""What the standard library gained after CPython 3.11 and lost up to 3.14, as far as a name in an import shows it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
NEWEST = (3, 14)

GONE_MODULES = frozenset(
    [
        "aifc",
        "asynchat",
        "asyncore",
        "audioop",
        "cgi",
        "cgitb",
        "chunk",
        "crypt",
        "distutils",
        "imghdr",
        "imp",
        "lib2to3",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "pipes",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "telnetlib",
        "uu",
        "xdrlib",
    ]
)
NEW_MODULES = frozenset(
    {"annotationlib", "compression", "concurrent.interpreters", "pathlib.types", "string.templatelib"}
)
GONE_NAMES = frozenset(
    {
        "ast.Bytes",
        "ast.Ellipsis",
        "ast.NameConstant",
        "ast.Num",
        "ast.Str",
        "asyncio.coroutine",
        "configparser.SafeConfigParser",
        "locale.resetlocale",
        "pkgutil.ImpImporter",
        "pkgutil.find_loader",
        "pkgutil.get_loader",
        "re.template",
        "ssl.wrap_socket",
        "typing.io",
        "typing.re",
        "unittest.makeSuite",
        "urllib.parse.Quoter",
    }
)
NEW_NAMES = frozenset(
    {
        "base64.z85decode",
        "base64.z85encode",
        "calendar.Day",
        "calendar.Month",
        "collections.abc.Buffer",
        "copy.replace",
        "enum.EnumDict",
        "functools.Placeholder",
        "heapq.heapify_max",
        "heapq.heappop_max",
        "heapq.heappush_max",
        "inspect.BufferFlags",
        "io.Reader",
        "io.Writer",
        "itertools.batched",
        "math.fma",
        "math.sumprod",
        "operator.is_none",
        "operator.is_not_none",
        "os.process_cpu_count",
        "pathlib.UnsupportedOperation",
        "queue.ShutDown",
        "random.binomialvariate",
        "re.PatternError",
        "statistics.kde",
        "sys.monitoring",
        "types.CapsuleType",
        "types.get_original_bases",
        "typing.NoDefault",
        "typing.ReadOnly",
        "typing.TypeAliasType",
        "typing.TypeIs",
        "typing.evaluate_forward_ref",
        "typing.get_protocol_members",
        "typing.is_protocol",
        "typing.override",
        "uuid.uuid6",
        "uuid.uuid7",
        "uuid.uuid8",
        "warnings.deprecated",
    }
)


def find_interpreter(version: tuple[int, int]) -> Path | None:
    """Return a working interpreter of that version: from PATH, or from where pyenv and uv keep theirs."""
    for candidate in _candidates("python{}.{}".format(*version)):
        if os.access(candidate, os.X_OK) and _reports(candidate, version):
            return candidate
    return None


def _candidates(program: str) -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder:
            yield Path(folder) / program
    home = Path.home()
    stores = [
        Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions",
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local" / "share" / "uv" / "python")),
    ]
    for store in stores:
        yield from sorted(store.glob(f"*/bin/{program}"))


def _reports(interpreter: Path, version: tuple[int, int]) -> bool:
    # A shim on PATH may stand for a version that is not switched on, so it is asked.
    answer = subprocess.run([interpreter, "--version"], capture_output=True, text=True, check=False, timeout=20)
    spoken = re.match(r"Python (\d+)\.(\d+)\.", answer.stdout)
    return answer.returncode == 0 and spoken is not None and (int(spoken[1]), int(spoken[2])) == version
