"""`Unread`: what stands for a value of which something is wrong, which is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.declare.recording import is_recording
from remit.errors import UnreadError

if TYPE_CHECKING:
    from collections.abc import Callable


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
    def method(self: Unread, *_arguments: object, **_options: object) -> Any:
        if not is_recording():
            raise UnreadError
        return gives(self)

    return method


for _name in (*_GIVEN, *_OPERATORS):
    setattr(Unread, _name, _method(_GIVEN.get(_name, lambda unread: unread)))
