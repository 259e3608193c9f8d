"""Makes the mutants: copies of a module in which one check is gone, found by the shape of the code.

Three conventions of the judging code are all this relies on: the fixed orders of checks are module-level constants
whose name ends in ``_CHECKS``; a function whose name starts with ``check_`` is a check, under whatever name a module
imports it; and a check says no by ``case.refuse``, ``case.refuse_because`` or ``case.doubt``. The last kind of mutant is
the sharpest: the check still runs and still counts as passed, it only never says no.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

ORDER_SUFFIX = "_CHECKS"
CHECK_PREFIX = "check_"
SAYING_NO = frozenset({"refuse", "refuse_because", "doubt"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One module with one check removed.

    path: the module, from the root of the tree.
    line: where the removed part stood.
    what: the removed part in words.
    text: the whole module without it.
    """

    path: str
    line: int
    what: str
    text: str

    @property
    def name(self) -> str:
        """Return how the mutant is called in the report."""
        return f"{self.path}:{self.line} {self.what}"


def mutants_of(path: str, text: str) -> list[Mutant]:
    """Return every mutant of one module, in the order of its lines."""
    tree = ast.parse(text)
    found = [*_without_entries(path, tree), *_without_checks(path, tree), *_without_refusals(path, tree)]
    return sorted(found, key=lambda mutant: mutant.line)


# --- entries of the fixed orders


def _without_entries(path: str, tree: ast.Module) -> Iterator[Mutant]:
    for place, statement in enumerate(tree.body):
        name, entries = _order_of(statement)
        for index, entry in enumerate(entries):
            if not isinstance(entry, ast.Starred):
                changed = copy.deepcopy(tree)
                del _order_of(changed.body[place])[1][index]
                yield Mutant(path, entry.lineno, f"{name} without {ast.unparse(entry)}", ast.unparse(changed))


def _order_of(statement: ast.stmt) -> tuple[str, list[ast.expr]]:
    """Return the name of a fixed order and the list of its entries, which the caller may change; else ("", [])."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return "", []
    if not isinstance(target, ast.Name) or not target.id.endswith(ORDER_SUFFIX):
        return "", []
    if isinstance(value, ast.Call) and len(value.args) == 1:  # tuple([...]), frozenset({...})
        value = value.args[0]
    return (target.id, value.elts) if isinstance(value, ast.Tuple | ast.List | ast.Set) else ("", [])


# --- uses of checks


def _without_checks(path: str, tree: ast.Module) -> Iterator[Mutant]:
    results, other_names = _results_of_checks(tree), _other_names_of_checks(tree)
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        check = node.id if isinstance(node, ast.Name) else node.attr
        if check.startswith(CHECK_PREFIX) or check in other_names:
            changed = copy.deepcopy(tree)
            _Remover(changed, _nth(changed, place), results.get(check, "None")).remove()
            yield Mutant(path, node.lineno, f"without {check}", ast.unparse(ast.fix_missing_locations(changed)))


def _without_refusals(path: str, tree: ast.Module) -> Iterator[Mutant]:
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in SAYING_NO and isinstance(node.func.value, ast.Name) and node.func.value.id == "case":
            changed = copy.deepcopy(tree)
            call = _nth(changed, place)
            _Remover(changed, call.func if isinstance(call, ast.Call) else call, "None").remove()
            said = ", ".join(ast.unparse(argument) for argument in node.args[:2])
            text = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(path, node.lineno, f"without {node.func.attr}({said})", text)


def _other_names_of_checks(tree: ast.Module) -> set[str]:
    """Return the names under which the module imports checks of other modules."""
    imported = [alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    return {alias.asname for alias in imported if alias.asname and alias.name.startswith(CHECK_PREFIX)}


def _nth(tree: ast.AST, place: int) -> ast.AST:
    return next(node for index, node in enumerate(ast.walk(tree)) if index == place)


def _results_of_checks(tree: ast.Module) -> dict[str, str]:
    """Return for each check defined in the module the value that says "nothing found", by what it promises."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name: _nothing_found(ast.unparse(node.returns)) for node in functions if node.returns is not None}


def _nothing_found(promise: str) -> str:
    for wrapper in ("Checks[", "Awaitable[", "Coroutine["):
        if promise.startswith(wrapper):
            promise = promise.removeprefix(wrapper).removesuffix("]")
    neutral = {"bool": "True", "list": "[]", "List": "[]", "Sequence": "()", "tuple": "()", "Iterator": "()"}
    return neutral.get(promise.partition("[")[0], "None")


class _Remover:
    """Takes one use of a check out of a tree: the smallest part around it that can go."""

    def __init__(self, tree: ast.AST, use: ast.AST, result: str) -> None:
        self._parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self._use = use
        self._result = result

    def remove(self) -> None:
        part = self._whole_call(self._use)
        parent = self._parents[part]
        if isinstance(parent, ast.Starred):
            part, parent = parent, self._parents[parent]
        if isinstance(parent, ast.Tuple | ast.List | ast.Set) and isinstance(part, ast.expr):
            parent.elts.remove(part)  # an entry of a sequence of checks
        elif isinstance(parent, ast.Dict) and part in parent.values:
            place = parent.values.index(part)
            del parent.keys[place], parent.values[place]
        elif (statement := self._bare_statement(part)) is not None:
            # A function stays the generator it was, so that no test dies of a plain None in its place.
            asks = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.YieldFrom)
            self._replace(statement, _asks_nothing() if asks else ast.Pass())
        else:
            self._replace(part, ast.parse(self._result, mode="eval").body)

    def _whole_call(self, part: ast.AST) -> ast.AST:
        """Widen a function's name to its call and the ``yield from`` or ``await`` before it."""
        parent = self._parents[part]
        if isinstance(parent, ast.Call) and parent.func is part:
            part, parent = parent, self._parents[parent]
        while isinstance(parent, ast.YieldFrom | ast.Await):
            part, parent = parent, self._parents[parent]
        return part

    def _bare_statement(self, part: ast.AST) -> ast.stmt | None:
        """Return the statement that only performs the check or only adds its result to the others."""
        parent = self._parents[part]
        if isinstance(parent, ast.Expr | ast.AugAssign):
            return parent
        adds = {"append", "extend", "add", "update"}
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and parent.func.attr in adds:
            above = self._parents[parent]
            return above if isinstance(above, ast.Expr) else None
        return None

    def _replace(self, old: ast.AST, new: ast.AST) -> None:
        for field, value in ast.iter_fields(self._parents[old]):
            if value is old:
                setattr(self._parents[old], field, new)
            elif isinstance(value, list) and old in value:
                value[value.index(old)] = new


def _asks_nothing() -> ast.stmt:
    return ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))


def mutants_in(modules: Sequence[str], read: Callable[[str], str]) -> list[Mutant]:
    """Return the mutants of several modules; ``read`` gives the text of one."""
    return [mutant for path in modules for mutant in mutants_of(path, read(path))]
