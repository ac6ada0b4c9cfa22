"""ARNs that match too much, too little, or nothing elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.lint import arn_parts
from remit.lint.finding import NOTE, WARNING, Problem, rule
from remit.lint.plain_text import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement


@rule("R131", WARNING, looks_at="statement")
def wide_arn(item: ParsedStatement) -> Iterator[Problem]:
    """An ARN that leaves partition, or region and account, to a wildcard.

    It names resources of the same name everywhere: in other accounts too, where their policies allow it.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:*:dynamodb:*:*:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Grant least privilege access" (AWS Well-Architected Framework, SEC03-BP02).
    """
    if not item.allows or item.resource_element != "Resource":
        return
    for text in item.resources:
        arn = parse_arn(text)
        if arn is not None and "*" in arn.service != "*":
            message = f"'{text}' has a wildcard in its service: it names resources of every service of such a name"
            yield Problem(message, "name the service", ("Resource", text), NOTE)
        if arn is None or arn.resource == "*" or (arn.account != "*" and arn.partition != "*"):
            continue
        wide = [name for name in ("partition", "region", "account") if getattr(arn, name) == "*"]
        late = ", ".join(f"{{aws.{name}}}" for name in wide)
        hint = f"name them; in an app {late}" if item.document.raw is None else "name them"
        everywhere = wide == ["partition", "region", "account"]
        message = f"'{text}' leaves the {' and the '.join(wide)} open: it is wider than needed"
        yield Problem(message, hint, ("Resource", text), WARNING if everywhere else NOTE)


@rule("R132", NOTE, looks_at="statement")
def literal_partition(item: ParsedStatement) -> Iterator[Problem]:
    """An ARN names the partition `aws` where the template could be deployed to another.

    In China and GovCloud nothing has it. `{aws.partition}` (`${AWS::Partition}`) is right everywhere.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:${AWS::Partition}:s3:::data/*"}

    Source: "Pseudo parameters reference" (CloudFormation User Guide).
    """
    if item.document.names is None:
        return
    late = "{aws.partition}" if item.document.raw is None else "${AWS::Partition}"
    for spot, arn in item.arns:
        if arn.partition == "aws":
            yield Problem(f"'{arn}' works in partition aws alone", f"write arn:{late}: for every partition", spot)


_LIKE = {
    "prod": frozenset({"prod", "production", "prd", "live"}),
    "dev": frozenset({"dev", "development", "develop"}),
    "staging": frozenset({"staging", "stage", "stg", "preprod"}),
    "test": frozenset({"test", "testing", "qa", "uat"}),
}
_WORD = re.compile(r"[a-z0-9]+")
_QUALIFIER = re.compile(r"(?<=:function:)([^:]+):[^:]+$")
"""The alias or version of a function, of which the function's name tells the stage: `live` is an alias like any."""


@rule("R134", WARNING, looks_at="statement")
def cross_stage(item: ParsedStatement) -> Iterator[Problem]:
    """A role of one stage reaches what looks like another's: a dev role with an ARN of prod.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-prod/*"},
            ]

    Better:

        from remit import configure, project

        with configure() as config:
            config.lambda_.iam.policy = [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::orders-{project.stage}/*"},
            ]

    Source: "Separate workloads using accounts" (AWS Well-Architected Framework, SEC01-BP01).
    """
    stage = item.document.stage
    if stage is None or not item.allows:
        return
    stage_family = _family(stage)
    for text in item.resources:
        name = _QUALIFIER.sub(r"\1", text)
        words = _WORD.findall(name.replace(item.document.app, "").lower()) if "-" in name or "/" in name else ()
        foreign_stage = next((word for word in words if _family(word) not in (None, stage_family)), None)
        if foreign_stage is not None and (stage_family != "prod" or _family(foreign_stage) != "test"):
            message = f"'{text}' looks like a resource of stage {foreign_stage}, and this is the role of stage {stage}"
            yield Problem(message, "use {project.stage} in its name", ("Resource", text))


def _family(word: str) -> str | None:
    return next((name for name, words in _LIKE.items() if word in words), None)


_GIVEN = r"[a-z0-9*?](?!.*\.\.)[a-z0-9.*?-]{0,62}"
_UNSET = frozenset({"", "None", "NaN"})  # findings of R136


@rule("R137", WARNING, looks_at="statement", needs=":s3:")
def bad_bucket_name(item: ParsedStatement) -> Iterator[Problem]:
    """A bucket's name that S3 does not give: capitals, underscores, dots in a row, more than 63 characters.

    Buckets made before March 2018 in us-east-1 may be called so; any other ARN with such a name matches nothing.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::My_Data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-data/*"}

    Source: "General purpose bucket naming rules" (Amazon S3 User Guide).
    """
    for text in item.resources:
        arn = parse_arn(text) if ":s3:" in text and not arn_parts.holds_another(text) else None
        if arn is None or arn.service != "s3" or arn.region or arn.account:
            continue
        bucket = arn.resource.partition("/")[0]
        if bucket in _UNSET or "{" in bucket or "<" in bucket or "%" in bucket or re.fullmatch(_GIVEN, bucket):
            continue
        if bucket.isascii() and not bucket.startswith(":") and not PLACEHOLDER.search(bucket):
            message = f"no new bucket can be called '{bucket}': names are of small letters, digits, dots and hyphens"
            proper = re.sub(r"[^a-z0-9.*?-]+", "-", bucket.lower())[:63].strip("-")
            yield Problem(message, f"is it '{proper}'?", (item.resource_element, text))
