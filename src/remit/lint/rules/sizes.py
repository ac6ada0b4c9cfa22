"""Quotas of policies, templates and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.quotas import quota
from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.lint.elements import texts
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.resource_fit import services_of
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, TRUST, PolicyDocument, WrittenStatement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.written_template import WrittenTemplate

_ONE = 2_048  # characters of one string: no ARN, no action and no list of an organisation's accounts comes near
_SHORTER = "use patterns, or split it in two"


@rule("R601", ERROR, looks_at="shape", needs=r"(?s).{2049}")
def too_large(written: WrittenStatement) -> Iterator[Problem]:
    """A policy is longer than its quota, or one string is longer than a whole policy.

    IAM refuses it (LimitExceeded). White space does not count. It is a warning where AWS may have raised the quota, or
    where the policy is too long for a managed policy and not for a role's own. (LONG stands for ten thousand letters.)

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
    if written.document.longest <= _ONE:
        return
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        for text in texts(written.value.get(element)):
            if len(text) > _ONE:
                message = f"'{element}' has a string of {len(text):,} characters: no name in AWS is so long"
                yield Problem(message, "a loop or a file that was put in by mistake?", (element, text))


@rule("R601", looks_at="document")
def _too_large_in_document(document: PolicyDocument) -> Iterator[Problem]:
    """Whole documents, against the quota of what they belong to."""
    if not isinstance(document.raw, dict) or "Statement" not in document.raw:
        return
    name = document.quota or _quota(document)
    any_role = document.kind == IDENTITY and not document.quota
    if not name or document.size <= quota("iam.managed" if any_role else name).most:
        return
    if any(problem for written in document.written for problem in too_large(written)):
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


@rule("R608", ERROR, looks_at="template")
def template_too_large(written: WrittenTemplate) -> Iterator[Problem]:
    """A template is larger than CloudFormation takes: too many bytes, resources, parameters, mappings or outputs.

    CreateChangeSet is refused. So it is for a Description that is too long.

    Flagged:

        Description: LONG
        Resources:
          Queue: {Type: "AWS::SQS::Queue"}

    Better:

        Description: Where orders arrive
        Resources:
          Queue: {Type: "AWS::SQS::Queue"}

    Source: "Understand CloudFormation quotas" (AWS CloudFormation User Guide). (LONG stands for ten thousand letters.)
    """
    size = quota("cloudformation.template.s3").most
    if written.size > size:
        message = f"the template has {written.size:,} bytes; CloudFormation allows {size:,}"
        yield Problem(message, "split it into nested stacks")
    for section in ("Resources", "Parameters", "Outputs", "Mappings"):
        most = quota(f"cloudformation.template.{section.lower()}").most
        members = written.raw.get(section)
        if isinstance(members, dict) and len(members) > most:
            message = f"the template has {len(members):,} {section.lower()}; CloudFormation allows {most}"
            yield Problem(message, "split it into nested stacks", (section,))
    description = written.raw.get("Description")
    longest = quota("cloudformation.template.description").most
    if isinstance(description, str) and len(description.encode()) > longest:
        message = f"the Description has {len(description.encode()):,} bytes; CloudFormation allows {longest:,}"
        yield Problem(message, "shorten it", ("Description",))


_LATE = re.compile(r"\$\{[^}]*\}")


@rule("R609", ERROR, looks_at="template")
def long_name(written: WrittenTemplate) -> Iterator[Problem]:
    """A name in a template is longer than its service takes.

    The change set is accepted, and the resource fails when it is made. References count as nothing here.

    Flagged:

        Resources:
          Run: {Type: "AWS::Lambda::Function", Properties: {FunctionName: LONG, Handler: app.run}}

    Better:

        Resources:
          Run: {Type: "AWS::Lambda::Function", Properties: {Handler: app.run}}

    Source: the types' schemas, and the quotas of each service where these say less (`remit data` says of when). (LONG
    stands for ten thousand letters.)
    """
    for name, type_name, properties in written.with_properties():
        kind = resource_type(type_name)
        if kind is None or kind.naming is None or kind.naming.most is None:
            continue
        element, most = kind.naming.property, kind.naming.most
        raw = properties.get(element)
        text = tokens.textual(raw)
        if not isinstance(text, str) or "${{" in text:
            continue
        size = len(_LATE.sub("", text))
        if size > most:
            message = f"{element} of {name} has {size:,} characters; that of {kind.name} has at most {most:,}"
            spot = ("Resources", name, "Properties", element)
            yield Problem(message, "shorten it, or leave it out: CloudFormation makes one", spot)
