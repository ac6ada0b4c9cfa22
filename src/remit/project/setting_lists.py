"""Lists and dicts that settings give back: `+=` and `|=` add to them.

A change in place would be lost, or pass unchecked, so it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from remit.declare.recording import note
from remit.errors import RemitError, writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")


class Texts(tuple[str, ...]):
    """A list of strings."""

    __slots__ = ()

    def __add__(self, added: Iterable[str]) -> Texts:  # type: ignore[override]  # lists as well
        texts = [added] if isinstance(added, str) else added
        return Texts((*self, *texts))

    def append(self, _item: object) -> None:
        """Refuse: `+=` adds."""
        note(RemitError("this list cannot be changed in place", hint="write `+= […]`", origin=writer()))

    extend = insert = remove = append


class Table(dict[str, V]):
    """A dict by names."""

    __slots__ = ()

    def __setitem__(self, name: str, _value: object) -> None:
        hint = f"write `|= {{{name!r}: …}}`"
        note(RemitError("this dict cannot be changed in place", hint=hint, origin=writer()))

    def update(self, *_more: Any, **_named: Any) -> Any:
        """Refuse: `|=` adds."""
        note(RemitError("this dict cannot be changed in place", hint="write `|= {…}`", origin=writer()))

    setdefault = pop = update

    def __or__(self, added: Mapping[str, Any]) -> Table[Any]:  # type: ignore[override]  # the only form
        return Table({**self, **added})

    def __ior__(self, added: Mapping[str, Any]) -> Table[Any]:  # type: ignore[override]  # a new one
        return self | added
