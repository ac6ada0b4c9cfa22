"""Which line wrote each item of a list: read from the source, since Python keeps no lines for values."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from remit.errors import Origin, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

_Position = tuple[int, int, int, int]


def value_node(span: Span, keyword: str | None = None) -> ast.expr | None:
    """The expression that was assigned at `span`, or passed as `keyword` of the call there; None if not found."""
    nodes = _nodes(span.file)
    node = nodes.get((span.line, span.column, span.end_line, span.end_column))
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return node.value
    if isinstance(node, ast.Call):
        return next((item.value for item in node.keywords if item.arg == keyword), None)
    return None


def keyword_node(span: Span, message: str) -> ast.expr | None:
    """The value of the keyword, of the call at `span`, that an error's message names in backticks."""
    node = _nodes(span.file).get((span.line, span.column, span.end_line, span.end_column))
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return next((item.value for item in keywords if item.arg and f"`{item.arg}" in message), None)


def item_nodes(node: ast.expr | None, count: int) -> Sequence[ast.expr | None]:
    """The expressions of the `count` items of a list display; Nones where the source does not show them."""
    if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) != count:
        return [None] * count
    starred = any(isinstance(item, ast.Starred) for item in node.elts)
    return [None] * count if starred else node.elts


def origin_of(node: ast.expr | None, span: Span) -> Origin:
    """Where an expression stands; without one, where its statement does."""
    return span.origin if node is None else Origin(span.file, node.lineno, node.col_offset + 1)


@functools.lru_cache(maxsize=64)
def _nodes(file: str) -> dict[_Position, ast.AST]:
    """The calls of a file by their position, and its assignments by the position of their target."""
    try:
        with open(file, "rb") as source:  # noqa: PTH123 - a path from a code object, not ours to interpret
            tree = ast.parse(source.read(), file)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return {}  # it was executed a moment ago; without it, errors name the statement only
    nodes: dict[_Position, ast.AST] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            nodes[_position(node)] = node
        elif isinstance(node, ast.Assign):
            nodes.update((_position(target), node) for target in node.targets)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            nodes[_position(node.target)] = node
    return nodes


def _position(node: ast.expr) -> _Position:
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


def forget() -> None:
    """Drop what was read: the files may change between two loads of one process."""
    _nodes.cache_clear()
