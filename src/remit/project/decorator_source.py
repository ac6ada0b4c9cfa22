"""Read how a decorator is spelled in the user's source, so that a fix can be told in the user's own words."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.app import Resource


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator, `@app.function(…)` or `@app.job`, or another call that declares a function.

    `text` is what is called (`app.function`), `policy` the items of its `policy=` as they are written, with `*` before
    one that is a list by itself. `bare` has no parentheses. `imported` has the names that its file imports, and from
    where: `sqs` may be `remit.triggers.sqs`.
    """

    text: str
    policy: tuple[str, ...]
    bare: bool
    origin: Origin
    imported: Mapping[str, str]

    def with_policy(self, item: str) -> str:
        """What to write: the `policy=` that grants `item` as well."""
        keyword = f"policy=[{', '.join((*self.policy, item))}]"
        return f"@{self.text}({keyword})" if self.bare else keyword


def decorator(folder: Path, origin: Origin | None) -> Decorator | None:
    """The decorator that stands at `origin`, a path from the project's folder; None when none does."""
    source = None if origin is None else _source(folder / origin.file)
    if source is None or origin is None:
        return None
    text, tree = source
    names = _imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or isinstance(node.func, ast.Call):
            continue
        if _at(node) == (origin.line, origin.column):
            policy = next((keyword.value for keyword in node.keywords if keyword.arg == "policy"), None)
            place = origin if policy is None else Origin(origin.file, *_at(policy))
            return Decorator(ast.unparse(node.func), _items(policy, text), bare=False, origin=place, imported=names)
    for node in ast.walk(tree):
        for expression in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if _at(expression) == (origin.line, origin.column):
                return Decorator(ast.unparse(expression), (), bare=True, origin=origin, imported=names)
    return None


def _at(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset + 1


def _items(policy: ast.expr | None, text: str) -> tuple[str, ...]:
    if policy is None:
        return ()
    if isinstance(policy, ast.List | ast.Tuple):
        return tuple(_as_written(item, text) for item in policy.elts)
    written = _as_written(policy, text)
    is_single_item = isinstance(policy, ast.Constant | ast.Dict | ast.JoinedStr | ast.Call)
    return (written if is_single_item else f"*{written}",)


def _as_written(node: ast.expr, text: str) -> str:
    """The source of an expression; on one line."""
    written = ast.get_source_segment(text, node)
    return ast.unparse(node) if written is None or "\n" in written else written


def _imported(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def attribute(folder: Path, resource: Resource) -> str | None:
    """How the user's code calls a shared resource, `Data.table`; None where the source does not show it."""
    source = None if resource.origin is None else _source(folder / resource.origin.file)
    if source is None or resource.origin is None:
        return None
    for owner in (node for node in ast.walk(source[1]) if isinstance(node, ast.ClassDef)):
        for line in owner.body:
            if isinstance(line, ast.Assign) and _at(line.value) == (resource.origin.line, resource.origin.column):
                return f"{owner.name}.{ast.unparse(line.targets[0])}"
    return None


def _source(path: Path) -> tuple[str, ast.Module] | None:
    try:
        text = path.read_text("utf-8")
        return text, ast.parse(text, str(path))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None
