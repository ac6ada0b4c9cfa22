"""Read how a decorator is spelled in the user's source, so that a fix can be told in the user's own words."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.source.places import keyword_value
from remit.source.python_file import imports, origin_in, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.errors import Origin


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
        """The `policy=` to write, one that grants `item` as well."""
        keyword = f"policy=[{', '.join((*self.policy, item))}]"
        return f"@{self.text}({keyword})" if self.bare else keyword


def decorator(folder: Path, origin: Origin | None) -> Decorator | None:
    """The decorator that stands at `origin`, a path from the project's folder; None when none does."""
    if origin is None:
        return None
    file = read(str(folder / origin.file))
    imported = {item.bound: item.full_name for item in imports(file.nodes) if item.name is not None}
    nodes = file.at(origin.line, origin.column)
    for node in nodes:
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Call):
            policy = keyword_value(node, "policy")
            policy_origin = origin if policy is None else origin_in(origin.file, policy)
            items = _items(policy, file.source.decode(errors="replace"))
            return Decorator(ast.unparse(node.func), items, bare=False, origin=policy_origin, imported=imported)
    for function in file.nodes:
        if isinstance(function, ast.FunctionDef):
            for expression in function.decorator_list:
                if expression in nodes:
                    return Decorator(ast.unparse(expression), (), bare=True, origin=origin, imported=imported)
    return None


def _items(policy: ast.expr | None, text: str) -> tuple[str, ...]:
    """The items of a policy as they are written; one that is a list by itself, or may be, begins with `*`."""
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


def attribute(folder: Path, origin: Origin | None) -> str | None:
    """How the user's code calls the shared resource that is made at `origin`: `Data.table`.

    None where no class of the file assigns it.
    """
    if origin is None:
        return None
    for node in read(str(folder / origin.file)).nodes:
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and origin_in(origin.file, line.value) == origin:
                    return f"{node.name}.{ast.unparse(line.targets[0])}"
    return None
