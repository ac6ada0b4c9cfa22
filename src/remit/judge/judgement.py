"""What is known so far of a project that is judged, and how its mistakes are gathered."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

from remit.errors import Mistakes, Origin, RemitError
from remit.project.current_load import STOPS, Loading, is_users_file
from remit.project.declared import NO_JOB, Declaration, WorkflowDeclaration
from remit.source.handler_problem import split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.app import Grant
    from remit.project.settings import Config
    from remit.source.mentioned_names import MentionedNames, Mentions


@dataclass
class Judgement:
    """A project while it is judged: what is right of its settings and declarations, and all that is wrong."""

    declared: Loading
    """What the code said, which has ended."""
    folder: Path
    config: Config
    """The settings as far as they are right."""
    declarations: list[Declaration]
    """Those of which enough is known, without the triggers that are not right."""
    workflows: list[WorkflowDeclaration] = field(default_factory=list)
    """As `declarations`."""
    jobs: list[Declaration] = field(default_factory=list)
    """Of the declarations those of jobs."""
    policy: tuple[Grant, ...] = ()
    """The grants that the configuration gives to every function."""
    managed: Mapping[str, Origin | None] = field(default_factory=dict)
    """The managed policies that it gives to every function, each with its line."""
    mistakes: Mistakes = field(default_factory=Mistakes)
    failed_settings: set[str] = field(default_factory=set)
    """The names of the settings that failed: what they would have said is not known."""
    without_triggers: set[Origin] = field(default_factory=set)
    """The declarations of functions some of whose triggers failed."""

    _mentioned: dict[str, MentionedNames] = field(default_factory=dict)
    """What reads the names in code, by the folder at the root of a function's zip."""

    def noted(self) -> Self:
        """Note what is wrong with one part of what is declared, and go on with the next."""
        return self

    # Each declaration has twenty such blocks: a context manager made of a generator would take longer.
    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Note a RemitError, or what one of the user's own objects raised, and go on; any other exception passes."""
        if isinstance(error, Exception) and not isinstance(error, RemitError):
            import traceback  # noqa: PLC0415 - only when something failed

            # What one of the user's own objects raised (`__str__`, `__eq__`) is told at its line; any other is remit's.
            at = last_user_line(self.folder, error, "")
            if at.file != traceback.extract_tb(error.__traceback__)[-1].filename:
                return False
            error = RemitError(
                f"a value of the configuration raised {type(error).__name__}: {exception_text(error)}", origin=at
            )
        return self.mistakes.__exit__(kind, error, trace)

    @cached_property
    def owners(self) -> frozenset[str]:
        """The classes of shared resources."""
        return frozenset(owner for owner, _ in self.declared.handles)

    def mentions(self, declaration: Declaration) -> Mentions:
        """The names that occur in the code of a declaration: the module that Lambda, or a worker, imports for it.

        Its source is read, once for all declarations of one zip, and not imported.
        """
        from remit.source.mentioned_names import MentionedNames  # noqa: PLC0415 - of apps with jobs or outputs alone

        if declaration.job is not NO_JOB:
            module = declaration.job.path.partition(":")[0]
        elif declaration.web is not None:
            module = declaration.web.module
        else:
            module, _ = split(declaration.handler)
        root = self._mentioned.setdefault(declaration.code, MentionedNames(self.folder, declaration.code, self.owners))
        return root.of(module)


def exception_text(error: BaseException) -> str:
    """Return the text of an exception, or a sentence in its place where its own code fails to give one."""
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
