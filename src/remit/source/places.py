"""Where people wrote the parts of a value: read from the source, since Python keeps no lines for values."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, TypeGuard

from remit.source.python_file import PythonFile, origin_in, read

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable, Iterator, Sequence

    from remit.errors import Origin, Path, Span

_DEPTH: Final = 32  # a list that contains itself by name


def _written(span: Span) -> ast.Call | ast.BinOp | ast.Assign | ast.AugAssign | ast.AnnAssign | None:
    """The call or the sum at `span`, or the assignment whose target stands there; `+=` may stand there itself.

    None: nothing stands there that ends where the span does.
    """
    end = (span.end_line, span.end_column)
    for node in read(span.file).at(span.line, span.column + 1):
        match node:
            case ast.Call() | ast.BinOp():
                ending: list[ast.expr | ast.stmt] = [node]
            case ast.Assign(targets=targets):
                ending = [*targets]
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                ending = [node, target]
            case _:
                continue
        if any((part.end_lineno, part.end_col_offset) == end for part in ending):
            return node
    return None


def value_node(span: Span, keyword: str | None = None) -> ast.expr | None:
    """The expression that was assigned at `span`, or passed as `keyword` of the call there; None if not found.

    Of a sum it is the side that shows a list, or else the right one; of a call without a keyword, what `**` unpacks.
    """
    match _written(span):
        case ast.Call() as call:
            return keyword_value(call, keyword)
        case ast.BinOp(left=left, right=right):  # what a policy is added to is the other side
            return left if _is_list(left) and not _is_list(right) else right
        case None:
            return None
        case assignment:
            return assignment.value


def keyword_value(call: ast.Call, name: str | None) -> ast.expr | None:
    """The value that a call passes as the keyword of a name, or by `**` for None; None where it does not spell it."""
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def argument_origin(span: Span, name: str, position: int | None = None) -> Origin:
    """The place of an argument of the call at `span`, by its name, else by its position; the call's if it has none."""
    node = value_node(span, name)
    call = _written(span)
    if node is None and position is not None and isinstance(call, ast.Call):
        by_position = call.args[: position + 1]
        if len(by_position) > position and not any(isinstance(argument, ast.Starred) for argument in by_position):
            node = by_position[position]
    return origin_of(node, span)


def function_called(span: Span) -> str:
    """Return what is called at `span` as it is written: `on.sqs`; `this` where no call is found there."""
    call = _written(span)
    return ast.unparse(call.func) if isinstance(call, ast.Call) else "this"


def option_origin(span: Span, name: str) -> Origin:
    """Return where the call at `span` spells the name of an option; of one from `**options`, where that stands."""
    call = _written(span)
    keywords = call.keywords if isinstance(call, ast.Call) else ()
    for keyword in keywords:
        if keyword.arg == name:
            return origin_in(span.file, keyword)
    return origin_of(next((keyword.value for keyword in keywords if keyword.arg is None), None), span)


def part_origin(span: Span, keyword: str | None, path: Path) -> Origin:
    """The place of an item or a key of what is given at `span`, as far as its displays show the steps to it.

    It is that of the argument, or the assignment, if the part begins on the same line.
    """
    value = value_node(span, keyword)
    part, inside = value, value
    for step in path:
        if isinstance(inside, ast.List | ast.Tuple) and isinstance(step, int) and step < len(inside.elts):
            part = inside = inside.elts[step]
            continue
        pairs = zip(inside.keys, inside.values, strict=True) if isinstance(inside, ast.Dict) else ()
        pair = next((pair for pair in pairs if isinstance(pair[0], ast.Constant) and str(pair[0].value) == step), None)
        if pair is None:
            break
        part, inside = pair
    if value is None or part is None or part.lineno == value.lineno:
        return span.origin if keyword is None else origin_of(value, span)
    return origin_of(part, span)


def item_nodes(node: ast.expr | None, count: int, file: str) -> Sequence[ast.expr | None]:
    """The expressions of the `count` items of a list; for what the source does not show, the expression that gave it.

    Followed are displays, `*more` in them, `+`, and names that the file assigns once. Without a node, None for each.
    """
    if node is None:
        return [None] * count
    parts = tuple(_shown(node, read(file)))
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


def _shown(node: ast.expr, file: PythonFile, depth: int = 0) -> Iterator[tuple[ast.expr, bool]]:
    """The parts of a list's expression: True with each that is one item, False with each that is any number."""
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            if isinstance(item, ast.Starred):
                yield from _shown(item.value, file, depth + 1)
            else:
                yield item, True
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _shown(node.left, file, depth + 1)
        yield from _shown(node.right, file, depth + 1)
    elif isinstance(node, ast.Name) and depth < _DEPTH and _is_list(assigned := file.assigned_once.get(node.id)):
        yield from _shown(assigned, file, depth + 1)
    else:
        yield node, False


def _is_list(node: ast.expr | None) -> TypeGuard[ast.expr]:
    """Return whether an expression shows items of a list: a display, or a sum."""
    return isinstance(node, ast.List | ast.Tuple | ast.BinOp)


