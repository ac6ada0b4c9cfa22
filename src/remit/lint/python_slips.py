"""What Python passes over in silence in the policies of an app's files."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from remit.documents.slips import Slip
from remit.iam.policy import OLD_VERSION
from remit.source.places import member, repeated_keys
from remit.source.python_file import origin_in, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.errors import Origin

_POLICIES: Final = frozenset({
    "policy", "default_policy", "default_vpc_policy", "managed_policy", "default_managed_policy",
})  # fmt: skip


def slips(folder: Path, file: str) -> Iterator[tuple[Slip, Origin]]:
    """Yield what is passed over in silence in a file, with its place: a repeated key, an old Version, a bare string.

    Nothing where it cannot be read.
    """
    nodes = read(str(folder / file)).nodes
    for key, first_key in repeated_keys(nodes):
        yield Slip("repeated", repr(key.value), (), f"{file}:{first_key.lineno}"), origin_in(file, key)
    for node in nodes:
        if isinstance(node, ast.Dict):
            version = member(node, "Version")
            if isinstance(version, ast.Constant) and version.value == OLD_VERSION and member(node, "Statement"):
                yield Slip("version", OLD_VERSION, ()), origin_in(file, version)
        else:
            yield from _bare(node, file)


def _bare(node: ast.AST, file: str) -> Iterator[tuple[Slip, Origin]]:
    """A string where a list of policies stands as a rule, in a setting or in a decorator, with its place."""
    settings: list[tuple[str | None, ast.expr]] = []
    match node:
        case ast.Call(func=ast.Attribute(attr="function" | "group" | "job")):
            settings = [(keyword.arg, keyword.value) for keyword in node.keywords]
        case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(attr="iam"), attr=name), *_]):
            settings = [(name, node.value)]
        case ast.AugAssign(target=ast.Attribute(value=ast.Attribute(attr="iam"), attr=name)):
            settings = [(name, node.value)]
    for setting, value in settings:
        if setting in _POLICIES and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield Slip("bare", value.value, (), str(setting)), origin_in(file, value)
