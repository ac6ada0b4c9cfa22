"""Elements that a policy or a statement must have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.types import access_of
from remit.lint.elements import DOCUMENT, has, is_policy, unknown
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.rule_inputs import IDENTITY, RESOURCE, TRUST
from remit.template.policy_documents import included_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement


@rule("R101", ERROR, looks_at="shape")
def no_effect(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has no Effect.

    IAM refuses the document (MalformedPolicyDocument). remit never guesses whether Allow or Deny was meant.

    Flagged:

        {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "IAM JSON policy elements: Effect" (IAM User Guide).
    """
    if not has(written.value, "Effect"):
        yield Problem("the statement has no 'Effect': IAM refuses it", "add 'Effect': 'Allow' (or 'Deny')")


@rule("R104", ERROR, looks_at="shape")
def no_action(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has neither Action nor NotAction.

    IAM refuses the document.

    Flagged:

        {"Effect": "Allow", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements: Action" (IAM User Guide).
    """
    if not has(written.value, "Action"):
        message = "the statement has no 'Action' and no 'NotAction': IAM refuses it"
        yield Problem(message, "add 'Action': 'service:Operation'")


@rule("R106", ERROR, looks_at="shape")
def no_resource(written: WrittenStatement) -> Iterator[Problem]:
    """A statement of an identity policy has neither Resource nor NotResource.

    IAM refuses the document. Only trust policies have no Resource.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "IAM JSON policy elements: Resource" (IAM User Guide).
    """
    if written.document.kind == IDENTITY and not has(written.value, "Resource"):
        hint = "add 'Resource': an ARN, or '*' if it must be everything"
        yield Problem("the statement has no 'Resource': an identity policy must say on what", hint)


@rule("R109", ERROR, looks_at="shape")
def no_principal(written: WrittenStatement) -> Iterator[Problem]:
    """A statement of a trust policy, or of another resource's policy, does not say who.

    IAM refuses a trust policy without Principal, and the services refuse resource policies without it.

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole}

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide).
    """
    document = written.document
    kind = "a trust policy" if document.kind == TRUST else "the policy of a resource"
    is_declared = document.kind == RESOURCE and document.names is None and document.sure
    is_asked = is_declared or access_of(document.types.get(document.title, "")).policies == "resource"
    if (document.kind == TRUST or is_asked) and not has(written.value, "Principal"):
        hint = "add 'Principal': {'Service': …}"
        yield Problem(f"the statement has no 'Principal': {kind} must say who", hint)


_WRAP = 'wrap the statements: {"Version": "2012-10-17", "Statement": [...]}'


@rule("R110", ERROR, looks_at="document")
def no_statement(document: PolicyDocument) -> Iterator[Problem]:
    """A policy document has no Statement.

    IAM refuses it. A single statement must be wrapped in a document; a file with nothing else may be a part of one.

    Flagged:

        {"Version": "2012-10-17"}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
        ]}

    Source: "IAM JSON policy elements: Statement" (IAM User Guide).
    """
    raw = document.raw
    if document.names is None and isinstance(raw, dict) and not is_policy(raw):
        hint = "a policy has Statement, a template Resources; `remit explain` and `remit diff` read plans of Terraform"
        yield Problem("here is neither a policy document nor a template", hint)
    elif included_file(raw) is not None:
        yield _included("the policy document is", raw, ())
    elif isinstance(raw, dict) and "Statement" not in raw and "Statement" not in unknown(raw, DOCUMENT).values():
        if "Effect" not in raw:
            yield Problem("the document has no 'Statement': IAM refuses it", _WRAP)
        elif document.names is None:  # a file of its own, that a program may put into a policy
            message = "a statement stands where a policy document must: IAM refuses it by itself"
            yield Problem(message, f"fine for a part of a policy; else {_WRAP}", severity=WARNING)
        else:
            yield Problem("a statement stands where a policy document must: IAM refuses it", _WRAP)
    for spot, statement in _included_statements(raw):
        yield _included("statements are", statement, spot)


def _included_statements(raw: Any) -> Iterator[tuple[Spot, Any]]:
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    if isinstance(statements, list):
        for index, statement in enumerate(statements):
            if included_file(statement) is not None:
                yield ("Statement", index), statement
    elif included_file(statements) is not None:
        yield ("Statement",), statements


def _included(subject: str, value: Any, spot: Spot) -> Problem:
    message = f"{subject} taken from '{included_file(value)}' by a tool: what stands there is not looked at"
    return Problem(message, "lint that file, too", spot, severity=NOTE)
