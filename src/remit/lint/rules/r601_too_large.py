"""A policy is longer than its quota, or one string is longer than a whole policy.

IAM refuses it (LimitExceeded). White space does not count. (LONG stands for ten thousand letters.)

Flagged:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {Service: lambda.amazonaws.com}
                Action: sts:AssumeRole
                Condition:
                  StringEquals:
                    aws:SourceArn: arn:aws:lambda:us-east-1:111122223333:function:LONG

Better:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {Service: lambda.amazonaws.com}
                Action: sts:AssumeRole

Source: "IAM and AWS STS quotas" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.quotas import quota
from remit.lint.elements import texts
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.resource_fit import services_of
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement

SEVERITY = ERROR
_ONE = 2_048  # characters of one string: no ARN, no action and no list of an organisation's accounts comes near


_SHORTER = "use patterns, or split it in two"


def concerned(text: str) -> bool:
    """Whether a document is large at all."""
    return len(text) > _ONE


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """Single strings that no policy can hold."""
    if written.document.longest <= _ONE:
        return
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        for text in texts(written.value.get(element)):
            if len(text) > _ONE:
                message = f"'{element}' has a string of {len(text):,} characters: no name in AWS is so long"
                yield Problem(message, "a loop or a file that was put in by mistake?", (element, text))


def document(document: PolicyDocument) -> Iterator[Problem]:
    """Whole documents, against the quota of what they belong to."""
    if not isinstance(document.raw, dict) or "Statement" not in document.raw:
        return
    name = document.quota or _quota(document)
    any_role = document.kind == IDENTITY and not document.quota
    if not name or document.size <= quota("iam.managed" if any_role else name).most:
        return
    if any(problem for written in document.written for problem in shape(written)):
        return  # that string is the reason
    limit = quota(name)
    size = document.size
    if size > (limit.raisable_to or limit.most):
        owner = "IAM" if name.startswith("iam.") else "AWS"
        most = f"{owner} allows {limit.most:,} for {limit.what}"
        message = f"the policy has {size:,} characters without white space; {most}"
        yield Problem(message, "use patterns, or split it over two roles" if any_role or document.quota else _SHORTER)
    elif size > limit.most:
        message = f"the policy has {size:,} characters; IAM allows {limit.most:,} unless AWS raises the quota"
        yield Problem(message, "use patterns, or ask for more", severity=WARNING)
    else:
        managed = quota("iam.managed").most
        message = (
            f"the policy has {size:,} characters: too many for a managed policy ({managed:,}), not for a role's own"
        )
        yield Problem(message, None, severity=WARNING)


def _quota(document: PolicyDocument) -> str:
    """The quota of a policy that stands by itself, as its kind and its principals tell."""
    if document.kind == CONTROL:
        if document.types.get(document.title) == "AWS::EC2::VPCEndpoint":
            return ""
        has_principals = any("Principal" in statement.value for statement in document.written)
        return "organizations.rcp" if has_principals else "organizations.scp"
    resources = tuple(text for item in document.statements for text in item.resources)
    if document.kind == RESOURCE and services_of(resources) == ("s3",):
        return "s3.bucket.policy"
    return {IDENTITY: "iam.role.inline", TRUST: "iam.role.trust"}.get(document.kind, "")
