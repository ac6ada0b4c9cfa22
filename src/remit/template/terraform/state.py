"""The resources of a Terraform state or plan, module by module, and what the configuration says they refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Path
    from remit.template.policy_documents import Place

References = dict[str, dict[str, tuple[str, ...]]]
_INDEX: Final = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Item:
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
        """The indexes of count and for_each."""
        return tuple(_INDEX.findall(self.address))

    def text(self, attribute: str) -> str:
        """An attribute that is text; empty when it is not there, or not known."""
        found = self.values.get(attribute)
        return found if isinstance(found, str) else ""


def plain(address: str) -> str:
    """An address without the indexes of count and for_each."""
    return _INDEX.sub("", address)


def items_of(values: Mapping[str, Any], path: Path, place: Place, references: References) -> tuple[Item, ...]:
    """The managed resources of a state's or plan's values, those of modules too. RemitError at what is not a module."""
    return tuple(_module(values.get("root_module"), (*path, "root_module"), place, references))


def _module(module: Any, path: Path, place: Place, references: References) -> Iterator[Item]:
    if module is None:
        return
    if not isinstance(module, dict):
        raise RemitError("a module of a Terraform plan must be an object", origin=place(path))
    for index, one in enumerate(_listed(module, "resources", path, place)):
        at: Path = (*path, "resources", index)
        if not isinstance(one, dict) or not isinstance(one.get("values", {}), dict):
            raise RemitError("a resource of a Terraform plan must be an object with values", origin=place(at))
        if one.get("mode") != "data":
            address = str(one.get("address", ""))
            values = one.get("values", {})
            yield Item(address, str(one.get("type", "")), values, (*at, "values"), references.get(plain(address), {}))
    for index, child in enumerate(_listed(module, "child_modules", path, place)):
        yield from _module(child, (*path, "child_modules", index), place, references)


def _listed(module: Mapping[str, Any], name: str, path: Path, place: Place) -> list[Any]:
    found = module.get(name)
    if found is not None and not isinstance(found, list):
        raise RemitError(f"{name} of a Terraform plan must be a list", origin=place((*path, name)))
    return found or []


def configured(plan: Mapping[str, Any]) -> References:
    """By address, the resources that each attribute refers to, as the configuration in a plan has them.

    References lead through the variables and outputs of modules.
    """
    configuration = plan.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, dict) else None
    scopes: dict[str, _Scope] = {}
    _enter(root, "", {}, scopes)
    return {
        f"{prefix}{address}": {name: _followed(found, prefix, scopes) for name, found in expressions.items()}
        for prefix, scope in scopes.items()
        for address, expressions in scope.resources.items()
    }


@dataclass(frozen=True, slots=True)
class _Scope:
    """A module: the references of its resources' attributes, of its variables (in the calling module), its outputs."""

    resources: Mapping[str, Mapping[str, tuple[str, ...]]]
    variables: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]


def _enter(module: Any, prefix: str, variables: Mapping[str, tuple[str, ...]], scopes: dict[str, _Scope]) -> None:
    if not isinstance(module, dict):
        return
    resources = module.get("resources")
    found = {
        str(one.get("address", "")): _references(one.get("expressions"))
        for one in (resources if isinstance(resources, list) else [])
        if isinstance(one, dict)
    }
    outputs = {
        str(name): _named(one.get("expression")) for name, one in _items(module.get("outputs")) if isinstance(one, dict)
    }
    scopes[prefix] = _Scope(found, variables, outputs)
    for name, call in _items(module.get("module_calls")):
        if isinstance(call, dict):
            _enter(call.get("module"), f"{prefix}module.{name}.", _references(call.get("expressions")), scopes)


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _references(expressions: Any) -> dict[str, tuple[str, ...]]:
    return {str(name): _named(found) for name, found in _items(expressions)}


def _named(expression: Any) -> tuple[str, ...]:
    """What an expression names, without indexes; a block, which is a list, names nothing that is looked for here."""
    found = expression.get("references") if isinstance(expression, dict) else None
    return tuple(plain(text) for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def _followed(names: Iterable[str], prefix: str, scopes: Mapping[str, _Scope]) -> tuple[str, ...]:
    """The addresses of resources that names in a module lead to: `aws_iam_role.a.arn` is of `aws_iam_role.a`."""
    found: dict[str, None] = {}
    waiting = [(prefix, name) for name in names]
    seen: set[tuple[str, str]] = set()
    while waiting:
        scope, name = one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        kind, _, rest = name.partition(".")
        own = scopes.get(scope)
        if kind == "var" and own is not None:
            outer = scope.rpartition("module.")[0]
            waiting += [(outer, text) for text in own.variables.get(rest.partition(".")[0], ())]
        elif kind == "module":
            call, _, output = rest.partition(".")
            inner = scopes.get(f"{scope}module.{call}.")
            texts = () if inner is None else inner.outputs.get(output.partition(".")[0], ())
            waiting += [(f"{scope}module.{call}.", text) for text in texts]
        else:
            found[f"{scope}{'.'.join(name.split('.')[:2])}"] = None
    return tuple(found)
