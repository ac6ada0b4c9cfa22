"""The roles of state machines beside what their states call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import RemitError, few
from remit.lint.finding import NOTE, WARNING, Problem, rule
from remit.project import plain_files
from remit.roles.machine_roles import compared_roles
from remit.template.roles import template_roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.roles.machine_roles import ComparedRole
    from remit.template.written_template import WrittenTemplate


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
