"""Read how a decorator is spelled in the user's source, so that a fix can be told in the user's own words."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    place = (origin.line, origin.column)
    if place in source.calls:
        call = source.calls[place]
        policy = next((keyword.value for keyword in call.keywords if keyword.arg == "policy"), None)
        policy_origin = origin if policy is None else Origin(origin.file, *_at(policy))
        items = _items(policy, source.lines)
        return Decorator(ast.unparse(call.func), items, bare=False, origin=policy_origin, imported=source.imported)
    if place in source.bare_decorators:
        text = ast.unparse(source.bare_decorators[place])
        return Decorator(text, (), bare=True, origin=origin, imported=source.imported)
    return None


def _at(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset + 1


def _items(policy: ast.expr | None, lines: Sequence[str]) -> tuple[str, ...]:
    if policy is None:
        return ()
    if isinstance(policy, ast.List | ast.Tuple):
        return tuple(_as_written(item, lines) for item in policy.elts)
    written = _as_written(policy, lines)
    is_single_item = isinstance(policy, ast.Constant | ast.Dict | ast.JoinedStr | ast.Call)
    return (written if is_single_item else f"*{written}",)


def _as_written(node: ast.expr, lines: Sequence[str]) -> str:
    """The source of an expression; on one line."""
    if node.end_lineno != node.lineno:
        return ast.unparse(node)
    line = lines[node.lineno - 1].encode()  # columns of `ast` count bytes
    return line[node.col_offset : node.end_col_offset].decode()


def attribute(folder: Path, resource: Resource) -> str | None:
    """How the user's code calls a shared resource, `Data.table`; None where the source does not show it."""
    source = None if resource.origin is None else _source(folder / resource.origin.file)
    if source is None or resource.origin is None:
        return None
    return source.attributes.get((resource.origin.line, resource.origin.column))


@dataclass(slots=True)
class _Source:
    """What stands where in a file, by line and column."""

    lines: tuple[str, ...]
    calls: dict[tuple[int, int], ast.Call] = field(default_factory=dict)
    bare_decorators: dict[tuple[int, int], ast.expr] = field(default_factory=dict)
    attributes: dict[tuple[int, int], str] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


def _source(path: Path) -> _Source | None:
    try:
        return _parsed(path.read_text("utf-8"), str(path))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _parsed(text: str, name: str) -> _Source:
    """Read a file once, however many fixes stand in it. Keyed by its text, since files may change."""
    source = _Source(tuple(text.split("\n")))
    for node in ast.walk(ast.parse(text, name)):
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Call):
            source.calls.setdefault(_at(node), node)
        elif isinstance(node, ast.FunctionDef):
            for expression in node.decorator_list:
                source.bare_decorators.setdefault(_at(expression), expression)
        elif isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign):
                    source.attributes.setdefault(_at(line.value), f"{node.name}.{ast.unparse(line.targets[0])}")
        elif isinstance(node, ast.ImportFrom):
            imports = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            source.imported.update(imports)
    return source
