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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = NOTE


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Literal partitions where a pseudo parameter could be."""
    if item.document.names is None:
        return
    late = "{aws.partition}" if item.document.raw is None else "${AWS::Partition}"
    for spot, arn in item.arns:
        if arn.partition == "aws":
            yield Problem(f"'{arn}' works in partition aws alone", f"write arn:{late}: for every partition", spot)
