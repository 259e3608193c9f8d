"""Which mutants change nothing that anybody relies on: told by the shape of the code, never one by one.

Four classes, and no more. Two functions mean the same where their trees are the same once these parts are blanked:

- the free text of an error: what an error means is its reason, the text beside it is for a log and never asserted. It
  is the second argument of our errors, the argument for a parameter named ``detail`` (or ``who``, a part of it), and all
  that an error of Python or of a library says;
- the type that ``cast`` names, which does nothing when the code runs;
- the case of a codec's name: Python takes ``ASCII`` for ``ascii``;
- the order of bytes ``"big"``, which Python takes where none is named.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping

_ERRORS = frozenset({"MalformedInput", "Refused", "NotFound", "Conflict", "Unavailable", "Misconfigured"})
# A check says no in these words: check, reason, detail.
_SAYING_NO = frozenset({"refuse", "doubt"})
_CODED = frozenset({"encode", "decode"})
_ORDERED = frozenset({"to_bytes", "from_bytes"})
_TEXTS = frozenset({"detail", "who"})


def details_of(tree: ast.Module) -> Mapping[str, int]:
    """Return the functions of some code that take a ``detail``, and at which place."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg not in {"self", "cls"}]
            found |= {node.name: names.index("detail")} if "detail" in names else {}
    return found


def meaning(function: ast.FunctionDef, details: Mapping[str, int]) -> str:
    """Return what the signature and the body say, without what the classes above name; equal texts mean the same."""
    copied = copy.deepcopy(function)
    for node in ast.walk(copied):
        if isinstance(node, ast.Call):
            _blank(node, details)
    return "\n".join(map(ast.dump, (copied.args, *copied.body)))


def _blank(call: ast.Call, details: Mapping[str, int]) -> None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _ERRORS:
        _blank_place(call, 1)
    elif name.endswith("Error"):
        call.args = [_BLANK for _ in call.args]
    elif name in _SAYING_NO:
        _blank_place(call, 2)
    elif name in details:
        _blank_place(call, details[name])
    elif name == "cast":
        _blank_place(call, 0)
    elif name in _CODED:
        call.args = [_in_lower_case(argument) for argument in call.args]
    elif name in _ORDERED and len(call.args) == 1:
        call.args = [*call.args, ast.Constant("big")]
    call.keywords = [ast.keyword(word.arg, _BLANK) if word.arg in _TEXTS else word for word in call.keywords]


_BLANK = ast.Constant("")


def _blank_place(call: ast.Call, place: int) -> None:
    if place < len(call.args):
        call.args[place] = _BLANK


def _in_lower_case(argument: ast.expr) -> ast.expr:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return ast.Constant(argument.value.lower())
    return argument
