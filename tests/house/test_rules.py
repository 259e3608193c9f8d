"""The project keeps the rules of the house; and each rule finds what is planted against it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import rules
from tests.house.sources import Sources, package_sources, project_files, python_sources, texts

Rule = Callable[[Sources], list[str]]


def _documents() -> Sources:
    return {path: text for path, text in texts().items() if path.endswith(".md")}


def _code() -> Sources:
    return {path: text for path, text in python_sources().items() if not path.startswith("tests/")}


def _tests() -> Sources:
    return {path: text for path, text in python_sources().items() if path.startswith("tests/")}


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (rules.addresses, texts),
        (rules.machine_paths, texts),
        (rules.urls_in_locks, texts),
        (rules.unpinned_in_locks, texts),
        (rules.blind_excepts, _code),
        (rules.full_package_files, package_sources),
        (rules.folders_without_package_file, python_sources),
        (rules.skips, _tests),
        (rules.strangers_to_libraries, _code),
        (rules.unfinished, python_sources),
        (rules.unexplained_ignores, python_sources),
        (rules.module_work, package_sources),
    ],
    ids=lambda part: part.__name__,
)
def test_the_project_keeps(rule: Rule, where: Callable[[], Sources]) -> None:
    assert rule(where()) == []


def test_documents_link_only_to_what_is_there() -> None:
    assert rules.broken_links(_documents(), set(project_files())) == []


def test_documents_name_only_commands_that_exist() -> None:
    assert rules.unknown_targets(_documents(), texts()["Makefile"]) == []


def test_the_files_of_the_project_are_found() -> None:
    assert {"pyproject.toml", "Makefile", ".ci/run", "core/errors.py", "tests/house/rules.py"} <= set(project_files())
    assert not any(path.startswith((".venv/", ".git/")) or "__pycache__" in path for path in project_files())


_LOCKED = "a-b==1.0 ; python_version < '3.12' \\\n    --hash=sha256:" + "0" * 64 + "\n"

# Planted texts are put together from pieces where the whole would break a rule that reads this file, too.
_PLANTED: list[tuple[Rule, str, str]] = [
    (rules.addresses, "README.md", "see https://py" + "pi.org/project/x"),
    (rules.addresses, "docs/x.md", "pip install --index" + "-url https://mirror x"),
    (rules.addresses, "Makefile", "export UV_DEFAULT_" + "INDEX=x"),
    (rules.addresses, "web/page.html", "https://cdn.jsdelivr" + ".net/npm/x"),
    (rules.machine_paths, "docs/x.md", "cd /" + "work/main"),
    (rules.machine_paths, "core/x.py", "P = '/" + "home/someone/x'"),
    (rules.machine_paths, "core/x.py", "P = '/" + "root/.cache'"),
    (rules.urls_in_locks, "requirements.lock", "x @ https://example.test/x.whl"),
    (rules.urls_in_locks, "requirements-dev.lock", "-i somewhere"),
    (rules.urls_in_locks, "page/package-lock.json", '"resolved": "x"'),
    (rules.unpinned_in_locks, "requirements.lock", _LOCKED + "c>=1\n"),
    (rules.unpinned_in_locks, "requirements.lock", "c==1.0\n" + _LOCKED),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept:\n    pass\n"),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept Exception as err:\n    log(err)\n"),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept Exception as err:\n    raise OSError from err\n"),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept:\n    raise\n"),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept (ValueError, BaseException):\n    pass\n"),
    (rules.full_package_files, "keys/__init__.py", "from keys.signing import Signer\n"),
    (rules.folders_without_package_file, "keys/test_x.py", ""),
    (rules.skips, "tests/x.py", "import pytest\n@pytest.mark.skip\ndef test_x(): ...\n"),
    (rules.skips, "tests/x.py", "import pytest\ndef test_x(): pytest.importorskip('x')\n"),
    (rules.skips, "tests/x.py", "from pytest import mark\n@mark.xfail(reason='x')\ndef test_x(): ...\n"),
    (rules.strangers_to_libraries, "issuer/x.py", "import cbor2\n"),
    (rules.strangers_to_libraries, "formats/cose.py", "def late():\n    from cbor2 import loads\n"),
    (rules.strangers_to_libraries, "formats/cose.py", "from cbor2 import CBORTag, dumps\n"),
    (rules.strangers_to_libraries, "wallet_client/x.py", "import jwt\n"),
    (rules.strangers_to_libraries, "api/x.py", "import qrcode.image\n"),
    (rules.strangers_to_libraries, "bench/x.py", "import zxingcpp\n"),
    (rules.strangers_to_libraries, "formats/sd_jwt_vc.py", "from sd_jwt.issuer import SDJWTIssuer\n"),
    (rules.unfinished, "core/x.py", "x = 1  # TO" + "DO later\n"),
    (rules.unfinished, "core/x.py", "def f():\n    raise NotImplementedError\n"),
    (rules.unexplained_ignores, "core/x.py", "x = 1  # type: " + "ignore\n"),
    (rules.unexplained_ignores, "core/x.py", "x = 1  # type: " + "ignore[assignment]\n"),
    (rules.module_work, "core/x.py", "print('hello')\n"),
    (rules.module_work, "core/x.py", "for x in range(3):\n    pass\n"),
]

_INNOCENT: list[tuple[Rule, str, str]] = [
    (rules.addresses, "Makefile", "uv pip compile --no-emit-index" + "-url --no-emit-find" + "-links"),
    (rules.machine_paths, "core/x.py", "x = '../shared/vectors'; y = 'https://x.test/workers'; z = 'net/work/x'"),
    (rules.urls_in_locks, "requirements.lock", _LOCKED),
    (rules.unpinned_in_locks, "requirements.lock", _LOCKED + _LOCKED),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept (ValueError, core.errors.EidError):\n    pass\n"),
    (rules.blind_excepts, "core/x.py", "try:\n    pass\nexcept BaseException:\n    rollback()\n    raise\n"),
    (rules.full_package_files, "keys/__init__.py", "\n"),
    (rules.folders_without_package_file, "keys/__init__.py", ""),
    (rules.strangers_to_libraries, "formats/encoding/cbor.py", "import cbor2\n"),
    (rules.strangers_to_libraries, "formats/cose.py", "from cbor2 import CBORSimpleValue, CBORTag\n"),
    (rules.strangers_to_libraries, "tests/formats/test_cbor.py", "import cbor2, jwt, sd_jwt\n"),
    (rules.unexplained_ignores, "core/x.py", "x = 1  # type: " + "ignore[assignment]  # the stub is wrong\n"),
    (rules.module_work, "core/x.py", '"""Text."""\nX = frozenset({1})\nif X:\n    Y = 1\n'),
]


@pytest.mark.parametrize(("rule", "path", "text"), _PLANTED)
def test_finds_what_is_planted(rule: Rule, path: str, text: str) -> None:
    assert len(rule({path: text})) == 1


@pytest.mark.parametrize(("rule", "path", "text"), _INNOCENT)
def test_leaves_the_innocent_alone(rule: Rule, path: str, text: str) -> None:
    assert rule({path: text}) == []


def test_finds_a_link_to_nowhere() -> None:
    page = "[a](../core/x.py) [b](y.md#part) [c](../gone.md) [d](https://x.test) [e](#here) [f](../core)"
    files = {"docs/x.md", "docs/y.md", "core/x.py"}
    assert rules.broken_links({"docs/x.md": page}, files) == ["docs/x.md ../gone.md"]


def test_finds_a_command_that_does_not_exist() -> None:
    page = "Run `make demo`, then\n```sh\nmake tset\n```\nand make sure it runs."
    assert rules.unknown_targets({"README.md": page}, "demo: setup\n\t@x\ntest:\n") == ["README.md make tset"]
