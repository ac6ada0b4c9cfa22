"""Note a name that remit does not have, at its place, without stopping the code that spells it."""

from __future__ import annotations

import ast
import dis
import sys
from typing import TYPE_CHECKING, Any, Final

from remit.declare.recording import is_recording, note
from remit.declare.unread import Unread
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, is_nobodys_code, span
from remit.source import python_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_SPELLING: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
"""The instructions of `on.sqz`. `hasattr`, `getattr` and `import` execute others: they only ask."""


def asking_frame(depth: int = 1) -> FrameType | None:
    """The code that spells out an attribute which it takes to be there, as it calls a `__getattr__` of remit's.

    None where it only asks, by `hasattr`, `import` or a `try`, and where no project's code runs.
    """
    frame = sys._getframe(depth + 1)  # noqa: SLF001 - the only way to know who asks
    if not is_recording() or is_nobodys_code(frame):
        return None
    is_spelt = dis.opname[frame.f_code.co_code[frame.f_lasti]] in _SPELLING
    return frame if is_spelt and not _is_tried(frame) else None


def _is_tried(asking: FrameType) -> bool:
    """Whether the code, or what calls it in its module or another, stands in a `try` that handles exceptions."""
    frame: FrameType | None = asking
    while frame is not None:
        nodes = () if is_nobodys_code(frame) else python_file.read(frame.f_code.co_filename).nodes
        tried = [node.body for node in nodes if isinstance(node, ast.Try | ast.TryStar) and node.handlers]
        if any(body[0].lineno <= frame.f_lineno <= (body[-1].end_lineno or 0) for body in tried):
            return True
        frame = None if frame.f_code.co_name == "<module>" else frame.f_back
    return False


def unknown(message: str, name: str, owner: object, known: Iterable[str]) -> Any:
    """Note that `owner` has none but the `known` names, for its `__getattr__`. AttributeError: somebody only asks."""
    frame = asking_frame(2)
    if frame is None or name.startswith("__"):
        raise AttributeError(message, name=name, obj=owner)
    names = list(known)
    hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
    note(RemitError(message, hint=hint, origin=span(frame).origin))
    return Unread()
