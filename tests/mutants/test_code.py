"""How the outcome of mutmut is read, and that it can reach every function of the verification code."""

from __future__ import annotations

import ast
from collections import Counter

from tests.house.sources import ROOT, project_files, python_sources
from tests.mutants.code import (
    EXPLAINED,
    Change,
    Tried,
    changes,
    explained,
    modules_of,
    open_ends,
    opened,
    report,
)
from tests.mutants.groups import GROUPS

_PLANTED = """
def x_f__mutmut_orig(a):
    if a > 1:
        return a
    return 0

def x_f__mutmut_1(a):
    if a >= 1:
        return a
    return 0

class Case:
    def xǁCaseǁg__mutmut_orig(self): return 1
    def xǁCaseǁg__mutmut_12(self): return 2
"""
_HARMLESS = Change("m.py f", "if a > 1:", "if a >= 1:")
_OTHER = Change("m.py Case.g", "def (self): return 1", "def (self): return 2")


def _tried(*survivors: Change) -> list[Tried]:
    return [Tried(GROUPS[0], Counter({"killed": 3, "survived": len(survivors)}), list(survivors))]


def test_a_mutant_is_named_by_its_function_and_the_lines_it_changes() -> None:
    names = ["x_f__mutmut_1", "xǁCaseǁg__mutmut_12"]
    assert list(changes("m.py", _PLANTED, names)) == [_HARMLESS, _OTHER]


def test_an_explained_survivor_is_not_open_and_another_is() -> None:
    reasons = explained('[[reason]]\nwhy = "w"\nchanges = [["m.py f", "if a > 1:", "if a >= 1:"]]\n')
    assert reasons == {_HARMLESS: "w"}
    assert open_ends(_tried(_HARMLESS), reasons, whole=True) == []
    assert open_ends(_tried(_HARMLESS, _OTHER), reasons, whole=True) == [f"SURVIVED {_OTHER}"]
    assert report(_tried(_HARMLESS), reasons, whole=True)[-1].endswith("1 explained, 0 open.")


def test_an_explanation_without_a_survivor_is_open_where_all_was_tried() -> None:
    assert open_ends(_tried(), {_HARMLESS: "w"}, whole=True) == [f"EXPLAINED, BUT NO SURVIVOR {_HARMLESS}"]
    assert open_ends(_tried(), {_HARMLESS: "w"}, whole=False) == []


def test_every_explanation_says_why_and_names_a_line_of_its_module() -> None:
    for change, why in explained((ROOT / EXPLAINED).read_text(encoding="utf-8")).items():
        path, _, function = change.function.partition(" ")
        lines = {line.strip() for line in python_sources()[path].splitlines()}
        assert why
        assert function.rpartition(".")[2] in python_sources()[path]
        # The line with the name of the function is told without the name.
        gone = [line for line in change.was.splitlines() if not line.startswith("def (")]
        assert set(gone) <= lines, change


def test_every_group_has_code_and_tests_that_are_there() -> None:
    files = project_files()
    for group in GROUPS:
        assert all(any(name == place or name.startswith(f"{place}/") for name in files) for place in group.modules)
        assert all((ROOT / place).exists() for place in group.tests)


# --- mutmut leaves decorated functions alone


def test_no_function_of_the_verification_code_is_decorated_in_the_copies() -> None:
    for group in GROUPS:
        for path in modules_of(group, project_files()):
            for function in ast.walk(ast.parse(opened(python_sources()[path]))):
                if isinstance(function, ast.FunctionDef) and not all(
                    isinstance(part, ast.Expr) for part in function.body
                ):
                    names = [ast.unparse(decorator) for decorator in function.decorator_list]
                    assert names in ([], ["staticmethod"], ["classmethod"]), f"{path} {function.name}"


def test_what_is_taken_off_leaves_the_rest_as_it_was() -> None:
    text = "@lru_cache(\n    maxsize=2,\n)\ndef f():\n    return 1\n\n\n@dataclass\nclass A:\n    x: int\n"
    assert opened(text) == "def f():\n    return 1\n\n\n@dataclass\nclass A:\n    x: int\n"
    promise = "class P(Protocol):\n    @property\n    def b(self) -> int: ...\n"
    assert opened(promise) == promise
