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
ACCESS: Final = ("policy", "default_policy", "default_vpc_policy", "managed_policy", "default_managed_policy")
"""The settings that give functions access."""


def failed_settings(mistakes: Sequence[RemitError], source: bytes, file: str) -> Iterator[str]:
    """The settings to which the statements assign in which mistakes stand: `timeout`, ANY for other statements."""
    if not mistakes:
        return
    try:
        tree = ast.parse(source, file)
    except (SyntaxError, ValueError, RecursionError):
        yield ANY
        return
    assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)]
    for mistake in mistakes:
        name = ANY
        if mistake.origin is not None and mistake.origin.file == file:
            for assignment in assignments:
                target = assignment.targets[0] if isinstance(assignment, ast.Assign) else assignment.target
                is_inside = assignment.lineno <= mistake.origin.line <= (assignment.end_lineno or 0)
                if is_inside and isinstance(target, ast.Attribute):
                    name = target.attr
        yield name


def may_be_among(failed: Iterable[str], names: Iterable[str]) -> bool:
    """Whether one of the settings of these names failed, perhaps since it was misspelt."""
    wanted = tuple(names)
    return any(name == ANY or nearest(name, wanted, MISSPELT) is not None for name in failed)
