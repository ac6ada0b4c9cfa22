"""Which settings of a configuration failed, so that what they would have said is not known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from remit.did_you_mean import MISSPELT, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.errors import RemitError

ANY: Final = "*"
"""What stands for all settings, where something else failed: a statement that may set any of them."""
PACKING: Final = ("app", "exclude", "allow", "environment", "layers", "runtime", "architectures", "properties")
"""The settings that decide what a zip holds, and how its code is tried."""
ACCESS: Final = (
    "policy",
    "default_policy",
    "default_vpc_policy",
    "managed_policy",
    "default_managed_policy",
    "permissions_boundary",
)
"""The settings that decide what functions may do."""


def failed_settings(mistakes: Sequence[RemitError], source: bytes, file: str) -> Iterator[str]:
    """The settings that the statements in which mistakes stand are about: `timeout`; ANY for other statements.

    Such a statement assigns to a setting, or calls a method of its value.
    """
    if not mistakes:
        return
    try:
        tree = ast.parse(source, file)
    except (SyntaxError, ValueError, RecursionError):
        yield ANY
        return
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for mistake in mistakes:
        name = ANY
        if mistake.origin is not None and mistake.origin.file == file:
            for statement in statements:
                setting = _setting(statement)
                if setting and statement.lineno <= mistake.origin.line <= (statement.end_lineno or 0):
                    name = setting
        yield name


def _setting(statement: ast.stmt) -> str:
    """The name of the setting that a statement assigns to, or of whose value it calls a method; "" for others."""
    match statement:
        case ast.Assign(targets=[ast.Attribute(attr=name)]):
            return name
        case ast.AugAssign(target=ast.Attribute(attr=name)) | ast.AnnAssign(target=ast.Attribute(attr=name)):
            return name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name)))):
            return name
    return ""


def may_be_among(failed: Iterable[str], names: Iterable[str]) -> bool:
    """Whether one of the settings of these names failed, perhaps since it was misspelt."""
    wanted = tuple(names)
    return any(name == ANY or nearest(name, wanted, MISSPELT) is not None for name in failed)
