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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.types import access_of
from remit.lint.elements import has
from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import RESOURCE, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A statement without Principal."""
    document = written.document
    kind = "a trust policy" if document.kind == TRUST else "the policy of a resource"
    is_declared = document.kind == RESOURCE and document.names is None and document.sure
    is_asked = is_declared or access_of(document.types.get(document.title, "")).policies == "resource"
    if (document.kind == TRUST or is_asked) and not has(written.value, "Principal"):
        hint = "add 'Principal': {'Service': …}"
        yield Problem(f"the statement has no 'Principal': {kind} must say who", hint)
