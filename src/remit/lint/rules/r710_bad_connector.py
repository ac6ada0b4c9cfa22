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

from remit.errors import did_you_mean
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


def _problems(value: Any, known: tuple[str, ...], spot: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(
            f"a connector needs {' and '.join(known[1:])}", "Properties: {Destination: {Id: …}, …}", spot[:-1]
        )
        return
    for key in value:
        if key not in known:
            yield Problem(f"a connector has no '{key}'", did_you_mean(str(key), known), (*spot, key))
    needed = [key for key in known[1:] if key not in value and not any(one not in known for one in value)]
    if needed:
        yield Problem(f"the connector has no {' and no '.join(needed)}", f"add {needed[0]}", spot)
    for end in ("Source", "Destination"):
        several = value.get(end)
        for one in several if isinstance(several, list) else [several]:
            name = one.get("Id") if isinstance(one, dict) else None
            if isinstance(name, str) and name not in written.resources:
                hint = did_you_mean(name, written.resources) or "it names a resource of the template by its logical id"
                yield Problem(f"the {end.lower()} '{name}' names no resource of the template", hint, (*spot, end))
    permissions = value.get("Permissions")
    for index, one in enumerate(permissions if isinstance(permissions, list) else ()):
        if isinstance(one, str) and one not in _PERMISSIONS:
            hint = did_you_mean(one, _PERMISSIONS) or "a connector gives Read, Write, or both"
            yield Problem(f"a connector has no permission '{one}'", hint, (*spot, "Permissions", index))
