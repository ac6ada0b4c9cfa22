"""Which line wrote each item of a list: read from the source, since Python keeps no lines for values."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

from remit.errors import Origin, Path, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DEPTH: Final = 32  # a list that contains itself by name
_Position = tuple[int, int, int, int]


def value_node(span: Span, keyword: str | None = None) -> ast.expr | None:
    """The expression that was assigned at `span`, or passed as `keyword` of the call there; None if not found."""
    node = _source(span.file).nodes.get((span.line, span.column, span.end_line, span.end_column))
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return node.value
    if isinstance(node, ast.Call):
        return next((item.value for item in node.keywords if item.arg == keyword), None)
    if isinstance(node, ast.BinOp):  # what a policy is added to is the other side
        return node.left if _is_list(node.left) and not _is_list(node.right) else node.right
    return None


def argument_origin(span: Span, name: str, position: int | None = None) -> Origin:
    """Where the call at `span` gives an argument by its name, else at a position; the call itself if it does not."""
    node = value_node(span, name)
    call = _source(span.file).nodes.get((span.line, span.column, span.end_line, span.end_column))
    if node is None and position is not None and isinstance(call, ast.Call):
        by_position = call.args[: position + 1]
        if len(by_position) > position and not any(isinstance(argument, ast.Starred) for argument in by_position):
            node = by_position[position]
    return origin_of(node, span)


def function_called(span: Span) -> str:
    """Return what is called at `span` as it is written: `on.sqs`."""
    call = _call(span)
    return "this" if call is None else ast.unparse(call.func)


def option_origin(span: Span, name: str) -> Origin:
    """Return where the call at `span` spells the name of an option; of one from `**options`, where that stands."""
    call = _call(span)
    keywords = () if call is None else call.keywords
    keyword = next((keyword for keyword in keywords if keyword.arg == name), None)
    if keyword is not None:
        return Origin(span.file, keyword.lineno, keyword.col_offset + 1)
    return origin_of(next((keyword.value for keyword in keywords if keyword.arg is None), None), span)


def _call(span: Span) -> ast.Call | None:
    node = _source(span.file).nodes.get((span.line, span.column, span.end_line, span.end_column))
    return node if isinstance(node, ast.Call) else None


def part_of(node: ast.expr | None, path: Path) -> ast.expr | None:
    """The expression of an item, or of a key, in the displays of a value, by the steps to it; as far as they show it.

    The whole value's expression if the part begins on the same line.
    """
    part, inside = node, node
    for step in path:
        if isinstance(inside, ast.List | ast.Tuple) and isinstance(step, int) and step < len(inside.elts):
            part = inside = inside.elts[step]
            continue
        pairs = zip(inside.keys, inside.values, strict=True) if isinstance(inside, ast.Dict) else ()
        pair = next((pair for pair in pairs if isinstance(pair[0], ast.Constant) and str(pair[0].value) == step), None)
        if pair is None:
            break
        part, inside = pair
    if node is None or part is None or part.lineno == node.lineno:
        return node
    return part


def item_nodes(node: ast.expr | None, count: int, file: str) -> Sequence[ast.expr | None]:
    """The expressions of the `count` items of a list; for what the source does not show, the expression that gave it.

    Followed are displays, `*more` in them, `+`, and names that the file assigns once.
    """
    if node is None:
        return [None] * count
    parts = tuple(_shown(node, _source(file).names, 0))
    nodes = [part for part, _ in parts]
    open_indexes = [index for index, (_, is_item) in enumerate(parts) if not is_item]
    if not open_indexes:
        return nodes if len(nodes) == count else [node] * count
    start, end = open_indexes[0], open_indexes[-1] + 1
    hidden_count = count - start - len(nodes[end:])
    if hidden_count < 0:
        return [node] * count
    hidden_node = nodes[start] if len(open_indexes) == 1 else node
    return [*nodes[:start], *[hidden_node] * hidden_count, *nodes[end:]]


def _shown(node: ast.expr, names: Mapping[str, ast.expr], depth: int) -> Iterator[tuple[ast.expr, bool]]:
    """The parts of a list's expression: True with each that is one item, False with each that is any number."""
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            if isinstance(item, ast.Starred):
                yield from _shown(item.value, names, depth + 1)
            else:
                yield item, True
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _shown(node.left, names, depth + 1)
        yield from _shown(node.right, names, depth + 1)
    elif isinstance(node, ast.Name) and depth < _DEPTH and _is_list(assigned := names.get(node.id)):
        yield from _shown(assigned, names, depth + 1)
    else:
        yield node, False


def _is_list(node: ast.expr | None) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.List | ast.Tuple | ast.BinOp)


def repeated_key(node: ast.expr | None) -> ast.expr | None:
    """The second of two equal keys in a dict display, of which Python silently keeps the last; also deeper in it."""
    for display in ast.walk(node) if node is not None else ():
        if isinstance(display, ast.Dict):
            earlier_keys: set[object] = set()
            for key in display.keys:
                if isinstance(key, ast.Constant):
                    if key.value in earlier_keys:
                        return key
                    earlier_keys.add(key.value)
    return None


def origin_of(node: ast.expr | None, span: Span) -> Origin:
    """Where an expression stands; without one, where its statement does."""
    return span.origin if node is None else Origin(span.file, node.lineno, node.col_offset + 1)


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of a file: calls by position, assignments by their target's (`+=` also by its own), names."""

    nodes: Mapping[_Position, ast.AST]
    names: Mapping[str, ast.expr]
    """What a name is assigned, if that is all that binds it in the file."""


@functools.lru_cache(maxsize=64)
def _source(file: str) -> _Source:
    try:
        with open(file, "rb") as source:  # noqa: PTH123 - a path from a code object, not ours to interpret
            tree = ast.parse(source.read(), file)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return _Source({}, {})  # it was executed a moment ago; without it, errors name the statement only
    nodes: dict[_Position, ast.AST] = {}
    assigned: dict[str, ast.expr] = {}
    bound: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call | ast.BinOp):
            nodes[_position(node)] = node
        elif isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                bound.append(node.id)
        elif isinstance(node, ast.Assign):
            nodes.update((_position(target), node) for target in node.targets)
            assigned.update((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            nodes[_position(node.target)] = nodes[_position(node)] = node
        elif isinstance(node, ast.arg):
            bound.append(node.arg)
    once = {name for name, times in Counter(bound).items() if times == 1}
    return _Source(nodes, {name: value for name, value in assigned.items() if name in once})


def _position(node: ast.expr | ast.stmt) -> _Position:
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


def forget() -> None:
    """Drop what was read: the files may change between two loads of one process."""
    _source.cache_clear()
