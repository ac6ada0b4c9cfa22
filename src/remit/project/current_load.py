"""The load that is going on: which project, which stage, and what its files have declared so far."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, Origin, RemitError
from remit.project import plain_files
from remit.project.app_setting_values import STAGE
from remit.project.settings import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Output, Resource
    from remit.project.declared_functions import Declaration

_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(slots=True)
class Loading:
    """One load. The only mutable noun: configuration files and decorators write into it, `load` reads it."""

    folder: Path
    name: str
    stage: str
    config: Config
    folder_name: str
    """The folder as messages name it."""
    declarations: list[Declaration] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    """The shared ones."""
    outputs: list[Output] = field(default_factory=list)
    """As `resources`."""
    mistakes: Mistakes = field(default_factory=Mistakes)
    """Everything that is wrong with the project, while it is loaded as far as it goes."""
    incomplete: bool = False
    """Whether a file of the configuration failed: what it would have set is not known."""
    placeholders: dict[str, str] = field(default_factory=dict)
    """The environment variables that stood for something unknown while the code ran, by the text they read as."""


_current: contextvars.ContextVar[Loading | None] = contextvars.ContextVar("remit_loading", default=None)


def current() -> Loading | None:
    """The load that is going on in this thread, or None: then decorators only pass their function through."""
    return _current.get()


@contextlib.contextmanager
def loading(folder: Path, stage: str | None, folder_name: str | None = None) -> Iterator[Loading]:
    """Begin a load; what runs inside declares into it. Errors leave with paths relative to the project."""
    state = Loading(folder, project_name(folder), checked_stage(stage), Config(), folder_name or str(folder))
    token = _current.set(state)
    try:
        yield state
    except RemitError as error:
        placed(error.all, folder).refuse()  # in the order of the paths that people know
    finally:
        _current.reset(token)


def placed(errors: Iterable[RemitError], folder: Path) -> Mistakes:
    """Mistakes with their places as people know them."""
    mistakes = Mistakes(list(errors))
    for mistake in mistakes.errors:
        mistake.origin = _place(mistake, folder)
        mistake.path = ()
    return mistakes


def _place(mistake: RemitError, folder: Path) -> Origin | None:
    """Where a mistake stands, as `relative`; of a part of a policy item, the line of that part."""
    place = relative(mistake.origin, folder)
    if place is None or not mistake.path:
        return place
    from remit.project import python_text  # noqa: PLC0415 - of mistakes alone

    python_text.forget()
    return python_text.part(folder, place, mistake.path)


def relative(origin: Origin | None, folder: Path) -> Origin | None:
    """An origin with its path as people know it: from the project's folder, with slashes."""
    return None if origin is None else Origin(_shown(origin.file, folder), origin.line, origin.column)


@functools.lru_cache(maxsize=256)
def _shown(file: str, folder: Path) -> str:
    """The path of one file; found once, since every grant asks and resolving asks the file system."""
    path = Path(file)
    if path.is_absolute():
        for root in (folder, folder.resolve()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
    return file


def is_users_file(file: str, folder: Path) -> bool:
    """Whether code of a file is the project's own, and not of a package that is installed in its folder."""
    return Path(file).is_relative_to(folder) and "site-packages" not in file


def checked_stage(stage: str | None) -> str:
    """The stage that is asked for: --stage, else REMIT_STAGE, else dev."""
    chosen = stage if stage is not None else os.environ.get("REMIT_STAGE") or "dev"
    if not STAGE.fullmatch(chosen):
        raise RemitError(
            f"stage {chosen!r} is not a stage's name",
            hint="it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -",
        )
    return chosen


def project_name(folder: Path) -> str:
    """The project's name: `[project] name` of pyproject.toml, else the folder's; only letters, digits and `-`."""
    declared = _declared_name(folder / "pyproject.toml")
    raw = declared if declared is not None else folder.resolve().name
    plain = _PLAIN.sub("-", raw).strip("-")
    if not plain or not plain[0].isalpha():
        plain = f"app-{plain}".rstrip("-")
    return plain


def _declared_name(path: Path) -> str | None:
    content = plain_files.content(path, path.name)
    if content is None:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise RemitError(f"byte {error.start} is not UTF-8", origin=Origin(path.name)) from None
    import tomllib  # noqa: PLC0415 - where config names the project, nobody reads the file

    try:
        project: Any = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise RemitError(f"not valid TOML: {error}", origin=Origin(path.name)) from None
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and name else None
