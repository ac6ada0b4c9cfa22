"""Seeded defects: operators that change one place of a function, found by the function's name and an ordinal.

A defect is named `module:function operator#n`, as `remit.review.role_pairs:_meaning element#2`: the n-th place in that
function which the operator can change. Names outlive edits elsewhere, where lines and texts would not.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Defect:
    """One change of one function: the n-th place that an operator can change."""

    module: str
    function: str
    operator: str
    ordinal: int

    def __str__(self) -> str:
        return f"{self.module}:{self.function} {self.operator}#{self.ordinal}"


def named(name: str) -> Defect:
    """The defect of a name; a ValueError when no defect has such a name."""
    module, _, place = name.partition(":")
    function, operator, ordinal = re.split("[ #]", place)
    return Defect(module, function, operator, int(ordinal))


def _comparison(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Compare):
        return None
    node.ops = [_TURNED[type(node.ops[0])](), *node.ops[1:]]
    return node


def _branch(node: ast.AST) -> ast.AST | None:
    """The first branch is never taken."""
    if not isinstance(node, ast.If | ast.IfExp):
        return None
    node.test = ast.Constant(value=False)
    return node


def _constant(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bool):
        return ast.Constant(value=not node.value)
    if isinstance(node.value, int):
        return ast.Constant(value=node.value + 1)
    if isinstance(node.value, str):
        return ast.Constant(value=f"{node.value}x" if node.value else "x")
    return None


def _ignored_call(node: ast.AST) -> ast.AST | None:
    """A call's result is ignored: its first argument stands in its place."""
    if isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Starred):
        return node.args[0]
    return None


def _and_or(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.BoolOp):
        return None
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _not(node: ast.AST) -> ast.AST | None:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else None


def _element(node: ast.AST) -> ast.AST | None:
    """The last of several elements is lost."""
    if not isinstance(node, ast.Tuple | ast.List | ast.Set) or len(node.elts) < 2:
        return None
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):  # what is assigned to
        return None
    node.elts = node.elts[:-1]
    return node


OPERATORS: dict[str, Callable[[ast.AST], ast.AST | None]] = {
    "comparison": _comparison,
    "branch": _branch,
    "constant": _constant,
    "ignored-call": _ignored_call,
    "and-or": _and_or,
    "not": _not,
    "element": _element,
}


class _Change(ast.NodeTransformer):
    """Applies an operator to its n-th place in the body of a function; without a place it counts them.

    What cannot be seen from outside by definition is no place.
    """

    def __init__(self, operator: str, ordinal: int) -> None:
        self.change = OPERATORS[operator]
        self.ordinal = ordinal
        self.places = 0

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.keyword) and node.arg == "strict":  # of zip: never False while the code is right
            return node
        if isinstance(node, ast.AnnAssign):  # Python evaluates no annotation of a local name
            node.value = None if node.value is None else self.visit(node.value)
            return node
        changed = self.change(copy.copy(node))
        if changed is not None:
            self.places += 1
            if self.places == self.ordinal:
                return changed
        return self.generic_visit(node)


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of a module and of its classes, by its qualified name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef)
            )


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def _changed(function: ast.FunctionDef, operator: str, ordinal: int) -> int:
    """Change a function in place, and say how many places the operator had up to there."""
    change = _Change(operator, ordinal)
    body = _body(function)
    function.body[len(function.body) - len(body) :] = [change.visit(statement) for statement in body]
    return change.places


def defects(module: str, text: str) -> tuple[Defect, ...]:
    """Every defect that can be put into a module."""
    found = []
    for name, function in functions(ast.parse(text)):
        for operator in OPERATORS:
            places = _changed(function, operator, 0)
            found.extend(Defect(module, name, operator, ordinal) for ordinal in range(1, places + 1))
    return tuple(found)


def mutated(text: str, defect: Defect) -> str:
    """A module's text with one defect; a LookupError when its function has no such place."""
    tree = ast.parse(text)
    for name, function in functions(tree):
        if name == defect.function and _changed(function, defect.operator, defect.ordinal) >= defect.ordinal:
            return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    raise LookupError(f"there is no {defect}")


def drawn(room: str, source: Path, count: int, seed: int = 10) -> tuple[Defect, ...]:
    """The defects of a room that a fixed seed draws, one of each function, so that large ones are no majority.

    Each function and each defect has a lot of its own, so that the others stay drawn when a function is added or a
    module moves to another room.
    """
    by_function: dict[tuple[str, str], list[Defect]] = {}
    for path in sorted((source / "remit" / room).rglob("*.py")):
        if "skeleton" in path.parts:  # `remit init` copies it as text
            continue
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        for defect in defects(module, path.read_text(encoding="utf-8")):
            by_function.setdefault((module, defect.function), []).append(defect)
    first_of_each = [min(places, key=lambda defect: _lot(defect, seed)) for places in by_function.values()]
    return tuple(sorted(first_of_each, key=lambda defect: _lot(replace(defect, operator="", ordinal=0), seed))[:count])


def _lot(defect: Defect, seed: int) -> str:
    file = defect.module.rpartition(".")[2]
    lot = f"{seed} {file} {defect.function} {defect.operator} {defect.ordinal}"
    return hashlib.sha256(lot.encode()).hexdigest()
