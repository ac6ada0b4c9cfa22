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

from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.rule_inputs import IDENTITY, RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A Principal where the role is it; a policy file that does not say what it is for may be a resource's."""
    for element in ("Principal", "NotPrincipal"):
        if element not in written.value:
            continue
        if written.document.kind == IDENTITY:
            message = f"'{element}' is not allowed in an identity policy: the role itself is the principal"
            yield Problem(message, "remove it; who may assume the role stands in its trust policy", (element,))
        elif written.document.kind == RESOURCE and not written.document.sure:
            message = f"'{element}' is allowed in the policy of a resource only; IAM refuses it in a role's"
            yield Problem(message, "in a role's policy remove it", (element,), WARNING)
