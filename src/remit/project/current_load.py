"""The load that is going on: which project, which stage, and what its files have declared so far."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.declare import recording
from remit.declare.recording import Recorder
from remit.errors import Mistakes, Origin, RemitError
from remit.project import stack_name
from remit.project.settings import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from remit.app import ExistingValue, LayerCode, Output, Resource
    from remit.project.declared import Declaration, WorkflowDeclaration
    from remit.project.resource_handles import Handle
    from remit.source.variables import DeclaredVariable


@dataclass
class Loading(Recorder):
    """One load: configuration files and decorators write into it; when the code has ended, `judge` reads it."""

    folder: Path
    name: str
    stage: str
    config: Config
    folder_name: str
    """The folder as messages name it."""
    declarations: list[Declaration] = field(default_factory=list)
    workflows: list[WorkflowDeclaration] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    """The shared ones."""
    handles: dict[tuple[str, str], Handle[Any]] = field(default_factory=dict)
    """The shared resources as code has them, by their classes' names and their own."""
    outputs: list[Output] = field(default_factory=list)
    """As `resources`."""
    existing: dict[str, ExistingValue] = field(default_factory=dict)
    """What of the account is asked for, by the template's parameter that stands for it."""
    layers: dict[str, LayerCode] = field(default_factory=dict)
    """Folders that are layers, by their paths."""
    ended: dict[str, BaseException | None] = field(default_factory=dict)
    """The files that did not run to their ends, each with the exception that ended it; None: it cannot be read."""
    lost_names: set[str] = field(default_factory=set)
    """The shared resources of which something is wrong, so that the template lacks them: `Data_queue`."""
    placeholders: dict[str, str] = field(default_factory=dict)
    """The environment variables that stood for something unknown while the code ran, by the text they read as."""
    read_variables: set[str] = field(default_factory=set)
    """The variables of remit's own environment that were read."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Their values when the code had ended; "" where there is none."""
    modules: Mapping[str, ModuleType] = field(default_factory=dict)
    """What was imported when the code had ended, by the modules' names."""

    @property
    def is_configured(self) -> bool:
        """True if the files of the configuration ran to their ends."""
        return not any(Path(file).is_relative_to(self.folder / "config") for file in self.ended)

    @functools.cached_property
    def declared_variables(self) -> Mapping[str, DeclaredVariable]:
        """The environment variables that the project's files give to functions; the files are read once."""
        from remit.source.variables import declared_variables  # noqa: PLC0415 - where code reads one that is not set

        return declared_variables(self.folder)


def current() -> Loading | None:
    """The load that is going on in this thread, or None: then decorators only pass their function through."""
    record = recording.current()
    return record if isinstance(record, Loading) else None


@contextlib.contextmanager
def loading(folder: Path, stage: str | None, folder_name: str | None = None) -> Iterator[Loading]:
    """Begin a load; what runs inside declares into it. RemitError (2): the stage is none.

    Errors from the block leave with paths relative to the project, and a LoadEndError as the mistakes that were noted
    until then.
    """
    mistakes = Mistakes()
    name = ""
    with mistakes.noted():  # a pyproject.toml that cannot be read hides nothing
        name = stack_name.project_name(folder)
    name = name or stack_name.folder_name(folder)
    chosen_stage = stack_name.checked_stage(stage)
    state = Loading(mistakes, folder, name, chosen_stage, Config(), folder_name or str(folder))
    try:
        with recording.recording(state):
            yield state
    except RemitError as error:
        placed(error.all, folder).refuse()  # in the order of the paths that people know
    except LoadEndError:
        placed(mistakes.errors, folder).refuse()


_OUTSIDE: Final = Config()
"""The settings of code that runs outside of a load, which nobody reads."""


def the_config() -> Config:
    """The settings of the load that is going on; outside of one, settings that nobody reads."""
    state = current()
    return _OUTSIDE if state is None else state.config


@contextlib.contextmanager
def configure() -> Iterator[Config]:
    """Open the project's settings: they are assigned in a `with` block that names them `config`."""
    yield the_config()


def placed(errors: Iterable[RemitError], folder: Path) -> Mistakes:
    """Mistakes with their places as people know them: of a part of a policy item, the line of that part.

    They are changed in place, and have no path then.
    """
    mistakes = Mistakes(list(errors))
    for mistake in mistakes.errors:
        mistake.origin = relative(mistake.origin, folder)
        if mistake.origin is not None and mistake.path:
            from remit.source import places  # noqa: PLC0415 - of mistakes alone

            mistake.origin = places.part(folder, mistake.origin, mistake.path)
        mistake.path = ()
    return mistakes


def relative(origin: Origin | None, folder: Path) -> Origin | None:
    """An origin with its path as people know it: from the project's folder, with slashes."""
    return None if origin is None else Origin(_shown(origin.file, folder), origin.line, origin.column)


@functools.lru_cache(maxsize=256)
def _shown(file: str, folder: Path) -> str:
    """The path of one file; found once, since every grant asks and resolving asks the file system.

    Outside of the folder it stays as it is.
    """
    path = Path(file)
    if path.is_absolute():
        for root in (folder, folder.resolve()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
    return file


def is_users_file(file: str, folder: Path) -> bool:
    """Return whether code of a file is the project's own, and not of a package that is installed in its folder."""
    return Path(file).is_relative_to(folder) and "site-packages" not in file


class LoadEndError(BaseException):
    """Ends a load that takes too long, or in the place of its process: its mistakes say so.

    No Exception, so that the project's own `except Exception` does not catch it.
    """


STOPS: Final = (KeyboardInterrupt, GeneratorExit, LoadEndError)
"""What ends a load as a whole."""
