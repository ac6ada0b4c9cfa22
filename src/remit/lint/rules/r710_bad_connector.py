"""A SAM connector points at nothing, or asks for what no connector gives.

SAM refuses to transform the template, in mid-deploy. A connector has a destination, and Permissions of Read and Write.

Flagged:

    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Report:
        Type: AWS::Serverless::Function
        Connectors:
          Table:
            Properties: {Destination: {Id: Ordres}, Permissions: [Read]}

Better:

    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Report:
        Type: AWS::Serverless::Function
        Connectors:
          Table:
            Properties: {Destination: {Id: Orders}, Permissions: [Read]}

Source: "AWS::Serverless::Connector" (AWS SAM Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.did_you_mean import did_you_mean
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_PERMISSIONS = ("Read", "Write")
_EMBEDDED = ("SourceReference", "Destination", "Permissions")
_ALONE = ("Source", "Destination", "Permissions")


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Connectors of their own, and those that stand in the resource which is their source."""
    for name, resource in written.resources.items():
        if resource["Type"] == "AWS::Serverless::Connector":
            yield from _problems(resource.get("Properties"), _ALONE, ("Resources", name, "Properties"), written)
        connectors = resource.get("Connectors")
        for key, connector in connectors.items() if isinstance(connectors, dict) else ():
            spot = ("Resources", name, "Connectors", key, "Properties")
            yield from _problems(
                connector.get("Properties") if isinstance(connector, dict) else None, _EMBEDDED, spot, written
            )
        properties = resource.get("Properties")
        if isinstance(properties, dict) and "Connectors" in properties and _of_sam(resource):
            message = f"Connectors stand beside the Properties of {name}, not in them"
            yield Problem(message, "move them out by one level", ("Resources", name, "Properties", "Connectors"))


def _of_sam(resource: Mapping[str, Any]) -> bool:
    return str(resource["Type"]).startswith("AWS::Serverless::")


def _problems(value: Any, elements: tuple[str, ...], spot: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    required = elements[1:]
    if not isinstance(value, dict):
        message = f"a connector needs {' and '.join(required)}"
        yield Problem(message, "Properties: {Destination: {Id: …}, …}", spot[:-1])
        return
    unknown = [key for key in value if key not in elements]
    for key in unknown:
        yield Problem(f"a connector has no '{key}'", did_you_mean(str(key), elements), (*spot, key))
    missing = [key for key in required if key not in value]
    if missing and not unknown:
        yield Problem(f"the connector has no {' and no '.join(missing)}", f"add {missing[0]}", spot)
    for end in ("Source", "Destination"):
        for name in _logical_ids(value.get(end)):
            if name not in written.resources:
                hint = did_you_mean(name, written.resources) or "it names a resource of the template by its logical id"
                yield Problem(f"the {end.lower()} '{name}' names no resource of the template", hint, (*spot, end))
    permissions = value.get("Permissions")
    for index, permission in enumerate(permissions if isinstance(permissions, list) else ()):
        if isinstance(permission, str) and permission not in _PERMISSIONS:
            hint = did_you_mean(permission, _PERMISSIONS) or "a connector gives Read, Write, or both"
            yield Problem(f"a connector has no permission '{permission}'", hint, (*spot, "Permissions", index))


def _logical_ids(end: Any) -> list[str]:
    """The resources that one end of a connector names, by their logical ids."""
    references = end if isinstance(end, list) else [end]
    ids = [reference.get("Id") for reference in references if isinstance(reference, dict)]
    return [name for name in ids if isinstance(name, str)]
