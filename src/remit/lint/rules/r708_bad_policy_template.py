"""A SAM template uses a policy template that does not exist, or not with the parameters that it takes.

SAM refuses to transform the template, in mid-deploy.

Flagged:

    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Policies:
            - DynamoDBCrudPolcy: {TableName: orders}

Better:

    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Policies:
            - DynamoDBCrudPolicy: {TableName: orders}

Source: "AWS SAM policy templates" (AWS SAM Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.did_you_mean import did_you_mean
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_HOLDERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """The policy templates of functions and state machines."""
    for name, kind, properties in written.with_properties():
        if kind in _HOLDERS:
            path: Spot = ("Resources", name, "Properties", "Policies")
            for entry in items(properties.get("Policies"), path):
                policy = entry.value
                if isinstance(policy, dict) and len(policy) == 1 and "Statement" not in policy:
                    yield from _problems(*next(iter(policy.items())), entry.path, written)


def _problems(name: Any, parameters: Any, at: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    known_template = sam_policy(name)
    if known_template is None:
        if isinstance(name, str) and name != "Ref" and not name.startswith("Fn::"):
            meant = did_you_mean(name, sam_policies())
            severity = ERROR if meant else WARNING
            hint = meant or "or write the statement itself"
            yield Problem(f"SAM has no policy template '{name}'", hint, (*at, name), severity)
        return
    declared = known_template.parameters
    values = parameters if isinstance(parameters, dict) else {}
    missing = [parameter for parameter in declared if parameter not in values]
    unknown = [parameter for parameter in values if parameter not in declared]
    if any(str(parameter).startswith("Fn::") for parameter in unknown):
        return
    for parameter in unknown:
        hint = did_you_mean(str(parameter), declared) or f"it takes {', '.join(declared) or 'none'}"
        yield Problem(f"{name} has no parameter '{parameter}'", hint, (*at, name, parameter))
    for parameter, value in values.items():
        yield from _wrong_end(name, str(parameter), value, written, (*at, name, parameter))
    if missing and not unknown:
        yield Problem(f"{name} needs {', '.join(missing)}", f"{missing[0]}: …", (*at, name))


def _wrong_end(policy: str, name: str, value: Any, written: WrittenTemplate, at: Spot) -> Iterator[Problem]:
    """The URL or the ARN of a queue where its name goes into an ARN."""
    if name != "QueueName" or not tokens.is_intrinsic(value):
        return
    reference = tokens.REFERENCE.fullmatch(tokens.text_of(value))
    target, _, attribute = reference[1].partition(".") if reference is not None else ("", "", "")
    gives = {"": "URL", "Arn": "ARN"}.get(attribute)
    if gives is not None and written.type_of(target) == "AWS::SQS::Queue":
        message = f"{policy} takes a queue's name, and this is its {gives}: nothing matches"
        yield Problem(message, f"!GetAtt {target}.QueueName", at)
