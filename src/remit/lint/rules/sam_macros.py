"""Policy templates and connectors of SAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.did_you_mean import did_you_mean
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

_HOLDERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


@rule("R708", ERROR, looks_at="template")
def bad_policy_template(written: WrittenTemplate) -> Iterator[Problem]:
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


_PERMISSIONS = ("Read", "Write")
_EMBEDDED = ("SourceReference", "Destination", "Permissions")
_ALONE = ("Source", "Destination", "Permissions")


@rule("R710", ERROR, looks_at="template")
def bad_connector(written: WrittenTemplate) -> Iterator[Problem]:
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
    for name, resource in written.resources.items():
        if resource["Type"] == "AWS::Serverless::Connector":
            yield from _bad_connector_problems(
                resource.get("Properties"), _ALONE, ("Resources", name, "Properties"), written
            )
        connectors = resource.get("Connectors")
        for key, connector in connectors.items() if isinstance(connectors, dict) else ():
            spot = ("Resources", name, "Connectors", key, "Properties")
            yield from _bad_connector_problems(
                connector.get("Properties") if isinstance(connector, dict) else None, _EMBEDDED, spot, written
            )
        properties = resource.get("Properties")
        is_of_sam = str(resource.get("Type")).startswith("AWS::Serverless::")
        if is_of_sam and isinstance(properties, dict) and "Connectors" in properties:
            message = f"Connectors stand beside the Properties of {name}, not in them"
            yield Problem(message, "move them out by one level", ("Resources", name, "Properties", "Connectors"))


def _bad_connector_problems(
    value: Any, elements: tuple[str, ...], spot: Spot, written: WrittenTemplate
) -> Iterator[Problem]:
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
