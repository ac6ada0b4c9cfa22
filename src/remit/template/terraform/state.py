"""The resources of a Terraform state or plan, module by module, and what the configuration says they refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Locate, Path

References = dict[str, dict[str, tuple[str, ...]]]
_INDEX: Final = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def is_plan(value: Any) -> bool:
    """Return whether a document is a plan or a state, as `terraform show -json` prints them."""
    return isinstance(value, dict) and ("planned_values" in value or {"terraform_version", "values"} <= value.keys())


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource: its address, its values as far as they are known, and which addresses its attributes refer to."""

    address: str
    type: str
    values: Mapping[str, Any]
    path: Path
    references: Mapping[str, tuple[str, ...]]

    @property
    def configured(self) -> str:
        """The address without the indexes of count and for_each."""
        return plain(self.address)

    @property
    def index(self) -> tuple[str, ...]:
        """The indexes of count and for_each in its address, as they are written: `[0]`, `["a"]`."""
        return tuple(_INDEX.findall(self.address))

    def text(self, attribute: str) -> str:
        """An attribute that is text; empty when it is not there, or not known."""
        value = self.values.get(attribute)
        return value if isinstance(value, str) else ""


def plain(address: str) -> str:
    """An address without the indexes of count and for_each."""
    return _INDEX.sub("", address)


def items_of(
    values: Mapping[str, Any], path: Path, locate: Locate, references: References
) -> tuple[PlannedResource, ...]:
    """The managed resources of a state's or plan's values, those of modules too. RemitError at what is not a module."""
    return tuple(_module(values.get("root_module"), (*path, "root_module"), locate, references, of_data=False))


def data_of(values: Mapping[str, Any], path: Path, locate: Locate) -> tuple[PlannedResource, ...]:
    """The data sources of a state's or plan's values; of a plan, those that are read during the apply."""
    return tuple(_module(values.get("root_module"), (*path, "root_module"), locate, {}, of_data=True))


def _module(
    module: Any, path: Path, locate: Locate, references: References, *, of_data: bool
) -> Iterator[PlannedResource]:
    """The managed resources, or the data sources, of a module and of those in it. RemitError at what is no module."""
    if module is None:
        return
    if not isinstance(module, dict):
        raise RemitError("a module of a Terraform plan must be an object", origin=locate(path))
    for index, resource in enumerate(_listed(module, "resources", path, locate)):
        at: Path = (*path, "resources", index)
        if not isinstance(resource, dict) or not isinstance(resource.get("values", {}), dict):
            raise RemitError("a resource of a Terraform plan must be an object with values", origin=locate(at))
        # Data sources stand beside the managed resources in one list.
        if (resource.get("mode") == "data") == of_data:
            address = str(resource.get("address", ""))
            values = resource.get("values", {})
            yield PlannedResource(
                address, str(resource.get("type", "")), values, (*at, "values"), references.get(plain(address), {})
            )
    for index, child in enumerate(_listed(module, "child_modules", path, locate)):
        yield from _module(child, (*path, "child_modules", index), locate, references, of_data=of_data)


def _listed(module: Mapping[str, Any], name: str, path: Path, locate: Locate) -> list[Any]:
    """The list of a module by name; empty without it. RemitError: it is no list."""
    elements = module.get(name)
    if elements is not None and not isinstance(elements, list):
        raise RemitError(f"{name} of a Terraform plan must be a list", origin=locate((*path, name)))
    return elements or []


def configured(plan: Mapping[str, Any]) -> References:
    """By address, the resources that each attribute refers to, as the configuration in a plan has them.

    References lead through the variables and outputs of modules.
    """
    scopes: dict[str, _Scope] = {}
    _enter(section(plan, "configuration").get("root_module"), "", {}, scopes)
    by_address: dict[str, dict[str, tuple[str, ...]]] = {}
    for prefix, scope in scopes.items():
        for address, expressions in scope.resources.items():
            by_address[f"{prefix}{address}"] = {
                attribute: _followed(names, prefix, scopes) for attribute, names in expressions.items()
            }
    return by_address


@dataclass(frozen=True, slots=True)
class _Scope:
    """A module: the references of its resources' attributes, of its variables (in the calling module), its outputs."""

    resources: Mapping[str, Mapping[str, tuple[str, ...]]]
    variables: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]


def _enter(module: Any, prefix: str, variables: Mapping[str, tuple[str, ...]], scopes: dict[str, _Scope]) -> None:
    """Put a module and those in it into `scopes`, by the prefix of their addresses (`module.queue.`)."""
    if not isinstance(module, dict):
        return
    references = {
        str(resource.get("address", "")): _references(section(resource, "expressions"))
        for resource in mappings(module.get("resources"))
    }
    outputs = {name: section(output).get("expression") for name, output in section(module, "outputs").items()}
    scopes[prefix] = _Scope(references, variables, _references(outputs))
    for name, call in section(module, "module_calls").items():
        called = section(call).get("module")
        _enter(called, f"{prefix}module.{name}.", _references(section(call, "expressions")), scopes)


def _references(expressions: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: _named(expression) for name, expression in expressions.items()}


def _named(expression: Any) -> tuple[str, ...]:
    """Return the names in an expression, without indexes.

    A block, which is a list, has none that is looked for here.
    """
    references = section(expression).get("references")
    return tuple(plain(text) for text in references if isinstance(text, str)) if isinstance(references, list) else ()


def _followed(names: Iterable[str], prefix: str, scopes: Mapping[str, _Scope]) -> tuple[str, ...]:
    """The addresses of resources that names in a module lead to: `aws_iam_role.a.arn` is of `aws_iam_role.a`."""
    addresses: dict[str, None] = {}
    waiting = [(prefix, name) for name in names]
    followed: set[tuple[str, str]] = set()
    while waiting:
        scope, name = reference = waiting.pop(0)
        if reference in followed:
            continue
        followed.add(reference)
        kind, _, attribute_path = name.partition(".")
        module = scopes.get(scope)
        if kind == "var" and module is not None:
            outer = scope.rpartition("module.")[0]
            waiting += [(outer, text) for text in module.variables.get(attribute_path.partition(".")[0], ())]
        elif kind == "module":
            call, _, output = attribute_path.partition(".")
            inner = scopes.get(f"{scope}module.{call}.")
            texts = () if inner is None else inner.outputs.get(output.partition(".")[0], ())
            waiting += [(f"{scope}module.{call}.", text) for text in texts]
        else:
            addresses[f"{scope}{'.'.join(name.split('.')[:2])}"] = None
    return tuple(addresses)
