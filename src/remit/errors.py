"""A place in somebody's files, and the one error that people see."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Self, TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"
"""The steps from a value to a part of it: keys of dicts and indexes of lists."""

_REMIT = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - pathlib is not loaded for an error
_LIBRARY = os.path.dirname(functools.__file__) + os.sep  # noqa: PTH120 - as above
_NOBODYS_CODE = (_REMIT, _LIBRARY, "<string>", "<frozen ")
"""Files of this package and of the standard library, and the constructors that dataclasses write."""
_ADDRESS = r" at 0x[0-9a-f]+"
_SIGINT = 2
MISTAKE = 2
"""The exit code of a command where somebody made a mistake."""
_SHOWN = 40  # characters of a value that are told
_NAMED = 5  # names of many that are told


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file that a person wrote: path as it is printed, line and column from 1 (0: not known)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


def spelled(path: Path) -> str:
    """A path as errors spell it: `Statement[0].Action[1]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


class RemitError(Exception):
    """A mistake or a refusal, told as a sentence: what, where, why, and what to do.

    Anything else that reaches a person is a bug. `origin` is the place in a file. `path` is the place inside the value
    that was read (keys and list indexes from its root), for whoever knows in which file that value stands. `exit_code`
    is 2 (you made a mistake) unless stated. `rule` is the rule of lint that found it. `further` are the other mistakes
    that were found with this one.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        origin: Origin | None = None,
        path: Path = (),
        exit_code: int = 2,
        rule: str | None = None,
        further: tuple[RemitError, ...] = (),
    ) -> None:
        # The address of an object, which Python tells with it, would be another in each run.
        self.message = re.sub(_ADDRESS, "", message)
        super().__init__(self.message)
        self.hint = None if hint is None else re.sub(_ADDRESS, "", hint)
        self.origin = origin
        self.path = path
        self.exit_code = exit_code
        self.rule = rule
        self.further = further

    @property
    def all(self) -> tuple[RemitError, ...]:
        """This mistake, and the others that were found with it."""
        return (self, *self.further)

    def __str__(self) -> str:
        lines = [f"error: {self.message}" if self.rule is None else f"error: [{self.rule}] {self.message}"]
        if self.origin is not None:
            lines.append(f"  --> {self.origin}")
        if self.hint is not None:
            lines.append(f"hint: {self.hint}")
        return "\n\n".join(("\n".join(lines), *map(str, self.further)))


class UnreadError(RemitError):
    """Something was asked of a value that could not be made (`project/unread.py`). Why is noted: this says nothing."""

    def __init__(self) -> None:
        super().__init__("a value that failed was read")


@dataclass(slots=True)
class Mistakes:
    """Errors that are gathered, so that one does not hide the next."""

    errors: list[RemitError] = field(default_factory=list)
    is_unread: bool = False
    """Whether something was left out since it could not be read, for a reason that is noted elsewhere."""

    def noted(self) -> Self:
        """Note the RemitError that is raised in the `with` block, and go on after it."""
        return self

    # Each of many checks has such a block: a context manager made of a generator would take longer.
    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        """Note a RemitError and go on; any other exception passes.

        Errors that an `Unread` caused are left out, and only `is_unread` tells of them.
        """
        if not isinstance(error, RemitError):
            return False
        told = [mistake for mistake in error.all if not isinstance(mistake, UnreadError)]
        self.errors += told
        self.is_unread = self.is_unread or len(told) < len(error.all)
        return True

    def add(self, message: str, *, hint: str | None = None, origin: Origin | None = None) -> None:
        """Note a mistake."""
        self.errors.append(RemitError(message, hint=hint, origin=origin))

    def refuse(self) -> None:
        """Raise the errors that were noted as one RemitError.

        Without any, nothing is raised, but UnreadError where something was left out since it could not be read.
        """
        if self.errors:
            raise self.together()
        if self.is_unread:
            raise UnreadError

    def together(self) -> RemitError:
        """The errors that were noted, at least one, as one: the first by its place, with the others as its `further`.

        Those without a place come first; of errors with the same text one stays. The errors themselves are changed. If
        their exit codes differ, the first gets that of mistakes (2).
        """
        for error in self.errors:
            error.further = ()
        by_text = {str(error): error for error in self.errors}
        first, *further = sorted(by_text.values(), key=lambda error: error.origin or Origin(""))
        first.further = tuple(further)
        if len({error.exit_code for error in first.all}) > 1:
            first.exit_code = MISTAKE
        return first


def stop_code(stop: BaseException) -> int:
    """The exit code of what a signal stopped: 128 and its number; 130 (Ctrl-C) where that is not known."""
    number = stop.args[0] if stop.args and isinstance(stop.args[0], int) else _SIGINT
    return 128 + number


_Positions: TypeAlias = tuple[tuple[int | None, int | None, int | None, int | None], ...]
_KEPT_POSITIONS: dict[int, tuple[CodeType, _Positions]] = {}
"""By the identity of a code object, whose hash reads all the code that is nested in it: a whole module, each time."""
_MOST_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of source that an instruction comes from: lines from 1, columns from 0 (PEP 657)."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def origin(self) -> Origin:
        """The start of it."""
        return Origin(self.file, self.line, self.column + 1)


_NOWHERE = Span("", 0, -1, 0, 0)


def span(frame: FrameType) -> Span:
    """The stretch of source that `frame` is executing now (columns 0 where Python was told to drop them).

    The positions of its code are kept, since they are slow to read.
    """
    code = frame.f_code
    known = _KEPT_POSITIONS.get(id(code))
    if known is None or known[0] is not code:  # read once, since a module of decorators asks often
        if len(_KEPT_POSITIONS) >= _MOST_KEPT:
            _KEPT_POSITIONS.clear()
        known = _KEPT_POSITIONS[id(code)] = (code, tuple(code.co_positions()))
    line, end_line, column, end_column = known[1][frame.f_lasti // 2]
    return Span(code.co_filename, line or frame.f_lineno, column or 0, end_line or 0, end_column or 0)


def is_nobodys_code(frame: FrameType) -> bool:
    """Return whether `frame` executes a file of this package or of the standard library, or code that no file has."""
    return frame.f_code.co_filename.startswith(_NOBODYS_CODE)


def is_own_code(frame: FrameType) -> bool:
    """Return whether a file of this package is what `frame` executes."""
    return frame.f_code.co_filename.startswith(_REMIT)


def writer_span() -> Span:
    """The stretch of the user's own code that is executed: neither this package's nor the standard library's.

    It is the innermost one. Where there is none, the span is of no file ("") and no line (0).
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to know who calls
    while frame is not None and is_nobodys_code(frame):
        frame = frame.f_back
    return _NOWHERE if frame is None else span(frame)


_judged: contextvars.ContextVar[Origin | None] = contextvars.ContextVar("remit_judged", default=None)


@contextlib.contextmanager
def judging(written: Origin) -> Iterator[None]:
    """Let `writer` be the line that wrote what is judged, once the code that did so has ended."""
    token = _judged.set(written)
    try:
        yield
    finally:
        _judged.reset(token)


def writer() -> Origin:
    """Return the line that wrote what is judged; elsewhere that of the user's own code that is executed."""
    return _judged.get() or writer_span().origin


def described(value: object) -> str:
    """A value of the wrong type as messages tell it: `str 'abc'`, its type and its text or name up to 40 characters.

    The address in memory, which a function's text has, would be another in each run: an object without a text of its
    own is `an object of KIND`.
    """
    if value is None:
        return "None"
    kind = type(value)
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
        return f"an object of {kind.__name__}"
    name = None if isinstance(value, type) else getattr(value, "__qualname__", None)
    text = name if isinstance(name, str) else str(value)
    return f"{kind.__name__} {text[:_SHOWN]!r}"


def few(names: Sequence[str]) -> str:
    """Names one after the other; of many the first, and how many more there are: `a, b, c, d, e and 7 more`."""
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"
