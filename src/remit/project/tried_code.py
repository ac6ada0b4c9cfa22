"""Tell whether the project's own code may handle what a call raises: a `try` or a `with` of its stands around it."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from typing import TYPE_CHECKING

from remit.project.current_load import is_users_file
from remit.project.guarded_source import opens_configuration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType


def is_tried(folder: Path, *, is_in_function: bool = False) -> bool:
    """Whether a function of the project is called, by whoever called this, inside of a `try` or a `with`.

    The call stack is followed to the top of a module. What stands there itself is looked at only if that
    `is_in_function`, or does what a function could do, as an import does: any other call there is guarded only where
    nothing tries it (`guarded_source.py`).
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to know who called
    while frame is not None:
        code = frame.f_code
        if code.co_name != "<lambda>" and is_users_file(code.co_filename, folder):
            is_in_function = is_in_function or bool(code.co_flags & inspect.CO_OPTIMIZED)
            if is_in_function and any(frame.f_lineno in lines for lines in _tried_lines(code.co_filename)):
                return True
            if code.co_name == "<module>":
                return False
        frame = frame.f_back
    return False


@functools.lru_cache(maxsize=64)
def _tried_lines(file: str) -> Sequence[range]:
    """The lines of a file that stand in the body of a `try` or a `with`."""
    try:
        with open(file, "rb") as source:  # noqa: PTH123 - a path from a code object, not ours to interpret
            tree = ast.parse(source.read(), file)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return ()
    return [
        range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try | ast.TryStar | ast.With) and not opens_configuration(node)
    ]


def forget() -> None:
    """Drop what was read: the files may change between two loads of one process."""
    _tried_lines.cache_clear()
