"""Rules that readers of files and of comments ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, WARNING, Problem, rule

if TYPE_CHECKING:
    from remit.errors import RemitError


@rule("R001", ERROR)
def unreadable(error: RemitError) -> Problem:
    """The file cannot be read: broken JSON or YAML, a repeated key, a tag that would run code, no UTF-8, endless nesting.

    Readers that are more tolerant keep the last of two equal keys, turn NaN into something IAM refuses, or build objects
    from YAML tags. remit reads what every reader understands alike, and says at which line it does not. After a repeated
    key or an unknown tag the rest of the file is looked at, too. A file that is named and is neither a policy nor a
    template is no better, nor is a folder that holds none, or a file too long to be looked at in whole: of a policy over
    200,000 characters its shape and its size alone, of a template 1,500 policies, of YAML two million characters. It says
    how far it came. The exit code is 2.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::data/*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::data/*"}
        ]}

    Source: RFC 8259 (JSON); "CloudFormation template formats" (CloudFormation User Guide).
    """
    return Problem(error.message, error.hint)


@rule("R002", WARNING)
def unused_suppression(name: str) -> Problem:
    """A comment or setting allows a rule that nothing there breaks.

    What it once excused is gone, or it stands at the wrong line, and would hide the next mistake.

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  # remit: allow R213 because the list was shorter
                  - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
    """
    return Problem(f"`{name}` is allowed here, and nothing here breaks it", "remove it")


@rule("R003", WARNING)
def suppression_without_reason(message: str, hint: str | None) -> Problem:
    """A comment allows a rule without saying why, or names no rule.

    `# remit: allow R213 because …` is for whoever reads it in a year. Without a reason it does not count.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action: s3:GetObject
                    NotResource: arn:aws:s3:::secrets/*  # remit: allow R213

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action: s3:GetObject
                    NotResource: arn:aws:s3:::secrets/*  # remit: allow R213 because the auditors read all other buckets
    """
    return Problem(message, hint)
