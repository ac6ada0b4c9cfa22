"""The nouns of an app that is imported: what each source format is read into, and what is written of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.project.plain_files import path_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.documents.json_text import Locate
    from remit.errors import Origin
    from remit.importing.python_text import Item, Source


def value_at_path(properties: Any, path: str) -> Any:
    """The value at a path such as `Environment.Variables`, as it is written; None where there is none."""
    for step in path.split("."):
        properties = properties.get(step) if isinstance(properties, dict) else None
    return properties


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

    @property
    def comment(self) -> str:
        """As a comment of the app says it."""
        return f"left: {self.what}, because {self.because}"


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
    """A path that a source names, from its folder; None where it leads out of its repository, or beside that folder."""
    target, home = path_from(folder, path).resolve(), folder.resolve()
    repository = next((parent for parent in (home, *home.parents) if (parent / ".git").exists()), home.parent)
    return target if target.is_relative_to(repository) else None


@dataclass(frozen=True, slots=True)
class Code:
    """A function's code: its folder in the source or its text, and its folder in the app."""

    target: str
    folder: Path | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedFunction:
    """A function: the arguments of `app.function(…)` in their order, and the code that it runs."""

    logical_id: str
    arguments: tuple[Item, ...]
    code: Code
    handler: str
    condition: str | None = None
    left: tuple[Left, ...] = ()
    is_web: bool = False
    """Whether `app.web` declares it."""


@dataclass(frozen=True, slots=True)
class ImportedResource:
    """An attribute of the class of resources: a `resource(…)` or an `output(…)`."""

    attribute: str
    value: Source
    condition: str | None = None
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Constant:
    """A parameter, a mapping or a condition, as a name of the module `parameters`."""

    name: str
    value: Source
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ImportedApp:
    """Everything that is written, in order."""

    name: str
    file: str
    constants: tuple[Constant, ...]
    settings: tuple[tuple[str, Source], ...]
    """`lambda_.function.timeout`, with its value."""
    functions: tuple[ImportedFunction, ...]
    resources: tuple[ImportedResource, ...]
    left: tuple[Left, ...]
    """What is left of no function and no resource that is written."""
    of: int
    """How many constructs the source has."""
    to_fill_in: tuple[str, ...] = ()
    layers: tuple[Code, ...] = ()
    """Parameters without a value in the source, by their constants."""

    @property
    def all_left(self) -> tuple[Left, ...]:
        """Everything that is left."""
        of_functions = (left for function in self.functions for left in function.left)
        return (*self.left, *of_functions, *(left for resource in self.resources for left in resource.left))
