"""A function's role does not trust Lambda.

The function cannot be created: "The role defined for the function cannot be assumed by Lambda."

Flagged:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
      Report:
        Type: AWS::Lambda::Function
        Properties: {Role: !GetAtt Role.Arn}

Better:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Report:
        Type: AWS::Lambda::Function
        Properties: {Role: !GetAtt Role.Arn}

Source: "Defining Lambda function permissions with an execution role" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import matches
from remit.iam.policy import parse
from remit.lint.finding import ERROR, Problem
from remit.lint.principals import of_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.policy import Globs
    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_LAMBDA = "lambda.amazonaws.com"


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Roles of functions, by the references to them."""
    for name, resource in written.resources.items():
        if resource["Type"] not in ("AWS::Lambda::Function", "AWS::Serverless::Function"):
            continue
        role = _role_of(resource, written)
        if role is not None and _trusts(written.resources[role]) is False:
            message = f"{name} cannot run under {role}: its trust policy does not let {_LAMBDA} assume it"
            yield Problem(
                message, f"add {{'Service': '{_LAMBDA}'}} to the Principal", _spot(role, written.resources[role])
            )


def _spot(name: str, role: Mapping[str, Any]) -> Spot:
    """The principal of a trust policy's one statement, or the policy."""
    path: Spot = ("Resources", name, "Properties", "AssumeRolePolicyDocument")
    statements = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    if len(listed) != 1:
        return path
    inside: Spot = (*path, "Statement") if listed is not statements else (*path, "Statement", 0)
    return (*inside, "Principal")


def _role_of(resource: Mapping[str, Any], written: WrittenTemplate) -> str | None:
    """The role that a function runs under, where the template makes it."""
    properties = resource.get("Properties")
    role = properties.get("Role") if isinstance(properties, dict) else None
    reference = tokens.REFERENCE.fullmatch(tokens.text_of(role)) if tokens.is_intrinsic(role) else None
    name = reference[1].partition(".")[0] if reference is not None else ""
    return name if written.type_of(name) == "AWS::IAM::Role" else None


def _lets_assume(actions: Globs) -> bool:
    """Whether actions may have sts:AssumeRole among them; a service takes no other way into a role."""
    if any("${" in pattern for pattern in actions.patterns):
        return True  # what a parameter holds is not known here
    return any(matches(pattern.lower(), "sts:assumerole") for pattern in actions.patterns) != actions.negated


def _trusts(role: Mapping[str, Any]) -> bool | None:
    """Whether a role lets Lambda assume it; None when its trust policy cannot be read."""
    properties = role.get("Properties")
    document = properties.get("AssumeRolePolicyDocument") if isinstance(properties, dict) else None
    try:
        policy = parse(document)
    except RemitError:
        return None
    for statement in policy.statements:
        principals = statement.principals
        if statement.effect != "Allow" or principals is None or not _lets_assume(statement.actions):
            continue
        values = [value for _, value in principals.patterns]
        if any(kind == "Service" and of_service(value) is not None for kind, value in principals.patterns):
            return None  # a finding of R138
        if principals.negated or any(value == _LAMBDA or "${" in value or "*" in value for value in values):
            return True
    return False
