"""Resources of a template: properties that their types lack, SAM's macros, state machines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.catalogue.meant_names import nearest_services, spoken
from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.catalogue.types import resource_type, resource_types
from remit.did_you_mean import MISSPELT, did_you_mean, nearest
from remit.errors import RemitError, few
from remit.iam import tokens
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule
from remit.project import plain_files
from remit.roles.machine_roles import ComparedRole, compared_roles
from remit.template.branches import items
from remit.template.roles import template_roles

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
    the types that hold policies, and types that resemble a known one. A property is a warning in a template that a macro
    or another tool changes.

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
    """The type of CloudFormation that somebody meant who wrote another, by a slip or for a wrong service.

    None: it is of another vendor, or like no type, so that it may be newer than what remit knows.
    """
    vendor, _, path = re.sub(r":+", "::", kind).partition("::")
    if len(vendor) > _LONGEST_SLIP or nearest(vendor, ["AWS"]) is None:
        return None  # an extension's namespace: AWSQS::EKS::Cluster is of the public registry
    folded = {type_name.lower(): type_name for type_name in resource_types()}
    pattern = f"aws::{re.sub('ies$', 'y', path.lower())}"
    meant = nearest(pattern, folded, MISSPELT) or _elsewhere(path.lower(), folded)
    return folded[meant] if meant is not None else None


def _elsewhere(path: str, types: Iterable[str]) -> str | None:
    """The type, of `types` in small letters, with this name in the service that was meant, or in the one that has it.

    None: there is none, or several services have one.
    """
    owner, _, name = path.partition("::")
    called = spoken(owner) or next(iter(nearest_services(owner)), owner)
    same = [type_name for type_name in types if name and type_name.endswith(f"::{name}")]
    if f"aws::{called}::{name}" in same:
        return f"aws::{called}::{name}"
    return same[0] if len(same) == 1 else None


_WITH_POLICIES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


@rule("R708", ERROR, looks_at="template")
def bad_policy_template(written: WrittenTemplate) -> Iterator[Problem]:
    """A SAM template uses a policy template that does not exist, or not with the parameters that it takes.

    SAM refuses to transform the template, in mid-deploy. A name that is like none of SAM's is a warning. A queue's URL or
    ARN where its name is asked for is an error, too: nothing matches.

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
        if kind in _WITH_POLICIES:
            path: Spot = ("Resources", name, "Properties", "Policies")
            for entry in items(properties.get("Policies"), path):
                policy = entry.value
                if isinstance(policy, dict) and len(policy) == 1 and "Statement" not in policy:
                    yield from _problems(*next(iter(policy.items())), entry.path, written)


