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

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.resemblance import nearest_services, spoken
from remit.catalogue.types import resource_type, resource_types
from remit.errors import MISSPELT, did_you_mean, nearest
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_HOLDERS = ("AWS::IAM::", "AWS::Lambda::", "AWS::Serverless::", "AWS::S3::Bucket", "AWS::SQS::", "AWS::SNS::Topic")
_SAM = "AWS::Serverless::"


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Types and the names of their properties, as deep as those of the resource itself."""
    for name, resource in written.resources.items():
        kind = str(resource["Type"])
        found = resource_type(kind)
        if found is None:
            near = _near_type(kind)
            if near is not None:
                message = f"CloudFormation has no type {kind}, and refuses {name}"
                yield Problem(message, f"did you mean `{near}`?", ("Resources", name, "Type"))
            continue
        properties = resource.get("Properties")
        known = found.shape.properties
        if not kind.startswith(_HOLDERS) or not known or found.shape.open or not isinstance(properties, dict):
            continue
        for one in properties:
            if one in known or one in found.read_only or str(one).startswith("Fn::"):
                continue
            hint = did_you_mean(str(one), known)
            if not kind.startswith(_SAM) or nearest(str(one), known, MISSPELT):  # SAM takes more than its schema has
                spot = ("Resources", name, "Properties", one)
                yield Problem(f"{kind} has no property '{one}'", hint or "remove it", spot)


def _near_type(kind: str) -> str | None:
    """A type that differs by a slip; a name that resembles none may be newer than what remit knows."""
    vendor, _, rest = re.sub(r":+", "::", kind).partition("::")
    if nearest(vendor, ["AWS"]) is None:
        return None
    folded = {one.lower(): one for one in resource_types()}
    wanted = f"aws::{re.sub('ies$', 'y', rest.lower())}"
    found = nearest(wanted, folded, MISSPELT) or _elsewhere(rest.lower(), folded)
    return folded[found] if found is not None else None


def _elsewhere(rest: str, known: Iterable[str]) -> str | None:
    """The one type of this name in another service, as that is called elsewhere: AWS::Events::Rule for EventBridge."""
    owner, _, name = rest.partition("::")
    called = spoken(owner) or next(iter(nearest_services(owner)), owner)
    same = [one for one in known if name and one.endswith(f"::{name}")]
    return next((one for one in same if one == f"aws::{called}::{name}"), same[0] if len(same) == 1 else None)
