"""Slips of writing that a reader of Python, YAML or JSON notices."""

from __future__ import annotations

from collections.abc import Iterator

from remit.documents.slips import LANGUAGE, REPEATED_KEY, Slip
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule


@rule("R112", ERROR, looks_at="slip")
def repeated_key(slip: Slip) -> Iterator[Problem]:
    """A dict in a Python file has the same key twice.

    Python keeps the last one silently, so that a setting or a grant is lost. In a template it is a warning: the last one
    counts.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.function.environment = {"TABLE": "orders", "LEVEL": "info", "TABLE": "bills"}

    Better:

        from remit import configure

        with configure() as config:
            config.lambda_.function.environment = {"TABLE": "orders", "LEVEL": "info", "BILLS": "bills"}

    Source: "Dictionary displays" (The Python Language Reference).
    """
    if slip.kind == "repeated":
        message = (
            f"the key {slip.text} stands twice in one dict, first at {slip.inside}: Python keeps only the last one"
        )
        yield Problem(message, "merge the two, or rename one")
    elif slip.kind == REPEATED_KEY:
        message = f"the key {slip.text} stands twice in one mapping, first at {slip.inside}: the last one counts"
        yield Problem(message, "merge the two, or rename one", severity=WARNING)


@rule("R119", ERROR, looks_at="slip")
def yaml_surprise(slip: Slip) -> Iterator[Problem]:
    """A YAML value is read otherwise than it looks: a date without quotes, an account number with leading zeros.

    YAML 1.1 reads 2012-10-17 as a date and 011122223333 as an octal number, another account. CloudFormation keeps the
    date as text; other tools do not.

    Flagged:

        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::data/*
            Condition: {StringEquals: {aws:ResourceAccount: 011122223333}}

    Better:

        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::data/*
            Condition: {StringEquals: {aws:ResourceAccount: "011122223333"}}

    Source: "Timestamp" and "Integer" language-independent types for YAML 1.1 (yaml.org).
    """
    quoted = f"quote it: '{slip.text}'"
    name = next((str(step) for step in reversed(slip.path) if isinstance(step, str)), "the value")
    if slip.kind == "date" and name != "AWSTemplateFormatVersion" and "Resources" not in slip.path:
        yield Problem(f"{name} {slip.text} is a date to YAML, not text", quoted)
    elif slip.kind == "octal":
        number = int(slip.text, 8)
        is_account = len(slip.text) == 12  # noqa: PLR2004 - digits of an account
        meaning = "another account" if is_account else "another number"
        message = f"{name} {slip.text} is an octal number to YAML 1.1: {number}, {meaning}"
        yield Problem(message, quoted, (), ERROR if is_account else WARNING)


@rule("R135", NOTE, looks_at="slip")
def bare_string(slip: Slip) -> Iterator[Problem]:
    """A setting or an option that takes a list of policies is given one string.

    It is read as a list of that one item, never letter by letter; a list says the same without a doubt.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = "xray:PutTraceSegments"

    Better:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["xray:PutTraceSegments"]

    Source: "The configuration" (remit's README).
    """
    if slip.kind == "bare":
        yield Problem(f"{slip.inside} is a string: it is read as [{slip.text!r}]", "write a list")


@rule("R143", NOTE, looks_at="slip")
def of_another_tool(slip: Slip) -> Iterator[Problem]:
    """The file is the input of another tool, which fills it in before AWS reads it: templatefile, Jinja and the like.

    What the tool puts in is unknown here, and said once: no rule looks at it. Where nothing fills the places in, they are
    literal text, and match nothing. A policy or a template that the tool has made is looked at in whole.

    Flagged:

        {"Statement": [
          {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:${region}:${account_id}:orders"}
        ]}

    Better:

        {"Statement": [
          {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}
        ]}

    Source: "templatefile Function" (Terraform), "Tokens" (AWS CDK Developer Guide).
    """
    if slip.kind == LANGUAGE:
        example = f" ({slip.inside})" if slip.inside else ""
        message = f"this file is written for {slip.text}{example}: what that puts in is not looked at"
        yield Problem(message, "lint what the tool makes of it, too")
