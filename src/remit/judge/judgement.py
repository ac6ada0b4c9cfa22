"""What is known so far of a project that is judged, and how its mistakes are gathered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from remit.errors import Mistakes, Origin, RemitError
from remit.project.current_load import STOPS, is_users_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.project.declared import Declaration, Declared
    from remit.project.settings import Config
    from remit.source.mentioned_names import MentionedNames


@dataclass
class Judgement:
    """A project while it is judged: what is right of its settings and declarations, and all that is wrong."""

    declared: Declared
    folder: Path
    name: str
    stage: str
    config: Config
    """The settings as far as they are right."""
    declarations: list[Declaration]
    """Those of which enough is known, without the triggers that are not right."""
    jobs: list[Declaration] = field(default_factory=list)
    """Of the declarations those of jobs."""
    mistakes: Mistakes = field(default_factory=Mistakes)
    failed_settings: set[str] = field(default_factory=set)
    """The names of the settings that failed: what they would have said is not known."""
    without_triggers: set[Origin] = field(default_factory=set)
    """The declarations of functions some of whose triggers failed."""

    @cached_property
    def mentioned(self) -> MentionedNames:
        """The names that occur in the project's modules."""
        from remit.source.mentioned_names import MentionedNames  # noqa: PLC0415 - of apps with jobs or outputs alone

        return MentionedNames(self.folder)


@contextlib.contextmanager
def user_values(state: Judgement) -> Iterator[None]:
    """Report an exception of the user's own objects (`__str__`, `__eq__`) at its line."""
    try:
        yield
    except RemitError:
        raise
    except Exception as error:
        at = last_user_line(state.folder, error, "")
        import traceback  # noqa: PLC0415 - only when something failed

        innermost = traceback.extract_tb(error.__traceback__)[-1].filename
        if at.file != innermost:
            raise
        message = f"a value of the configuration raised {type(error).__name__}: {told(error)}"
        raise RemitError(message, origin=at) from None


def noted(state: Judgement) -> _NotedPart:
    """Note what is wrong with one part of what is declared, and go on with the next."""
    return _NotedPart(state)


class _NotedPart:
    """The `with` block of `noted`: each declaration has twenty, and generators would take longer."""

    __slots__ = ("state",)

    def __init__(self, state: Judgement) -> None:
        self.state = state

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if error is None:
            return False
        with self.state.mistakes.noted(), user_values(self.state):
            raise error
        return True


def told(error: BaseException) -> str:
    """Return the text of an exception."""
    try:
        return str(error)
    except STOPS:
        raise
    except BaseException:  # noqa: BLE001 - an exception's own text is the user's code as well
        return "(its text cannot be shown)"


def last_user_line(folder: Path, error: BaseException, file: str) -> Origin:
    """Return the innermost line of the user's code that an exception passed; the file itself if it passed none."""
    import traceback  # noqa: PLC0415 - only when something failed

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users_file(frame.filename, folder)]
    if not frames:
        return Origin(file)
    last = frames[-1]
    return Origin(last.filename, last.lineno or 0, 0 if last.colno is None else last.colno + 1)
