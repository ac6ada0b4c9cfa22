"""A policy of a role or user has a Principal.

The role itself is the principal; IAM refuses the document.

Flagged:

    Resources:
      Policy:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

Better:

    Resources:
      Policy:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

Source: "AWS JSON policy elements: Principal" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A Principal where the role is it."""
    if written.document.kind != IDENTITY:
        return
    for element in ("Principal", "NotPrincipal"):
        if element in written.value:
            message = f"'{element}' is not allowed in an identity policy: the role itself is the principal"
            yield Problem(message, "remove it; who may assume the role stands in its trust policy", (element,))
