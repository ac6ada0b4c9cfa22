"""A CloudFormation or SAM template as it is written: its sections, and the names that references in it may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.template.branches import items, value_at
from remit.template.loops import variables
from remit.template.parameters import Parameter, parameters
from remit.template.resolved_texts import UNKNOWN
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.documents.json_text import Path
    from remit.errors import Origin

Locate: TypeAlias = "Callable[[Path], Origin | None]"
SAM: Final = "AWS::Serverless::"
"""How the names of SAM's types begin."""
_IMPLICIT: Final = (
    "ServerlessRestApi",
    "ServerlessHttpApi",
    "ServerlessDeploymentApplication",
    "CodeDeployServiceRole",
)
"""What SAM makes that no resource of the template gives its name to."""
_KNOWN_TRANSFORMS: Final = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23",
                            "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen")  # fmt: skip
"""Transforms that make no resources but those of SAM."""


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform that CloudFormation runs on a template, by name; `location` is that of what it includes, or ""."""

    name: str
    location: str = ""
    """UNKNOWN where only the deploy knows it."""


@dataclass(frozen=True, slots=True)
class WrittenTemplate:
    """A template with short forms spelled out (`!Ref x` is `{"Ref": "x"}`), and where its parts stand."""

    raw: Mapping[str, Any]
    locate: Locate
    names: frozenset[str]
    """What Ref can name: resources and parameters; a SAM template's generated ones are not among them."""
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    exact: bool = True
    """Whether `names` are all there are; not so where a macro runs, or SAM makes resources."""
    makers: tuple[str, ...] = ()
    """The resources of SAM, and modules, that others are named after: `ReportFunction` makes `ReportFunctionRole`."""
    unread: bool = False
    """Whether macros, loops or a template language make resources whose names nobody knows here."""
    size: int = 0
    """Bytes of its file; 0 when there is none."""
    late: bool = False
    """Whether late-bound parts stand in plain text."""

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Return its parameters, by name."""
        return parameters(self.raw)

    @property
    def mappings(self) -> Mapping[str, Any]:
        """Its Mappings, by name."""
        return section(self.raw, "Mappings")

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """Its transforms, each once: those of its `Transform`, and Fn::Transform in any place."""
        declared = self.raw.get("Transform", ())
        used = [transform for transform in (declared if isinstance(declared, list) else [declared]) if transform]
        for name in ("Resources", "Mappings", "Outputs"):
            used += _transforms_in(self.raw.get(name))
        return tuple(dict.fromkeys(map(_transform, used)))

    def with_properties(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield the name, the type and the properties of each resource that has any."""
        for name, resource in self.resources.items():
            properties = resource.get("Properties")
            if isinstance(properties, dict):
                yield name, str(resource["Type"]), properties

    def makes(self, name: str) -> bool:
        """Tell whether SAM or a module may make a resource of this name, or know it by it (`ReportFunction.Alias`)."""
        suffixes = (name[len(maker) :] for maker in self.makers if name.startswith(maker))
        # What SAM appends to a name begins with a capital or a digit: `Webhook` is none of what `Web` makes.
        return any(suffix[:1] in ("", ".") or not suffix[0].islower() for suffix in suffixes)

    def type_of(self, name: str) -> str:
        """The type of a resource; "" where there is none of this name."""
        return str(self.resources[name]["Type"]) if name in self.resources else ""


def is_template(value: Any) -> bool:
    """Return whether a document is a template: it has Resources, or says so."""
    return isinstance(value, dict) and any(
        key in value for key in ("Resources", "AWSTemplateFormatVersion", "Transform")
    )


def written_template(raw: Mapping[str, Any], locate: Locate = lambda _: None, size: int = 0) -> WrittenTemplate:
    """A template as it was read, at no place where no file holds it; `size` is that of its file in bytes."""
    declared = section(raw, "Resources")
    resources = {
        name: resource for name, resource in declared.items() if isinstance(resource, dict) and "Type" in resource
    }
    sam = tuple(name for name, resource in resources.items() if str(resource["Type"]).startswith(SAM))
    modules = tuple(name for name, resource in resources.items() if str(resource["Type"]).endswith("::MODULE"))
    makers = (*sam, *modules, *(_IMPLICIT if sam else ()))
    transforms = raw.get("Transform", [])
    listed = transforms if isinstance(transforms, list) else [transforms]
    has_macros = any(transform not in _KNOWN_TRANSFORMS for transform in listed)
    unread = has_macros or any(str(name).startswith("Fn::") for name in declared)
    return WrittenTemplate(
        raw,
        locate,
        frozenset((*declared, *section(raw, "Parameters"), *variables(raw))),
        resources,
        exact=not (makers or unread or "Transform" in raw),
        makers=makers,
        unread=unread,
        size=size,
    )


def _transforms_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the arguments of every Fn::Transform in a value."""
    if isinstance(value, dict):
        for branch in items(value.get("Fn::Transform")):
            if isinstance(branch.value, dict):
                yield branch.value
        for part in value.values():
            yield from _transforms_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _transforms_in(part)


def _transform(written: Any) -> Transform:
    """A transform by its name, with the address of what AWS::Include includes; UNKNOWN where that is no text."""
    if not isinstance(written, dict):
        return Transform(str(written))
    location = value_at(written, "Parameters.Location")
    if location and not isinstance(location, str):
        return Transform(str(written.get("Name")), UNKNOWN)
    return Transform(str(written.get("Name")), location or "")
