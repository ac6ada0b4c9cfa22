"""Properties that a resource's type lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.meant_names import nearest_services, spoken
from remit.catalogue.types import resource_type, resource_types
from remit.did_you_mean import MISSPELT, did_you_mean, nearest
from remit.lint.finding import ERROR, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.template.written_template import WrittenTemplate

_HOLDERS = ("AWS::IAM::", "AWS::Lambda::", "AWS::Serverless::", "AWS::S3::Bucket", "AWS::SQS::", "AWS::SNS::Topic")
_SAM = "AWS::Serverless::"
_LONGEST_SLIP = 4
"""Letters of what was meant for AWS."""


@rule("R402", ERROR, looks_at="template")
def unknown_property(written: WrittenTemplate) -> Iterator[Problem]:
    """A resource has no such property, or CloudFormation has no such type: a slip.

    CloudFormation refuses the template; a misspelt `Policies` would else be access that is silently missing. Looked at are
    the types that hold policies, and types that resemble a known one.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocumnet: {Version: "2012-10-17", Statement: []}

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "sqs:ListQueues", Resource: "*"}

    Source: the resource types' schemas (CloudFormation registry).
    """
    for name, resource in written.resources.items():
        kind = str(resource["Type"])
        known_type = resource_type(kind)
        if known_type is None:
            meant = _near_type(kind)
            if meant is not None:
                message = f"CloudFormation has no type {kind}, and refuses {name}"
                yield Problem(message, f"did you mean `{meant}`?", ("Resources", name, "Type"))
            continue
        properties = resource.get("Properties")
        known_properties = known_type.shape.properties
        if (
            not kind.startswith(_HOLDERS)
            or not known_properties
            or known_type.shape.open
            or not isinstance(properties, dict)
        ):
            continue
        for property_name in properties:
            if (
                property_name in known_properties
                or property_name in known_type.read_only
                or str(property_name).startswith("Fn::")
            ):
                continue
            hint = did_you_mean(str(property_name), known_properties)
            if not kind.startswith(_SAM) or nearest(
                str(property_name), known_properties, MISSPELT
            ):  # SAM takes more than its schema has
                spot = ("Resources", name, "Properties", property_name)
                severity = WARNING if written.unread else ERROR  # a macro may take it out
                yield Problem(f"{kind} has no property '{property_name}'", hint or "remove it", spot, severity)


def _near_type(kind: str) -> str | None:
    """A type that differs by a slip; a name that resembles none may be newer than what remit knows."""
    vendor, _, path = re.sub(r":+", "::", kind).partition("::")
    if len(vendor) > _LONGEST_SLIP or nearest(vendor, ["AWS"]) is None:
        return None  # an extension's namespace: AWSQS::EKS::Cluster is of the public registry
    folded = {type_name.lower(): type_name for type_name in resource_types()}
    pattern = f"aws::{re.sub('ies$', 'y', path.lower())}"
    meant = nearest(pattern, folded, MISSPELT) or _elsewhere(path.lower(), folded)
    return folded[meant] if meant is not None else None


def _elsewhere(path: str, types: Iterable[str]) -> str | None:
    """The one type of this name in another service, as that is called elsewhere: AWS::Events::Rule for EventBridge."""
    owner, _, name = path.partition("::")
    called = spoken(owner) or next(iter(nearest_services(owner)), owner)
    same = [type_name for type_name in types if name and type_name.endswith(f"::{name}")]
    return next(
        (type_name for type_name in same if type_name == f"aws::{called}::{name}"), same[0] if len(same) == 1 else None
    )