def repeated_keys(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Constant, ast.Constant]]:
    """Keys that a dict display has had before, of which Python silently keeps the last, and the first of each."""
    for display in nodes:
        if isinstance(display, ast.Dict):
            first_keys: dict[object, ast.Constant] = {}
            for key in display.keys:
                if isinstance(key, ast.Constant) and first_keys.setdefault(key.value, key) is not key:
                    yield key, first_keys[key.value]


def origin_of(node: ast.expr | None, span: Span) -> Origin:
    """The place of an expression; without one, that of its statement."""
    return span.origin if node is None else origin_in(span.file, node)


def _nodes_at(folder: pathlib.Path, origin: Origin) -> Sequence[ast.AST]:
    """The nodes that begin at a place of a project's file, if that is Python, outer ones first."""
    if not origin.file.endswith(".py"):
        return ()
    return read(str(folder / origin.file)).at(origin.line, origin.column)


def _expression(folder: pathlib.Path, origin: Origin) -> ast.expr | None:
    """The outermost expression that begins at a place; None where none does."""
    return next((node for node in _nodes_at(folder, origin) if isinstance(node, ast.expr)), None)


def inside(folder: pathlib.Path, origin: Origin, path: tuple[str | int, ...], ordinal: int = 0) -> Origin:
    """The origin of a part of the policy item that begins at `origin`; its start when the source does not show it.

    `ordinal` says which statement, when the item is a document of several.
    """
    node = _expression(folder, origin)
    if node is None:
        return origin
    expression = _statement(node, ordinal) or node
    for step in path:
        below = _below(expression, step)
        if below is None:
            break
        expression = below
    if expression is node and path and (same := _constant(node, str(path[-1]))) is not None:
        expression = same
    return origin_in(origin.file, expression)


def entry(folder: pathlib.Path, origin: Origin, name: str) -> Origin:
    """The place of the value that a dict at `origin`, or in what is written there, has by a name; else `origin`."""
    for node in _nodes_at(folder, origin):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Call | ast.Dict):
            value = _first_member(ast.walk(node), name)
            return origin if value is None else origin_in(origin.file, value)
    return origin


def _statement(node: ast.expr, ordinal: int) -> ast.expr | None:
    """The statement of a document that is written out; None where the source does not show it."""
    document = member(node, "PolicyDocument") or node
    statements = member(document, "Statement")
    if isinstance(statements, ast.List | ast.Tuple):
        return statements.elts[ordinal] if ordinal < len(statements.elts) else None
    return statements


def _below(node: ast.expr, step: str | int) -> ast.expr | None:
    """The part of an expression one step below it: of a dict, a list, or a call. None: not shown."""
    if isinstance(node, ast.Dict):
        return member(node, str(step))
    if isinstance(node, ast.List | ast.Tuple):
        if isinstance(step, int):
            return node.elts[step] if step < len(node.elts) else None
        return _constant(node, step)
    return _given(node, str(step)) if isinstance(node, ast.Call) else None


def _given(call: ast.Call, name: str) -> ast.expr | None:
    """The value that a call gives a property: by the keyword of its letters, or in a dict of properties.

    None: it gives none that the source shows.
    """
    dicts = list(call.args)
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg.replace("_", "").casefold() == name.casefold():
            return keyword.value
        if keyword.arg in (None, "properties"):
            dicts.append(keyword.value)
    return _first_member(dicts, name)


def member(node: ast.AST, name: str) -> ast.expr | None:
    """The value that a dict display has by a name, or as remit lets people spell it (`NotAction`: `not_action`).

    None: it has none, or the node is no dict display.
    """
    if not isinstance(node, ast.Dict):
        return None
    values = {
        key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
    }
    snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return values.get(name) or values.get(snake_case) or values.get(f"{snake_case}s")


def _first_member(nodes: Iterable[ast.AST], name: str) -> ast.expr | None:
    """The value of a name in the first of some dict displays that has it; None where none has."""
    values = (member(node, name) for node in nodes)
    return next((value for value in values if value is not None), None)


def _constant(node: ast.expr, text: str) -> ast.expr | None:
    """The string of this text, or the f-string whose literal parts it holds in order. None: neither is there."""
    formatted = None
    for descendant in ast.walk(node):
        if isinstance(descendant, ast.Constant) and descendant.value == text:
            return descendant
        if formatted is None and isinstance(descendant, ast.JoinedStr):
            literals = [re.escape(str(part.value)) for part in descendant.values if isinstance(part, ast.Constant)]
            if literals and re.search(".*".join(literals), text, re.DOTALL):
                formatted = descendant
    return formatted


def part(folder: pathlib.Path, origin: Origin, path: tuple[str | int, ...]) -> Origin:
    """The place of a part of the policy item, or of the call, at `origin`, by the path that an error has.

    A part of a call that begins on its first line is no other place: the call is what people look for.
    """
    if isinstance(_expression(folder, origin), ast.Call):
        place = inside(folder, origin, path)
        return origin if place.line == origin.line else place
    ordinal = 0
    if path[:1] == ("Statement",):
        ordinal = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        path = path[2:]
    return inside(folder, origin, path, ordinal)
