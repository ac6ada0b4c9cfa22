"""How long a policy is as IAM counts it: without white space, late-bound parts at their longest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.iam import tokens
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Resource, Role
    from remit.iam.policy import Statement

_LONGEST: Final = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::URLSuffix": 16}
"""Characters at most: aws-us-gov, ap-southeast-N, an account, amazonaws.com.cn."""
_ARN: Final = len("arn:aws-us-gov:dynamodb:ap-southeast-1:111122223333:log-group:") + len(":*")
"""What stands around a name in the longest ARN of the types that functions are granted."""
_STACK_ID: Final = len("arn:aws-us-gov:cloudformation:ap-southeast-1:111122223333:stack/") + 37
_RANDOM: Final = 14
"""The end that CloudFormation gives a name of its own making: `-` and at most 13 characters."""
_NAMES: Final = ("LogGroupName", "QueueName", "TopicName", "TableName", "BucketName", "Name")
_FRAME: Final = len('{"Version":"2012-10-17","Statement":[]}')


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts for one stack: its name and its resources tell how long its late-bound parts become."""

    namespace: str
    resources: Mapping[str, Resource]

    def policy(self, role: Role) -> int:
        """Characters of the role's inline policy."""
        return _FRAME + sum(self.statement(grant.statement) + 1 for grant in role.grants) - bool(role.grants)

    def statement(self, statement: Statement) -> int:
        """Characters of one statement."""
        text = json.dumps(render_statement(statement), separators=(",", ":"), ensure_ascii=False)
        return self.text("".join(text.split()))

    def text(self, text: str) -> int:
        """Characters of a text in which late-bound parts take their longest form."""
        return len(text) + sum(self._longest(part) - len(part.text) for part in tokens.references(text))

    def _longest(self, reference: tokens.Reference) -> int:
        name = reference.target
        if name in _LONGEST:
            return _LONGEST[name]
        if name == "AWS::StackName":
            return len(self.namespace)
        if name == "AWS::StackId":
            return _STACK_ID + len(self.namespace)
        if name is not None and name in self.resources:
            return _ARN + self._name(self.resources[name])
        return _ARN + 64

    def _name(self, resource: Resource) -> int:
        given = next((resource.properties[name] for name in _NAMES if name in resource.properties), None)
        if isinstance(given, str):
            return self.text(given)
        return len(self.namespace) + 1 + len(resource.logical_id) + _RANDOM
