"""`Unread`: what stands for a value of which something is wrong, or for a name that remit does not have."""

from __future__ import annotations

import ast
import dis
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Final

from remit.declare.recording import is_recording, note
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, UnreadError, is_nobodys_code, span
from remit.source import python_file


class Unread:
    """A value that is not known. While a project's code runs, it takes whatever is done with it, and gives itself.

    Afterwards, whatever reads it in any way fails with UnreadError, which says nothing. `isinstance` reads it, too: it
    asks for `__class__`.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if not is_recording():
            raise UnreadError
        return object.__getattribute__(self, name) if name.startswith("__") else self

    def __setattr__(self, _name: str, _value: object) -> None:
        pass

    def __setitem__(self, _key: object, _value: object) -> None:
        pass


_GIVEN: Final[dict[str, Callable[[Unread], Any]]] = {
    "__bool__": lambda _: False,
    "__contains__": lambda _: False,
    "__exit__": lambda _: False,
    "__float__": lambda _: 0.0,
    "__format__": lambda _: "unread",
    "__hash__": id,
    "__index__": lambda _: 0,
    "__int__": lambda _: 0,
    "__iter__": lambda _: iter(()),
    "__len__": lambda _: 0,
    "__repr__": lambda _: "unread",
    "__str__": lambda _: "unread",
}
"""The methods of which Python wants a value of a certain type, and what they give while a project's code runs."""
_OPERATORS: Final = (
    "__add__", "__and__", "__call__", "__enter__", "__eq__", "__floordiv__", "__ge__", "__getitem__", "__gt__",
    "__le__", "__lt__", "__mod__", "__mul__", "__ne__", "__neg__", "__or__", "__radd__", "__rmod__", "__rmul__",
    "__ror__", "__rsub__", "__rtruediv__", "__sub__", "__truediv__",
)  # fmt: skip
"""The methods that give it itself while a project's code runs."""


def _method(gives: Callable[[Unread], Any]) -> Callable[..., Any]:
    """A method of Unread, which gives something while a project's code runs, and raises UnreadError at other times."""

    def method(self: Unread, *_arguments: object, **_options: object) -> Any:
        """Give what `gives` says while a project loads; UnreadError at any other time."""
        if not is_recording():
            raise UnreadError
        return gives(self)

    return method


for _name in (*_GIVEN, *_OPERATORS):
    setattr(Unread, _name, _method(_GIVEN.get(_name, lambda unread: unread)))


_SPELLING: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
"""The instructions of `on.sqz`. `hasattr`, `getattr` and `import` execute others: they only ask."""


def asking_frame(depth: int = 1) -> FrameType | None:
    """The code that spells out an attribute which it takes to be there, as it calls a `__getattr__` of remit's.

    None where it only asks, by `hasattr`, `import` or a `try`, and where no project's code runs.
    """
    # `depth` is the number of remit's functions in between: the `__getattr__`, and what it calls.
    frame = sys._getframe(depth + 1)  # noqa: SLF001 - the only way to know who asks
    if not is_recording() or is_nobodys_code(frame):
        return None
    is_spelt = dis.opname[frame.f_code.co_code[frame.f_lasti]] in _SPELLING
    return frame if is_spelt and not _is_tried(frame) else None


def _is_tried(asking: FrameType) -> bool:
    """Return whether the code, or what calls it in its module or another, stands in a `try` that handles exceptions."""
    frame: FrameType | None = asking
    while frame is not None:
        nodes = () if is_nobodys_code(frame) else python_file.read(frame.f_code.co_filename).nodes
        tried = [node.body for node in nodes if isinstance(node, ast.Try | ast.TryStar) and node.handlers]
        if any(body[0].lineno <= frame.f_lineno <= (body[-1].end_lineno or 0) for body in tried):
            return True
        frame = None if frame.f_code.co_name == "<module>" else frame.f_back
    return False


def unknown(message: str, name: str, owner: object, known: Iterable[str]) -> Any:
    """Note that `owner` has none but the `known` names, for its `__getattr__`, and give an Unread.

    AttributeError, and nothing is noted: somebody only asks, or no project's code runs.
    """
    frame = None if name.startswith("__") else asking_frame(2)  # Python itself asks for `__path__`, and more
    if frame is None:
        raise AttributeError(message, name=name, obj=owner)
    names = list(known)
    hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
    note(RemitError(message, hint=hint, origin=span(frame).origin))
    return Unread()
