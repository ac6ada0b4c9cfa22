"""The resources of a Terraform state or plan, module by module, and what the configuration says they refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.document import Path
    from remit.templates.documents import Place

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
    """The managed resources of a state's or plan's values, those of modules too. RemitError at what is no module."""
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
    """By address, the addresses that each attribute refers to, as the configuration in a plan has them."""
    configuration = plan.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, dict) else None
    return dict(_configured(root, ""))


def _configured(module: Any, prefix: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    if not isinstance(module, dict):
        return
    resources = module.get("resources")
    for one in resources if isinstance(resources, list) else []:
        expressions = one.get("expressions") if isinstance(one, dict) else None
        if isinstance(expressions, dict):
            referred = {str(name): _referred(found, prefix) for name, found in expressions.items()}
            yield f"{prefix}{one.get('address', '')}", referred
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, dict) else ():
        yield from _configured(call.get("module") if isinstance(call, dict) else None, f"{prefix}module.{name}.")


def _referred(expression: Any, prefix: str) -> tuple[str, ...]:
    """The resources of the module that an expression names: `aws_iam_role.worker.arn` is of `aws_iam_role.worker`."""
    found = expression.get("references") if isinstance(expression, dict) else None
    names = [plain(text) for text in found if isinstance(text, str)] if isinstance(found, list) else []
    return tuple(dict.fromkeys(f"{prefix}{'.'.join(name.split('.')[:2])}" for name in names))