def _problems(name: Any, parameters: Any, at: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    """Yield what is wrong with a use of a policy template: its name, the parameters that it has too many or too few."""
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
    """Yield the problem of a parameter QueueName that gets the URL or the ARN of the template's queue."""
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
    """Yield what is wrong with a connector's properties: keys, ends that are no resource of the template, permissions.

    What is missing is not told beside an unknown key, which may be it.
    """
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
    """The logical ids that one end of a connector names (an object, or a list of them); others are left out."""
    references = end if isinstance(end, list) else [end]
    ids = [reference.get("Id") for reference in references if isinstance(reference, dict)]
    return [name for name in ids if isinstance(name, str)]


@rule("R712", WARNING, looks_at="template")
def machine_lacks_access(written: WrittenTemplate) -> Iterator[Problem]:
    """A state machine with a state that its role does not allow.

    The execution fails at that state. What a state needs is computed of its Resource and its parameters, as far as these
    are literal. Roles that SAM's connectors add to are not looked at.

    Flagged:

        Resources:
          Orders:
            Type: AWS::DynamoDB::Table
            Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}]}
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: states.amazonaws.com}}
              Policies:
                - PolicyName: orders
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - {Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Orders.Arn}
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: !GetAtt Role.Arn
              Definition:
                StartAt: Put
                States:
                  Put:
                    Type: Task
                    Resource: arn:aws:states:::dynamodb:putItem
                    Parameters: {TableName: !Ref Orders, Item: {id: {S: "1"}}}
                    End: true

    Better:

        Resources:
          Orders:
            Type: AWS::DynamoDB::Table
            Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}]}
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: states.amazonaws.com}}
              Policies:
                - PolicyName: orders
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - {Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Orders.Arn}
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: !GetAtt Role.Arn
              Definition:
                StartAt: Put
                States:
                  Put:
                    Type: Task
                    Resource: arn:aws:states:::dynamodb:putItem
                    Parameters: {TableName: !Ref Orders, Item: {id: {S: "1"}}}
                    End: true

    Source: "How Step Functions generates IAM policies for integrated services" (AWS Step Functions Developer Guide).
    """
    if any("Connectors" in resource for resource in written.resources.values()):
        return
    for compared in _compared(written):
        for access in compared.lacks:
            yield Problem(
                f"state {access.state.name} of {compared.machine} needs {access.action} on {access.resource}, which "
                f"{compared.role.logical_id} does not allow",
                "allow it there; `app.workflow` of remit computes the role of the states",
                origin=compared.definition.locate(access.state.path),
            )


@rule("R713", NOTE, looks_at="template")
def machine_allows_more(written: WrittenTemplate) -> Iterator[Problem]:
    """A state machine's role that allows what no state calls, or allows it on more than the states name.

    What a role has that no state needs, whoever changes the definition can use.

    Flagged:

        Resources:
          Orders:
            Type: AWS::DynamoDB::Table
            Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}]}
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: states.amazonaws.com}}
              Policies:
                - PolicyName: orders
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - {Effect: Allow, Action: dynamodb:PutItem, Resource: "*"}
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: !GetAtt Role.Arn
              Definition:
                StartAt: Put
                States:
                  Put:
                    Type: Task
                    Resource: arn:aws:states:::dynamodb:putItem
                    Parameters: {TableName: !Ref Orders, Item: {id: {S: "1"}}}
                    End: true

    Better:

        Resources:
          Orders:
            Type: AWS::DynamoDB::Table
            Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}]}
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: states.amazonaws.com}}
              Policies:
                - PolicyName: orders
                  PolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - {Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Orders.Arn}
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: !GetAtt Role.Arn
              Definition:
                StartAt: Put
                States:
                  Put:
                    Type: Task
                    Resource: arn:aws:states:::dynamodb:putItem
                    Parameters: {TableName: !Ref Orders, Item: {id: {S: "1"}}}
                    End: true

    Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
    """
    for compared in _compared(written):
        for unneeded in compared.unneeded:
            role, machine = compared.role.logical_id, compared.machine
            message = f"{role} allows {unneeded.action}, which no state of {machine} needs"
            if unneeded.needed:
                message = f"{role} allows {unneeded.action} beyond what states of {machine} need"
            hint = f"they need it on {few(unneeded.needed)}" if unneeded.needed else None
            yield Problem(message, hint, origin=unneeded.grant.origin)


def _compared(written: WrittenTemplate) -> Iterator[ComparedRole]:
    """The machines of a template with their roles; none of one whose roles cannot be read, which other rules report."""
    start = written.locate(())
    if (
        start is None
        or written.late
        or not any("StateMachine" in str(item["Type"]) for item in written.resources.values())
    ):
        return
    folder = Path(start.file).parent

    def beside(uri: str) -> tuple[bytes, str] | None:
        """The content and path of a file beside the template; None: there is none, or it is outside of the folder."""
        path = plain_files.path_from(folder, uri)
        if not path.resolve().is_relative_to(folder.resolve()):
            return None
        content = plain_files.content(path)
        return None if content is None else (content, str(path))

    try:
        roles = template_roles(dict(written.raw), start.file, lambda path: written.locate(path) or start)
        yield from compared_roles(roles, beside)
    except RemitError:
        return
