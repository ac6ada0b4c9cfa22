"""The resource that services ask IAM about for actions on all of a kind, where the reference names no type.

It stands for all of a kind, and a pattern of an ARN may match it: `log-group:*` does, a group's own ARN does not. From
the messages in which the services deny them (AccessDenied: not authorized to perform … on resource …); of S3, from
"Controlling access to a bucket with user policies" (Amazon S3 User Guide), which allows it on `arn:aws:s3:::*`.
"""

from __future__ import annotations

from typing import Final

ASKED: Final = {
    "dynamodb:ListTables": "arn:${Partition}:dynamodb:${Region}:${Account}:table/*",
    "iam:ListRoles": "arn:${Partition}:iam::${Account}:role/",
    "iam:ListUsers": "arn:${Partition}:iam::${Account}:user/",
    "logs:DeleteResourcePolicy": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeExportTasks": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeLogGroups": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeResourcePolicies": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:PutResourcePolicy": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "s3:ListAllMyBuckets": "arn:${Partition}:s3:::*",
    "states:ListStateMachines": "arn:${Partition}:states:${Region}:${Account}:stateMachine:*",
}
"""By the action."""
