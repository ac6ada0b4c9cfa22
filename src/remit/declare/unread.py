"""`Unread`: what stands for a value that failed, in a call whose other arguments are still checked."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from remit.errors import UnreadError


class Unread:
    """A value that failed, which is noted. Whatever reads it in any way fails with UnreadError, which says nothing.

    `isinstance` reads it, too: it asks for `__class__`.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> NoReturn:
        raise UnreadError


def _refuse(*_arguments: Any, **_options: Any) -> NoReturn:
    raise UnreadError


_READING: Final = (
    "__add__ __bool__ __call__ __contains__ __enter__ __eq__ __float__ __format__ __ge__ __getitem__ __gt__ __hash__ "
    "__index__ __int__ __iter__ __le__ __len__ __lt__ __mod__ __mul__ __ne__ __or__ __radd__ __repr__ __ror__ __str__ "
    "__sub__ __truediv__"
)
"""The methods for which Python asks the class, and not the value."""

for _name in _READING.split():
    setattr(Unread, _name, _refuse)
