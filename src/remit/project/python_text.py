"""Places inside the Python files of a project: which line of a policy's dict holds what a finding is about."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.errors import Origin
from remit.iam.policy import OLD_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.documents.slips import Slip

_SPELLINGS: Final = {
    "Action": ("Action", "action", "actions"),
    "NotAction": ("NotAction", "not_action"),
    "Resource": ("Resource", "resource", "resources"),
    "NotResource": ("NotResource", "not_resource"),
    "Condition": ("Condition", "condition"),
    "Effect": ("Effect", "effect"),
    "Sid": ("Sid", "sid"),
    "Statement": ("Statement", "statement"),
    "PolicyDocument": ("PolicyDocument", "policy_document"),
}


@lru_cache(maxsize=64)
def _tree(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None


def forget() -> None:
    """Drop what was read: files may change between two runs of one process."""
    _tree.cache_clear()
    _expressions.cache_clear()


@lru_cache(maxsize=64)
def _expressions(path: Path) -> dict[tuple[int, int], ast.expr]:
    """The outermost expression that begins at each place."""
    outermost: dict[tuple[int, int], ast.expr] = {}
    tree = _tree(path)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.expr):
            outermost.setdefault((node.lineno, node.col_offset + 1), node)
    return outermost


def inside(folder: Path, origin: Origin, spot: tuple[str | int, ...], ordinal: int = 0) -> Origin:
    """The place of a spot in the policy item that begins at `origin`; its start when the source does not show it.

    `ordinal` says which statement, when the item is a document of several.
    """
    if not origin.file.endswith(".py") or not origin.line:
        return origin
    node = _expressions(folder / origin.file).get((origin.line, origin.column))
    if node is None:
        return origin
    expression = _statement(node, ordinal) or node
    for step in spot:
        below = _below(expression, step)
        if below is None:
            break
        expression = below
    if expression is node and spot and (same := _constant(node, str(spot[-1]))) is not None:
        expression = same
    return Origin(origin.file, expression.lineno, expression.col_offset + 1)


def entry(folder: Path, origin: Origin, name: str) -> Origin:
    """The place of the value that a dict at `origin`, or in what is written there, has by a name; else `origin`."""
    tree = _tree(folder / origin.file) if origin.file.endswith(".py") else None
    place = (origin.line, origin.column - 1)
    for node in ast.walk(tree) if tree is not None else ():
        holds_entries = ast.Assign | ast.AugAssign | ast.Call | ast.Dict
        if isinstance(node, holds_entries) and (node.lineno, node.col_offset) == place:
            return _member_within(node, name, origin)
    return origin


def _member_within(node: ast.AST, name: str, origin: Origin) -> Origin:
    for descendant in ast.walk(node):
        value = _member(descendant, name) if isinstance(descendant, ast.Dict) else None
        if value is not None:
            return Origin(origin.file, value.lineno, value.col_offset + 1)
    return origin


def _statement(node: ast.expr, ordinal: int) -> ast.expr | None:
    """The statement of a document that is written out."""
    document = _member(node, "PolicyDocument") or node
    statements = _member(document, "Statement")
    if isinstance(statements, ast.List | ast.Tuple):
        return statements.elts[ordinal] if ordinal < len(statements.elts) else None
    return statements


def _below(node: ast.expr, step: str | int) -> ast.expr | None:
    if isinstance(node, ast.Dict):
        return _member(node, str(step))
    if isinstance(node, ast.List | ast.Tuple):
        if isinstance(step, int):
            return node.elts[step] if step < len(node.elts) else None
        return _constant(node, step)
    return _given(node, str(step)) if isinstance(node, ast.Call) else None


def _given(call: ast.Call, name: str) -> ast.expr | None:
    """What a call gives a property: by the keyword of its letters, or in a dict of properties."""
    dicts = list(call.args)
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg.replace("_", "").casefold() == name.casefold():
            return keyword.value
        if keyword.arg in (None, "properties"):
            dicts.append(keyword.value)
    members = (_member(value, name) for value in dicts)
    return next((member for member in members if member is not None), None)


def _member(node: ast.expr, name: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    spelled = _SPELLINGS.get(name, (name,))
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in spelled:
            return value
    return None


def _constant(node: ast.expr, text: str) -> ast.expr | None:
    """The string of this text, or the f-string whose literal parts it holds in order."""
    formatted = None
    for descendant in ast.walk(node):
        if isinstance(descendant, ast.Constant) and descendant.value == text:
            return descendant
        if formatted is None and isinstance(descendant, ast.JoinedStr) and _may_be(descendant, text):
            formatted = descendant
    return formatted


def _may_be(node: ast.JoinedStr, text: str) -> bool:
    position = 0
    literals = [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    for literal in literals:
        place = text.find(literal, position)
        if place < 0:
            return False
        position = place + len(literal)
    return bool(literals)


def part(folder: Path, origin: Origin, path: tuple[str | int, ...]) -> Origin:
    """The place of a part of the policy item, or of the call, at `origin`, by the path that an error has.

    A part of a call that begins on its first line is no other place: the call is what people look for.
    """
    node = _expressions(folder / origin.file).get((origin.line, origin.column))
    if isinstance(node, ast.Call):
        place = inside(folder, origin, path)
        return origin if place.line == origin.line else place
    ordinal = 0
    if path[:1] == ("Statement",):
        ordinal = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        path = path[2:]
    return inside(folder, origin, path, ordinal)


def slips(folder: Path, file: str) -> Iterator[tuple[Slip, Origin]]:
    """What is passed over in silence in the dicts of a file: a key that stands twice, an old Version."""
    tree = _tree(folder / file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Dict):
            yield from _repeated(node, file)
            version = _member(node, "Version")
            if isinstance(version, ast.Constant) and version.value == OLD_VERSION and _member(node, "Statement"):
                yield _slip("version", OLD_VERSION), Origin(file, version.lineno, version.col_offset + 1)
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.Call):
            yield from _bare(node, file)


def _slip(kind: str, text: str, inside: str = "") -> Slip:
    from remit.documents.slips import Slip  # noqa: PLC0415 - few files have any

    return Slip(kind, text, (), inside)


_POLICIES: Final = frozenset({
    "policy", "default_policy", "default_vpc_policy", "managed_policy", "default_managed_policy",
})  # fmt: skip
_DECLARING: Final = frozenset({"function", "group", "job"})


def _bare(node: ast.Assign | ast.AugAssign | ast.Call, file: str) -> Iterator[tuple[Slip, Origin]]:
    """A string where a list of policies stands as a rule: in a setting, in a decorator."""
    settings: list[tuple[str, ast.expr]] = []
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _DECLARING:
            settings = [(target.arg or "", target.value) for target in node.keywords]
    else:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        settings = [
            (target.attr, node.value) for target in targets if isinstance(target, ast.Attribute) and _in_iam(target)
        ]
    for name, value in settings:
        if name in _POLICIES and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield _slip("bare", value.value, name), Origin(file, value.lineno, value.col_offset + 1)


def _in_iam(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Attribute) and target.value.attr == "iam"


def _repeated(node: ast.Dict, file: str) -> Iterator[tuple[Slip, Origin]]:
    first_lines: dict[object, int] = {}
    for key in node.keys:
        if not isinstance(key, ast.Constant):
            continue
        if key.value in first_lines:
            slip = _slip("repeated", repr(key.value), f"{file}:{first_lines[key.value]}")
            yield slip, Origin(file, key.lineno, key.col_offset + 1)
        first_lines.setdefault(key.value, key.lineno)
