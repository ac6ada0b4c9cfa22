"""A trigger or an authorizer as it was written: recorded while a project loads, and judged afterwards."""

from __future__ import annotations

import functools
import inspect
from copy import copy
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, get_type_hints

from remit.declare.field_types import kinds_of, type_mistakes
from remit.declare.fitting import fitted
from remit.declare.recording import current
from remit.declare.unread import Unread
from remit.errors import Mistakes, Origin, RemitError, judging, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


class Recording(type):
    """The type of classes whose objects are recorded while a project loads, and judged at once anywhere else."""

    @property
    def __signature__(cls) -> inspect.Signature:
        return inspect.signature(functools.partial(cls.__init__, None))  # type: ignore[misc] # the class's own

    if not TYPE_CHECKING:  # type checkers would see no signature but this one

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            """Make an object. While a project loads, it is recorded, and what is wrong with it is judged later.

            RemitError: no project is loading, and it is wrong.
            """
            record = current()
            if record is None or record.is_over:
                made = super().__call__(*arguments, **options)
                made.judged().refuse()
                return made
            try:
                made = super().__call__(*arguments, **options)
            except TypeError:
                fit = fitted(cls, arguments, options)
                made = super().__call__(*fit.arguments, **fit.options)
                object.__setattr__(made, "misfits", fit.mistakes)
            record.made.append(made)
            return made


@dataclass(frozen=True, slots=True)
class Recorded(metaclass=Recording):
    """Base of the frozen dataclasses whose fields are options as the user gave them."""

    written: Origin = field(init=False, default_factory=writer, compare=False, repr=False)
    """The line that wrote it."""
    misfits: tuple[RemitError, ...] = field(init=False, default=(), compare=False, repr=False)
    """What is wrong with its arguments as such: options that it does not have, and those that are missing."""

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield what to check of the options, beside their types: each call raises RemitError if something is wrong."""
        yield from ()

    def judged(self, wrong: Collection[int] = ()) -> Mistakes:
        """Return everything that is wrong with the options. Checks that read one of a wrong type say nothing.

        `wrong` are the identities of other objects that are not right, so that nothing is to be read of them.
        """
        mistakes = Mistakes(list(self.misfits))
        with judging(self.written):
            readable = self  # with nothing to read in place of options whose type is wrong
            for name, default, kinds in _options(type(self)):
                value = getattr(self, name)
                if value is default:  # most options are left out, and a default needs no check
                    continue
                is_unread = type(value) is Unread or id(value) in wrong
                wrong_types = [] if is_unread else list(type_mistakes(name, value, kinds))
                mistakes.errors += wrong_types
                if wrong_types or is_unread:
                    readable = copy(self) if readable is self else readable
                    object.__setattr__(readable, name, Unread())
            with mistakes.noted():
                for check in readable.checks():
                    with mistakes.noted():
                        try:
                            check()
                        except TypeError:
                            if readable is self:
                                raise  # otherwise a function in C, such as those of `re`, was given an Unread
        for error in mistakes.errors:
            error.origin = error.origin or self.written
        mistakes.is_unread = mistakes.is_unread or readable is not self
        return mistakes


@functools.cache
def _options(of: type[Recorded]) -> tuple[tuple[str, Any, Any], ...]:
    """The options of a class, each with its default and the kinds of values that its annotation names."""
    annotations = get_type_hints(of)
    return tuple(
        (option.name, option.default, kinds_of(annotations[option.name])) for option in fields(of) if option.init
    )
