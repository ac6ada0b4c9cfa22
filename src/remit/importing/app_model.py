"""The nouns of an app that is imported: what each source format is read into, and what is written of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from remit.errors import Origin, RemitError
from remit.project.plain_files import path_from
from remit.template.branches import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.documents.json_text import Locate
    from remit.importing.python_text import Source

T = TypeVar("T")


def app_name(name: Any) -> str:
    """The name of an app, of any name of its source or folder: at most 40 of `a-z`, `0-9` and single hyphens.

    Other signs become hyphens. `app-` stands before one that begins with no letter; one of nothing but signs is `app`.
    """
    kept = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-")[:40].strip("-")
    return kept if kept[:1].isalpha() else f"app-{kept}".strip("-")


def value_at_path(properties: Any, path: str) -> Any:
    """The value at a path such as `Environment.Variables` or `Layers.0`, as written; None where there is none.

    An empty path gives the value itself.
    """
    for step in filter(None, path.split(".")):
        if isinstance(properties, list):
            properties = properties[int(step)] if step.isdigit() and int(step) < len(properties) else None
        else:
            properties = properties.get(step) if isinstance(properties, dict) else None
    return properties


def placed(
    given: Mapping[str, Any], paths: Mapping[str, str], convert: Mapping[str, Callable[[Any], Any]] | None = None
) -> dict[str, Any]:
    """Another tool's options as properties at their paths: `{"EphemeralStorage": {"Size": 512}}`.

    `paths` has the path for each option, and `convert` a function for values that SAM has in another form. Options
    that are None or that `paths` does not have are dropped; of two options with one path the later of `paths` counts.
    """
    properties: dict[str, Any] = {}
    for option, path in paths.items():
        value = given.get(option)
        if value is not None:
            *above, name = path.split(".")
            part = properties
            for step in above:
                part = part.setdefault(step, {})
            part[name] = convert[option](value) if convert and option in convert else value
    return properties


def listed(value: Any) -> list[Any]:
    """A list as it is; None and AWS::NoValue as an empty list, and any other value as a list of it alone."""
    return value if isinstance(value, list) else [] if value in (None, NO_VALUE) else [value]


def referred_to(value: Any) -> str:
    """The logical id of the resource of which a value is the Ref or an attribute; empty for any other value."""
    target = (value.get("Ref") or value.get("Fn::GetAtt")) if isinstance(value, dict) else None
    name = target[0] if isinstance(target, list) and target else target
    return name.partition(".")[0] if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class Left:
    """A construct of the source that has no form in an app of remit."""

    what: str
    because: str
    origin: Origin | None = None
    part: str = ""
    """The statement of the app above which it is told, as messages call that; empty at the top."""

    @property
    def comment(self) -> str:
        """As a comment of the app says it."""
        return f"left: {self.what}, because {self.because}"


class Leftovers:
    """What is left of a source, gathered while it is read; `refused` has what a build refused of it before, and why."""

    def __init__(self, refused: Mapping[str, str] | None = None) -> None:
        self.refused = refused or {}
        self.found: dict[Left, None] = {}
        self.seen: dict[str, str] = {}
        """The constructs that were said or left, each with the statement that it is a part of."""

    def add(self, what: str, because: str, origin: Origin | None = None, part: str = "") -> None:
        """Note that a construct is left, once for the same reason and place; `part` is the statement that it is of."""
        self.seen[what] = part
        self.found[Left(what, because, origin, part)] = None

    def convert(self, make: Callable[[], T], what: str, origin: Origin | None, part: str = "") -> T | None:
        """The result of `make`; None if it raises RemitError, or a build refused `what` before: it is left then.

        `make` is not called for what a build refused. In each case `what` is noted in `seen`.
        """
        self.seen[what] = part
        because = self.refused.get(what)
        if because is None:
            try:
                return make()
            except RemitError as error:
                because = error.message
        self.add(what, because, origin, part)
        return None


@dataclass(frozen=True, slots=True)
class SourceTemplate:
    """A source as a template of SAM's: other formats are put into SAM's words before."""

    name: str
    file: str
    folder: Path
    """The folder that paths of code begin at."""
    template: Mapping[str, Any]
    locate: Locate
    left: tuple[Left, ...] = ()
    """What could not even be put into SAM's words."""
    further: int = 0
    """How many constructs the source has that are none of the template's: its plugins."""


def beside(folder: Path, path: str) -> Path | None:
    """A path that a source names, resolved from its folder; None where it leads out of the Git repository.

    Without a repository it may lead beside that folder, and no further up. Nothing need be there.
    """
    target, home = path_from(folder, path).resolve(), folder.resolve()
    repository = next((parent for parent in (home, *home.parents) if (parent / ".git").exists()), home.parent)
    return target if target.is_relative_to(repository) else None


@dataclass(frozen=True, slots=True)
class Code:
    """Code that is copied or written: its folder in the app, and its folder in the source, or its text."""

    target: str
    folder: Path | None = None
    text: str | None = None
    handler: str = ""
    """The handler that a function finds in it; empty for a layer."""


@dataclass(frozen=True, slots=True)
class PythonStatement:
    """A statement of the app: an assignment, or a call that declares a function."""

    value: Source
    name: str = ""
    """What the value is assigned to; empty for a call."""
    what: str = ""
    """As messages call it."""
    condition: str | None = None
    """Under which it stands."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ImportedApp:
    """Everything that is written, in order."""

    name: str
    file: str
    constants: tuple[PythonStatement, ...]
    """Parameters, mappings and conditions, as names of the module `parameters`."""
    settings: tuple[PythonStatement, ...]
    functions: tuple[PythonStatement, ...]
    resources: tuple[PythonStatement, ...]
    """Resources and outputs, as attributes of the class."""
    code: tuple[Code, ...]
    left: tuple[Left, ...]
    of: int
    """How many constructs the source has."""
    to_fill_in: tuple[str, ...] = ()
    """Parameters without a value in the source, by their constants."""
